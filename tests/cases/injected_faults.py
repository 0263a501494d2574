"""A small ticket shop under the faults that fault-injection tools know, measured by different collectors.

The classes of faults are those of public tools (Chaos Mesh, ChaosBlade, LitmusChaos): load on CPU, memory and disk,
network delay and loss, exhausted sockets and threads, killed processes, wrong code, wrong settings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np

from primitives.bundle import BundleParts, Manifest
from primitives.metric_names import metric_by_name
from primitives.records import Edge, LogRecord, Resource, Series, Symptom, Topology, Window
from primitives.terms import Severity

__all__ = ["COLLECTORS", "SERVICES", "Incident", "failing"]

_CALLS: Final = (("portal", "fares"), ("portal", "seats"), ("fares", "rates"), ("seats", "bookings-db"),
                 ("seats", "mailer"))  # fmt: skip
SERVICES: Final = ("portal", "fares", "seats", "rates", "bookings-db", "mailer")
_START: Final = datetime(2026, 5, 4, 9, tzinfo=UTC)
_STEP_S: Final = 30
_SAMPLES: Final = 120
_WINDOW: Final = 80
_ONSET: Final = 95

COLLECTORS: Final[Mapping[str, Mapping[str, float]]] = {
    "cadvisor": {"container_cpu_usage": 0.12, "container_memory_usage": 3e8, "container_fs_writes_bytes": 2e4,
                 "container_network_receive_packets_dropped": 0.02, "container_sockets": 30, "container_threads": 22},
    "spreadsheet": {"cpu": 8, "mem": 20, "disk_io": 4, "sockets": 40, "workload": 50, "error": 0.01},
    "opentelemetry": {"system.cpu.utilization": 0.1, "system.memory.utilization": 0.4, "system.network.dropped": 0.1,
                      "system.disk.io_time": 0.05, "process.open_file_descriptor.count": 60},
    "datadog": {"kubernetes.cpu.usage.total": 2e8, "kubernetes.memory.usage_pct": 0.4, "system.io.await": 2,
                "system.net.tcp.retrans_segs": 1, "system.disk.in_use": 0.4},
    "cloudwatch": {"CPUUtilization": 20, "FreeableMemory": 4e9, "FreeStorageSpace": 8e10, "DiskQueueDepth": 0.3,
                   "DatabaseConnections": 40},
}  # fmt: skip
"""Metrics as each collector names them, with their usual levels. Nothing describes them but their names."""


def _at(sample: float) -> datetime:
    return _START + timedelta(seconds=_STEP_S * sample)


class Incident:
    """An incident in the making."""

    def __init__(self, seed: int, collector: str, changed: Mapping[tuple[str, str], float]) -> None:
        self._rng = np.random.default_rng(seed)
        self._series: list[Series] = []
        self._logs: list[LogRecord] = []
        for name, level in COLLECTORS[collector].items():
            for service in SERVICES:
                self.measure(name, service, level, changed.get((service, name)))

    def measure(self, name: str, service: str, usual: float, after: float | None = None, *, ramp: bool = False) -> None:
        """A metric around its usual level, and around `after` from the onset on, at once or growing."""
        values = np.full(_SAMPLES, float(usual))
        if after is not None:
            values[_ONSET:] = np.linspace(usual, after, _SAMPLES - _ONSET) if ramp else after
        values *= np.exp(self._rng.normal(0.0, 0.08, _SAMPLES))
        times = np.array([_at(sample).timestamp() for sample in range(_SAMPLES)])
        self._series.append(Series(service, metric_by_name(name), times, values))

    def slower(self, slow: str, times: float, name: str = "latency_p90_ms", usual: float = 20.0) -> None:
        """Latencies: `slow` takes longer, and so does whoever waits for it."""
        waiting = {slow}
        for _ in SERVICES:
            waiting |= {caller for caller, called in _CALLS if called in waiting}
        for service in SERVICES:
            self.measure(name, service, usual, usual * times if service in waiting else None)

    def log(self, service: str, body: str, severity: Severity = "ERROR") -> None:
        """The same message at each sample since the onset."""
        self._logs += [LogRecord(_at(sample), service, severity, body, {}) for sample in range(_ONSET, _SAMPLES)]

    def parts(self, query: str, symptom: tuple[str, str] | None = None) -> BundleParts:
        """The incident as a bundle; every service logs its usual requests besides."""
        usual = [LogRecord(_at(sample), service, "INFO", f"handled request {sample} in {5 + sample % 7} ms", {})
                 for service in SERVICES for sample in range(0, _SAMPLES, 2)]  # fmt: skip
        logs = sorted((*usual, *self._logs), key=lambda record: record.time) if self._logs else None
        edges = tuple(Edge.model_validate({"from": source, "to": target, "kind": "calls"}) for source, target in _CALLS)
        kinds: Mapping[str, Any] = {"bookings-db": "database"}
        return BundleParts(
            manifest=Manifest(
                id="made-tickets", title=query, query=query, detected_at=_at(_ONSET + 6),
                window=Window(start=_at(_WINDOW), end=_at(_SAMPLES - 1)),
                baseline=Window(start=_at(0), end=_at(_WINDOW)), platform=("kubernetes",),
                symptom=Symptom(resource=symptom[0], metric=symptom[1]) if symptom else None,
            ),
            metrics={series.metric.name: series.metric for series in self._series},
            series=tuple(self._series),
            topology=Topology(
                resources=tuple(Resource(id=name, kind=kinds.get(name, "service")) for name in SERVICES), edges=edges
            ),
            logs=tuple(logs) if logs else None,
        )  # fmt: skip


def failing(seed: int, services: Sequence[str], times: float = 1.2) -> Incident:
    """Measured with a spreadsheet's headings: the first of `services` fails, and all of them count errors."""
    incident = Incident(seed, "spreadsheet", {(service, "error"): 0.3 for service in services})
    incident.slower(services[0], times, "latency-90", 0.02)
    return incident
