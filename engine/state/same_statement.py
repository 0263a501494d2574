"""Whether two facts are about the same, and whether they say the same of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from primitives.facts import AlertState, Fact, LogPattern, MetricShift, ProbeResult, WorkloadState

__all__ = ["says_the_same", "subject_of"]

_NAMES: Final[Mapping[str, Callable[[Any], tuple[object, ...]]]] = {
    "metric_shift": lambda fact: (fact.resource, fact.metric),
    "metric_at_limit": lambda fact: (fact.resource, fact.metric),
    "log_pattern": lambda fact: (fact.resource, fact.template),
    "workload_state": lambda fact: (fact.object, fact.container, fact.state),
    "alert": lambda fact: (fact.resource, fact.name),
    "probe_result": lambda fact: (fact.resource, fact.probe, fact.target),
}
"""What names the subject of a fact of that type, whatever was measured of it."""
_ONSETS_APART_S: Final = 120.0
"""Onsets so close are one: two samples of a metric that is read every minute."""
_SIZES_APART: Final = 2.0
"""A shift that is more than twice, or less than half, what it was is another one: 200 ms more is noise, 5 s is not."""


def subject_of(fact: Fact) -> tuple[object, ...] | None:
    """What a fact is about, whatever it says of it (a resource's metric, a pattern of messages); None: only itself."""
    names = _NAMES.get(fact.type)
    return (fact.type, *names(fact)) if names is not None else None


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
