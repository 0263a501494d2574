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
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from primitives.analysis.cancellation import gave_up
from primitives.analysis.graph import Graph
from primitives.records import Metric, Series
from primitives.statistics import rolling_max, sample_step

__all__ = ["Share", "pick_metric", "shares"]

Samples = NDArray[np.float64]

# Of the sum in normal times, this quantile is noise: high enough for an ordinary bad moment, low enough that the
# incidents of another day don't hide this one.
_NOISE_QUANTILE: Final = 0.98
_MIN_NORMAL: Final = 5
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
    averages = [one for one in own if one.kind == "latency" and one.statistic == "average" and one.unit == symptom.unit]
    return min(averages, key=lambda one: (one.name != symptom.name, one.name), default=symptom)


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
    inside = [(grid >= start - 1e-6) & (grid <= end + 1e-6) for start, end in (normal, window)]
    if inside[0].sum() < _MIN_NORMAL or not inside[1].any():
        return []
    values = _aligned(series, grid, reach, lambda one: one.name == metric.name)
    alike = (metric.kind, metric.unit)
    values = _aligned(series, grid, reach, lambda one: (one.kind, one.unit) == alike and not gave_up(one.name)) | values
    counting = _request_metric(symptom, series)
    traffic = _aligned(series, grid, reach, lambda one: one.name == counting)
    found = _own(symptom, reach, _Sums(metric, values, traffic, inside[0], inside[1]), graph)
    return sorted(found, key=lambda one: (-one.excess, one.resource))


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    metric: Metric
    values: Mapping[str, Samples]
    traffic: Mapping[str, Samples]
    normal: NDArray[np.bool_]
    window: NDArray[np.bool_]

    def excess(self, name: str) -> Samples:
        """The excess of one resource over its normal level, positive when it hurts; zero where there is no sample."""
        values = self.values.get(name)
        if values is None:
            return np.zeros(len(self.normal))
        if self.metric.worse == "lower":
            values = -values
        known = values[self.normal]
        known = known[~np.isnan(known)]
        if len(known):
            level = float(np.median(known))
        else:
            level = self._assumed_level(values)
        return np.nan_to_num(values - level)

    def _assumed_level(self, values: Samples) -> float:
        """Normal for a resource of which nothing normal was measured: no failures; its quickest for latency."""
        if self.metric.kind == "availability":
            return -100.0 if self.metric.unit == "%" else -1.0
        if self.metric.kind == "errors":
            return 0.0
        seen = values[~np.isnan(values)]
        return float(seen.min()) if len(seen) else 0.0

    def newly_called(self, name: str) -> bool:
        """Whether it got no requests in normal times, nor when the window began, and gets some now.

        Such a resource can't have become worse: whoever began to call it has changed. One that was called from the
        window's first sample on and lacks normal samples is no such case: its normal times were just not recorded.
        """
        traffic = self.traffic.get(name)
        if traffic is None:
            return False
        before, now = np.nan_to_num(traffic[self.normal]), np.nan_to_num(traffic[self.window])
        measured = not np.isnan(traffic[self.normal]).any()
        return not before.any() and bool(now.any()) and (measured or not now[0])


def _own(symptom: str, reach: list[str], sums: _Sums, graph: Graph) -> list[Share]:
    below = graph.dependencies(*_CARRYING)
    unit = _symptom_requests(symptom, sums)
    requests = {name: np.nan_to_num(sums.traffic[name]) if name in sums.traffic else unit for name in reach}
    parts = {name: sums.excess(name) * requests[name] / unit for name in reach}
    if not sums.traffic:
        _cap(parts, symptom, graph)
    incoming: dict[str, Samples] = {}
    for name in reach:
        for target in below.get(name, ()):
            incoming[target] = incoming.get(target, np.zeros(len(unit))) + requests[name]
    new = {name for name in reach if name != symptom and sums.newly_called(name)}
    total = float(parts[symptom][sums.window].max())
    found = []
    for name in reach:
        if name in new or (name not in sums.values and name != symptom):
            continue
        own = parts[name].copy()
        for target in below.get(name, ()):
            if target not in new:
                fraction = requests[name] / np.maximum(incoming[target], 1e-12)
                own -= np.maximum(parts[target], 0.0) * fraction
        found.append(_share(name, own, total, sums))
    return found


