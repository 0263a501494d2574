"""The records of telemetry: one definition of each, for bundles, backends and diagnostics.

Times are aware datetimes in UTC; durations are seconds; units are UCUM. Small records are pydantic models; log
records and spans, of which there may be hundreds of thousands, are slotted dataclasses.
"""

import operator
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from primitives.dataclass import dataclass
from primitives.terms import (
    ChangeKind,
    Direction,
    EdgeKind,
    MetricKind,
    ProbeKind,
    ResourceKind,
    Severity,
    SpanStatus,
    Statistic,
    Worse,
)

__all__ = [
    "Aggregate",
    "Alert",
    "Change",
    "ConfigurationSnapshot",
    "ContainerLog",
    "Coverage",
    "Edge",
    "KubernetesDump",
    "LogRecord",
    "Metric",
    "Observation",
    "Probe",
    "Record",
    "Resource",
    "Series",
    "Span",
    "Symptom",
    "Topology",
    "Window",
]


class Record(BaseModel):
    """Base of the small records: immutable; unknown keys are ignored here (bundle reading warns of them)."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, defer_build=True)


class Window(Record):
    """A closed interval of time, `from` to `to`."""

    start: AwareDatetime = Field(alias="from")
    end: AwareDatetime = Field(alias="to")

    @property
    def seconds(self) -> float:
        """Its length in seconds."""
        return (self.end - self.start).total_seconds()

    def holds(self, moment: datetime) -> bool:
        """Whether `moment` lies within, both ends included."""
        return self.start <= moment <= self.end

    def covers(self, other: "Window") -> bool:
        """Whether all of `other` lies within."""
        return self.start <= other.start and other.end <= self.end


class Symptom(Record):
    """What the alarm was about."""

    resource: str
    metric: str | None = None
    direction: Direction | None = None

    def names(self, resource: str | None, metric: str) -> bool:
        """Whether it is this very metric of this resource that raised the alarm."""
        return (self.resource, self.metric) == (resource, metric)


class Coverage(Record):
    """What was asked of which source, and how it answered; the licence to say that something was absent.

    `kinds` are kinds of change (`iam`, `infrastructure`, ...) or names of bundle parts (`logs`, `spans`, ...).
    """

    source: str
    kinds: tuple[str, ...]
    start: AwareDatetime = Field(alias="from")
    end: AwareDatetime = Field(alias="to")
    status: Literal["answered", "partial", "denied", "unreachable"]
    detail: str | None = None


class Metric(Record):
    """What a metric means. `limit` is the value, in `unit`, at which the resource is full."""

    name: str
    kind: MetricKind
    unit: str
    statistic: Statistic
    worse: Worse
    limit: float | None = None


class Resource(Record):
    """One thing that can be slow, fail or be changed."""

    id: str
    kind: ResourceKind = "other"
    attributes: Mapping[str, Any] = {}


class Edge(Record):
    """A dependency: `source` depends on `target`, whatever the verb."""

    source: str = Field(alias="from")
    target: str = Field(alias="to")
    kind: EdgeKind = "depends"


class Topology(Record):
    """The resources and which depends on which."""

    resources: tuple[Resource, ...] = ()
    edges: tuple[Edge, ...] = ()


METRICS_ORIGIN: Final = "metrics"
"""The `origin` of a change that was read off metrics: who records changes knows more of the same one."""


SERVING_AFTER_S: Final = "serving_after_s"
"""What a change's `after` calls the seconds until its first new pod or process could serve requests, where known."""


class Change(Record):
    """Something that somebody or something changed. `resource` is null where it isn't known."""

    time: AwareDatetime
    id: str | None = None
    resource: str | None = None
    kind: ChangeKind
    summary: str
    actor: str | None = None
    before: Any = None
    after: Any = None
    origin: str | None = None


class Episode(Record):
    """A time in which a metric was far from its `usual` level, at worst `worst` (in `unit`); no `end`: it still is."""

    resource: str
    metric: str
    kind: MetricKind
    unit: str
    start: AwareDatetime
    end: AwareDatetime | None = None
    usual: float
    worst: float


class ConfigurationSnapshot(Record):
    """A resource's configuration as it was at `time`."""

    time: AwareDatetime
    resource: str
    kind: str
    document: Any


