"""Everything that one bundle holds, as data: what `Bundle.load_all` gives and `write_bundle` takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from primitives.bundle.manifest import Manifest
from primitives.dataclass import dataclass
from primitives.records import (
    Change,
    ConfigurationSnapshot,
    ContainerLog,
    KubernetesDump,
    LogRecord,
    Metric,
    Observation,
    Probe,
    Series,
    Span,
    Topology,
)

__all__ = ["BundleParts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleParts:
    """A bundle's contents. None, or empty, means that the part was not recorded.

    `events` are the lines of `events.jsonl`; `other` holds files that the format doesn't know, by name, byte for byte.
    The known answer (`truth.yaml`) is no part: whoever passes a bundle on to be solved must not pass it on.
    """

    manifest: Manifest
    alert: Any = None
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    series: tuple[Series, ...] = ()
    topology: Topology | None = None
    changes: Sequence[Change] | None = None
    logs: Sequence[LogRecord] | None = None
    spans: Sequence[Span] | None = None
    probes: Sequence[Probe] | None = None
    observations: Sequence[Observation] | None = None
    configuration: Sequence[ConfigurationSnapshot] | None = None
    kubernetes: tuple[KubernetesDump, ...] = ()
    kubernetes_logs: Sequence[ContainerLog] = ()
    events: bytes | None = None
    notice: str | None = None
    other: Mapping[str, bytes] = field(default_factory=dict)
