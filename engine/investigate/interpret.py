"""Hypotheses → findings, gaps and proposed actions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from engine.act.queue import queue
from engine.events import ConclusionReached
from engine.hypotheses import Finding, Hypothesis
from engine.incident import FoundFact, IncidentState
from engine.naming import display_names
from engine.reason.judgement import judgements_of
from primitives.analysis.symptom import find_resource
from primitives.display_names import DisplayNames
from primitives.facts import (
    AlertState,
    ChangeFound,
    FactBase,
    LogPattern,
    MetricAtLimit,
    MetricShift,
    Observed,
    OwnShare,
    SourceGap,
    SpanErrors,
    SpanShift,
    WorkloadState,
)
from primitives.text import safe_line

__all__ = ["conclude_findings"]

_MAX_FINDINGS: Final = 10
_MAX_ABSENCES: Final = 3
_MAX_CHANGES: Final = 3
# A change is a finding when it came within this time before the onset.
_RECENT_S: Final = 6 * 3600.0
_TROUBLE: Final = (MetricShift, WorkloadState, SpanErrors, SpanShift, OwnShare, MetricAtLimit)
_OWN_WORDS: Final = frozenset({"no", "alert"})
_SYMPTOM_ORDER: Final = {"latency": 0, "errors": 1, "availability": 1, "saturation": 2, "traffic": 3, "other": 4}


def conclude_findings(state: IncidentState) -> ConclusionReached:
    """The conclusion for a person: at most ten findings with their facts, the gaps, and the actions.

    A fact that an engineer refuted or took back gives no finding and no action.
    """
    names = display_names(state)
    kept = judgements_of(state).kept(state.current_facts)
    now = state.replaced(facts={found_fact.id: found_fact for found_fact in kept})
    return ConclusionReached(findings=_findings(now, names), gaps=_gaps(now, names), actions=queue(state))


def _findings(state: IncidentState, names: DisplayNames) -> tuple[Finding, ...]:
    cited = _cited(state.hypotheses)
    order: list[FoundFact] = [
        *_symptom(state), *_changes(state, cited), *_limits(state, cited), *_states(state, cited),
        *_moved(state, cited), *_rest(state, cited), *_absences(state),
    ]  # fmt: skip
    # Equal statements are one finding.
    findings: dict[str, Finding] = {}
    for found_fact in order:
        statement = safe_line(_capitalised(found_fact.fact, names), limit=240)
        if len(findings) < _MAX_FINDINGS or found_fact.fact.polarity == "absent":
            findings.setdefault(statement, Finding(statement=statement, facts=(found_fact.id,)))
    return tuple(findings.values())


def _cited(hypotheses: tuple[Hypothesis, ...]) -> dict[str, float]:
    """How much each fact weighs in the leading hypotheses."""
    weights: dict[str, float] = {}
    for hypothesis in hypotheses[:3]:
        for evidence in hypothesis.evidence:
            weight = abs(evidence.weight) * hypothesis.confidence
            weights[evidence.fact] = max(weights.get(evidence.fact, 0.0), weight)
    return weights


def _symptom(state: IncidentState) -> list[FoundFact]:
    symptom = state.opened.symptom if state.opened else None
    if symptom is None:
        return []
    shifts = [found_fact for found_fact in state.current_facts if isinstance(found_fact.fact, MetricShift)]
    resource = find_resource(symptom.resource, {shift.fact.resource for shift in shifts if shift.fact.resource})
    own = [shift for shift in shifts
           if isinstance(shift.fact, MetricShift) and shift.fact.resource == resource
           and shift.fact.polarity == "present" and shift.fact.worse]  # fmt: skip
    own.sort(key=lambda found_fact: _shift_order(found_fact, symptom.metric))
    # Availability and the error rate say the same: one finding for each thing that a user notices.
    felt: dict[int, FoundFact] = {}
    for found_fact in own:
        assert isinstance(found_fact.fact, MetricShift)
        felt.setdefault(_SYMPTOM_ORDER[found_fact.fact.kind], found_fact)
    return list(felt.values())[:3]


def _shift_order(found_fact: FoundFact, metric: str | None) -> tuple[bool, int, bool, float, str]:
    fact = found_fact.fact
    assert isinstance(fact, MetricShift)
    return fact.metric != metric, _SYMPTOM_ORDER[fact.kind], fact.kind != "errors", -abs(fact.score), fact.metric


def _changes(state: IncidentState, cited: dict[str, float]) -> list[FoundFact]:
    recent = [found_fact for found_fact in state.current_facts
              if isinstance(found_fact.fact, ChangeFound) and found_fact.fact.change is not None
              and found_fact.fact.lead_s is not None and 0 <= found_fact.fact.lead_s <= _RECENT_S
              and found_fact.id in cited]  # fmt: skip
    return _by_weight(recent, cited)[:_MAX_CHANGES]


def _limits(state: IncidentState, cited: dict[str, float]) -> Iterator[FoundFact]:
    return (found_fact for found_fact in _present(state, MetricAtLimit) if found_fact.id in cited)


def _states(state: IncidentState, cited: dict[str, float]) -> list[FoundFact]:
    return _by_weight(_present(state, WorkloadState), cited)[:4]


def _moved(state: IncidentState, cited: dict[str, float]) -> list[FoundFact]:
    kinds = (MetricShift, OwnShare, SpanErrors, SpanShift)
    return _by_weight(_present(state, *kinds), cited)[:4]


def _rest(state: IncidentState, cited: dict[str, float]) -> list[FoundFact]:
    return _by_weight(_present(state, LogPattern, Observed, AlertState), cited)[:3]


def _by_weight(facts: Iterable[FoundFact], cited: dict[str, float]) -> list[FoundFact]:
    """Those of `facts` that the leading hypotheses cite, the weightiest first."""
    kept = [found_fact for found_fact in facts if found_fact.id in cited]
    return sorted(kept, key=lambda found_fact: (-cited[found_fact.id], found_fact.id))


def _absences(state: IncidentState) -> list[FoundFact]:
    absent = [found_fact for found_fact in state.current_facts if found_fact.fact.polarity == "absent"]
    changes = [found_fact for found_fact in absent if isinstance(found_fact.fact, ChangeFound)]
    calm = [
        found_fact
        for found_fact in absent
        if isinstance(found_fact.fact, MetricShift | WorkloadState) and _is_answer(state)
    ]
    return [*changes, *calm][:_MAX_ABSENCES]


def _is_answer(state: IncidentState) -> bool:
    return bool(state.hypotheses) and state.hypotheses[0].cause_class == "NO_FAULT"


def _present(state: IncidentState, *kinds: type) -> Iterator[FoundFact]:
    return (
        found_fact
        for found_fact in state.current_facts
        if isinstance(found_fact.fact, kinds) and found_fact.fact.polarity == "present"
    )


def _capitalised(fact: FactBase, names: DisplayNames) -> str:
    """The fact's sentence; with a capital where it begins with a word of ours, never where with an identifier."""
    sentence = fact.sentence(names)
    return sentence[:1].upper() + sentence[1:] if sentence.partition(" ")[0] in _OWN_WORDS else sentence


