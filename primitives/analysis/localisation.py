"""How much of a symptom each resource explains by itself, from metrics on a call graph.

A resource's part in the symptom is its excess over its normal level times the number of times that one of the symptom's
requests passes through it. What its dependencies explain is taken away (each in proportion to the requests that come
from this caller), and so is what the same sum comes to in normal times; what counts is the peak over the window. For
availability and errors the excess is in failures for each request in place of time.

The idea is that of attributing an outlier to the mechanism that changed and not to its inputs (Budhathoki et al.,
Causal structure-based root cause analysis of outliers, ICML 2022), with sums in place of a learned model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from primitives.analysis.cancellation import gave_up
from primitives.analysis.graph import Graph
from primitives.dataclass import dataclass
from primitives.records import Metric, Series
from primitives.statistics import first_of_each, median, medians, quantiles, rolling_max, sample_step

__all__ = ["Share", "pick_metric", "shares"]

Samples = NDArray[np.float64]

# Of the sum in normal times, this quantile is noise: high enough for an ordinary bad moment, low enough that the
# incidents of another day don't hide this one.
_NOISE_QUANTILE: Final = 0.98
_MIN_NORMAL: Final = 5
# Calls side by side and retries make a dependency's excess larger than what its caller feels, but not many times so:
# what the symptom did not feel when it happened explains nothing of it.
_MOST_FELT: Final = 3.0
# So many calls are added up at once: enough to be quick, few enough to need little memory.
_AT_ONCE: Final = 4096
# Along these edges requests travel; a host or an owner is none that they pass through.
_CARRYING: Final = ("calls", "reads", "writes", "depends")


@dataclass(frozen=True, slots=True)
class Share:
    """One resource's own part: `excess` (without its noise) and `noise` in `unit` for each request of the symptom."""

    resource: str
    excess: float
    share: float
    noise: float
    unit: str


def pick_metric(symptom: Metric, own: Sequence[Metric]) -> Metric | None:
    """The metric to add up along calls: of the symptom's kind, an average where there is one (quantiles don't add)."""
    if symptom.kind not in ("latency", "errors", "availability"):
        return None
    if symptom.kind != "latency":
        return symptom if symptom.unit in ("1", "%") else None
    averages = [
        metric
        for metric in own
        if metric.kind == "latency" and metric.statistic == "average" and metric.unit == symptom.unit
    ]

    def unlike(metric: Metric) -> tuple[bool, bool, str]:
        # What it measures of those that it calls is another latency than its own.
        return metric.name != symptom.name, _measured(metric) != _measured(symptom), metric.name

    return min(averages, key=unlike, default=symptom)


def _measured(metric: Metric) -> str:
    """What the metric is of, by its name without the statistic."""
    return metric.name.removesuffix(metric.statistic).strip("_")


def shares(
    symptom: str,
    metric: Metric,
    series: Sequence[Series],
    graph: Graph,
    normal: tuple[float, float],
    window: tuple[float, float],
) -> list[Share]:
    """The own share of every resource that the symptom's requests can reach, the largest first.

    `normal` and `window` are in seconds since the epoch, ends included. Empty when the symptom's own series says
    nothing in either of them.
    """
    reach = sorted(graph.reach([symptom], *_CARRYING))
    grid = _grid(symptom, metric, series)
    if grid is None:
        return []
    before, during = _between(grid, normal), _between(grid, window)
    if before.stop - before.start < _MIN_NORMAL or during.stop <= during.start:
        return []
    near = set(reach)
    reached = [entry for entry in series if entry.resource in near and len(entry.times)]
    counting = _request_metric(symptom, series)
    alike = (metric.kind, metric.unit)
    sums = _Sums(
        metric,
        # Where a resource has the symptom's own metric, that is the one.
        _aligned(reached, grid, reach, _named(metric.name), _like(alike)),
        _aligned(reached, grid, reach, _named(counting)),
        before,
        during,
    )
    own_shares = _own(symptom, reach, sums, graph)
    return sorted(own_shares, key=lambda share: (-share.excess, share.resource))


def _between(grid: Samples, interval: tuple[float, float]) -> slice:
    low, high = np.searchsorted(grid, [interval[0] - 1e-6, np.nextafter(interval[1] + 1e-6, np.inf)])
    return slice(int(low), int(high))


def _named(name: str | None) -> Callable[[Metric], bool]:
    return lambda metric: metric.name == name


