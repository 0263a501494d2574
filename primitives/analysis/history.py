"""Series in the incident against their normal times: which baseline, and what moved.

The baseline of a series is, in this order: the explicit one; the same time of day yesterday and a week ago, where the
data reaches; what lies before the incident's window; the quiet part before the change inside the window.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from primitives.analysis.asking import DAY, WEEK, gaps, incident_window, lookback_window, utc_seconds
from primitives.change_points import Shift, shift_of
from primitives.diagnostics.registry import Arguments
from primitives.facts import SourceGap
from primitives.records import Metric, Series, Window
from primitives.statistics import (
    Level,
    increments,
    levels_of,
    quiet_part,
    sample_step,
    successive_spread,
)
from primitives.telemetry import Answers, SeriesQuery, Telemetry

__all__ = ["Comparison", "History", "ask_history", "compare", "spread_floor", "worse_sign"]

_SIGNS: Final = {"higher": 1, "lower": -1, "either": 0}
# Fewer samples than this say too little of what is normal to be preferred to a nearer baseline.
_MIN_SAMPLES: Final = 5
# A counter shows itself by growing, never falling; fewer growing steps prove nothing.
_MIN_GROWTHS: Final = 3


@dataclass(frozen=True, slots=True)
class History:
    """All series that the sources gave, each from its baseline to now."""

    series: tuple[Series, ...]
    asked: tuple[Answers[Series], ...]

    @property
    def source(self) -> str:
        """Who answered."""
        return self.asked[0].source

    @property
    def digests(self) -> tuple[str, ...]:
        """The recorded blobs."""
        return tuple(digest for answers in self.asked for digest in answers.digests)

    def gaps(self, args: Arguments) -> list[SourceGap]:
        """What could not be answered; a week-old comparison is a bonus, not a gap."""
        return list(gaps(self.asked[:1], args))

    def compared(self, args: Arguments) -> list[Comparison]:
        """Every series judged; the same judgement for every diagnostic that asks."""
        return list(_compared(self.asked, args))

    def of(self, resource: str) -> list[Series]:
        """The series of one resource."""
        return [one for one in self.series if one.resource == resource]


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """One series: its samples in the window and in normal times, and the verdict (None: nothing to compare)."""

    resource: str
    metric: Metric
    times: NDArray[np.float64]
    values: NDArray[np.float64]
    normal_times: NDArray[np.float64]
    normal: NDArray[np.float64]
    shift: Shift | None
    complete: bool
    """Whether the samples reach over the whole window: without that nothing may be said to be absent."""

    @property
    def worse(self) -> bool:
        """Whether it moved, and in the direction that hurts."""
        if self.shift is None or not self.shift.moved:
            return False
        sign = worse_sign(self.metric)
        return sign == 0 or (self.shift.score > 0) == (sign > 0)


async def ask_history(ask: Telemetry, args: Arguments) -> History:
    """Ask for every series; the same questions for every diagnostic, so that they are answered once."""
    asked = [await ask.series(SeriesQuery(window=lookback_window(args)))]
    if args.baseline is None:
        window = incident_window(args)
        asked.append(await ask.series(SeriesQuery(window=Window(start=window.start - WEEK, end=window.end - WEEK))))
    return History(_merged(tuple(asked)), tuple(asked))


# Several diagnostics look at the same answers; two incidents' worth is kept, so that none is judged again for each.
@lru_cache(maxsize=2)
def _compared(asked: tuple[Answers[Series], ...], args: Arguments) -> tuple[Comparison, ...]:
    return tuple(compare(_merged(asked), args))


@lru_cache(maxsize=2)
def _merged(asked: tuple[Answers[Series], ...]) -> tuple[Series, ...]:
    merged: dict[tuple[str, str], Series] = {}
    for answers in asked:
        for one in answers.records:
            key = (one.resource, one.metric.name)
            merged[key] = _joined(one, merged[key]) if key in merged else one
    return tuple(merged[key] for key in sorted(merged))


def _joined(new: Series, known: Series) -> Series:
    """Two answers about one series; where both know a time, the first one counts."""
    if not len(known.times) or not len(new.times):
        return known if len(known.times) else new
    times, values = np.concatenate((known.times, new.times)), np.concatenate((known.values, new.values))
    times, index = np.unique(times, return_index=True)
    return replace(known, times=times, values=values[index])


def worse_sign(metric: Metric) -> int:
    """+1: high values hurt, -1: low ones do, 0: either."""
    return _SIGNS[metric.worse]


def spread_floor(metric: Metric) -> float:
    """The least spread worth a thought, in the metric's unit: a failure in 1,000, half a percent, half an event."""
    least = 0.001 if metric.kind in ("errors", "availability") else 0.005
    if metric.unit == "%":
        return 100 * least
    if metric.unit == "1" and metric.kind in ("errors", "availability", "saturation"):
        return least
    counted = metric.unit.startswith("{") and metric.unit.endswith("}")
    return 0.5 if counted and metric.kind in ("errors", "traffic") else 0.0


