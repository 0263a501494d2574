"""What a metric family is, and the expressions that the families share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from primitives.backends.prometheus.promql import Grouping, either
from primitives.records import Metric
from primitives.terms import MetricKind, ResourceKind, Statistic, Worse

__all__ = [
    "GRPC_FAULTS",
    "REAL",
    "ClientFamily",
    "Family",
    "Measure",
    "available",
    "container_cpu",
    "container_memory",
    "http_server",
    "istio",
    "latency",
    "metric",
    "node_cpu",
    "node_disk",
    "percent",
    "rated",
    "ratio",
    "replicas",
    "restarts",
    "throttled",
    "total",
    "traffic",
]


@dataclass(frozen=True, slots=True)
class Measure:
    """One metric that comes out of a family.

    `expression` makes the PromQL, grouped as it is told. `combine` says what becomes of several results for one
    resource: add them up, or take the worst.
    """

    metric: Metric
    expression: Callable[[Grouping], str]
    combine: Literal["sum", "worst"] = "worst"


@dataclass(frozen=True, slots=True)
class Family:
    """Metrics that come together. `probe` is the one whose presence and scrape interval stand for all of them.

    `scope` says what a series is about: a service (by whichever label names it), a pod, a workload (the label of that
    name) or a node. `also` are other names without which the family says nothing. `identity` replaces the usual labels
    that name a service, best first, and `namespace` the label of its namespace.
    """

    probe: str
    measures: tuple[Measure, ...]
    scope: Literal["service", "pod", "deployment", "statefulset", "node"] = "service"
    kind: ResourceKind = "service"
    also: tuple[str, ...] = ()
    identity: tuple[str, ...] = ()
    namespace: str = "namespace"
    selector: str = ""


@dataclass(frozen=True, slots=True)
class ClientFamily:
    """A metric that callers keep about those they call: where dependencies are read from.

    `peer` are the labels that may name the called, best first; `peer_namespace` that of its namespace, if any.
    """

    probe: str
    peer: tuple[str, ...]
    kind: ResourceKind | None = None
    identity: tuple[str, ...] = ()
    namespace: str = "namespace"
    peer_namespace: str | None = None


def metric(
    name: str,
    kind: MetricKind,
    unit: str,
    statistic: Statistic = "average",
    worse: Worse = "higher",
    limit: float | None = None,
) -> Metric:
    return Metric(name=name, kind=kind, unit=unit, statistic=statistic, worse=worse, limit=limit)


def percent(name: str) -> Metric:
    return metric(name, "saturation", "%", "max", limit=100.0)


_QUANTILES: Final[tuple[tuple[Statistic, float], ...]] = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
_REQUESTS: Final = metric("requests", "traffic", "{request}/s", worse="either")
_ERROR_RATIO: Final = metric("error_ratio", "errors", "1")
_HTTP_STATUS: Final = ("http_response_status_code", "http_status_code", "status_code", "status", "code")
GRPC_FAULTS: Final = "Unknown|DeadlineExceeded|Internal|Unavailable|DataLoss|Unimplemented"


def latency(histogram: str, factor: float = 1.0, prefix: str = "", selector: str = "") -> tuple[Measure, ...]:
    """Quantiles and average of a histogram; `factor` turns its unit into seconds."""
    scale = "" if factor == 1.0 else f"{factor:g} * "

    def quantile(share: float) -> Callable[[Grouping], str]:
        return lambda by: (
            f"{scale}histogram_quantile({share}, {by.sum(by.rate(f'{histogram}_bucket{selector}'), also='le')})"
        )

    def average(by: Grouping) -> str:
        return (
            f"{scale}{by.sum(by.rate(f'{histogram}_sum{selector}'))}"
            f" / ({by.sum(by.rate(f'{histogram}_count{selector}'))} > 0)"
        )

    quantiles = tuple(
        Measure(metric(f"{prefix}latency_{name}", "latency", "s", name), quantile(share)) for name, share in _QUANTILES
    )
    return (*quantiles, Measure(metric(f"{prefix}latency_average", "latency", "s"), average))


def traffic(counter: str, statuses: tuple[str, ...], faults: str, selector: str = "") -> tuple[Measure, ...]:
    """Request rate, and the share of requests whose status is one of `faults` (a regular expression).

    Requests without any status are left out of the share: a metric without statuses says nothing about errors.
    """

    def requests(by: Grouping) -> str:
        return by.sum(by.rate(f"{counter}{selector}"))

    def errors(by: Grouping) -> str:
        failed = by.sum(by.rate(*either(counter, statuses, f'=~"{faults}"', selector)))
        known = by.sum(by.rate(*either(counter, statuses, '!=""', selector)))
        return f"(({failed}) or 0 * ({known})) / (({known}) > 0)"

    return Measure(_REQUESTS, requests, "sum"), Measure(_ERROR_RATIO, errors)


def http_server(name: str, factor: float = 1.0) -> Family:
    return Family(f"{name}_count", (*latency(name, factor), *traffic(f"{name}_count", _HTTP_STATUS, "5..")))


def ratio(name: str, used: str, limit: str, per: str = "") -> Measure:
    """A share in percent of `used` in `limit`, of the fullest instance (or pool, or whatever `per` names)."""

    def expression(by: Grouping) -> str:
        return by.max(f"100 * {by.each('sum', used, per)} / ({by.each('sum', limit, per)} > 0)")

    return Measure(percent(name), expression)


def total(metric: Metric, vector: str) -> Measure:
    return Measure(metric, lambda by: by.sum(vector), "sum")


def rated(metric: Metric, counter: str, factor: str = "") -> Measure:
    return Measure(metric, lambda by: f"{factor}{by.sum(by.rate(counter))}", "sum")


def available(by: Grouping) -> str:
    up = f"avg_over_time(up[{by.range_s}s])"
    return f"100 * {by.sum(up)} / {by.sum(f'({up} * 0 + 1)')}"


REAL: Final = '{container!="",container!="POD"}'
"""A container, and neither its pod's sum nor its pause container."""


