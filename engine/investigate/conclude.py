"""After the plan has run: further diagnostics while they are worth their cost, then the conclusion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.events import Body, HypothesesRanked, PlannedStep
from engine.fact_deduplication import fact_key
from engine.incident import FoundFact, IncidentState
from engine.investigate.interpret import conclude_findings
from engine.reason import rank
from engine.reason.next_question import next_questions
from engine.reason.sensitivity import decisive, would_change
from primitives.diagnostics.registry import diagnostics
from primitives.errors import UsageError
from primitives.facts import Fact

__all__ = ["changes_ranking", "conclusion", "further_steps", "next_step", "with_decisive_facts"]

_CHANGE: Final = 0.005
"""A ranking changes when a confidence moves by so much: half a percent is told as one."""


def further_steps(state: IncidentState) -> tuple[PlannedStep, ...]:
    """The next best diagnostics, best first; none where the answer is decided or nothing is worth its cost."""
    return () if state.cancelling or state.concluded else next_questions(state, diagnostics())


def next_step(state: IncidentState) -> PlannedStep:
    """The next best diagnostic, for a person who asked for one. Raises `UsageError` when there is none."""
    steps = next_questions(state, diagnostics(), asked_for=True)
    if not steps:
        raise UsageError("there is nothing further to ask: every source was asked about all that the causes are about")
    return steps[0]


def changes_ranking(state: IncidentState, facts: Sequence[Fact]) -> bool:
    """Whether `facts` would change any confidence by half a percent or more."""
    if not facts:
        return False
    trial = state.fork()
    for number, fact in enumerate(facts, len(state.facts) + 1):
        trial.investigation.facts[f"F{number}"] = FoundFact(f"F{number}", "", fact_key(fact), fact)
    before = {hypothesis.id: hypothesis.confidence for hypothesis in state.hypotheses}
    after = rank(trial).hypotheses
    return any(abs(hypothesis.confidence - before.get(hypothesis.id, 0.0)) >= _CHANGE for hypothesis in after)


def conclusion(state: IncidentState) -> list[Body]:
    """The last ranking, with what would change it, and the findings, gaps and actions."""
    bodies: list[Body] = []
    ranking = rank(state)
    ranked = state.replaced(hypotheses=ranking.hypotheses, would_change=ranking.would_change)
    final = with_decisive_facts(ranked)
    if (final.hypotheses, final.would_change, final.decisive) != (
        state.hypotheses, state.would_change, state.decisive,
    ):  # fmt: skip
        bodies.append(final)
    bodies.append(conclude_findings(ranked))
    return bodies


def with_decisive_facts(state: IncidentState) -> HypothesesRanked:
    """The current ranking with the facts that decide it: found by ranking without each, which takes longer."""
    facts = decisive(state)
    return HypothesesRanked(hypotheses=state.hypotheses, would_change=would_change(state, facts), decisive=facts)