class Probe(Record):
    """The result of an active check; `result` such as open, failed, partly open, active, inactive (dead)."""

    time: AwareDatetime
    resource: str
    probe: ProbeKind
    target: str | None = None
    result: str
    output: str | None = None


class Observation(Record):
    """What fits nowhere else: top SQL, wait events, monitor states."""

    time: AwareDatetime
    resource: str
    kind: str
    data: Any


class Alert(Record):
    """An alert as its provider stated it; `value` is what the provider measured, in the provider's unit.

    `ended_at` is when a resolved one last fired, where that is known.
    """

    name: str
    state: Literal["firing", "pending", "resolved", "unknown"] = "unknown"
    resource: str | None = None
    started_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    severity: str | None = None
    summary: str = ""
    description: str = ""
    value: float | None = None
    labels: Mapping[str, str] = {}


class ContainerLog(Record):
    """The raw log of one container; `previous` is the log of its last terminated instance.

    `scope` is the cluster's, as it is in front of identifiers where several clusters are asked.
    """

    namespace: str
    pod: str
    container: str
    previous: bool = False
    text: str
    # Left out where there is none: so it was before there were any, and hashes cover the bytes.
    scope: str = Field(default="", exclude_if=operator.not_)


class KubernetesDump(Record):
    """Every object of one kind as the API server held it at `time` (`kubectl get KIND -A -o json`).

    `kind` is the plural in lower case, as in the bundle's file name: `pods`, `deployments`, `events`.
    `scope` is the cluster's, as it is in front of identifiers where several clusters are asked.
    """

    time: AwareDatetime
    kind: str
    items: tuple[Mapping[str, Any], ...]
    scope: str = Field(default="", exclude_if=operator.not_)


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One log record. `attributes` follow OpenTelemetry's names where the source does.

    `severity` is None where the source gave none.
    """

    time: datetime
    resource: str
    severity: Severity | None
    body: str
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Span:
    """One operation in a trace."""

    trace_id: str
    span_id: str
    parent_span_id: str | None
    resource: str
    name: str
    start: datetime
    duration_s: float
    status: SpanStatus
    attributes: Mapping[str, Any]


GREATEST_VALUE: Final = 1e20
"""What no metric reaches, in no unit: 1e18 bytes is an exabyte, and a clock in nanoseconds shows 2e18. What a source
gives beyond it is an overflow or a sentinel, and arithmetic on it overflows."""
_LEAST_VALUE: Final = 1e-30
"""What no metric resolves: smaller values are rounding errors, and ratios to them overflow."""


def meant(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of `values` can be measurements: neither NaN nor infinite nor beyond `GREATEST_VALUE`."""
    possible: NDArray[np.bool_] = np.abs(values) <= GREATEST_VALUE
    return possible


def without_rounding_errors(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """`values` with 0 for what is too small for any metric; itself where there is no such value."""
    tiny = (np.abs(values) < _LEAST_VALUE) & (values != 0)
    return np.where(tiny, 0.0, values) if tiny.any() else values


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Samples of one metric of one resource, oldest first, without NaN.

    `times` are seconds since the epoch (float64), `values` are in `metric.unit` (float64); same length.
    """

    resource: str
    metric: Metric
    times: NDArray[np.float64]
    values: NDArray[np.float64]

    def between(self, window: Window) -> "Series":
        """The samples inside `window`, both ends included."""
        return self.within(window.start.timestamp(), window.end.timestamp())

    def within(self, start: float, end: float) -> "Series":
        """`between`, in seconds since the epoch; for those who ask thousands of series for the same window."""
        end += 1e-6
        if len(self.times) and self.times[0] >= start and self.times[-1] < end:
            return self
        low, high = np.searchsorted(self.times, [start, end])
        return Series(self.resource, self.metric, self.times[low:high], self.values[low:high])


@dataclass(frozen=True, slots=True, eq=False)
class Aggregate:
    """What a reduction made of many records: one number a step of time, for the records with these `labels`.

    `times` are the beginnings of the steps in seconds since the epoch (float64), oldest first; steps without records
    are left out. `values` are counts or quantiles (float64); same length.
    """

    labels: Mapping[str, str]
    times: NDArray[np.float64]
    values: NDArray[np.float64]
