"""The closed vocabularies of bundles and reports (docs/bundles.md, docs/schemas/), named once for every layer."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal

__all__ = [
    "FAILURES",
    "AnswerStatus",
    "Bearing",
    "ChangeKind",
    "Direction",
    "EdgeKind",
    "Effect",
    "IncidentClass",
    "MetricKind",
    "Polarity",
    "ProbeKind",
    "ResourceKind",
    "Risk",
    "Severity",
    "SpanStatus",
    "Statistic",
    "Trust",
    "Worse",
]


class IncidentClass(StrEnum):
    """What kind of incident it is; also the class of a cause."""

    PERFORMANCE_DEGRADATION = "PERFORMANCE_DEGRADATION"
    AVAILABILITY_LOSS = "AVAILABILITY_LOSS"
    ERROR_RATE_INCREASE = "ERROR_RATE_INCREASE"
    RESOURCE_SATURATION = "RESOURCE_SATURATION"
    DEPLOYMENT_REGRESSION = "DEPLOYMENT_REGRESSION"
    CONFIGURATION_DRIFT = "CONFIGURATION_DRIFT"
    DEPENDENCY_FAILURE = "DEPENDENCY_FAILURE"
    SCALING_FAILURE = "SCALING_FAILURE"
    TRAFFIC_SURGE = "TRAFFIC_SURGE"
    NETWORK_FAILURE = "NETWORK_FAILURE"
    ACCESS_FAILURE = "ACCESS_FAILURE"
    INFRASTRUCTURE_FAILURE = "INFRASTRUCTURE_FAILURE"
    WORKLOAD_FAILURE = "WORKLOAD_FAILURE"
    DATA_BACKLOG = "DATA_BACKLOG"
    NO_FAULT = "NO_FAULT"
    UNKNOWN = "UNKNOWN"


Polarity = Literal["present", "absent", "unknown"]
"""present: seen; absent: the source answered for the whole window and it was not there; unknown: nobody could say."""

Trust = Literal["measured", "reported", "asserted", "proposed"]
"""measured: the platform's telemetry; reported: text an outsider may have written; asserted: a statement of an
engineer; proposed: a statement of a model."""

Bearing = Literal["active", "past", "standing"]
"""What a state has to do with the trouble of now. active: it may be why; past: a later fact undid it; standing: it is
true and hurts nobody, while something else is in trouble."""

AnswerStatus = Literal["answered", "partial", "denied", "unreachable", "not_recorded"]
"""How a source answered; `not_recorded` means that no source has this kind of data."""

Effect = Literal["read", "write", "delete"]
Risk = Literal["low", "medium", "high"]
Direction = Literal["above", "below"]
MetricKind = Literal["latency", "errors", "availability", "traffic", "saturation", "other"]
Statistic = Literal["average", "sum", "min", "max", "p50", "p90", "p95", "p99", "count", "value"]
Worse = Literal["higher", "lower", "either"]
ResourceKind = Literal[
    "service", "workload", "pod", "node", "function", "database", "cache", "queue", "topic", "storage", "gateway",
    "network", "external", "other",
]  # fmt: skip
EdgeKind = Literal["calls", "hosts", "owns", "reads", "writes", "depends"]
ChangeKind = Literal[
    "deployment", "configuration", "scaling", "iam", "infrastructure", "feature_flag", "job", "code", "other"
]
Severity = Literal["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
FAILURES: Final[tuple[Severity, ...]] = ("ERROR", "FATAL")
"""The severities of what failed."""

SpanStatus = Literal["ok", "error", "unset"]
ProbeKind = Literal["tcp_connect", "http_get", "dns_lookup", "node_service"]
