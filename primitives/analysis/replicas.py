"""New replicas of a resource against its old ones, at the same time: the experiment that every rollout makes.

New and old replicas get the same requests from the same callers, so a fault elsewhere hits both alike, and what differs
is what the change did (R. Kohavi et al., Controlled experiments on the web, 2009; Google SRE workbook, chapter 16,
Canarying Releases). What a process does while it warms up is no difference yet: its first samples are left out, and a
smaller heap or an emptier cache says nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from primitives.analysis.graph import Graph
from primitives.analysis.replica_names import new_names
from primitives.dataclass import dataclass
from primitives.facts import ReplicaMeasure
from primitives.identity import parent_of
from primitives.records import Change, Metric, Series, Topology
from primitives.statistics import median, sample_step

__all__ = ["ReplicaVerdicts", "compare_replicas"]

Samples = NDArray[np.float64]

# Fewer samples of the new ones than this say nothing of a level, and fewer of the old ones nothing of what is usual.
_LEAST_NEW: Final = 3
_LEAST_OLD: Final = 4
# A process needs a few samples to start and to warm up; where there are few samples only the first is left out.
_WARM_UP: Final = 3
# New replicas that have less than this share of the samples of an old one, each, are not measured: they don't serve.
_HARDLY_MEASURED: Final = 0.34
# They must have been there for so many steps, or the first sample is still on its way.
_LEAST_STEPS: Final = 3
# A level is another one where this share of pairs of a new and an old sample lies that way (Mann & Whitney, 1947).
_APART: Final = 0.85
_QUITE_APART: Final = 0.95
# Failures: so many percentage points more are worse, and so many are as clear as can be.
_FAILURES: Final = 0.02
_CLEAR_FAILURES: Final = 0.1
# Latency and use: so many times more are worse, or different; so many are as clear as can be.
_SLOWER: Final = 1.6
_CLEARLY_SLOWER: Final = 8.0
_BUSY: Final = 0.8
_TIMES_BUSIER: Final = 3.0
_OTHERWISE: Final = 1.5
_MOST_OTHERWISE: Final = 0.5
_REQUEST_KINDS: Final = ("latency", "errors", "availability")
_WARMING: Final = ("memory", "heap", "cache", "rss", "working_set")


@dataclass(frozen=True, slots=True)
class ReplicaVerdicts:
    """What `change` added (`new` replicas), how many `old` ones it was compared with, and each metric's verdict."""

    change: Change
    new: tuple[str, ...]
    old: tuple[str, ...]
    measures: tuple[ReplicaMeasure, ...]

    @property
    def differs(self) -> bool:
        """Whether any metric says more than that they are alike."""
        return any(measure.verdict != "alike" for measure in self.measures)


def compare_replicas(
    changes: Sequence[Change], series: Sequence[Series], graph: Graph, topologies: Sequence[Topology], end: float
) -> list[ReplicaVerdicts]:
    """A verdict for each change after which replicas of its resource are there that weren't before.

    `end` is the last moment that counts, in seconds since the epoch.
    """
    named = {change.resource for change in changes if change.resource is not None}
    replicas = _replicas(named, series, graph)
    wanted = {name for names in replicas.values() for name in names}
    measured: dict[str, list[Series]] = {}
    for entry in series:
        if entry.resource in wanted and len(entry.times):
            measured.setdefault(entry.resource, []).append(entry)
    attributes: dict[str, Mapping[str, Any]] = {
        resource.id: resource.attributes
        for topology in topologies
        for resource in topology.resources
        if resource.id in wanted
    }
    verdicts: list[ReplicaVerdicts] = []
    for resource in sorted(replicas):
        own = sorted((change for change in changes if change.resource == resource), key=lambda change: change.time)
        verdicts += _of_resource(own, replicas[resource], measured, attributes, end)
    return verdicts


def _replicas(named: Iterable[str], series: Sequence[Series], graph: Graph) -> dict[str, tuple[str, ...]]:
    """What each resource consists of: what it owns at the end of the chain, or is named below it."""
    owned = graph.dependencies("owns")
    below: dict[str, set[str]] = {}
    for entry in {entry.resource for entry in series}:
        if parent := parent_of(entry):
            below.setdefault(parent, set()).add(entry)
    replicas = {}
    for resource in named:
        leaves = {
            name for name in graph.reach([resource], "owns") if name != resource and not owned.get(name)
        } or below.get(resource, set())
        if len(leaves) > 1:
            replicas[resource] = tuple(sorted(leaves))
    return replicas


def _of_resource(
    changes: Sequence[Change],
    replicas: Sequence[str],
    measured: Mapping[str, Sequence[Series]],
    attributes: Mapping[str, Mapping[str, Any]],
    end: float,
) -> Iterator[ReplicaVerdicts]:
    first = {name: min(float(entry.times[0]) for entry in measured[name]) for name in replicas if name in measured}
    starts = [change.time.timestamp() for change in changes]
    added = [
        new_names(change, replicas, attributes, first, (start, until))
        for change, start, until in zip(changes, starts, [*starts[1:], end], strict=True)
    ]
    every = {name for names in added for name in names}
    old = [name for name in replicas if name not in every and first.get(name, math.inf) <= starts[0]]
    for change, names, start in zip(changes, added, starts, strict=True):
        new = [name for name in names if name not in old]
        measures = tuple(_measures(new, old, measured, start, end)) if new and old else ()
        if measures:
            yield ReplicaVerdicts(change, tuple(new), tuple(old), measures)