def _fullest_container(by: Grouping, used: str, limit: str) -> str:
    share = f"100 * {by.each('sum', used, 'container')} / ({by.each('max', limit, 'container')} > 0)"
    return by.max(by.each("max", share))


def container_cpu(by: Grouping) -> str:
    limit = f"container_spec_cpu_quota{REAL} / container_spec_cpu_period{REAL}"
    return _fullest_container(by, by.rate(f"container_cpu_usage_seconds_total{REAL}"), limit)


def container_memory(by: Grouping) -> str:
    used, limit = f"container_memory_working_set_bytes{REAL}", f"container_spec_memory_limit_bytes{REAL}"
    return _fullest_container(by, used, limit)


def throttled(by: Grouping) -> str:
    throttled = by.each("sum", by.rate('container_cpu_cfs_throttled_periods_total{container!=""}'))
    periods = by.each("sum", by.rate('container_cpu_cfs_periods_total{container!=""}'))
    return by.max(f"100 * {throttled} / ({periods} > 0)")


def node_disk(by: Grouping) -> str:
    real = '{fstype!~"tmpfs|ramfs|overlay|squashfs|iso9660|nsfs|fuse.*",mountpoint!~"/(boot|run|snap)(/.*)?"}'
    used = f"100 * (1 - node_filesystem_avail_bytes{real} / (node_filesystem_size_bytes{real} > 0))"
    return by.max(by.each("max", used))


def node_cpu(by: Grouping) -> str:
    idle = by.rate('node_cpu_seconds_total{mode="idle"}')
    return by.max(f"100 * (1 - {by.each('avg', idle)})")


def replicas(kind: Literal["deployment", "statefulset"], wanted: str) -> Family:
    ready = "available" if kind == "deployment" else "ready"
    have = f"kube_{kind}_status_replicas_{ready}"

    def expression(by: Grouping) -> str:
        return by.min(f"100 * {by.each('max', have)} / ({by.each('max', wanted)} > 0)")

    metric = metric("available_replicas", "availability", "%", "min", "lower")
    return Family(have, (Measure(metric, expression),), scope=kind, kind="workload", also=(wanted,))


def restarts(by: Grouping) -> str:
    # Restarts are rare: under five minutes an increase would be nothing but zeros and spikes.
    return by.sum(by.each("sum", f"increase(kube_pod_container_status_restarts_total[{max(by.range_s, 300)}s])"))


def istio(factor: float = 0.001) -> Family:
    """Mesh metrics, as the called side's proxy reports them."""
    reported = '{reporter="destination"}'
    return Family(
        "istio_request_duration_milliseconds_count",
        (
            *latency("istio_request_duration_milliseconds", factor, selector=reported),
            *traffic("istio_request_duration_milliseconds_count", ("response_code",), "5..", reported),
        ),
        identity=("destination_workload", "destination_service_name"),
        namespace="destination_workload_namespace",
        selector=reported,
    )
