"""How the ranking would change without each leading fact, and with facts that might still be found.

Both are found by ranking again. While an investigation runs, `engine.reason.missing_facts` gives a quicker answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from engine.hypotheses import Decisive, Hypothesis
from engine.incident import FoundFact, IncidentState
from engine.naming import display_names
from engine.reason.catalogue import causes
from engine.reason.claims import HypothesisKey
from engine.reason.fact_index import FactIndex
from engine.reason.judgement import judgements_of
from engine.reason.missing_facts import unanswered
from engine.reason.odds import log_odds
from engine.reason.ranking import rank_facts
from primitives.display_names import DisplayNames
from primitives.facts import Assertion, Dependencies
from primitives.quantities import probability
from primitives.text import safe_line

__all__ = ["decisive", "would_change"]

# Facts that are tried: those that weigh most on the first two hypotheses.
_MOST_TRIED: Final = 5
_MOST_DECISIVE: Final = 3
_MOST_LINES: Final = 4
_MOST_REFUTATIONS: Final = 2
# In log-odds: a fact that moves the first two less than this is not decisive.
_LEAST_MOVE: Final = 0.5
_SHOWN: Final = 90
_IF_FOUND: Final = "F-if-found"


def decisive(state: IncidentState) -> tuple[Decisive, ...]:
    """The facts whose loss would swap the first two hypotheses, or change their distance most; strongest first.

    Each is found by ranking again without it. Empty where there is only one hypothesis with evidence.
    """
    pair = _pair(state)
    if len(pair) < 2:
        return ()
    names = display_names(state)
    facts = [fact for name in _leading(pair, state) if (fact := _without(state, pair, name, names)) is not None]
    facts.sort(key=lambda fact: (not fact.turns, -abs(fact.moves), fact.fact))
    return tuple(facts[:_MOST_DECISIVE])


def would_change(state: IncidentState, known: Sequence[Decisive] | None = None) -> tuple[str, ...]:
    """At most four lines: the facts that decide the order, then what was not found or could not be asked for."""
    pair = _pair(state)
    if not pair:
        return state.would_change
    facts = decisive(state) if known is None else known
    kept = judgements_of(state).kept(state.current_facts)
    assert state.opened is not None
    missing = unanswered(FactIndex(state.opened, state.classification, kept), state.hypotheses)
    names = display_names(state)
    lines = [*list(_refutations(state, facts, names))[:_MOST_REFUTATIONS], *_if_found(state, pair, names), *missing]
    return tuple(dict.fromkeys(safe_line(line, limit=240) for line in lines))[:_MOST_LINES]


def _pair(state: IncidentState) -> tuple[Hypothesis, ...]:
    """The first two hypotheses that have evidence."""
    return tuple(hypothesis for hypothesis in state.hypotheses if hypothesis.evidence)[:2]


def _leading(pair: Sequence[Hypothesis], state: IncidentState) -> list[str]:
    """The facts that weigh most on the distance between the two; gaps and topology are left out."""
    weights: dict[str, float] = {}
    for sign, hypothesis in zip((1.0, -1.0), pair, strict=True):
        for item in hypothesis.evidence:
            weights[item.fact] = weights.get(item.fact, 0.0) + sign * item.weight
    known = {found_fact.id for found_fact in state.current_facts
             if found_fact.fact.polarity != "unknown" and not isinstance(found_fact.fact, Dependencies)}  # fmt: skip
    named = sorted((name for name in weights if name in known), key=lambda name: (-abs(weights[name]), name))
    return named[:_MOST_TRIED]


def _without(state: IncidentState, pair: Sequence[Hypothesis], fact: str, names: DisplayNames) -> Decisive | None:
    facts = tuple(found_fact for found_fact in state.current_facts if found_fact.id != fact)
    ranked = _ranked(state, facts, names)
    if not ranked:
        return None
    confidences = {hypothesis.id: hypothesis.confidence for hypothesis in ranked}
    first, second = (confidences.get(hypothesis.id, 0.0) for hypothesis in pair)
    before = log_odds(pair[0].confidence) - log_odds(pair[1].confidence)
    moves = log_odds(first) - log_odds(second) - before
    leads = ranked[0]
    if abs(moves) < _LEAST_MOVE and leads.id == pair[0].id:
        return None
    return Decisive(fact=fact, leads=leads.id, turns=leads.id != pair[0].id, leader=leads.cause,
                    confidence=leads.confidence, first=first, moves=round(moves, 3))  # fmt: skip


def _ranked(state: IncidentState, facts: Sequence[FoundFact], names: DisplayNames) -> tuple[Hypothesis, ...]:
    assert state.opened is not None
    known: Mapping[HypothesisKey, str] = {
        HypothesisKey(hypothesis.cause_id, hypothesis.resource, hypothesis.change): hypothesis.id
        for hypothesis in state.hypotheses
    }
    ranking = rank_facts(
        facts, state.opened, state.classification, known=known, judgements=judgements_of(state), names=names
    )
    return ranking.hypotheses


def _refutations(state: IncidentState, facts: Sequence[Decisive], names: DisplayNames) -> Iterator[str]:
    best = _pair(state)[0]
    for fact in facts:
        sentence = _sentence(state, fact.fact, names)
        if fact.turns:
            leads = f"{fact.leads} “{fact.leader}” would lead ({probability(fact.confidence)})"
            yield f"if {fact.fact} were wrong ({sentence}): {leads}"
        elif fact.first < best.confidence:
            change = f"{probability(best.confidence)} to {probability(fact.first)}"
            yield f"if {fact.fact} were wrong ({sentence}): {best.id} would fall from {change}"


def _if_found(state: IncidentState, pair: Sequence[Hypothesis], names: DisplayNames) -> Iterator[str]:
    """What further evidence for the second hypothesis would change, by ranking again as if it had been found."""
    if len(pair) < 2 or pair[1].resource is None:
        return
    second = pair[1]
    assert state.opened is not None
    if_found = Assertion(text="if found", source="if found", observed_at=state.opened.now, resource=second.resource,
                         cause_id=second.cause_id, change=second.change)  # fmt: skip
    facts = (*state.current_facts, FoundFact(_IF_FOUND, "", "", if_found))
    ranked = _ranked(state, facts, names)
    after = next((hypothesis for hypothesis in ranked if hypothesis.id == second.id), None)
    if after is None or after.confidence - second.confidence < 0.05:
        return
    leads = ", and lead" if ranked[0].id == second.id else ""
    rise = f"would rise from {probability(second.confidence)} to {probability(after.confidence)}{leads}"
    yield f"{_evidence_wanted(second, names)}: {second.id} “{second.cause}” {rise}"


def _evidence_wanted(hypothesis: Hypothesis, names: DisplayNames) -> str:
    """Evidence that would support the hypothesis as clearly as an engineer's word, by its cause."""
    resource = names(hypothesis.resource or "")
    if hypothesis.change is not None:
        return f"if {resource} recovered without {hypothesis.change}"
    return f"a clear finding for it ({causes()[hypothesis.cause_id].diagnostic.replace('_', ' ')} of {resource})"


def _sentence(state: IncidentState, fact: str, names: DisplayNames) -> str:
    return safe_line(state.facts[fact].fact.sentence(names), limit=_SHOWN)
