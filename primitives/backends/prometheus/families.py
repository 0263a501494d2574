"""The metric families that are understood, and the expressions that reduce each to what a diagnostic asks for.

This is a table: to understand another family, add one `Family` to `FAMILIES` (most are one call of a helper below).
Names and labels are those of the exporters' own documentation: OpenTelemetry's semantic conventions as its Prometheus
exporters write them (https://opentelemetry.io/docs/specs/semconv/), Istio's standard metrics, go-grpc-prometheus,
cAdvisor, kube-state-metrics, node_exporter, postgres_exporter, redis_exporter, kafka_exporter, Micrometer's HikariCP.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from primitives.backends.prometheus.measures import ClientFamily, Family, Measure
from primitives.backends.prometheus.promql import Grouping, either
from primitives.records import Metric
from primitives.terms import MetricKind, Statistic, Worse

__all__ = ["CLIENTS", "FAMILIES", "KUBERNETES", "METRIC_NAMES"]


def _metric(
    name: str,
    kind: MetricKind,
    unit: str,
    statistic: Statistic = "average",
    worse: Worse = "higher",
    limit: float | None = None,
) -> Metric:
    return Metric(name=name, kind=kind, unit=unit, statistic=statistic, worse=worse, limit=limit)


def _percent(name: str) -> Metric:
    return _metric(name, "saturation", "%", "max", limit=100.0)


_QUANTILES: Final[tuple[tuple[Statistic, float], ...]] = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
_REQUESTS: Final = _metric("requests", "traffic", "{request}/s", worse="either")
_ERROR_RATIO: Final = _metric("error_ratio", "errors", "1")
_HTTP_STATUS: Final = ("http_response_status_code", "http_status_code", "status_code", "status", "code")
_GRPC_FAULTS: Final = "Unknown|DeadlineExceeded|Internal|Unavailable|DataLoss|Unimplemented"


def _latency(histogram: str, factor: float = 1.0, prefix: str = "", selector: str = "") -> tuple[Measure, ...]:
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
        Measure(_metric(f"{prefix}latency_{name}", "latency", "s", name), quantile(share)) for name, share in _QUANTILES
    )
    return (*quantiles, Measure(_metric(f"{prefix}latency_average", "latency", "s"), average))


def _traffic(counter: str, statuses: tuple[str, ...], faults: str, selector: str = "") -> tuple[Measure, ...]:
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


def _http_server(name: str, factor: float = 1.0) -> Family:
    return Family(f"{name}_count", (*_latency(name, factor), *_traffic(f"{name}_count", _HTTP_STATUS, "5..")))


def _ratio(name: str, used: str, limit: str, per: str = "") -> Measure:
    """A share in percent of `used` in `limit`, of the fullest instance (or pool, or whatever `per` names)."""

    def expression(by: Grouping) -> str:
        return by.max(f"100 * {by.each('sum', used, per)} / ({by.each('sum', limit, per)} > 0)")

    return Measure(_percent(name), expression)


def _total(metric: Metric, vector: str) -> Measure:
    return Measure(metric, lambda by: by.sum(vector), "sum")


def _rated(metric: Metric, counter: str, factor: str = "") -> Measure:
    return Measure(metric, lambda by: f"{factor}{by.sum(by.rate(counter))}", "sum")


def _available(by: Grouping) -> str:
    up = f"avg_over_time(up[{by.range_s}s])"
    return f"100 * {by.sum(up)} / {by.sum(f'({up} * 0 + 1)')}"


_REAL: Final = '{container!="",container!="POD"}'
"""A container, and neither its pod's sum nor its pause container."""


def _fullest_container(by: Grouping, used: str, limit: str) -> str:
    share = f"100 * {by.each('sum', used, 'container')} / ({by.each('max', limit, 'container')} > 0)"
    return by.max(by.each("max", share))


def _container_cpu(by: Grouping) -> str:
    limit = f"container_spec_cpu_quota{_REAL} / container_spec_cpu_period{_REAL}"
    return _fullest_container(by, by.rate(f"container_cpu_usage_seconds_total{_REAL}"), limit)


def _container_memory(by: Grouping) -> str:
    used, limit = f"container_memory_working_set_bytes{_REAL}", f"container_spec_memory_limit_bytes{_REAL}"
    return _fullest_container(by, used, limit)


def _throttled(by: Grouping) -> str:
    throttled = by.each("sum", by.rate('container_cpu_cfs_throttled_periods_total{container!=""}'))
    periods = by.each("sum", by.rate('container_cpu_cfs_periods_total{container!=""}'))
    return by.max(f"100 * {throttled} / ({periods} > 0)")


def _node_disk(by: Grouping) -> str:
    real = '{fstype!~"tmpfs|ramfs|overlay|squashfs|iso9660|nsfs|fuse.*",mountpoint!~"/(boot|run|snap)(/.*)?"}'
    used = f"100 * (1 - node_filesystem_avail_bytes{real} / (node_filesystem_size_bytes{real} > 0))"
    return by.max(by.each("max", used))


