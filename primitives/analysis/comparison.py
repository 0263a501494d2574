"""Series judged against their normal times: thousands at once, those with the same sample times together.

The baseline of a series is, in this order: the explicit one; the same time of day yesterday and a week ago, where the
data reaches; what lies before the incident's window; the quiet part before the change inside the window. Where the
explicit one holds several days and a series follows the time of day, its normal samples are brought to the window's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from primitives.analysis.asking import DAY, WEEK, incident_window, utc_seconds
from primitives.analysis.swings import before_climb, swings
from primitives.change_points import Shift, shift_of, shifts_of
from primitives.dataclass import dataclass
from primitives.diagnostics.registry import Arguments
from primitives.records import Metric, Series
from primitives.statistics import (
    Level,
    Samples,
    bent_spread,
    increments,
    levels_of_table,
    median,
    quiet_part,
    quiet_parts,
    sample_step,
    successive_spread,
    successive_spreads,
    without_season,
)

__all__ = ["Comparison", "compare", "spread_floor", "worse_sign"]

_SIGNS: Final = {"higher": 1, "lower": -1, "either": 0}
# Fewer samples than this say too little of what is normal to be preferred to a nearer baseline.
_MIN_SAMPLES: Final = 5
# A rate that begins inside of the window has no level before it: a quiet part of less than this share of it, at less
# than that share of what came later, is its beginning (a rate's first range holds few samples).
_BEGINNING: Final = 0.2
_NOTHING: Final = 0.25
# Fewer samples at the start of a series that begins inside of the window are no level either: a rate's first ranges are
# not yet full, and what starts up is slow and fails (https://promlabs.com/blog/2021/01/29/how-exactly-does-promql-
# calculate-rates: a range that isn't full is extrapolated).
_LEAST_LEVEL: Final = 3
# A counter shows itself by growing, never falling; fewer growing steps prove nothing.
_MIN_GROWTHS: Final = 3
_MIN_COUNTER: Final = 8
# What users feel may not swing: errors that come and go are trouble from the beginning.
_SWINGING: Final = ("traffic", "saturation", "other")
# So many at once stay in the processor's cache.
_MOST_SAMPLES: Final = 250_000


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """One series: its samples in the window and in normal times, and the verdict (None: nothing to compare)."""

    resource: str
    metric: Metric
    times: Samples
    values: Samples
    normal_times: Samples
    normal: Samples
    shift: Shift | None
    complete: bool
    """Whether the samples reach over the whole window: without that nothing may be said to be absent."""
    past: bool = False
    """Whether it moved only before what the question is about, and was well again (`primitives.analysis.episodes`)."""
    later: bool = False
    """Whether `shift` is a later episode than the greatest one."""

    @property
    def worse(self) -> bool:
        """Whether it moved, and in the direction that hurts."""
        if self.shift is None or not self.shift.moved or self.past:
            return False
        sign = worse_sign(self.metric)
        return sign == 0 or (self.shift.score > 0) == (sign > 0)


def worse_sign(metric: Metric) -> int:
    """+1: high values hurt, -1: low ones do, 0: either."""
    return _SIGNS[metric.worse]


def spread_floor(metric: Metric) -> float:
    """The smallest spread that matters, in the metric's unit: a failure in 1,000, half a percent, half an event."""
    least = 0.001 if metric.kind in ("errors", "availability") else 0.005
    if metric.unit == "%":
        return 100 * least
    if metric.unit == "1" and metric.kind in ("errors", "availability", "saturation"):
        return least
    counted = metric.unit.startswith("{") and metric.unit.endswith("}")
    return 0.5 if counted and metric.kind in ("errors", "traffic") else 0.0


def _faultless(metric: Metric) -> float:
    """The value of a healthy resource: the maximum of an availability, 0 of anything else."""
    if metric.kind != "availability":
        return 0.0
    return {"%": 100.0, "1": 1.0}.get(metric.unit, 0.0)


def compare(series: Iterable[Series], args: Arguments) -> list[Comparison]:
    """Judge every series that has samples in the window or had them before; in the order given."""
    comparisons: dict[int, Comparison] = {}
    for group in _groups(list(series)):
        comparisons.update(_compared(group, args))
    return [comparisons[place] for place in sorted(comparisons)]


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """Series with the same sample times, one a row of `table`; `places` are theirs in the order given."""

    places: Sequence[int]
    series: Sequence[Series]
    times: Samples
    table: NDArray[np.float64]


