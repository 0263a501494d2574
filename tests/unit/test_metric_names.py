"""Metrics are understood by the names that public collectors and people give them."""

from __future__ import annotations

import pytest

from engine.reason.catalogue import causes_of_metric
from primitives.metric_names import kind_of_metric, metric_by_name, metric_words

NAMES = {
    "cpu_saturated": "container_cpu_usage_seconds_total container_cpu_cfs_throttled_periods_total node_load5 "
    "container_pressure_cpu_waiting_seconds_total system.cpu.utilization jvm.cpu.recent_utilization "
    "docker.cpu.usage CPUCreditBalance EngineCPUUtilization process_cpu_seconds_total loadavg",
    "memory_exhausted": "container_memory_working_set_bytes node_memory_MemAvailable_bytes node_vmstat_pgmajfault "
    "system.mem.pct_usable jvm_gc_pause_seconds_max go_memstats_heap_inuse_bytes FreeableMemory "
    "redis_evicted_keys_total system.paging.faults process_resident_memory_bytes old_gen_usage",
    "disk_full": "container_fs_usage_bytes node_filesystem_avail_bytes node_filesystem_files_free system.disk.in_use "
    "system.filesystem.utilization FreeStorageSpace inode_usage etcd_mvcc_db_total_size_in_bytes",
    "io_saturated": "container_fs_writes_bytes_total node_disk_io_time_seconds_total system.io.await BurstBalance "
    "VolumeQueueLength DiskQueueDepth etcd_disk_wal_fsync_duration_seconds blkio_service_time diskio "
    "system.disk.pending_operations node_pressure_io_waiting_seconds_total EBSIOBalance% system.cpu.iowait",
    "network_packet_loss": "container_network_receive_packets_dropped_total node_network_transmit_errs_total "
    "node_netstat_Tcp_RetransSegs system.net.tcp.retrans_segs system.network.dropped rx_dropped_packets tx_drop "
    "bw_in_allowance_exceeded",
    "network_delay": "tcp_rtt ping_ms network_rtt_ms etcd_network_peer_round_trip_time_seconds",
    "connections_exhausted": "container_sockets hikaricp_connections_pending node_nf_conntrack_entries "
    "mysql_global_status_threads_connected redis_connected_clients pg_stat_activity_count RejectedConnectionCount "
    "envoy_cluster_upstream_rq_pending_overflow node_netstat_TcpExt_ListenOverflows ErrorPortAllocation "
    "envoy_cluster_upstream_cx_overflow",
    "threads_exhausted": "jvm_threads_states_threads nodejs_eventloop_lag_seconds dotnet_threadpool_queue_length "
    "executor_queued_tasks process_open_fds node_filefd_allocated go_goroutines php_fpm_active_processes "
    "uwsgi_listen_queue",
    "certificate_expired": "probe_ssl_earliest_cert_expiry ssl_cert_not_after x509_cert_not_after",
    "queue_backlog": "rabbitmq_queue_messages_unacknowledged SurgeQueueLength haproxy_backend_current_queue "
    "ApproximateNumberOfMessagesVisible queue_size",
    "consumer_stalled": "kafka_consumergroup_lag IteratorAge kafka_consumer_fetch_manager_records_lag_max",
    "replication_lag": "kafka_server_replicamanager_underreplicatedpartitions pg_replication_lag_seconds "
    "pg_replication_replay_lag_seconds mysql_slave_apply_lag mongodb_oplog_lag",
    "lock_contention": "mysql_global_status_innodb_row_lock_waits Deadlocks pg_locks_count",
    "rate_limited": "ReadThrottleEvents ThrottledRequests WriteProvisionedThroughputExceeded",
    "dns_resolution_failed": "coredns_dns_responses_servfail dns_lookup_duration dns_errors",
    "out_of_memory_killed": "container_oom_events_total oom_kills",
    "dependency_unavailable": "envoy_cluster_upstream_cx_connect_fail TargetConnectionErrorCount",
    "database_failover": "etcd_server_leader_changes_seen_total etcd_server_has_leader "
    "kafka_controller_kafkacontroller_activecontrollercount",
}
OTHERS = {
    "cpu_saturated": ("system.cpu.iowait", "db_load", "kube_pod_container_resource_requests_cpu_requests"),
    "disk_full": ("etcd_disk_wal_fsync_duration_seconds", "fs_reads_MB", "container_fs_writes_bytes_total"),
    "queue_backlog": ("DiskQueueDepth", "VolumeQueueLength", "thread_pool_queue_size"),
    "connections_exhausted": ("TargetConnectionErrorCount", "thread_pool_active"),
    "threads_exhausted": ("mysql_global_status_threads_connected",),
    "network_delay": ("node_netstat_TcpExt_TCPTimeouts", "mapping_size"),
    "network_packet_loss": ("login_errors", "events_dropped_total"),
}


@pytest.mark.parametrize(("cause", "name"), [(cause, name) for cause, names in NAMES.items() for name in names.split()])
def test_a_collectors_name_speaks_for_its_cause(cause: str, name: str) -> None:
    assert causes_of_metric(name)[:1] == (cause,)


@pytest.mark.parametrize(("cause", "name"), [(cause, name) for cause, names in OTHERS.items() for name in names])
def test_a_name_that_looks_alike_does_not(cause: str, name: str) -> None:
    assert cause not in causes_of_metric(name)


@pytest.mark.parametrize(
    ("name", "kind", "worse"),
    [
        ("http_server_requests_errors", "errors", "higher"), ("request latency p99 (ms)", "latency", "higher"),
        ("success_rate", "availability", "lower"), ("free_memory_mb", "saturation", "lower"),
        ("CPU usage (%)", "saturation", "higher"), ("requests_per_second", "traffic", "either"),
        ("Network receive packets dropped", "other", "higher"), ("cache hit ratio", "saturation", "lower"),
        ("available_replicas", "availability", "lower"), ("weather", "other", "either"),
    ],
)  # fmt: skip
def test_a_name_says_what_is_measured_and_what_hurts(name: str, kind: str, worse: str) -> None:
    assert kind_of_metric(name) == (kind, worse)


def test_a_name_says_unit_and_statistic() -> None:
    metric = metric_by_name("request_duration_seconds_p95")
    assert (metric.unit, metric.statistic) == ("s", "p95")
    assert metric_by_name("CPU usage (%)").unit == "%"
    assert metric_by_name("heap_used_bytes").unit == "By"


def test_words_are_split_at_capitals_points_and_digits() -> None:
    assert metric_words("CPUUtilization") == "cpu utilization"
    assert metric_words("node_load15") == "node load 15"
