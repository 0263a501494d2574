"""Three unrelated small systems, and incidents made of them: series, replicas, changes and spans drawn from a seed."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from primitives.bundle import BundleParts, Manifest
from primitives.records import Change, Edge, Metric, Resource, Series, Span, Symptom, Topology, Window

__all__ = ["ONSET", "SYSTEMS", "Case", "Shape", "System", "at", "metric"]

Samples = NDArray[np.float64]
Shape = Callable[[Samples], Samples]
"""What a fault makes of a level over the window's samples: given 0 to 1 over time since the onset."""

_EPOCH: Final = 1_790_000_000.0
STEP: Final = 30.0
BEFORE: Final = 80
INSIDE: Final = 30
ONSET: Final = BEFORE + 6
"""The number of the first sample that the fault shows in."""


@dataclass(frozen=True)
class System:
    """`calls` are who calls whom; `latency` and `failures` how this system's monitoring names and counts them."""

    name: str
    entry: str
    calls: tuple[tuple[str, str], ...]
    latency: Metric
    failures: Metric
    replicas: Mapping[str, int]

    @property
    def services(self) -> tuple[str, ...]:
        """Every service once, the entry first."""
        return tuple(dict.fromkeys((self.entry, *(end for pair in self.calls for end in pair))))

    def below(self, name: str) -> tuple[str, ...]:
        """What it calls."""
        return tuple(target for source, target in self.calls if source == name)


def metric(name: str, kind: Any, unit: str, statistic: Any = "average", worse: Any = "higher", **more: Any) -> Metric:
    """A metric's meaning."""
    return Metric(name=name, kind=kind, unit=unit, statistic=statistic, worse=worse, **more)


CPU: Final = metric("cpu_usage", "saturation", "%", limit=100.0)

SYSTEMS: Final = (
    System(
        "parcels", "tracking-web",
        (("tracking-web", "parcel-api"), ("tracking-web", "depot-map"), ("parcel-api", "scan-log"),
         ("parcel-api", "address-book"), ("depot-map", "address-book")),
        metric("latency_p90", "latency", "s", "p90"), metric("success_rate", "availability", "%", "min", "lower"),
        {"parcel-api": 4, "depot-map": 3, "scan-log": 3, "address-book": 5},
    ),
    System(
        "clinic", "booking",
        (("booking", "calendar"), ("booking", "patients"), ("booking", "reminders"), ("calendar", "rooms"),
         ("patients", "insurers")),
        metric("request_duration", "latency", "ms", "average"), metric("error_ratio", "errors", "1", "average"),
        {"calendar": 3, "patients": 5, "reminders": 2, "rooms": 3, "insurers": 4},
    ),
    System(
        "lobby", "edge-gate",
        (("edge-gate", "matchmaker"), ("edge-gate", "profiles"), ("matchmaker", "ratings"), ("matchmaker", "fleet"),
         ("profiles", "skins")),
        metric("p95_response_time", "latency", "ms", "p95"), metric("http_5xx", "errors", "{error}/s", "average"),
        {"matchmaker": 3, "profiles": 4, "ratings": 3, "fleet": 6, "skins": 2},
    ),
)  # fmt: skip


def at(sample: float) -> datetime:
    """The time of a sample's number."""
    return datetime.fromtimestamp(_EPOCH + STEP * sample, UTC)


