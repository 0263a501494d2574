"""What comes when the plan has run: a further question while it is worth its cost, and then the conclusion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.events import Body, HypothesesRanked, PlannedStep, StepAdded, Who
from engine.incident import FoundFact, IncidentState
from engine.interpret import interpret
from engine.journal import ENGINE, fact_key
from engine.reason import rank
from engine.reason.next_question import next_questions
from engine.reason.sensitivity import decisive, would_change
from primitives.diagnostics.registry import diagnostics
from primitives.errors import UsageError
from primitives.facts import Fact

__all__ = ["asked_on", "conclusion", "further", "moves", "weighed_again"]

_MOVES: Final = 0.01


def further(state: IncidentState) -> tuple[PlannedStep, ...]:
    """The next best diagnostics, best first; none where the answer is settled or nothing is worth its cost."""
    return () if state.cancelling or state.concluded else next_questions(state, diagnostics())


def asked_on(state: IncidentState) -> StepAdded:
    """The next best diagnostic, because a person wants one. Raises `UsageError` when there is none."""
    if state.cancelling or state.concluded:
        raise UsageError("the investigation is ending; ask again when it has ended")
    steps = next_questions(state, diagnostics(), asked_for=True)
    if not steps:
        raise UsageError("there is nothing further to ask: every source was asked about all that the causes are about")
    return StepAdded(step=steps[0])


def moves(state: IncidentState, facts: Sequence[Fact]) -> bool:
    """Whether knowing `facts` too would change any confidence by a percent or more."""
    if not facts:
        return False
    trial = state.fork()
    for number, fact in enumerate(facts, len(state.facts) + 1):
        trial.investigation.facts[f"F{number}"] = FoundFact(f"F{number}", "", fact_key(fact), fact)
    before = {one.id: one.confidence for one in state.hypotheses}
    return any(abs(one.confidence - before.get(one.id, 0.0)) >= _MOVES for one in rank(trial).hypotheses)


def conclusion(state: IncidentState) -> list[tuple[Who, Body]]:
    """The last ranking, with what would change it, and the findings, gaps and actions; nothing while steps wait."""
    if state.concluded or any(step.status in ("waiting", "running") for step in state.steps.values()):
        return []
    bodies: list[Body] = []
    ranking = rank(state)
    ranked = state.replaced(hypotheses=ranking.hypotheses, would_change=ranking.would_change)
    final = weighed_again(ranked)
    if (final.hypotheses, final.would_change, final.decisive) != (
        state.hypotheses, state.would_change, state.decisive,
    ):  # fmt: skip
        bodies.append(final)
    bodies.append(interpret(ranked))
    return [(ENGINE, body) for body in bodies]


def weighed_again(state: IncidentState) -> HypothesesRanked:
    """The ranking as it is, with what it hangs on: found by ranking again, which takes a few times as long."""
    carried = decisive(state)
    return HypothesesRanked(hypotheses=state.hypotheses, would_change=would_change(state, carried), decisive=carried)
