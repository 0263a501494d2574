"""What a person says about facts and causes → the events that say so, and the ranking that follows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, assert_never

import orjson
from pydantic import ValidationError

from engine.deciders.decision import Decision
from engine.deciders.references import Meant, meant, meant_cause, meant_hypothesis, meant_resource
from engine.deciders.words import cleaned_words
from engine.events import ENGINE, Body, FactAdded, FactJudged, HypothesesRanked, Who
from engine.fact_keys import fact_key
from engine.hypotheses import Verdict
from engine.incident import IncidentState
from engine.investigate.commands import Rerank
from engine.investigate.interpret import interpret
from engine.naming import display_names
from engine.port import AddFact, Exclude, HoldHypothesis, Judge, PinFact, RefuteFact, Statement, Undo
from engine.reason import rank
from primitives.errors import UsageError
from primitives.facts import Assertion, Fact, fact_adapter
from primitives.redact import Redactor
from primitives.text import safe_line

__all__ = ["judge"]

_FACT_LIMIT: Final = 20_000
_MOST: Final = 100


def judge(state: IncidentState, command: Judge, who: Who, now: datetime) -> Decision:
    """The events of what `who` says at `now`: their words, the ranking after them, and the conclusion if there was one.

    Raises `UsageError` when a statement makes no sense; then none of them is heeded.
    """
    if state.opened is None or not command.statements:
        raise UsageError("nothing was said; name a fact to pin or refute, or what it isn't")
    if len(command.statements) > _MOST:
        raise UsageError(f"{len(command.statements)} statements at once are too many; say at most {_MOST}")
    _refuse_contradictions(command.statements)
    because, after = cleaned_words(command.because, "the reason"), state.fork()
    # A recorded incident has its own time, in which all that is known of it was seen.
    now = state.opened.now if state.opened.origin == "recorded" else now
    told: list[tuple[Who, Body]] = []
    for statement in command.statements:
        for body in _bodies(after, statement, because, who, now):
            after.apply_statement(body, who)
            told.append((who, body))
    events = [*told, *((ENGINE, body) for body in _consequences(after))]
    return Decision(events, then=Rerank() if after.concluded else None)


def _refuse_contradictions(statements: Sequence[Statement]) -> None:
    """Raise `UsageError` where the same thing is said both ways at once."""
    said: dict[str, type[Statement]] = {}
    for one in statements:
        if isinstance(one, PinFact | RefuteFact):
            name = one.fact.strip().upper()
        elif isinstance(one, HoldHypothesis):
            name = one.hypothesis.strip().upper()
        elif isinstance(one, Exclude):
            name = one.what.strip().upper()
        else:
            continue
        if said.setdefault(name, type(one)) is not type(one):
            raise UsageError(f"{safe_line(name, limit=40)} can't be both; say one thing of it")


def _consequences(after: IncidentState) -> list[Body]:
    ranking = rank(after)
    after.investigation.hypotheses = ranking.hypotheses
    # What a concluded ranking hangs on is found out afterwards (`Rerank`), so that nobody waits for the ranking.
    lines = () if after.concluded else ranking.would_change
    ranked = HypothesesRanked(hypotheses=after.hypotheses, would_change=lines)
    return [ranked, interpret(after)] if after.concluded else [ranked]


def _bodies(
    state: IncidentState, statement: Statement, because: str, who: Who, now: datetime
) -> list[FactAdded | FactJudged]:
    match statement:
        case PinFact():
            return [_verdict(state, statement.fact, "pinned", because)]
        case RefuteFact():
            return [_verdict(state, statement.fact, "refuted", because)]
        case AddFact():
            fact = _typed(statement, who, now) or _incleaned_words(state, statement, because, who, now)
            return [_added(state, fact, because)]
        case HoldHypothesis():
            one = meant_hypothesis(state, statement.hypothesis)
            return [_added(state, _assertion(who, now, _with(f"it is {one.words}", because), one, "for"), because)]
        case Exclude():
            one = meant(state, statement.what)
            return [
                _added(state, _assertion(who, now, _with(f"it isn't {one.words}", because), one, "against"), because)
            ]
        case Undo():
            return _undone(state, statement.what, because)
        case _:
            assert_never(statement)


def _verdict(state: IncidentState, name: str, verdict: Verdict, because: str) -> FactJudged:
    fact = _fact_id(state, name)
    known = state.judgements.get(fact)
    if known is not None and known.verdict == "withdrawn":
        raise UsageError(f"{fact} was taken back by {known.by}; add it anew")
    return FactJudged(fact=fact, verdict=verdict, because=because)


def _fact_id(state: IncidentState, name: str) -> str:
    fact = name.strip().upper()
    if fact not in state.facts:
        there = f"its facts are F1 to F{len(state.facts)}" if state.facts else "it has none yet"
        raise UsageError(f"there is no fact {safe_line(name, limit=40)}; {there}")
    return fact


def _added(state: IncidentState, fact: Fact, because: str) -> FactAdded:
    key = fact_key(fact)
    for known in state.facts.values():
        if known.key == key and known.id not in state.judgements:
            raise UsageError(f"that is already known as {known.id}")
    return FactAdded(id=f"F{len(state.facts) + 1}", key=key, fact=fact, because=because)


def _with(text: str, because: str) -> str:
    return f"{text}, because {because}" if because else text


def _incleaned_words(state: IncidentState, statement: AddFact, because: str, who: Who, now: datetime) -> Fact:
    text = cleaned_words(statement.text, "the fact")
    if not text:
        raise UsageError("the fact holds no words; say what you know")
    resource = meant_resource(state, statement.about) if statement.about is not None else None
    named = meant_cause(state, statement.cause) if statement.cause is not None else Meant("")
    if resource is not None and named.resource is not None and named.resource != resource:
        raise UsageError(f"{safe_line(statement.cause or '')} is not about {resource}; name one of the two")
    return Assertion(
        text=_with(text, because),
        source=who.name,
        observed_at=now,
        resource=resource or named.resource,
        cause_id=named.cause_id,
        change=named.change,
    )


def _typed(statement: AddFact, who: Who, now: datetime) -> Fact | None:
    """A whole fact that somebody wrote as JSON; whoever says it, it is asserted."""
    if not statement.text.lstrip().startswith("{"):
        return None
    if len(statement.text) > _FACT_LIMIT:
        raise UsageError(f"the fact is {len(statement.text):,} characters long; write at most {_FACT_LIMIT:,}")
    try:
        document: dict[str, Any] = _cleaned(orjson.loads(statement.text))
        document = {"observed_at": now, **document, "trust": "asserted", "source": who.name, "answers": ()}
        return fact_adapter.validate_python(document)
    except orjson.JSONDecodeError as error:
        raise UsageError(f"the fact is no JSON ({error}); write an object, or plain words") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "type"
        if first["type"] == "union_tag_not_found":
            raise UsageError("the fact names no type; see docs/reference/facts.md for those there are") from error
        raise UsageError(safe_line(f"the fact can't be read: {where}: {first['msg']}; see docs/reference/facts.md",
                                   limit=300)) from error  # fmt: skip


def _cleaned(value: Any) -> Any:
    """Outside text made safe and free of secrets, however deep it lies."""
    match value:
        case str():
            return Redactor().redact(safe_line(value, limit=2_000))
        case list():
            return [_cleaned(one) for one in value]
        case dict():
            return {safe_line(key): _cleaned(one) for key, one in value.items()}
        case _:
            return value


def _assertion(who: Who, now: datetime, text: str, one: Meant, speaks: str) -> Fact:
    return Assertion.model_validate(
        {"text": text, "source": who.name, "observed_at": now, "speaks": speaks, **one.named()}
    )


def _undone(state: IncidentState, what: str, because: str) -> list[FactAdded | FactJudged]:
    name = what.strip().upper()
    said = state.judgements.get(name)
    if said is not None and said.verdict != "withdrawn":
        return [FactJudged(fact=name, verdict=None, because=because)]
    if said is None and name in state.facts and not state.facts[name].step:
        return [FactJudged(fact=name, verdict="withdrawn", because=because)]
    about, broader = _said_of(state, name)
    if not about and broader:
        told = safe_line(state.facts[broader[0]].fact.sentence(display_names(state)), limit=120)
        raise UsageError(f"nothing was said of {name} alone; {broader[0]} says more ({told}): undo {broader[0]} itself")
    if not about:
        raise UsageError(f"nothing was said of {safe_line(what, limit=60)}, so there is nothing to undo")
    return [FactJudged(fact=fact, verdict="withdrawn", because=because) for fact in about]


def _said_of(state: IncidentState, name: str) -> tuple[list[str], list[str]]:
    """What people said of that hypothesis alone, and of it among others, and did not take back."""
    alone: list[str] = []
    broader: list[str] = []
    for one in state.hypotheses:
        if one.id != name:
            continue
        for cited in dict.fromkeys(item.fact for item in one.evidence):
            said = state.facts[cited].fact
            if isinstance(said, Assertion) and cited not in state.judgements:
                own = (said.cause_id, said.resource, said.change) == (one.cause_id, one.resource, one.change)
                (alone if own else broader).append(cited)
    return alone, broader