def _measures(
    new: Sequence[str], old: Sequence[str], measured: Mapping[str, Sequence[Series]], start: float, end: float
) -> Iterator[ReplicaMeasure]:
    metrics: dict[str, Metric] = {}
    samples: dict[tuple[str, bool], list[Series]] = {}
    for is_new, names in ((True, new), (False, old)):
        for name in names:
            for entry in measured.get(name, ()):
                metrics.setdefault(entry.metric.name, entry.metric)
                samples.setdefault((entry.metric.name, is_new), []).append(entry)
    for name in sorted(metrics):
        usual = [_between(entry, start, end) for entry in samples.get((name, False), ())]
        usual = [values for values in usual if len(values)]
        if not usual or sum(map(len, usual)) < _LEAST_OLD:
            continue
        mine = [_warm(_between(entry, start, end)) for entry in samples.get((name, True), ())]
        expected = len(new) * max(map(len, usual))
        yield _judged(metrics[name], np.concatenate(mine) if mine else np.empty(0), np.concatenate(usual), expected)


def _between(series: Series, start: float, end: float) -> Samples:
    # What a sample tells reaches back over its step: one that comes right after the change is about the time before.
    low, high = np.searchsorted(series.times, [start + sample_step(series.times), end + 1e-6])
    return series.values[low:high]


def _warm(values: Samples) -> Samples:
    """The samples without those of the start."""
    return values[min(_WARM_UP, len(values) // _WARM_UP) :]


def _judged(metric: Metric, new: Samples, old: Samples, expected: int) -> ReplicaMeasure:
    level = median(old)
    if len(new) < _HARDLY_MEASURED * expected:
        # Use is measured of every process, requests only where there are any: some services get few.
        gone = expected >= _LEAST_STEPS
        return _measure(metric, "silent" if gone else "alike", None, level, 1.0 if gone else 0.0)
    current = median(new)
    if metric.kind == "traffic" and level > 0 and not new.any():
        return _measure(metric, "silent", current, level, 1.0)
    if len(new) < _LEAST_NEW:
        return _measure(metric, "alike", current, level, 0.0)
    higher = _share_above(new, old)
    worse = _worse(metric, current, level, higher)
    if worse > 0:
        return _measure(metric, "worse", current, level, worse)
    otherwise = _otherwise(metric, current, level, higher)
    return _measure(metric, "different" if otherwise > 0 else "alike", current, level, otherwise)


def _measure(metric: Metric, verdict: Any, new: float | None, old: float, strength: float) -> ReplicaMeasure:
    return ReplicaMeasure(
        metric=metric.name, kind=metric.kind, unit=metric.unit, verdict=verdict, new=new, old=old,
        strength=round(strength, 3),
    )  # fmt: skip


def _share_above(new: Samples, old: Samples) -> float:
    """How often a new sample is above an old one, ties counted half."""
    ordered = np.sort(old)
    below, upto = np.searchsorted(ordered, new, "left"), np.searchsorted(ordered, new, "right")
    return float((below + upto).sum() / (2.0 * len(new) * len(old)))


def _worse(metric: Metric, new: float, old: float, higher: float) -> float:
    """How clearly the new ones are worse, from 0 to 1."""
    if metric.kind in ("errors", "availability"):
        return _failing(metric, new, old, higher)
    times = new / old if old > 0 else math.inf
    if higher < _APART:
        return 0.0
    if metric.kind == "latency" and times >= _SLOWER:
        return min(1.0, math.log(times) / math.log(_CLEARLY_SLOWER))
    if metric.kind == "saturation" and metric.worse == "higher":
        full = metric.limit or {"%": 100.0, "1": 1.0}.get(metric.unit)
        if full and new >= _BUSY * full > old:
            return 1.0
        return 0.4 if times >= _TIMES_BUSIER and full and new >= _BUSY / 2 * full else 0.0
    if metric.kind == "other" and metric.worse == "higher" and "restart" in metric.name.lower():
        return 0.8 if new - old >= 1 else 0.0
    return 0.0


def _failing(metric: Metric, new: float, old: float, higher: float) -> float:
    whole = {"%": 100.0, "1": 1.0}.get(metric.unit)
    if whole is None:
        times = new / old if old > 0 else math.inf
        return min(1.0, times / _CLEARLY_SLOWER) if new > 0 and higher >= _APART and times >= 2 else 0.0
    more = (old - new if metric.kind == "availability" else new - old) / whole
    apart = higher if metric.kind == "errors" else 1.0 - higher
    return min(1.0, more / _CLEAR_FAILURES) if more >= _FAILURES and apart >= _APART else 0.0


def _otherwise(metric: Metric, new: float, old: float, higher: float) -> float:
    """How clearly the new ones work otherwise: they take less time or more CPU for the same requests."""
    if metric.kind not in ("latency", "saturation", "traffic") or not (new > 0 and old > 0):
        return 0.0
    if any(word in metric.name.lower() for word in _WARMING):
        return 0.0
    times = abs(math.log(new / old))
    if max(higher, 1.0 - higher) < _QUITE_APART or times < math.log(_OTHERWISE):
        return 0.0
    return min(_MOST_OTHERWISE, times / math.log(_CLEARLY_SLOWER))
