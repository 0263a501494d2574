"""What a family of CloudWatch's metrics is, and what comes out of it."""

from __future__ import annotations

from typing import Literal

from primitives.backends.aws.names import Identity
from primitives.dataclass import dataclass
from primitives.records import Metric
from primitives.terms import MetricKind, Statistic, Worse

__all__ = ["AwsFamily", "AwsMeasure", "average", "counted", "greatest", "latencies", "least", "metric", "rate", "share"]


@dataclass(frozen=True, slots=True)
class AwsMeasure:
    """One metric of ours and the statistic of CloudWatch's metric `name` that it is.

    Each value is multiplied by `factor`. With `per` it is divided by the sum of that other metric of the same
    dimensions: CloudWatch has no sample of many counts where they are nought, and then the share is nought. With
    `per_second` a sum becomes a rate. `combine` says what becomes of several series of one resource.
    """

    metric: Metric
    name: str
    stat: str = "Average"
    factor: float = 1.0
    per: str = ""
    per_second: bool = False
    combine: Literal["sum", "worst"] = "worst"


@dataclass(frozen=True, slots=True)
class AwsFamily:
    """Metrics of a namespace with exactly these dimensions; `identify` says what they are about."""

    namespace: str
    dimensions: frozenset[str]
    identify: Identity
    measures: tuple[AwsMeasure, ...]


def metric(
    name: str,
    kind: MetricKind,
    unit: str,
    statistic: Statistic = "average",
    worse: Worse = "higher",
    limit: float | None = None,
) -> Metric:
    """A metric of ours."""
    return Metric(name=name, kind=kind, unit=unit, statistic=statistic, worse=worse, limit=limit)


_PERCENTILES: tuple[tuple[Statistic, str], ...] = (("p50", "p50"), ("p95", "p95"), ("p99", "p99"))


def latencies(name: str, factor: float = 1.0) -> tuple[AwsMeasure, ...]:
    """Average and percentiles of a duration; `factor` turns its unit into seconds."""
    return (
        AwsMeasure(metric("latency_average", "latency", "s"), name, "Average", factor),
        *(
            AwsMeasure(metric(f"latency_{word}", "latency", "s", word), name, stat, factor)
            for word, stat in _PERCENTILES
        ),
    )


def rate(own: str, name: str, unit: str = "{request}/s", kind: MetricKind = "traffic") -> AwsMeasure:
    """A count as a rate."""
    worse: Worse = "either" if kind == "traffic" else "higher"
    return AwsMeasure(metric(own, kind, unit, worse=worse), name, "Sum", per_second=True, combine="sum")


def counted(own: str, name: str, unit: str, kind: MetricKind = "other") -> AwsMeasure:
    """How many there were in each period."""
    return AwsMeasure(metric(own, kind, unit, "sum"), name, "Sum", combine="sum")


def share(own: str, name: str, per: str, kind: MetricKind = "errors") -> AwsMeasure:
    """The part of `per` that is `name`."""
    return AwsMeasure(metric(own, kind, "1"), name, "Sum", per=per)


def average(
    own: str, name: str, unit: str, kind: MetricKind = "saturation", worse: Worse = "higher", factor: float = 1.0
) -> AwsMeasure:
    """An average level."""
    limit = 100.0 if unit == "%" and kind == "saturation" and worse == "higher" else None
    return AwsMeasure(metric(own, kind, unit, worse=worse, limit=limit), name, "Average", factor)


def greatest(own: str, name: str, unit: str, kind: MetricKind = "saturation", factor: float = 1.0) -> AwsMeasure:
    """The greatest of each period."""
    limit = 100.0 if unit == "%" and kind == "saturation" else None
    return AwsMeasure(metric(own, kind, unit, "max", limit=limit), name, "Maximum", factor)


def least(own: str, name: str, unit: str, kind: MetricKind = "saturation", factor: float = 1.0) -> AwsMeasure:
    """The least of each period, of what hurts when it is low."""
    return AwsMeasure(metric(own, kind, unit, "min", "lower"), name, "Minimum", factor)
