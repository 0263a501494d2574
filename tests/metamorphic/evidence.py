"""What becomes of the first answer without its evidence."""

from __future__ import annotations

from engine.incident import FoundFact, IncidentState
from engine.reason import rank_facts

# Confidences are rounded to three places, and a rival may be as little as that less likely.
_ROUNDING = 0.005


def raised_without_evidence(state: IncidentState) -> dict[str, tuple[float, float]]:
    """The first answer's confidence before and after, for what may not raise it and does.

    Keys are "all" (everything that speaks for it is gone) or the id of one such fact.
    """
    assert state.opened is not None
    facts = tuple(state.facts.values())
    first = rank_facts(facts, state.opened, state.classification).hypotheses[0]
    own = [item.fact for item in first.evidence_for]
    attempts = {"all": set(own), **{fact: {fact} for fact in own}} if own else {}
    raised = {}
    for name, removed in attempts.items():
        confidence = _confidence(state, tuple(fact for fact in facts if fact.id not in removed), first.cause_id)
        rest = confidence.get((first.resource, first.change), 0.0)
        if rest > first.confidence + _ROUNDING:
            raised[name] = (first.confidence, rest)
    return raised


def _confidence(
    state: IncidentState, facts: tuple[FoundFact, ...], cause_id: str
) -> dict[tuple[str | None, str | None], float]:
    assert state.opened is not None
    ranking = rank_facts(facts, state.opened, state.classification)
    return {(one.resource, one.change): one.confidence for one in ranking.hypotheses if one.cause_id == cause_id}
