"""A made-up large system with one fault, as records in memory: the same every time, of any size.

Services call each other in layers, with some calls back up (cycles); a part of the resources are hosts. The fault is
the own time of one service, and every caller waits for it in proportion to how often it calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from primitives.bundle import BundleParts, Manifest
from primitives.records import Edge, Metric, Resource, Series, Symptom, Topology, Window

__all__ = ["MadeSystem", "Size", "made_system"]

_START: Final = datetime(2026, 3, 10, tzinfo=UTC)
_STEP_S: Final = 60.0
_HOSTS: Final = 0.05
_CYCLES: Final = 0.01
_EDGES: Final = 5
_LAYERS: Final = 7
_METRICS: Final[tuple[dict[str, Any], ...]] = (
    {"name": "latency_average", "kind": "latency", "unit": "s", "statistic": "average", "worse": "higher"},
    {"name": "requests", "kind": "traffic", "unit": "{request}", "statistic": "sum", "worse": "either"},
    {"name": "error_rate", "kind": "errors", "unit": "1", "statistic": "average", "worse": "higher"},
    {"name": "cpu_utilization", "kind": "saturation", "unit": "%", "statistic": "average", "worse": "higher"},
    {"name": "memory_utilization", "kind": "saturation", "unit": "%", "statistic": "average", "worse": "higher"},
    {"name": "latency_p99", "kind": "latency", "unit": "s", "statistic": "p99", "worse": "higher"},
    {"name": "threads", "kind": "saturation", "unit": "{thread}", "statistic": "value", "worse": "higher"},
    {"name": "disk_used", "kind": "saturation", "unit": "%", "statistic": "value", "worse": "higher"},
    {"name": "network_receive", "kind": "other", "unit": "By/s", "statistic": "average", "worse": "either"},
    {"name": "network_transmit", "kind": "other", "unit": "By/s", "statistic": "average", "worse": "either"},
)


@dataclass(frozen=True, slots=True)
class Size:
    """How large a system is; about five edges a resource come with it."""

    resources: int
    metrics: int
    samples: int


@dataclass(frozen=True, slots=True)
class MadeSystem:
    """The records, and the resource that is to blame."""

    parts: BundleParts
    culprit: str


@dataclass(frozen=True, slots=True, eq=False)
class _Calls:
    """Services by number, 0 the entry; each call's caller, callee and calls a request, callers' layers ascending."""

    layer: NDArray[np.int64]
    caller: NDArray[np.int64]
    callee: NDArray[np.int64]
    weight: NDArray[np.float64]


def made_system(size: Size, seed: int = 1) -> MadeSystem:
    """A system of `size`; two thirds of its samples are normal, the fault begins a fifth into the rest."""
    rng = np.random.default_rng(seed)
    hosts = max(1, round(size.resources * _HOSTS))
    services = size.resources - hosts
    calls = _calls(rng, services, round(1.01 * _EDGES * size.resources) - services)
    reached = _calls_per_request(calls, services)
    middle = np.flatnonzero((calls.layer >= 2) & (reached > 0))
    culprit = int(middle[np.argmax(reached[middle])]) if len(middle) else 1
    names = [f"service-{number:05}" for number in range(services)] + [f"host-{number:04}" for number in range(hosts)]
    placed = rng.integers(0, hosts, services)
    topology = Topology(resources=_resources(names, services), edges=tuple(_edges(calls, names, placed, services)))
    series = tuple(_series(rng, size, calls, names, culprit, float(reached[culprit])))
    window = Window(start=_at(_split(size)), end=_at(size.samples - 1))
    manifest = Manifest(
        id=f"made-system-{size.resources}",
        title=f"{names[0]} is slow",
        query=f"{names[0]} is slow",
        detected_at=_at(_onset(size) + 2),
        baseline=Window(start=_START, end=window.start),
        window=window,
        symptom=Symptom(resource=names[0], metric="latency_average", direction="above"),
    )
    metrics = {one_series.metric.name: one_series.metric for one_series in series}
    return MadeSystem(BundleParts(manifest=manifest, metrics=metrics, series=series, topology=topology), names[culprit])


def _split(size: Size) -> int:
    return size.samples * 2 // 3


def _onset(size: Size) -> int:
    return _split(size) + (size.samples - _split(size)) // 5


def _at(sample: int) -> datetime:
    return _START + timedelta(seconds=sample * _STEP_S)


def _calls(rng: np.random.Generator, services: int, count: int) -> _Calls:
    layers = min(_LAYERS, max(2, services // 2))
    # Deeper layers are wider; the entry is alone in the first.
    layer = np.concatenate(([0], np.sort(1 + rng.integers(0, layers - 1, services - 1))))
    layer[1] = 1
    first = np.searchsorted(layer, np.arange(layers + 1))
    # Everybody has a caller in the layer above; further calls go one layer down, and a few back up.
    callee = np.arange(1, services)
    above = np.maximum(layer[callee] - 1, 0)
    caller = first[above] + (rng.random(services - 1) * np.maximum(first[above + 1] - first[above], 1)).astype(int)
    more = count - services + 1
    source = rng.integers(0, services, more)
    under = np.minimum(layer[source] + 1, layers - 1)
    target = first[under] + (rng.random(more) * np.maximum(first[under + 1] - first[under], 1)).astype(int)
    back = rng.random(more) < _CYCLES
    source, target = np.where(back, target, source), np.where(back, source, target)
    pairs = np.unique(
        np.stack((np.append(caller, source), np.append(callee, np.minimum(target, services - 1)))), axis=1
    )
    pairs = pairs[:, pairs[0] != pairs[1]]
    pairs = pairs[:, np.argsort(layer[pairs[0]], kind="stable")]
    degree = np.bincount(pairs[0], minlength=services)
    weight = rng.uniform(0.5, 1.5, pairs.shape[1]) / np.maximum(degree[pairs[0]], 1) * 1.5
    return _Calls(layer, pairs[0], pairs[1], weight)


def _calls_per_request(calls: _Calls, services: int) -> NDArray[np.float64]:
    """How often each service is called for one request at the entry, down the layers."""
    calls_per_request = np.zeros(services)
    calls_per_request[0] = 1.0
    for level in range(int(calls.layer.max())):
        here = (calls.layer[calls.caller] == level) & (calls.layer[calls.callee] > level)
        np.add.at(calls_per_request, calls.callee[here], calls_per_request[calls.caller[here]] * calls.weight[here])
    return calls_per_request


def _resources(names: list[str], services: int) -> tuple[Resource, ...]:
    return tuple(
        Resource(id=name, kind="service" if number < services else "node") for number, name in enumerate(names)
    )


def _edges(calls: _Calls, names: list[str], placed: NDArray[np.int64], services: int) -> Iterator[Edge]:
    for source, target in zip(calls.caller.tolist(), calls.callee.tolist(), strict=True):
        yield Edge(source=names[source], target=names[target], kind="calls")
    for number, host in enumerate(placed.tolist()):
        yield Edge(source=names[number], target=names[services + host], kind="hosts")


def _series(
    rng: np.random.Generator, size: Size, calls: _Calls, names: list[str], culprit: int, reached: float
) -> Iterator[Series]:
    services, steps = len(calls.layer), size.samples
    times = np.asarray(_START.timestamp() + _STEP_S * np.arange(steps), dtype=np.float64)
    normal = _latencies(calls, rng.lognormal(np.log(0.01), 0.5, services))
    slower = np.zeros(services)
    slower[culprit] = 2.0 * normal[0] / reached
    extra = _latencies(calls, slower)
    after = (np.arange(steps) >= _onset(size)).astype(float)
    requests = 1000.0 * np.maximum(_calls_per_request(calls, services), 1e-3)
    noise = rng.normal(1.0, 0.04, (len(names), steps))
    table: NDArray[np.float64]
    for meaning in _METRICS[: size.metrics]:
        metric = Metric.model_validate(meaning)
        if metric.kind == "latency":
            table = normal[:, None] * noise[:services] + extra[:, None] * after
        elif metric.kind == "traffic":
            table = np.round(requests[:, None] * noise[:services])
        elif metric.kind == "errors":
            table = np.where(rng.random((services, steps)) < 0.02, 0.001, 0.0)
        else:
            table = rng.uniform(20.0, 60.0, (len(names), 1)) * noise
        noise = np.roll(noise, 7, axis=1)
        for name, values in zip(names, table, strict=False):
            # Read from files, every series has times of its own.
            yield Series(name, metric, times.copy(), values)


def _latencies(calls: _Calls, own: NDArray[np.float64]) -> NDArray[np.float64]:
    """Own times and the calls' times added up, from the lowest layer to the entry."""
    latencies = own.copy()
    for level in range(int(calls.layer.max()) - 1, -1, -1):
        here = (calls.layer[calls.caller] == level) & (calls.layer[calls.callee] > level)
        np.add.at(latencies, calls.caller[here], latencies[calls.callee[here]] * calls.weight[here])
    return latencies