def _faultless(metric: Metric) -> float:
    """The value at which nothing is wrong: of an availability its top, of anything else 0."""
    if metric.kind != "availability":
        return 0.0
    return {"%": 100.0, "1": 1.0}.get(metric.unit, 0.0)


def compare(series: Iterable[Series], args: Arguments) -> list[Comparison]:
    """Judge every series that has samples in the window or had them before; in the order given."""
    parts = [part for one in series if (part := _parted(one, args))]
    levels = _baseline_levels(parts)
    return [_judged(part, level, args) for part, level in zip(parts, levels, strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class _Parted:
    series: Series
    current: tuple[NDArray[np.float64], NDArray[np.float64]]
    normal: tuple[NDArray[np.float64], NDArray[np.float64]]
    quiet: bool
    """The baseline is the window's own quiet part."""


def _parted(series: Series, args: Arguments) -> _Parted | None:
    times, values = series.times, series.values
    if _is_counter(series):
        times, values = increments(times, values)
    start, end = utc_seconds(incident_window(args))
    low, high = np.searchsorted(times, [start, end + 1e-6])
    now = (times[low:high], values[low:high])
    normal = _normal(times, values, args, (int(low), int(high)))
    if normal is not None:
        return _Parted(series, now, normal, quiet=False)
    if high == low:
        return None
    calm = quiet_part(now[1])
    return _Parted(series, now, (now[0][:calm], now[1][:calm]), quiet=True)


def _normal(
    times: NDArray[np.float64], values: NDArray[np.float64], args: Arguments, inside: tuple[int, int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    start, end = utc_seconds(incident_window(args))
    if args.baseline is not None:
        low, high = np.searchsorted(times, [args.baseline.start.timestamp(), args.baseline.end.timestamp() + 1e-6])
        high = min(int(high), inside[0])
        return (times[low:high], values[low:high]) if high > low else None
    seasons = np.zeros(len(times), dtype=bool)
    for ago in (DAY.total_seconds(), WEEK.total_seconds()):
        low, high = np.searchsorted(times, [start - ago, min(end - ago, start) + 1e-6])
        seasons[low:high] = True
    if seasons.sum() >= max(_MIN_SAMPLES, (inside[1] - inside[0]) // 2):
        return times[seasons], values[seasons]
    if inside[0] >= _MIN_SAMPLES:
        return times[: inside[0]], values[: inside[0]]
    return None


def _is_counter(series: Series) -> bool:
    metric, values = series.metric, series.values
    if metric.statistic not in ("count", "sum", "value") or metric.kind not in ("errors", "traffic", "other"):
        return False
    if not (metric.unit.startswith("{") and metric.unit.endswith("}")) or len(values) < 8:
        return False
    growth = np.diff(values)
    falls = growth < 0
    reset = not falls.any() or bool(np.all(values[1:][falls] <= 0.1 * values.max()) and falls.sum() <= len(values) // 8)
    return reset and int((growth > 0).sum()) >= _MIN_GROWTHS and values[-1] >= values.max() * 0.5


def _baseline_levels(parts: Sequence[_Parted]) -> list[Level]:
    levels: list[Level] = [Level(0.0, 0.0, 0)] * len(parts)
    alike: dict[tuple[float, float], list[int]] = {}
    for index, part in enumerate(parts):
        metric = part.series.metric
        alike.setdefault((spread_floor(metric), _faultless(metric)), []).append(index)
    for (floor, origin), indices in alike.items():
        found = levels_of([parts[i].normal[1] for i in indices], floor=floor, origin=origin)
        for index, level in zip(indices, found, strict=True):
            levels[index] = level
    return levels


def _judged(part: _Parted, level: Level, args: Arguments) -> Comparison:
    times, values = part.current
    metric = part.series.metric
    shift = None
    if len(values) and level.samples:
        if part.quiet:
            # The split chose the quietest baseline there is; the noise around the jump keeps it honest.
            level = replace(level, spread=max(level.spread, successive_spread(values)))
        expected = _expected(part.series, args)
        shift = shift_of(times, values, level, normal=part.normal[1], worse=worse_sign(metric), expected=expected)
        if part.quiet and len(values) == level.samples:
            shift = replace(shift, moved=False, onset=None, uncertainty=None)
    return Comparison(
        part.series.resource, metric, times, values, *part.normal, shift, _complete(part, incident_window(args))
    )


def _expected(series: Series, args: Arguments) -> int:
    """Which way an alarm says that this series went: +1, -1, or 0 when no alarm is about it."""
    symptom = args.symptom
    if symptom is None or (symptom.resource, symptom.metric) != (series.resource, series.metric.name):
        return 0
    return {"above": 1, "below": -1, None: worse_sign(series.metric)}[symptom.direction]


def _complete(part: _Parted, window: Window) -> bool:
    times = part.current[0]
    if not len(times):
        return False
    start, end = utc_seconds(window)
    step = max(sample_step(part.series.times), 1.0)
    return bool(times[0] - start <= 2 * step and end - times[-1] <= 2 * step)
