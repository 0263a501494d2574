"""Decider of `Judge`: a person's statements about facts and causes, and the new ranking."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from engine.deciders.decision import Decision
from engine.deciders.statements import statement_events
from engine.deciders.text_cleaning import clean_text
from engine.events import ENGINE, Body, HypothesesRanked, Who
from engine.incident import IncidentState
from engine.investigate.commands import FindDecisiveFacts
from engine.investigate.interpret import conclude_findings
from engine.port import Exclude, HoldHypothesis, Judge, PinFact, RefuteFact, Statement
from engine.reason import rank
from primitives.errors import UsageError
from primitives.text import safe_line

__all__ = ["judge"]

_MOST_STATEMENTS: Final = 100


def judge(state: IncidentState, command: Judge, who: Who, now: datetime) -> Decision:
    """The statements of `who`, the ranking after them and, if there was a conclusion, the new conclusion.

    Raises `UsageError` when a statement makes no sense; then none of them is stored.
    """
    if state.opened is None or not command.statements:
        raise UsageError("nothing was said; name a fact to pin or refute, or what it isn't")
    if len(command.statements) > _MOST_STATEMENTS:
        raise UsageError(f"{len(command.statements)} statements at once are too many; say at most {_MOST_STATEMENTS}")
    _refuse_contradictions(command.statements)
    because, after = clean_text(command.because, "the reason"), state.fork()
    observed_at = now if state.live else state.opened.now
    events: list[tuple[Who, Body]] = []
    for statement in command.statements:
        for body in statement_events(after, statement, because, who, observed_at, state.facts):
            after.apply_statement(body, who)
            events.append((who, body))
    events += [(ENGINE, body) for body in _consequences(after)]
    return Decision(events, then=FindDecisiveFacts() if after.concluded else None)


def _refuse_contradictions(statements: Sequence[Statement]) -> None:
    """Raise `UsageError` where two statements contradict each other."""
    kinds: dict[str, type[Statement]] = {}
    for statement in statements:
        name = _subject(statement)
        if name is not None and kinds.setdefault(name, type(statement)) is not type(statement):
            raise UsageError(f"{safe_line(name, limit=40)} can't be both; say one thing of it")


def _subject(statement: Statement) -> str | None:
    """The fact or hypothesis that a statement is about."""
    match statement:
        case PinFact() | RefuteFact():
            return statement.fact.strip().upper()
        case HoldHypothesis():
            return statement.hypothesis.strip().upper()
        case Exclude():
            return statement.what.strip().upper()
        case _:
            return None


def _consequences(after: IncidentState) -> list[Body]:
    ranking = rank(after)
    after.investigation.hypotheses = ranking.hypotheses
    # The decisive facts of a concluded ranking take longer to find: `FindDecisiveFacts` does it afterwards.
    would_change = () if after.concluded else ranking.would_change
    ranked = HypothesesRanked(hypotheses=after.hypotheses, would_change=would_change)
    return [ranked, conclude_findings(after)] if after.concluded else [ranked]