def _like(alike: tuple[str, str]) -> Callable[[Metric], bool]:
    return lambda metric: (metric.kind, metric.unit) == alike and not gave_up(metric.name)


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """A row of samples for each resource, NaN where there is none; `known` says which rows hold a series at all."""

    rows: Samples
    known: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    metric: Metric
    values: _Table
    traffic: _Table
    normal: slice
    window: slice

    def excess(self) -> Samples:
        """The excess of each resource over its normal level, positive when it hurts; zero where there is no sample."""
        values = -self.values.rows if self.metric.worse == "lower" else self.values.rows
        return np.nan_to_num(values - self._levels(values)[:, None])

    def _levels(self, values: Samples) -> Samples:
        normal = values[:, self.normal]
        missing = np.isnan(normal)
        levels = np.zeros(len(values))
        whole = ~missing.any(axis=1)
        levels[whole] = medians(normal[whole])
        for index in np.flatnonzero(~whole & self.values.known):
            known = normal[index][~missing[index]]
            levels[index] = median(known) if len(known) else self._assumed_level(values[index])
        return levels

    def _assumed_level(self, values: Samples) -> float:
        """Normal for a resource of which nothing normal was measured: no failures; its quickest for latency."""
        if self.metric.kind == "availability":
            return -100.0 if self.metric.unit == "%" else -1.0
        if self.metric.kind == "errors":
            return 0.0
        seen = values[~np.isnan(values)]
        return float(seen.min()) if len(seen) else 0.0

    def newly_called(self) -> NDArray[np.bool_]:
        """The resources without requests in normal times and at the window's start that get some now.

        Such a resource can't have become worse: the caller that began to call it has changed. One that was called from
        the window's first sample on and lacks normal samples is no such case: its normal times were not recorded.
        """
        before, now = self.traffic.rows[:, self.normal], np.nan_to_num(self.traffic.rows[:, self.window])
        measured = ~np.isnan(before).any(axis=1)
        idle = ~np.nan_to_num(before).any(axis=1)
        return np.asarray(self.traffic.known & idle & now.any(axis=1) & (measured | (now[:, 0] == 0.0)))


def _own(symptom: str, reach: list[str], sums: _Sums, graph: Graph) -> list[Share]:
    place = {name: index for index, name in enumerate(reach)}
    first = place[symptom]
    unit = _symptom_requests(first, sums)
    requests = np.where(sums.traffic.known[:, None], np.nan_to_num(sums.traffic.rows), unit)
    parts = sums.excess() * requests / unit
    if not sums.traffic.known.any():
        _cap(parts, place, symptom, graph)
    below = graph.dependencies(*_CARRYING)
    counts = [len(below.get(name, ())) for name in reach]
    callers = np.repeat(np.arange(len(reach)), counts)
    targets = np.fromiter((place[target] for name in reach for target in below.get(name, ())), np.intp, len(callers))
    new = sums.newly_called()
    new[first] = False
    incoming = _sums_by(targets, requests, callers)
    # A caller's share of a dependency's part is its share of the dependency's requests.
    each = np.where(new[:, None], 0.0, np.maximum(parts, 0.0) / np.maximum(incoming, 1e-12))
    own = parts - requests * _sums_by(callers, each, targets)
    known = sums.values.known.copy()
    known[first] = True
    asked = np.flatnonzero(known & ~new)
    return _shares([reach[index] for index in asked], own[asked], parts[first][sums.window], sums)


def _sums_by(groups: NDArray[np.intp], rows: Samples, of: NDArray[np.intp]) -> Samples:
    """For each row of `rows` the sum of those rows whose places in `of` are paired with its own in `groups`."""
    sums = np.zeros_like(rows)
    order = np.argsort(groups, kind="stable")
    for start in range(0, len(order), _AT_ONCE):
        part = order[start : start + _AT_ONCE]
        where, begin = first_of_each(groups[part])
        sums[where] += np.add.reduceat(rows[of[part]], begin, axis=0)
    return sums


def _cap(parts: Samples, place: Mapping[str, int], symptom: str, graph: Graph) -> None:
    """Where requests are not counted: a dependency explains no more of the symptom than the callers that it slows."""
    below = graph.dependencies(*_CARRYING)
    limits = np.full_like(parts, -1.0)
    limits[place[symptom]] = np.maximum(parts[place[symptom]], 0.0)
    for name in graph.reach([symptom], *_CARRYING):
        mine = parts[place[name]]
        np.minimum(mine, limits[place[name]], out=mine)
        hurt = np.maximum(mine, 0.0)
        for target in below.get(name, ()):
            limit = limits[place[target]]
            np.maximum(limit, hurt, out=limit)