def _groups(series: Sequence[Series]) -> Iterator[_Group]:
    alike: dict[tuple[int, float, float], list[int]] = {}
    for place, entry in enumerate(series):
        if len(entry.times):
            alike.setdefault((len(entry.times), float(entry.times[0]), float(entry.times[-1])), []).append(place)
    for (count, _, _), places in alike.items():
        rows = max(_MOST_SAMPLES // count, 1)
        for low in range(0, len(places), rows):
            yield from _together(series, places[low : low + rows])


def _together(series: Sequence[Series], places: Sequence[int]) -> Iterator[_Group]:
    """Groups of those that have the same number of samples."""
    rest = np.array(places)
    while len(rest):
        members = [series[place] for place in rest]
        times = members[0].times
        same = (_table([member.times for member in members]) == times).all(axis=1)
        chosen = [member for member, alike in zip(members, same.tolist(), strict=True) if alike]
        table = _table([member.values for member in chosen])
        yield from _without_counters(_Group(rest[same].tolist(), chosen, times, table))
        rest = rest[~same]


def _table(rows: Sequence[Samples]) -> NDArray[np.float64]:
    """`numpy.stack`, in a fifth of its time for thousands of short rows."""
    return np.concatenate(rows).reshape(len(rows), -1)


def _without_counters(group: _Group) -> Iterator[_Group]:
    """The group, its counters apart: what they grew by from sample to sample, a reset counting from zero."""
    counting = _counters(group)
    if not counting.any():
        yield group
        return
    for chosen in (~counting, counting):
        rows = np.flatnonzero(chosen).tolist()
        if not rows:
            continue
        places, members = [group.places[row] for row in rows], [group.series[row] for row in rows]
        times, table = group.times, group.table[rows]
        yield _Group(places, members, *(increments(times, table) if chosen is counting else (times, table)))


def _counters(group: _Group) -> NDArray[np.bool_]:
    """The rows that only grow, except for a few resets to about zero."""
    counters = np.zeros(len(group.series), dtype=bool)
    if len(group.times) < _MIN_COUNTER:
        return counters
    metrics = {id(entry.metric): entry.metric for entry in group.series}
    counting = {name for name, metric in metrics.items() if _may_count(metric)}
    rows = np.flatnonzero([id(entry.metric) in counting for entry in group.series])
    if not len(rows):
        return counters
    table = group.table[rows]
    growth, top = np.diff(table, axis=1), table.max(axis=1)
    falls = growth < 0
    to_zero = np.all(~falls | (table[:, 1:] <= 0.1 * top[:, None]), axis=1)
    resets = to_zero & (falls.sum(axis=1) <= table.shape[1] // _MIN_COUNTER)
    counters[rows] = resets & ((growth > 0).sum(axis=1) >= _MIN_GROWTHS) & (table[:, -1] >= 0.5 * top)
    return counters


def _may_count(metric: Metric) -> bool:
    if metric.statistic not in ("count", "sum", "value") or metric.kind not in ("errors", "traffic", "other"):
        return False
    return metric.unit.startswith("{") and metric.unit.endswith("}")


def _compared(group: _Group, args: Arguments) -> Iterator[tuple[int, Comparison]]:
    start, end = utc_seconds(incident_window(args))
    low, high = (int(entry) for entry in np.searchsorted(group.times, [start, end + 1e-6]))
    chosen = _normal(group.times, args, (low, high))
    complete = _complete(group.times, group.times[low:high], (start, end))
    times, table = group.times[low:high], group.table[:, low:high]
    if chosen is None and not len(times):
        return
    shifts: Sequence[Shift | None]
    if chosen is None:
        begins = bool(times[0] - start > 2 * max(sample_step(group.times), 1.0))
        parts = _judged_by_themselves(group.series, times, table, args, begins=begins)
        normals = [(times[:calm], values[:calm]) for (calm, _), values in zip(parts, table, strict=True)]
        shifts = [shift for _, shift in parts]
    else:
        normal_times = group.times[chosen]
        normal = without_season(normal_times, group.table[:, chosen], (start, end))
        normals = [(normal_times, values) for values in normal]
        shifts = _judged(group.series, times, table, normal, args) if len(times) else [None] * len(group.series)
    for row, (place, entry) in enumerate(zip(group.places, group.series, strict=True)):
        yield place, Comparison(entry.resource, entry.metric, times, table[row], *normals[row], shifts[row], complete)


def _normal(times: Samples, args: Arguments, inside: tuple[int, int]) -> slice | NDArray[np.bool_] | None:
    """Which samples are normal; None where there are none outside of the window."""
    start, end = utc_seconds(incident_window(args))
    if args.baseline is not None:
        low, high = np.searchsorted(times, [args.baseline.start.timestamp(), args.baseline.end.timestamp() + 1e-6])
        high = min(int(high), inside[0])
        return slice(int(low), high) if high > low else None
    seasons = np.zeros(len(times), dtype=bool)
    for ago in (DAY.total_seconds(), WEEK.total_seconds()):
        low, high = np.searchsorted(times, [start - ago, min(end - ago, start) + 1e-6])
        seasons[low:high] = True
    if seasons.sum() >= max(_MIN_SAMPLES, (inside[1] - inside[0]) // 2):
        return seasons
    return slice(0, inside[0]) if inside[0] >= _MIN_SAMPLES else None


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What judging needs to know of a metric, looked up once for all of its series."""

    floor: float
    origin: float
    sign: int


def _meanings(series: Sequence[Series]) -> list[_Meaning]:
    known: dict[int, _Meaning] = {}
    for entry in series:
        if id(entry.metric) not in known:
            metric = entry.metric
            known[id(metric)] = _Meaning(spread_floor(metric), _faultless(metric), worse_sign(metric))
    return [known[id(entry.metric)] for entry in series]


def _judged(
    series: Sequence[Series], times: Samples, table: NDArray[np.float64], normal: NDArray[np.float64], args: Arguments
) -> list[Shift | None]:
    meanings = _meanings(series)
    floors, origins = (
        np.array([meaning.floor for meaning in meanings]),
        np.array([meaning.origin for meaning in meanings]),
    )
    level, spread = levels_of_table(normal, floors, origins)
    count = normal.shape[1]
    levels = [Level(middle, width, count) for middle, width in zip(level.tolist(), spread.tolist(), strict=True)]
    signs = [meaning.sign for meaning in meanings]
    shifts: list[Shift | None] = list(shifts_of(times, table, levels, normals=normal, worse=signs))
    for row in _alarmed(series, args):
        expected = _expected(series[row], args)
        shifts[row] = shift_of(times, table[row], levels[row], normal=normal[row], worse=signs[row], expected=expected)
    return shifts


def _alarmed(series: Sequence[Series], args: Arguments) -> list[int]:
    """The rows that the alarm is about."""
    if args.symptom is None:
        return []
    resource = args.symptom.resource
    return [row for row, entry in enumerate(series) if entry.resource == resource and _expected(entry, args)]


def _judged_by_themselves(
    series: Sequence[Series], times: Samples, table: NDArray[np.float64], args: Arguments, *, begins: bool
) -> list[tuple[int, Shift]]:
    """`_judged_by_itself` for each row of `table`, in a fifth of its time for thousands of rows."""
    parts: dict[int, tuple[int, Shift]] = {}
    alarmed = set(_alarmed(series, args))
    quiet = quiet_parts(table)
    meanings = _meanings(series)
    for calm in sorted(set(quiet.tolist())):
        rows = [row for row in np.flatnonzero(quiet == calm).tolist() if row not in alarmed]
        if begins and calm < _LEAST_LEVEL and len(times) - calm >= _MIN_SAMPLES:
            rows = []
        if not rows:
            continue
        chosen, known = table[rows], [meanings[row] for row in rows]
        level, spread = levels_of_table(
            chosen[:, :calm], np.array([each.floor for each in known]), np.array([each.origin for each in known])
        )
        widths = np.maximum(spread, successive_spreads(chosen))
        levels = [Level(middle, width, calm) for middle, width in zip(level.tolist(), widths.tolist(), strict=True)]
        signs = [each.sign for each in known]
        shifts = shifts_of(times, chosen, levels, normals=chosen[:, :calm], worse=signs)
        for row, shift in zip(rows, shifts, strict=True):
            climbs = shift.moved and before_climb(table[row], calm) < calm
            if not climbs and not _began_inside(shift, times, calm):
                parts[row] = calm, _unless_beginning(series[row], calm, table[row], shift)
    return [
        parts.get(row) or _judged_by_itself(entry, times, values, args, begins=begins)
        for row, (entry, values) in enumerate(zip(series, table, strict=True))
    ]


def _judged_by_itself(
    series: Series, times: Samples, values: Samples, args: Arguments, *, begins: bool
) -> tuple[int, Shift]:
    """How many samples at the window's start are its quiet part, and how the rest compares with it.

    `begins`: the series has no samples before, although it was asked for. Then the first few are its beginning, and the
    rest is judged without them.
    """
    calm, noise = quiet_part(values), successive_spread(values)
    shift = _shift_from(series, times, values, calm, noise, args)
    if begins and calm < _LEAST_LEVEL and len(values) - calm >= _MIN_SAMPLES:
        quiet_later, shift = _judged_by_itself(series, times[calm:], values[calm:], args, begins=begins)
        return calm + quiet_later, shift
    # The split in two halves a slow climb: what was climbing already is not normal.
    if shift.moved and (before := before_climb(values, calm)) < calm:
        calm, noise = before, bent_spread(values)
        shift = _shift_from(series, times, values, calm, noise, args)
    while _began_inside(shift, times, calm):
        calm = max(int(np.searchsorted(times, shift.onset or 0.0)), 1)
        shift = _shift_from(series, times, values, calm, noise, args)
    return calm, _unless_beginning(series, calm, values, shift)


def _shift_from(series: Series, times: Samples, values: Samples, calm: int, noise: float, args: Arguments) -> Shift:
    """How the whole compares with its first `calm` samples, whose spread is at least `noise`."""
    metric = series.metric
    level, spread = levels_of_table(
        values[None, :calm], np.array([spread_floor(metric)]), np.array([_faultless(metric)])
    )
    # The split chose the quietest baseline there is; the noise around the jump keeps it honest.
    quiet = Level(float(level[0]), max(float(spread[0]), noise), calm)
    expected = _expected(series, args)
    return shift_of(times, values, quiet, normal=values[:calm], worse=worse_sign(metric), expected=expected)


def _began_inside(shift: Shift, times: Samples, calm: int) -> bool:
    """Whether it began before the end of the first `calm` samples, which were taken for normal."""
    return shift.moved and shift.onset is not None and 1 < calm < len(times) and shift.onset < times[calm]


def _unless_beginning(series: Series, calm: int, values: Samples, shift: Shift) -> Shift:
    """The shift; as none where nothing left the quiet part, or the series only began to be counted."""
    count = len(values)
    if calm == count or _is_beginning(series.metric, calm, count, shift):
        return replace(shift, moved=False, onset=None, uncertainty=None)
    known = replace(shift.baseline, level=median(values), samples=count)
    if not shift.moved:
        # So few samples at its beginning say less of what is normal than all of them, where it comes back to them.
        first, later = values[:calm], values[calm:]
        back = np.count_nonzero((later >= first.min()) & (later <= first.max())) >= calm
        few = calm < _LEAST_LEVEL and back
        return replace(shift, baseline=known, current=known.level, score=0.0) if few else shift
    if series.metric.kind in _SWINGING and swings(values, calm, shift.baseline):
        return replace(shift, moved=False, baseline=known, current=known.level, score=0.0, onset=None, uncertainty=None)
    return shift


def _is_beginning(metric: Metric, calm: int, count: int, shift: Shift) -> bool:
    """Whether a rate only shows that it began to be counted: it climbs from about nothing in its first samples."""
    if metric.kind != "traffic" or calm >= max(_MIN_SAMPLES, _BEGINNING * count):
        return False
    return 0 <= shift.baseline.level < _NOTHING * shift.current


def _expected(series: Series, args: Arguments) -> int:
    """The direction that an alarm gives for this series: +1, -1, or 0 when no alarm is about it."""
    symptom = args.symptom
    if symptom is None or (symptom.resource, symptom.metric) != (series.resource, series.metric.name):
        return 0
    return {"above": 1, "below": -1, None: worse_sign(series.metric)}[symptom.direction]


def _complete(every: Samples, times: Samples, window: tuple[float, float]) -> bool:
    if not len(times):
        return False
    step = max(sample_step(every), 1.0)
    return bool(times[0] - window[0] <= 2 * step and window[1] - times[-1] <= 2 * step)
