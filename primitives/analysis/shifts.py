"""Judged series as facts, strongest first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from primitives.analysis.asking import incident_window
from primitives.analysis.history import Comparison, History
from primitives.change_points import Shift
from primitives.diagnostics.registry import Arguments
from primitives.facts import MetricMissing, MetricShift, normal_room
from primitives.statistics import median, sample_step

__all__ = ["MOST_SHIFTS", "missing_facts", "moment_of", "shift_fact", "strongest", "unmoved"]

MOST_SHIFTS: Final = 40
"""No more shifts than this are reported: more would hide the ones that matter."""

# The newest level is the median of so many samples, as a single one may be an outlier; none of them older than this
# before the last one, in seconds, as coarse samples would tell of a time that is over.
_NEWEST: Final = 3
_NEWEST_S: Final = 120.0
# A metric that used to come at most of its steps and has missed at least this many of them is gone.
_MISSED_STEPS: Final = 2
_USUAL_PRESENCE: Final = 0.6
# Before its first sample reached so much of the way to the level, a metric was not at it yet; half of the way may be a
# single sample that covers the time of the change.
_ARRIVED: Final = 0.9
_UNDER_WAY: Final = 0.5
# What came for less than this many times as long as it has been gone may come and go.
_KNOWN_FOR: Final = 3.0
# One that ended inside of the window has missed more: the newest samples may be on their way.
_ENDED_STEPS: Final = 5
# It is no news when it was gone as long in more of the normal windows than this.
_USUAL_SILENCE: Final = 0.05


def moment_of(seconds: float) -> datetime:
    """Seconds since the epoch as an aware time."""
    return datetime.fromtimestamp(seconds, UTC)


def shift_fact(comparison: Comparison, history: History, args: Arguments) -> MetricShift:
    """The comparison as a fact: present when the series moved, absent when it did not. Needs a judged series."""
    shift = comparison.shift
    assert shift is not None
    onset = moment_of(shift.onset) if shift.onset is not None else None
    times, values = comparison.times, comparison.values
    fact = MetricShift(
        polarity="present" if shift.moved else "absent",
        resource=comparison.resource,
        window=incident_window(args),
        observed_at=onset or args.now,
        source=history.source,
        answers=history.digests,
        metric=comparison.metric.name,
        kind=comparison.metric.kind,
        unit=comparison.metric.unit,
        statistic=comparison.metric.statistic,
        worse=comparison.worse,
        baseline=shift.baseline.level,
        spread=shift.baseline.spread,
        current=shift.current,
        peak=shift.peak,
        score=shift.score,
        samples=shift.samples,
        baseline_samples=shift.baseline.samples,
        onset=onset,
        onset_uncertainty_s=shift.uncertainty,
        ended=moment_of(shift.until) if comparison.past and shift.until is not None else None,
        latest=float(values[-1]) if len(values) else None,
        latest_at=moment_of(float(times[-1])) if len(times) else None,
        latest_level=_latest_level(times, values),
        back_at=_back_at(shift, times, values),
    )
    told = {"level_at": _level_at(fact.level, shift, times, values)}
    if fact.has_worse_peak:
        told["peak_at"] = moment_of(float(times[int(np.argmin(np.abs(values - shift.peak)))]))
    return fact.model_copy(update=told)


def _level_at(level: float, shift: Shift, times: NDArray[np.float64], values: NDArray[np.float64]) -> datetime | None:
    """When the first sample reached the level; None where it was about there from its onset on."""
    if not shift.moved or shift.onset is None:
        return None
    inside = (times >= shift.onset) & (times <= (np.inf if shift.until is None else shift.until))
    ways = (values[inside] - shift.baseline.level) / ((level - shift.baseline.level) or 1.0)
    reached = np.flatnonzero(ways >= 1.0)
    if not len(reached) or ways[0] >= _ARRIVED or (reached[0] == 1 and ways[0] >= _UNDER_WAY):
        return None
    return moment_of(float(times[inside][reached[0]]))


def _back_at(shift: Shift, times: NDArray[np.float64], values: NDArray[np.float64]) -> datetime | None:
    """The first of the samples after the shift, where all of them are normal again; None where one is not."""
    if not shift.moved or shift.until is None:
        return None
    after = times > shift.until
    room = normal_room(shift.baseline.spread, abs(shift.current - shift.baseline.level))
    if not after.any() or (np.abs(values[after] - shift.baseline.level) > room).any():
        return None
    return moment_of(float(times[after][0]))


def _latest_level(times: NDArray[np.float64], values: NDArray[np.float64]) -> float | None:
    """The median of the newest samples; None where it is the newest sample itself, or there is none."""
    if not len(values):
        return None
    level = median(values[-_NEWEST:][times[-_NEWEST:] >= times[-1] - _NEWEST_S])
    return None if level == values[-1] else level


def strongest(compared: Iterable[Comparison]) -> list[Comparison]:
    """Those that moved: what hurts before what doesn't, then by how many spreads and for how long."""
    moved = [comparison for comparison in compared if comparison.shift and comparison.shift.moved]
    return sorted(moved, key=_weakness)