def _gaps(state: IncidentState, names: DisplayNames) -> tuple[str, ...]:
    unanswered = (
        safe_line(found_fact.fact.sentence(names))
        for found_fact in state.current_facts
        if isinstance(found_fact.fact, SourceGap)
    )
    steps = (safe_line(f"{step.plan.primitive} did not complete: {step.summary}") for step in state.current_steps
             if step.status in ("failed", "timed_out", "cancelled"))  # fmt: skip
    # What the reader had to drop, sort or skip is missing evidence too.
    read = state.opened.warnings if state.opened else ()
    return tuple(dict.fromkeys((*_undecided(state), *unanswered, *read, *steps)))


def _undecided(state: IncidentState) -> Iterator[str]:
    """The resources among which neither the question nor what was found decides, and how to choose."""
    candidates = state.classification.candidates if state.classification else ()
    troubled = {found_fact.fact.resource for found_fact in _present(state, *_TROUBLE) if _is_trouble(found_fact.fact)}
    if len(candidates) > 1 and len(troubled.intersection(candidates)) != 1:
        fitting = ", ".join(safe_line(name, limit=100) for name in candidates)
        how = f"with --resource {candidates[0]}, or press o in the cockpit"
        yield f"several resources fit the question: {fitting}; look at one of them {how}"


def _is_trouble(fact: FactBase) -> bool:
    match fact:
        case MetricShift():
            return fact.worse
        case WorkloadState():
            return fact.bearing == "active"
        case _:
            return True