@dataclass
class Case:
    """An incident in the making."""

    system: System
    seed: int
    series: dict[tuple[str, str], Series] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    resources: dict[str, Resource] = field(default_factory=dict)
    edges: list[tuple[str, str, str]] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng([zlib.crc32(self.system.name.encode()), self.seed])
        for name in self.system.services:
            self.resources[name] = Resource(id=name, kind="service")
        self.edges += [(source, target, "calls") for source, target in self.system.calls]

    @property
    def times(self) -> Samples:
        """All sample times in epoch seconds."""
        return np.asarray(_EPOCH + STEP * np.arange(BEFORE + INSIDE), dtype=np.float64)

    def measure(self, resource: str, meaning: Metric, level: float, *, after: float | None = None, first: int = ONSET,
                noise: float = 0.06, since: int = 0, until: int | None = None) -> None:  # fmt: skip
        """A series around `level`, and around `after` from the sample `first` on; only from `since` to `until`."""
        values = np.full(BEFORE + INSIDE, level)
        if after is not None:
            values[first:] = after
        values = values * np.exp(self.rng.normal(0.0, noise, len(values))) if noise else values
        if meaning.unit == "%":
            values = np.minimum(values, 100.0)
        part = slice(since, until)
        self.add(resource, meaning, self.times[part], values[part])

    def add(self, resource: str, meaning: Metric, times: Samples, values: Samples) -> None:
        """A series as it is."""
        self.series[resource, meaning.name] = Series(resource, meaning, times, np.round(values, 6))

    def parts(self, alarmed: str, about: Metric) -> BundleParts:
        """The bundle's parts; the alarm is about that metric of that resource."""
        window = Window(start=at(BEFORE), end=at(BEFORE + INSIDE - 1))
        edges = tuple(Edge.model_validate({"from": source, "to": target, "kind": kind})
                      for source, target, kind in self.edges)  # fmt: skip
        return BundleParts(
            manifest=Manifest(
                id=f"made-{self.system.name}-{self.seed}", title=f"{alarmed} {about.name}",
                query=f"{alarmed} is {'slow' if about.kind == 'latency' else 'failing'}",
                detected_at=at(ONSET + 3), window=window, baseline=Window(start=at(0), end=at(BEFORE - 1)),
                symptom=Symptom(resource=alarmed, metric=about.name,
                                direction="below" if about.worse == "lower" else "above"),
                platform=("kubernetes",),
            ),
            metrics={series.metric.name: series.metric for series in self.series.values()},
            series=tuple(self.series.values()),
            topology=Topology(resources=tuple(self.resources.values()), edges=edges),
            changes=tuple(sorted(self.changes, key=lambda change: change.time)) if self.changes else None,
            spans=tuple(self.spans) if self.spans else None,
        )  # fmt: skip

    def healthy(self, names: Iterable[str] | None = None, *, slower: Mapping[str, float] | None = None,
                failing: Mapping[str, float] | None = None) -> None:  # fmt: skip
        """Latency, failures and CPU of each service; `slower` are factors, `failing` shares, from the onset on."""
        for name in names if names is not None else self.system.services:
            usual = self.usual_latency(name)
            grown = (slower or {}).get(name)
            self.measure(name, self.system.latency, usual, after=usual * grown if grown else None)
            self.failures(name, (failing or {}).get(name, 0.0))
            self.measure(name, CPU, float(self.rng.uniform(8, 25)), noise=0.1)

    def usual_latency(self, name: str) -> float:
        """The latency of a service in its unit: its own 12 ms and that of what it calls."""
        seconds = 0.012 + sum(self.usual_latency(target) for target in self.system.below(name)) / self._per_second
        return seconds * self._per_second

    def waiting(self, slow: str, times: float) -> dict[str, float]:
        """How many times slower everything gets that waits for `slow`, which is `times` slower itself."""
        late = self.usual_latency(slow) * (times - 1)
        return {name: 1 + late * self._paths(name, slow) / self.usual_latency(name)
                for name in self.system.services if self._paths(name, slow)}  # fmt: skip

    def _paths(self, source: str, target: str) -> int:
        return 1 if source == target else sum(self._paths(name, target) for name in self.system.below(source))

    @property
    def _per_second(self) -> float:
        return {"s": 1.0, "ms": 1000.0}[self.system.latency.unit]

    def failures(self, resource: str, share: float, *, first: int = ONSET, since: int = 0) -> None:
        """Its failure metric; `share` of its requests fail from the sample `first` on."""
        meaning = self.system.failures
        whole = {"%": 100.0, "1": 1.0}.get(meaning.unit, 20.0)
        failed = np.abs(self.rng.normal(0.0, 0.0008, BEFORE + INSIDE))
        failed[first:] += share * np.exp(self.rng.normal(0.0, 0.1, BEFORE + INSIDE - first)) if share else 0.0
        failed = np.minimum(failed, 1.0) * whole
        values = whole - failed if meaning.kind == "availability" else failed
        self.add(resource, meaning, self.times[since:], values[since:])


def replica_names(service: str, count: int, version: str) -> Sequence[str]:
    """Names as a ReplicaSet gives them."""
    return [f"{service}-{version}-{zlib.crc32(f'{service}{version}{number}'.encode()) % 0xFFFFF:05x}"
            for number in range(count)]  # fmt: skip