def _cap(parts: dict[str, Samples], symptom: str, graph: Graph) -> None:
    """Where requests are not counted: a dependency explains no more of the symptom than the callers that it slows."""
    below = graph.dependencies(*_CARRYING)
    nearest_first = list(graph.reach([symptom], *_CARRYING))
    limits: dict[str, Samples] = {symptom: np.maximum(parts[symptom], 0.0)}
    for name in nearest_first:
        parts[name] = np.minimum(parts[name], limits[name])
        for target in below.get(name, ()):
            known = limits.get(target)
            mine = np.maximum(parts[name], 0.0)
            limits[target] = mine if known is None else np.maximum(known, mine)


def _symptom_requests(symptom: str, sums: _Sums) -> Samples:
    requests = sums.traffic.get(symptom)
    if requests is None:
        return np.ones(len(sums.normal))
    known = requests[requests > 0]
    # Where a sample is missing or zero there is nothing to divide by; the usual number keeps the ratio sane.
    usual = float(np.median(known)) if len(known) else 1.0
    return np.asarray(np.where(np.nan_to_num(requests) > 0, requests, usual))


def _share(name: str, own: Samples, total: float, sums: _Sums) -> Share:
    # A peak is compared with the peaks of normal windows of the same length.
    peaks = rolling_max(own[sums.normal], int(np.count_nonzero(sums.window)))
    noise = max(float(np.quantile(peaks, _NOISE_QUANTILE)), 0.0)
    excess = float(own[sums.window].max()) - noise
    return Share(name, excess, excess / total if total > 0 else 0.0, noise, sums.metric.unit)


def _request_metric(symptom: str, series: Sequence[Series]) -> str | None:
    """The metric that counts requests: the symptom's own, else the one that most resources have."""
    counting = [one for one in series if one.metric.kind == "traffic" and one.metric.unit.startswith("{request}")]
    own = sorted(one.metric.name for one in counting if one.resource == symptom)
    names = Counter(one.metric.name for one in counting)
    return own[0] if own else min(names, key=lambda name: (-names[name], name), default=None)


def _grid(symptom: str, metric: Metric, series: Sequence[Series]) -> Samples | None:
    for one in series:
        if one.resource == symptom and one.metric.name == metric.name and len(one.times):
            return one.times
    return None


def _aligned(
    series: Sequence[Series], grid: Samples, names: list[str], wanted: Callable[[Metric], bool]
) -> dict[str, Samples]:
    """The samples nearest to the grid's times, within half a step; NaN where there is none. Sums of what is wanted."""
    step = sample_step(grid) or 1.0
    chosen = set(names)
    found: dict[str, Samples] = {}
    for one in series:
        if one.resource not in chosen or not len(one.times) or not wanted(one.metric):
            continue
        if one.resource not in found:
            found[one.resource] = _nearest(one, grid, step)
    return found


def _nearest(one: Series, grid: Samples, step: float) -> Samples:
    if len(one.times) == len(grid) and np.array_equal(one.times, grid):
        return one.values
    right = np.clip(np.searchsorted(one.times, grid), 1, max(len(one.times) - 1, 1))
    right = np.minimum(right, len(one.times) - 1)
    left = np.maximum(right - 1, 0)
    index = np.where(np.abs(one.times[left] - grid) <= np.abs(one.times[right] - grid), left, right)
    return np.asarray(np.where(np.abs(one.times[index] - grid) <= step / 2, one.values[index], np.nan))