def _symptom_requests(first: int, sums: _Sums) -> Samples:
    if not sums.traffic.known[first]:
        return np.ones(sums.traffic.rows.shape[1])
    requests = sums.traffic.rows[first]
    known = requests[requests > 0]
    # Where a sample is missing or zero there is nothing to divide by; the usual number keeps the ratio sane.
    usual = median(known) if len(known) else 1.0
    return np.asarray(np.where(np.nan_to_num(requests) > 0, requests, usual))


def _shares(names: list[str], own: Samples, whole: Samples, sums: _Sums) -> list[Share]:
    """`whole` is the symptom's own excess in the window."""
    if not names:
        return []
    total = float(whole.max())
    # Neighbouring samples count too: clocks differ, and a request ends in another sample than it began.
    felt = rolling_max(np.pad(np.maximum(whole, 0.0), 1), 3)
    # A peak is compared with the peaks of normal windows of the same length.
    peaks = rolling_max(own[:, sums.normal], sums.window.stop - sums.window.start)
    noises = np.maximum(quantiles(peaks, _NOISE_QUANTILE), 0.0)
    excesses = np.minimum(own[:, sums.window], _MOST_FELT * felt).max(axis=1) - noises
    return [
        Share(name, excess, excess / total if total > 0 else 0.0, noise, sums.metric.unit)
        for name, excess, noise in zip(names, excesses.tolist(), noises.tolist(), strict=True)
    ]


def _request_metric(symptom: str, series: Sequence[Series]) -> str | None:
    """The metric that counts requests: the symptom's own, else the one that most resources have."""
    counting = [
        entry for entry in series if entry.metric.kind == "traffic" and entry.metric.unit.startswith("{request}")
    ]
    own = sorted(entry.metric.name for entry in counting if entry.resource == symptom)
    names = Counter(entry.metric.name for entry in counting)
    return own[0] if own else min(names, key=lambda name: (-names[name], name), default=None)


def _grid(symptom: str, metric: Metric, series: Sequence[Series]) -> Samples | None:
    for entry in series:
        if entry.resource == symptom and entry.metric.name == metric.name and len(entry.times):
            return entry.times
    return None


def _aligned(series: Sequence[Series], grid: Samples, names: list[str], *wanted: Callable[[Metric], bool]) -> _Table:
    """The samples nearest to the grid's times, within half a step, of the first series that is wanted most."""
    chosen: dict[str, Series] = {}
    for wish in wanted:
        fits: dict[int, bool] = {}
        for entry in series:
            # There are few metrics and many series of each.
            fit = fits.get(id(entry.metric))
            if fit is None:
                fit = fits[id(entry.metric)] = wish(entry.metric)
            if fit:
                chosen.setdefault(entry.resource, entry)
    rows = np.full((len(names), len(grid)), np.nan)
    step = sample_step(grid) or 1.0
    places = {name: index for index, name in enumerate(names)}
    alike = [entry for entry in chosen.values() if len(entry.times) == len(grid)]
    if alike:
        same = (np.concatenate([entry.times for entry in alike]).reshape(len(alike), -1) == grid).all(axis=1)
        rows[[places[entry.resource] for entry in alike]] = np.concatenate([entry.values for entry in alike]).reshape(
            len(alike), -1
        )
        alike = [entry for entry, equal in zip(alike, same.tolist(), strict=True) if not equal]
    for entry in (*alike, *(entry for entry in chosen.values() if len(entry.times) != len(grid))):
        rows[places[entry.resource]] = _nearest(entry, grid, step)
    return _Table(rows, np.array([name in chosen for name in names], dtype=bool))


def _nearest(series: Series, grid: Samples, step: float) -> Samples:
    right = np.clip(np.searchsorted(series.times, grid), 1, max(len(series.times) - 1, 1))
    right = np.minimum(right, len(series.times) - 1)
    left = np.maximum(right - 1, 0)
    index = np.where(np.abs(series.times[left] - grid) <= np.abs(series.times[right] - grid), left, right)
    return np.asarray(np.where(np.abs(series.times[index] - grid) <= step / 2, series.values[index], np.nan))