def _node_cpu(by: Grouping) -> str:
    idle = by.rate('node_cpu_seconds_total{mode="idle"}')
    return by.max(f"100 * (1 - {by.each('avg', idle)})")


def _replicas(kind: Literal["deployment", "statefulset"], wanted: str) -> Family:
    ready = "available" if kind == "deployment" else "ready"
    have = f"kube_{kind}_status_replicas_{ready}"

    def expression(by: Grouping) -> str:
        return by.min(f"100 * {by.each('max', have)} / ({by.each('max', wanted)} > 0)")

    metric = _metric("available_replicas", "availability", "%", "min", "lower")
    return Family(have, (Measure(metric, expression),), scope=kind, kind="workload", also=(wanted,))


def _restarts(by: Grouping) -> str:
    # Restarts are rare: over one rate's range an increase would be nothing but zeros and spikes.
    back_s = min(max(4 * by.range_s, 60), max(by.range_s, 300))
    return by.sum(by.each("sum", f"increase(kube_pod_container_status_restarts_total[{back_s}s])"))


def _istio(factor: float = 0.001) -> Family:
    """Mesh metrics, as the called side's proxy reports them."""
    reported = '{reporter="destination"}'
    return Family(
        "istio_request_duration_milliseconds_count",
        (
            *_latency("istio_request_duration_milliseconds", factor, selector=reported),
            *_traffic("istio_request_duration_milliseconds_count", ("response_code",), "5..", reported),
        ),
        identity=("destination_workload", "destination_service_name"),
        namespace="destination_workload_namespace",
        selector=reported,
    )


_MEMORY: Final = _metric("memory_usage_bytes", "other", "By", "max")
_CPU_CORES: Final = _metric("cpu_usage_cores", "other", "{cpu}")

FAMILIES: Final[tuple[Family, ...]] = (
    # Servers, in the order of trust: where a service has two of these, the first one speaks for it.
    _http_server("http_server_request_duration_seconds"),
    _http_server("http_server_duration_milliseconds", 0.001),
    _http_server("http_request_duration_seconds"),
    _http_server("http_server_requests_seconds"),
    _istio(),
    Family("grpc_server_handling_seconds_count", _latency("grpc_server_handling_seconds")),
    Family("grpc_server_handled_total", _traffic("grpc_server_handled_total", ("grpc_code",), _GRPC_FAULTS)),
    Family(
        "http_server_active_requests",
        (_total(_metric("active_requests", "saturation", "{request}", "value"), "http_server_active_requests"),),
    ),
    # What callers see of those they call.
    Family(
        "http_client_request_duration_seconds_count", _latency("http_client_request_duration_seconds", prefix="client_")
    ),
    Family(
        "db_client_operation_duration_seconds_count",
        _latency("db_client_operation_duration_seconds", prefix="database_client_"),
    ),
    Family(
        "db_client_connections_usage",
        (
            _ratio(
                "connection_pool_utilization",
                'db_client_connections_usage{state="used"}',
                "db_client_connections_max",
                "pool_name",
            ),
        ),
        also=("db_client_connections_max",),
    ),
    Family(
        "db_client_connection_count",
        (
            _ratio(
                "connection_pool_utilization",
                'db_client_connection_count{db_client_connection_state="used"}',
                "db_client_connection_max",
                "db_client_connection_pool_name",
            ),
        ),
        also=("db_client_connection_max",),
    ),
    Family(
        "hikaricp_connections_active",
        (_ratio("connection_pool_utilization", "hikaricp_connections_active", "hikaricp_connections_max", "pool"),),
        also=("hikaricp_connections_max",),
    ),
    # Databases, caches, queues.
    Family(
        "pg_stat_activity_count",
        (_total(_metric("database_connections", "saturation", "{connection}", "value"), "pg_stat_activity_count"),),
        kind="database",
    ),
    Family(
        "pg_settings_max_connections",
        (_ratio("connection_utilization", "pg_stat_activity_count", "pg_settings_max_connections"),),
        kind="database",
        also=("pg_stat_activity_count",),
    ),
    Family(
        "mysql_global_status_threads_connected",
        (
            _ratio(
                "connection_utilization",
                "mysql_global_status_threads_connected",
                "mysql_global_variables_max_connections",
            ),
        ),
        kind="database",
        also=("mysql_global_variables_max_connections",),
    ),
    Family(
        "redis_connected_clients",
        (_ratio("connection_utilization", "redis_connected_clients", "redis_config_maxclients"),),
        kind="cache",
        also=("redis_config_maxclients",),
    ),
    Family(
        "redis_memory_used_bytes",
        (_ratio("memory_utilization", "redis_memory_used_bytes", "redis_memory_max_bytes"),),
        kind="cache",
        also=("redis_memory_max_bytes",),
    ),
    Family(
        "kafka_consumergroup_lag",
        (_total(_metric("consumer_lag", "saturation", "{message}", "value"), "kafka_consumergroup_lag"),),
        kind="queue",
        identity=("consumergroup",),
    ),
    # Kubernetes.
    Family(
        "container_cpu_usage_seconds_total",
        (Measure(_percent("cpu_utilization"), _container_cpu),),
        scope="pod",
        kind="workload",
        also=("container_spec_cpu_quota", "container_spec_cpu_period"),
        selector=_REAL,
    ),
    Family(
        "container_memory_working_set_bytes",
        (Measure(_percent("memory_utilization"), _container_memory),),
        scope="pod",
        kind="workload",
        also=("container_spec_memory_limit_bytes",),
        selector=_REAL,
    ),
    Family(
        "container_cpu_cfs_periods_total",
        (Measure(_percent("cpu_throttling"), _throttled),),
        scope="pod",
        kind="workload",
        also=("container_cpu_cfs_throttled_periods_total",),
        selector='{container!=""}',
    ),
    Family(
        "kube_pod_container_status_restarts_total",
        (Measure(_metric("restarts", "availability", "{restart}", "sum"), _restarts, "sum"),),
        scope="pod",
        kind="workload",
    ),
    _replicas("deployment", "kube_deployment_spec_replicas"),
    _replicas("statefulset", "kube_statefulset_replicas"),
    # Machines.
    Family("node_cpu_seconds_total", (Measure(_percent("cpu_utilization"), _node_cpu),), scope="node", kind="node"),
    Family(
        "node_memory_MemAvailable_bytes",
        (
            Measure(
                _percent("memory_utilization"),
                lambda by: by.max(
                    f"100 * (1 - {by.each('sum', 'node_memory_MemAvailable_bytes')}"
                    f" / ({by.each('sum', 'node_memory_MemTotal_bytes')} > 0))"
                ),
            ),
        ),
        scope="node",
        kind="node",
        also=("node_memory_MemTotal_bytes",),
    ),
    Family(
        "node_filesystem_avail_bytes",
        (Measure(_percent("disk_utilization"), _node_disk),),
        scope="node",
        kind="node",
        also=("node_filesystem_size_bytes",),
    ),
    # Any process with a client library, and anything that is scraped at all.
    Family("process_cpu_seconds_total", (_rated(_CPU_CORES, "process_cpu_seconds_total"),), kind="other"),
    Family(
        "process_resident_memory_bytes",
        (Measure(_MEMORY, lambda by: by.max(by.each("max", "process_resident_memory_bytes"))),),
        kind="other",
    ),
    Family(
        "process_open_fds",
        (_ratio("file_descriptor_utilization", "process_open_fds", "process_max_fds"),),
        kind="other",
        also=("process_max_fds",),
    ),
    Family("up", (Measure(_metric("availability", "availability", "%", worse="lower"), _available),), kind="other"),
)
"""Every family, best source first: of two that give a resource the same metric, the earlier one is believed."""

