"""Carries what an engineer judged of a fact to the one that measures the same anew.

A watched incident is asked again, and a shift that somebody refuted comes back with other numbers, as another fact.
Nobody wants to refute it every few minutes. But a judgement goes no further than what was judged: where the new fact
says something else (another direction, another onset, twice the size, over by now), it is for a person to look at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from engine.events import FactFound, FactJudged
from engine.incident import FoundFact, IncidentState
from engine.state.supersession import earlier_steps, subject_of
from primitives.facts import AlertState, Fact, LogPattern, MetricShift, ProbeResult, WorkloadState

__all__ = ["carried_judgements", "says_the_same"]

_ONSETS_APART_S: Final = 120.0
"""Onsets so close are one: two samples of a metric that is read every minute."""
_SIZES_APART: Final = 2.0
"""A shift that is more than twice, or less than half, what it was is another one: 200 ms more is noise, 5 s is not."""


def carried_judgements(state: IncidentState, step: str, bodies: Iterable[FactFound]) -> Iterator[FactJudged]:
    """What was judged of facts that count on, said of those that `bodies` are, found by `step`."""
    judged = list(_judged(state, step))
    for body in bodies:
        for known in judged:
            if says_the_same(known.fact, body.fact):
                said = state.judgements[known.id]
                yield FactJudged(
                    fact=body.id, verdict=said.verdict, because=said.because, carried_from=known.id,
                    clock="investigation",
                )  # fmt: skip
                break


def _judged(state: IncidentState, step: str) -> Iterator[FoundFact]:
    """The judged facts of the steps that asked the same before, the newest first."""
    past = state.past_facts
    for earlier in earlier_steps(state.steps, step):
        for name in reversed(state.steps[earlier].facts if earlier in state.steps else ()):
            if name in state.judgements and name not in past:
                yield state.facts[name]


def says_the_same(known: Fact, new: Fact) -> bool:
    """Whether `new` says of the subject of `known` what that says; its numbers may be newer ones."""
    subject = subject_of(known)
    if subject is None or subject != subject_of(new) or known.polarity != new.polarity:
        return False
    match known, new:
        case MetricShift(), MetricShift():
            return _is_same_shift(known, new)
        case LogPattern(), LogPattern():
            return (known.severity, known.points_at) == (new.severity, new.points_at)
        case WorkloadState(), WorkloadState():
            return known.bearing == new.bearing
        case AlertState(), AlertState():
            return known.state == new.state
        case ProbeResult(), ProbeResult():
            return known.healthy == new.healthy
        case _:
            return True


def _is_same_shift(known: MetricShift, new: MetricShift) -> bool:
    if (known.unit, known.statistic, known.ended) != (new.unit, new.statistic, new.ended):
        return False
    if known.polarity != "present":
        return True
    before, now = known.current - known.baseline, new.current - new.baseline
    smaller, larger = sorted((abs(before), abs(now)))
    return before * now > 0 and larger <= _SIZES_APART * smaller and _is_same_onset(known, new)


def _is_same_onset(known: MetricShift, new: MetricShift) -> bool:
    """Whether both may have begun at once. A window that has moved on may not hold the onset any more."""
    if new.onset is None or known.onset is None:
        return new.onset is None
    uncertain_s = (known.onset_uncertainty_s or 0.0) + (new.onset_uncertainty_s or 0.0)
    return abs((new.onset - known.onset).total_seconds()) <= max(uncertain_s, _ONSETS_APART_S)