def _weakness(comparison: Comparison) -> tuple[bool, float, float, str, str]:
    shift = comparison.shift
    assert shift is not None
    return (
        not comparison.worse,
        -round(abs(shift.score), 6),
        -round(shift.strength, 6),
        comparison.resource,
        comparison.metric.name,
    )


def unmoved(compared: Iterable[Comparison]) -> list[Comparison]:
    """Those that were measured over the whole window and stayed where they were, by resource and name."""
    still = [
        comparison
        for comparison in compared
        if comparison.shift and not comparison.shift.moved and comparison.complete and comparison.shift.baseline.samples
    ]
    return sorted(still, key=lambda comparison: (comparison.resource, comparison.metric.name))


def _came(times: NDArray[np.float64], end: float, length: float) -> bool:
    """Whether samples at `times` came so regularly until `end` that none in `length` seconds is unusual."""
    step = sample_step(times)
    if len(times) < 5 or step <= 0 or length < _MISSED_STEPS * step or end - times[0] < _KNOWN_FOR * length:
        return False
    if len(times) < _USUAL_PRESENCE * ((times[-1] - times[0]) / step + 1):
        return False
    silences = np.diff(np.append(times, max(end, times[-1])))
    # How many windows of that length begin and end within a silence, of all that there are.
    silent = np.maximum(silences - length, 0.0)
    to_the_end = silences[-1] <= max(_MISSED_STEPS * step, min(float(silences[:-1].max()), length))
    return bool(to_the_end and silent.sum() <= _USUAL_SILENCE * (max(end, times[-1]) - times[0]))


def _ended(comparison: Comparison, newest: float) -> bool:
    """Whether samples that came regularly ended in the window, long before the `newest` of all series."""
    normal, (first, last) = comparison.normal_times, (float(comparison.times[0]), float(comparison.times[-1]))
    step = sample_step(normal) if last < newest else 0.0
    if step <= 0 or newest - last < _ENDED_STEPS * step:
        return False
    regular = len(comparison.times) >= _USUAL_PRESENCE * ((last - first) / step + 1)
    return regular and _came(normal, float(normal[-1]), newest - last)


def missing_facts(compared: Iterable[Comparison], history: History, args: Arguments) -> list[MetricMissing]:
    """Metrics that came regularly in normal times and not at all in the window, or ended inside of it for good."""
    compared = list(compared)
    window = incident_window(args)
    end = min(args.baseline.end, window.start) if args.baseline else window.start
    newest = max((float(comparison.times[-1]) for comparison in compared if len(comparison.times)), default=0.0)
    missing = []
    for comparison in compared:
        if len(comparison.values):
            if not _ended(comparison, newest):
                continue
        elif not _came(comparison.normal_times, end.timestamp(), window.seconds):
            continue
        times = comparison.times if len(comparison.times) else comparison.normal_times
        missing.append(
            MetricMissing(
                resource=comparison.resource,
                window=window,
                observed_at=args.now,
                source=history.source,
                answers=history.digests,
                metric=comparison.metric.name,
                kind=comparison.metric.kind,
                last_seen=moment_of(times[-1]),
            )
        )
    return sorted(missing, key=lambda fact: (fact.kind, fact.resource or "", fact.metric))