_PEER: Final = ("peer_service", "server_address", "net_peer_name")

CLIENTS: Final[tuple[ClientFamily, ...]] = (
    ClientFamily("http_client_request_duration_seconds_count", _PEER),
    ClientFamily("http_client_duration_milliseconds_count", _PEER),
    ClientFamily("rpc_client_duration_milliseconds_count", _PEER),
    ClientFamily("db_client_operation_duration_seconds_count", _PEER, kind="database"),
    ClientFamily(
        "istio_requests_total",
        ("destination_workload", "destination_service_name"),
        identity=("source_workload",),
        namespace="source_workload_namespace",
        peer_namespace="destination_workload_namespace",
    ),
    ClientFamily("traces_service_graph_request_total", ("server",), identity=("client",)),
)
"""Every family from which dependencies are read."""

KUBERNETES: Final = {
    "kube_pod_info": ("namespace", "pod", "node", "created_by_kind", "created_by_name"),
    "kube_replicaset_owner": ("namespace", "replicaset", "owner_kind", "owner_name"),
    "kube_job_owner": ("namespace", "job_name", "owner_kind", "owner_name"),
    "kube_deployment_spec_replicas": ("namespace", "deployment"),
    "kube_statefulset_replicas": ("namespace", "statefulset"),
    "kube_daemonset_status_desired_number_scheduled": ("namespace", "daemonset"),
    "kube_node_info": ("node",),
}
"""kube-state-metrics' names that tell who owns whom, and the labels that matter."""

CHANGES: Final = (
    "kube_pod_container_info", "kube_deployment_metadata_generation", "kube_statefulset_metadata_generation",
    "kube_node_spec_unschedulable", "kube_node_status_condition", "kube_horizontalpodautoscaler_info",
    "process_start_time_seconds",
)  # fmt: skip
"""Names that tell of changes and of nothing else that is asked for."""

METRIC_NAMES: Final[frozenset[str]] = frozenset(
    [name for family in FAMILIES for name in (family.probe, *family.also)]
    + [client.probe for client in CLIENTS]
    + [*KUBERNETES, *CHANGES, "ALERTS"]
)
"""Every metric name that is looked for."""
