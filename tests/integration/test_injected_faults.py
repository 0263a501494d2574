"""Injected faults are found by the names of metrics that nobody described, and by messages of many products."""

from __future__ import annotations

import pytest
from cases.in_memory import ranked
from cases.injected_faults import Incident, failing

_LATENCY = {
    "cadvisor": ("latency_p90_ms", 20.0), "spreadsheet": ("latency-90", 0.02),
    "opentelemetry": ("http.server.request.duration.p95", 0.05),
    "datadog": ("trace.http.request.duration.by.service.95p", 0.05), "cloudwatch": ("TargetResponseTime", 0.05),
}  # fmt: skip
MEASURED = [
    ("cadvisor", "fares", "container_cpu_usage", 1.9, "cpu_saturated"),
    ("cadvisor", "fares", "container_memory_usage", 3e9, "memory_exhausted"),
    ("cadvisor", "seats", "container_network_receive_packets_dropped", 40, "network_packet_loss"),
    ("cadvisor", "seats", "container_fs_writes_bytes", 8e7, "io_saturated"),
    ("cadvisor", "seats", "container_sockets", 4000, "connections_exhausted"),
    ("cadvisor", "seats", "container_threads", 900, "threads_exhausted"),
    ("spreadsheet", "fares", "cpu", 90, "cpu_saturated"),
    ("spreadsheet", "rates", "mem", 97, "memory_exhausted"),
    ("spreadsheet", "fares", "disk_io", 95, "io_saturated"),
    ("spreadsheet", "fares", "sockets", 6000, "connections_exhausted"),
    ("opentelemetry", "rates", "system.cpu.utilization", 0.99, "cpu_saturated"),
    ("opentelemetry", "rates", "system.memory.utilization", 0.98, "memory_exhausted"),
    ("opentelemetry", "rates", "system.network.dropped", 300, "network_packet_loss"),
    ("opentelemetry", "rates", "process.open_file_descriptor.count", 60000, "threads_exhausted"),
    ("datadog", "bookings-db", "system.io.await", 900, "io_saturated"),
    ("datadog", "bookings-db", "system.disk.in_use", 1.0, "disk_full"),
    ("datadog", "rates", "system.net.tcp.retrans_segs", 250, "network_packet_loss"),
    ("cloudwatch", "bookings-db", "DiskQueueDepth", 64, "io_saturated"),
    ("cloudwatch", "bookings-db", "DatabaseConnections", 900, "connections_exhausted"),
    ("cloudwatch", "bookings-db", "FreeableMemory", 3e7, "memory_exhausted"),
    ("cloudwatch", "bookings-db", "FreeStorageSpace", 1e6, "disk_full"),
    ("cloudwatch", "bookings-db", "CPUUtilization", 99, "cpu_saturated"),
]
# Who fails, who counts errors besides, what the first writes, and the cause.
LOGGED = [
    ("fares", "portal", 'java.lang.NullPointerException: Cannot invoke "Rate.id()"', "application_error"),
    ("seats", "portal", 'UndefinedColumn: column "totl" does not exist LINE 1: SELECT', "application_error"),
    ("rates", "fares", "ValueError: could not convert string to float: 'N/A'", "application_error"),
    ("rates", "fares", "ERROR: syntax error at or near \"FORM\"", "application_error"),
    ("bookings-db", "seats", "could not write to file: No space left on device", "disk_full"),
    ("bookings-db", "seats", "ERROR: deadlock detected", "lock_contention"),
    ("bookings-db", "seats", "slow fdatasync took 1.4s, expected-duration 1s", "io_saturated"),
    ("seats", "portal", "getaddrinfo EAI_AGAIN bookings-db", "dns_resolution_failed"),
    ("seats", "portal", "Connection is not available, request timed out after 30000ms",
     "connections_exhausted"),
    ("seats", "portal", 'FATAL: password authentication failed for user "seats"', "invalid_credentials"),
    ("seats", "portal", 'UserNotFound: Could not find user "svc" for db "seats"', "invalid_credentials"),
    ("seats", "portal", "not authorized on seats to execute command { find: 1 }", "permission_denied"),
    ("seats", "portal", "x509: certificate has expired or is not yet valid: mailer", "certificate_expired"),
    ("mailer", "seats", "Error: Missing required environment variable SMTP_HOST", "missing_configuration"),
    ("mailer", "seats", "Failed to bind properties under 'mail.timeout' to Duration", "bad_configuration"),
    ("mailer", "seats", "429 Too Many Requests", "rate_limited"),
    ("fares", "portal", "fare calculation failed: feature flag newFares is on", "feature_flag_regression"),
]  # fmt: skip


@pytest.mark.parametrize(("collector", "resource", "metric", "level", "cause"), MEASURED)
async def test_a_metric_that_nobody_described_shows_the_mechanism(
    collector: str, resource: str, metric: str, level: float, cause: str
) -> None:
    incident = Incident(7, collector, {(resource, metric): level})
    name, usual = _LATENCY[collector]
    incident.slower(resource, 5.0, name, usual)
    best = (await ranked(incident.parts("portal is slow", ("portal", name))))[0]
    assert (best.cause_id, best.resource) == (cause, resource)


@pytest.mark.parametrize(("fails", "besides", "body", "cause"), LOGGED)
async def test_a_message_shows_the_mechanism(fails: str, besides: str, body: str, cause: str) -> None:
    incident = failing(9, (fails, besides))
    incident.log(fails, body)
    best = (await ranked(incident.parts("requests fail")))[0]
    assert (best.cause_id, best.resource) == (cause, fails)


@pytest.mark.parametrize(
    ("metric", "usual", "after", "resource", "cause"),
    [("kafka_consumergroup_lag", 20, 90_000, "mailer", "consumer_stalled"),
     ("pg_replication_lag_seconds", 0.4, 900, "bookings-db", "replication_lag")],
)  # fmt: skip
async def test_a_level_out_of_all_proportion_is_no_false_alarm(
    metric: str, usual: float, after: float, resource: str, cause: str
) -> None:
    incident = Incident(11, "spreadsheet", {})
    incident.measure(metric, resource, usual, after, ramp=True)
    best = (await ranked(incident.parts("something is late")))[0]
    assert (best.cause_id, best.resource) == (cause, resource)


@pytest.mark.parametrize("collector", ["cadvisor", "spreadsheet", "opentelemetry"])
async def test_a_calm_system_is_a_false_alarm(collector: str) -> None:
    incident = Incident(13, collector, {})
    name, usual = _LATENCY[collector]
    incident.slower("rates", 1.0, name, usual)
    best = (await ranked(incident.parts("portal is slow", ("portal", name))))[0]
    assert best.cause_id == "false_alarm"


async def test_more_requests_everywhere_are_a_surge() -> None:
    incident = Incident(15, "spreadsheet", {(name, "workload"): 170 for name in ("portal", "fares", "seats", "rates")})
    incident.slower("portal", 3.0, "latency-90", 0.02)
    best = (await ranked(incident.parts("portal is slow")))[0]
    assert (best.cause_id, best.resource) == ("traffic_surge", "portal")
