"""The metric families that are understood, and the expressions that reduce each to what a diagnostic asks for.

This is a table: to understand another family, add one `Family` to `FAMILIES` (most are one call of a function of `measures.py`).
Names and labels are those of the exporters' own documentation: OpenTelemetry's semantic conventions as its Prometheus
exporters write them (https://opentelemetry.io/docs/specs/semconv/), Istio's standard metrics, go-grpc-prometheus,
cAdvisor, kube-state-metrics, node_exporter, postgres_exporter, redis_exporter, kafka_exporter, Micrometer's HikariCP.
"""

from __future__ import annotations

from typing import Final

from primitives.backends.prometheus.measures import (
    GRPC_FAULTS,
    REAL,
    ClientFamily,
    Family,
    Measure,
    available,
    container_cpu,
    container_memory,
    http_server,
    istio,
    latency,
    metric,
    node_cpu,
    node_disk,
    percent,
    rated,
    ratio,
    replicas,
    restarts,
    throttled,
    total,
    traffic,
)

__all__ = ["CLIENTS", "FAMILIES", "KUBERNETES", "METRIC_NAMES"]

_MEMORY: Final = metric("memory_usage_bytes", "other", "By", "max")
_CPU_CORES: Final = metric("cpu_usage_cores", "other", "{cpu}")

FAMILIES: Final[tuple[Family, ...]] = (
    # Servers, in the order of trust: where a service has two of these, the first one speaks for it.
    http_server("http_server_request_duration_seconds"),
    http_server("http_server_duration_milliseconds", 0.001),
    http_server("http_request_duration_seconds"),
    http_server("http_server_requests_seconds"),
    istio(),
    Family("grpc_server_handling_seconds_count", latency("grpc_server_handling_seconds")),
    Family("grpc_server_handled_total", traffic("grpc_server_handled_total", ("grpc_code",), GRPC_FAULTS)),
    Family(
        "http_server_active_requests",
        (total(metric("active_requests", "saturation", "{request}", "value"), "http_server_active_requests"),),
    ),
    # What callers see of those they call.
    Family(
        "http_client_request_duration_seconds_count", latency("http_client_request_duration_seconds", prefix="client_")
    ),
    Family(
        "db_client_operation_duration_seconds_count",
        latency("db_client_operation_duration_seconds", prefix="database_client_"),
    ),
    Family(
        "db_client_connections_usage",
        (
            ratio(
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
            ratio(
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
        (ratio("connection_pool_utilization", "hikaricp_connections_active", "hikaricp_connections_max", "pool"),),
        also=("hikaricp_connections_max",),
    ),
    # Databases, caches, queues.
    Family(
        "pg_stat_activity_count",
        (total(metric("database_connections", "saturation", "{connection}", "value"), "pg_stat_activity_count"),),
        kind="database",
    ),
    Family(
        "pg_settings_max_connections",
        (ratio("connection_utilization", "pg_stat_activity_count", "pg_settings_max_connections"),),
        kind="database",
        also=("pg_stat_activity_count",),
    ),
    Family(
        "mysql_global_status_threads_connected",
        (
            ratio(
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
        (ratio("connection_utilization", "redis_connected_clients", "redis_config_maxclients"),),
        kind="cache",
        also=("redis_config_maxclients",),
    ),
    Family(
        "redis_memory_used_bytes",
        (ratio("memory_utilization", "redis_memory_used_bytes", "redis_memory_max_bytes"),),
        kind="cache",
        also=("redis_memory_max_bytes",),
    ),
    Family(
        "kafka_consumergroup_lag",
        (total(metric("consumer_lag", "saturation", "{message}", "value"), "kafka_consumergroup_lag"),),
        kind="queue",
        identity=("consumergroup",),
    ),
    # Kubernetes.
    Family(
        "container_cpu_usage_seconds_total",
        (Measure(percent("cpu_utilization"), container_cpu),),
        scope="pod",
        kind="workload",
        also=("container_spec_cpu_quota", "container_spec_cpu_period"),
        selector=REAL,
    ),
    Family(
        "container_memory_working_set_bytes",
        (Measure(percent("memory_utilization"), container_memory),),
        scope="pod",
        kind="workload",
        also=("container_spec_memory_limit_bytes",),
        selector=REAL,
    ),
    Family(
        "container_cpu_cfs_periods_total",
        (Measure(percent("cpu_throttling"), throttled),),
        scope="pod",
        kind="workload",
        also=("container_cpu_cfs_throttled_periods_total",),
        selector='{container!=""}',
    ),
    Family(
        "kube_pod_container_status_restarts_total",
        (Measure(metric("restarts", "availability", "{restart}", "sum"), restarts, "sum"),),
        scope="pod",
        kind="workload",
    ),
    replicas("deployment", "kube_deployment_spec_replicas"),
    replicas("statefulset", "kube_statefulset_replicas"),
    # Machines.
    Family("node_cpu_seconds_total", (Measure(percent("cpu_utilization"), node_cpu),), scope="node", kind="node"),
    Family(
        "node_memory_MemAvailable_bytes",
        (
            Measure(
                percent("memory_utilization"),
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
        (Measure(percent("disk_utilization"), node_disk),),
        scope="node",
        kind="node",
        also=("node_filesystem_size_bytes",),
    ),
    # Any process with a client library, and anything that is scraped at all.
    Family("process_cpu_seconds_total", (rated(_CPU_CORES, "process_cpu_seconds_total"),), kind="other"),
    Family(
        "process_resident_memory_bytes",
        (Measure(_MEMORY, lambda by: by.max(by.each("max", "process_resident_memory_bytes"))),),
        kind="other",
    ),
    Family(
        "process_open_fds",
        (ratio("file_descriptor_utilization", "process_open_fds", "process_max_fds"),),
        kind="other",
        also=("process_max_fds",),
    ),
    Family("up", (Measure(metric("availability", "availability", "%", worse="lower"), available),), kind="other"),
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

METRIC_NAMES: Final[frozenset[str]] = frozenset(
    [name for family in FAMILIES for name in (family.probe, *family.also)]
    + [client.probe for client in CLIENTS]
    + [*KUBERNETES, "ALERTS"]
)
"""Every metric name that is looked for."""
