"""The Prometheus backend against the real server, whose history was drawn request by request."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from prometheus_system import BUCKETS, PrometheusSystem, load_history, minutes, prometheus_server

from primitives.answers import decode_answer, encode_answer
from primitives.backends.prometheus.backend import PrometheusBackend
from primitives.backends.prometheus.endpoint import parse_endpoint
from primitives.backends.prometheus.families import CLIENTS, FAMILIES
from primitives.backends.prometheus.promql import SERVICE_LABELS, Grouping
from primitives.backends.prometheus.topology import edges_expression
from primitives.backends.recorded.backend import RecordedBackend
from primitives.bundle import BundleParts, Manifest, read_bundle, write_bundle
from primitives.clock import ManualClock
from primitives.records import Series, Topology, Window
from primitives.telemetry import AlertsQuery, Answer, SeriesQuery, TopologyQuery

pytestmark = pytest.mark.parts("prometheus", "promtool")


@pytest.fixture
async def backend(jumping_prometheus: PrometheusSystem) -> AsyncIterator[PrometheusBackend]:
    opened = PrometheusBackend(parse_endpoint(jumping_prometheus.url), clock=ManualClock(jumping_prometheus.end))
    yield opened
    await opened.close()


def whole(system: PrometheusSystem) -> Window:
    return Window(start=system.start, end=system.end)


def one_series(answer: Answer[Any], resource: str, metric: str) -> Series:
    (match,) = [series for series in answer.records if (series.resource, series.metric.name) == (resource, metric)]
    return match  # type: ignore[no-any-return]


def median(series: Series, start: datetime, end: datetime) -> float:
    return float(np.median(series.between(Window(start=start, end=end)).values))


def bucket(seconds: float) -> int:
    return int(np.searchsorted(BUCKETS, seconds))


@pytest.mark.parametrize("service", ["storefront", "orders", "catalogue"])
@pytest.mark.parametrize(("metric", "share"), [("latency_p50", 0.5), ("latency_p95", 0.95)])
async def test_quantiles_lie_in_the_bucket_of_the_true_quantile(
    jumping_prometheus: PrometheusSystem, backend: PrometheusBackend, service: str, metric: str, share: float
) -> None:
    system = jumping_prometheus
    series = one_series(await backend.ask(SeriesQuery(window=whole(system))), service, metric)
    for start, end in ((system.start, system.jump), (system.jump + minutes(2), system.end)):
        true = system.truth[service].between(start, end).quantile(share)
        assert bucket(median(series, start, end)) == bucket(true)
    assert (series.metric.unit, series.metric.kind) == ("s", "latency")


@pytest.mark.parametrize("service", ["storefront", "orders", "catalogue"])
async def test_average_rate_and_errors_are_those_of_the_requests(
    jumping_prometheus: PrometheusSystem, backend: PrometheusBackend, service: str
) -> None:
    system = jumping_prometheus
    answer = await backend.ask(SeriesQuery(window=whole(system)))
    for start, end in ((system.start + minutes(1), system.jump), (system.jump + minutes(2), system.end)):
        truth, window = system.truth[service].between(start, end), Window(start=start, end=end)
        requests = one_series(answer, service, "requests").between(window).values
        errors = one_series(answer, service, "error_ratio").between(window).values
        assert np.mean(requests) == pytest.approx(len(truth.seconds) / window.seconds, rel=0.02)
        assert np.average(errors, weights=requests) == pytest.approx(truth.error_ratio, rel=0.1, abs=1e-9)
        average = one_series(answer, service, "latency_average").between(window).values
        assert np.average(average, weights=requests) == pytest.approx(truth.average, rel=0.05)


async def test_the_jump_is_seen_within_a_rate_window(
    jumping_prometheus: PrometheusSystem, backend: PrometheusBackend
) -> None:
    system = jumping_prometheus
    query = SeriesQuery(window=whole(system), resources=("orders",), metrics=("latency_p95",))
    (series,) = (await backend.ask(query)).records
    first = series.times[np.argmax(series.values > 0.5)]
    assert 0 < first - system.jump.timestamp() <= 60


async def test_a_pool_is_as_full_as_it_was_at_that_moment(
    jumping_prometheus: PrometheusSystem, backend: PrometheusBackend
) -> None:
    system = jumping_prometheus
    answer = await backend.ask(SeriesQuery(window=whole(system), kinds=("saturation",)))
    series = one_series(answer, "orders", "connection_pool_utilization")
    at = dict(zip(series.times.tolist(), series.values.tolist(), strict=True))
    for moment, used in system.pool_in_use.items():
        assert at[moment.timestamp()] == pytest.approx(100 * used / system.pool_limit)
    assert series.metric.limit == 100
    assert {series.metric.kind for series in answer.records} == {"saturation"}


async def test_dependencies_are_those_that_callers_counted(
    jumping_prometheus: PrometheusSystem, backend: PrometheusBackend
) -> None:
    answer = await backend.ask(TopologyQuery(window=whole(jumping_prometheus)))
    topology: Topology = answer.records[0]
    assert {(edge.source, edge.target) for edge in topology.edges} == jumping_prometheus.edges
    assert {edge.kind for edge in topology.edges} == {"calls"}
    kinds = {resource.id: resource.kind for resource in topology.resources}
    assert kinds == {"storefront": "service", "orders": "service", "catalogue": "service", "orders-db": "database"}
    assert answer.coverage[0].kinds == ("topology",)


async def test_an_alert_is_known_with_its_start_and_resource(
    jumping_prometheus: PrometheusSystem, backend: PrometheusBackend
) -> None:
    system = jumping_prometheus
    (alert,) = (await backend.ask(AlertsQuery(window=whole(system)))).records
    assert (alert.name, alert.resource, alert.state, alert.severity) == ("HighLatency", "orders", "firing", "page")
    assert alert.started_at == system.jump + minutes(1)
    before = await backend.ask(AlertsQuery(window=Window(start=system.start, end=system.jump)))
    assert (before.status, before.records) == ("answered", ())


async def test_nothing_after_the_end_of_the_window_is_read(
    jumping_prometheus: PrometheusSystem, backend: PrometheusBackend
) -> None:
    system = jumping_prometheus
    calm = Window(start=system.start, end=system.jump)
    answer = await backend.ask(SeriesQuery(window=calm))
    assert max(series.times[-1] for series in answer.records) <= system.jump.timestamp()
    assert one_series(answer, "orders", "latency_p99").values.max() < 0.25


async def test_what_lies_before_the_first_sample_is_not_covered(
    jumping_prometheus: PrometheusSystem, backend: PrometheusBackend
) -> None:
    system = jumping_prometheus
    wide = Window(start=system.start - timedelta(hours=22), end=system.end)
    answer = await backend.ask(SeriesQuery(window=wide))
    assert answer.status == "partial"
    answered, partial = answer.coverage
    assert (answered.status, partial.status) == ("answered", "partial")
    assert abs((answered.start - system.start).total_seconds()) <= 180
    assert answered.end == system.end
    assert "series:latency_p95" in answered.kinds
    assert "samples only from" in (answer.detail or "")
    inside = await backend.ask(SeriesQuery(window=whole(system)))
    assert (inside.status, inside.coverage[0].start, inside.detail) == ("answered", system.start, None)


async def test_a_time_without_samples_is_an_empty_answer_that_covers_nothing(
    jumping_prometheus: PrometheusSystem, backend: PrometheusBackend
) -> None:
    week = timedelta(days=7)
    window = Window(start=jumping_prometheus.start - week, end=jumping_prometheus.end - week)
    answer = await backend.ask(SeriesQuery(window=window))
    assert (answer.status, answer.records, answer.coverage) == ("answered", (), ())


async def test_a_narrow_question_gets_the_samples_of_a_wide_one(
    jumping_prometheus: PrometheusSystem, backend: PrometheusBackend
) -> None:
    system = jumping_prometheus
    wide = await backend.ask(SeriesQuery(window=whole(system)))
    narrow_window = Window(start=system.jump - minutes(7), end=system.end)
    narrow = await backend.ask(SeriesQuery(window=narrow_window))
    assert len(narrow.records) == len(wide.records)
    for series in narrow.records:
        same = one_series(wide, series.resource, series.metric.name).between(narrow_window)
        assert np.array_equal(series.times, same.times)
        assert np.array_equal(series.values, same.values)
    assert all(float(time).is_integer() for series in wide.records for time in series.times)


async def test_an_answer_survives_the_store_byte_for_byte(
    jumping_prometheus: PrometheusSystem, backend: PrometheusBackend
) -> None:
    for query in (SeriesQuery, TopologyQuery, AlertsQuery):
        data = encode_answer(await backend.ask(query(window=whole(jumping_prometheus))))
        assert encode_answer(decode_answer(data)) == data


async def test_a_bundle_of_the_answers_gives_the_same_answers_offline(
    jumping_prometheus: PrometheusSystem, backend: PrometheusBackend, tmp_path: Path
) -> None:
    system = jumping_prometheus
    now = system.end - timedelta(microseconds=1)  # the moment of asking is seldom a full second
    wide = Window(start=now - timedelta(hours=7), end=now)
    queries = [
        SeriesQuery(window=wide),
        SeriesQuery(window=Window(start=now - minutes(60), end=now), kinds=("latency",)),
    ]
    live = [await backend.ask(query) for query in queries]
    topology = await backend.ask(TopologyQuery(window=wide))
    manifest = Manifest(id="live-1", title="t", query="q", detected_at=now, window=wide, coverage=live[0].coverage)
    parts = BundleParts(
        manifest=manifest,
        metrics={series.metric.name: series.metric for series in live[0].records},
        series=live[0].records,
        topology=topology.records[0],
    )
    write_bundle(parts, tmp_path / "live.incident")
    recorded = RecordedBackend(read_bundle(tmp_path / "live.incident"))
    for query, answer in zip(queries, live, strict=True):
        offline = await recorded.ask(query)
        assert len(offline.records) == len(answer.records) > 0
        for series in answer.records:
            same = one_series(offline, series.resource, series.metric.name)
            assert (same.metric, same.times.tolist(), same.values.tolist()) == (
                series.metric,
                series.times.tolist(),
                series.values.tolist(),
            )
    assert (await recorded.ask(queries[0])).status == live[0].status == "partial"
    (same_topology,) = (await recorded.ask(TopologyQuery(window=wide))).records
    assert same_topology == topology.records[0]


async def test_the_check_says_version_and_what_there_is(backend: PrometheusBackend) -> None:
    version = subprocess.run(["prometheus", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
    status = await backend.check()
    assert status.status == "reachable"
    assert f"version {version}, " in status.detail
    assert "127.0.0.1" not in status.detail  # the log has it
    assert status.address.startswith("http://127.0.0.1:")
    assert "known metric families" in status.detail


@pytest.mark.parametrize("owners", [True, False])
def test_the_server_understands_every_expression(jumping_prometheus: PrometheusSystem, owners: bool) -> None:
    expressions = [
        measure.expression(Grouping(60, family.scope, family.identity or SERVICE_LABELS, family.namespace, owners))
        for family in FAMILIES
        for measure in family.measures
    ]
    for expression in (*expressions, *map(edges_expression, CLIENTS)):
        answer = httpx2.post(f"{jumping_prometheus.url}/api/v1/query", data={"query": expression})
        assert answer.status_code == 200, f"{expression}: {answer.text}"


CLUSTER_END = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def cluster_history() -> str:
    """Ten minutes of a small cluster, whose numbers are plain: a counter grows by its rate every second."""
    pods = {"api-1": "api-aaa", "api-2": "api-bbb"}
    lines: dict[str, list[str]] = {}

    def gauge(name: str, labels: str, value: float, rate: float = 0.0) -> None:
        for second in range(0, 601, 15):
            at = CLUSTER_END.timestamp() - 600 + second
            lines.setdefault(name, []).append(f"{name}{{{labels}}} {value + rate * second:.6f} {at:.0f}")

    for pod, replica_set in pods.items():
        where = f'namespace="shop",pod="{pod}"'
        owner = f'{where},node="worker-1",created_by_kind="ReplicaSet",created_by_name="{replica_set}"'
        gauge("kube_pod_info", owner, 1)
        gauge(
            "kube_replicaset_owner",
            f'namespace="shop",replicaset="{replica_set}",owner_kind="Deployment",owner_name="api"',
            1,
        )
        share = 0.9 if pod == "api-2" else 0.2
        container = f'{where},container="main"'
        gauge("container_cpu_usage_seconds_total", container, 0, rate=0.5 * share)
        gauge("container_spec_cpu_quota", container, 50_000)
        gauge("container_spec_cpu_period", container, 100_000)
        gauge("container_memory_working_set_bytes", container, 1e9 * share)
        gauge("container_spec_memory_limit_bytes", container, 1e9)
        gauge("kube_pod_container_status_restarts_total", container, 0, rate=0.02 if pod == "api-2" else 0.0)
        gauge("up", f'job="pods",{where},service="api-http",instance="{pod}:80"', 1 if pod == "api-1" else 0)
        called = f'{where},job="pods",service="api-http",instance="{pod}:80",server_address="cache.shop.svc:6379"'
        gauge("http_client_request_duration_seconds_count", called, 0, rate=1)
    gauge("kube_pod_info", 'namespace="shop",pod="lonely",node="worker-1",created_by_kind="",created_by_name=""', 1)
    gauge("kube_deployment_spec_replicas", 'namespace="shop",deployment="api"', 4)
    gauge("kube_deployment_status_replicas_available", 'namespace="shop",deployment="api"', 3)
    gauge("kube_node_info", 'node="worker-1"', 1)
    for mode, rate in (("idle", 0.25), ("user", 0.75)):
        gauge("node_cpu_seconds_total", f'job="node",instance="worker-1:9100",cpu="0",mode="{mode}"', 0, rate=rate)
    for name, value in (("node_memory_MemAvailable_bytes", 4e9), ("node_memory_MemTotal_bytes", 16e9)):
        gauge(name, 'job="node",instance="worker-1:9100"', value)
    for name, value in (("node_filesystem_avail_bytes", 1e9), ("node_filesystem_size_bytes", 50e9)):
        gauge(name, 'job="node",instance="worker-1:9100",mountpoint="/data",fstype="ext4"', value)
    for name, value in (("redis_connected_clients", 30), ("redis_config_maxclients", 40)):
        gauge(name, 'namespace="shop",service="cache",instance="cache:9121",job="redis"', value)
    gauge("grpc_server_handled_total", 'job="ads",grpc_code="OK"', 0, rate=9)
    gauge("grpc_server_handled_total", 'job="ads",grpc_code="Internal"', 0, rate=1)
    gauge("kafka_consumergroup_lag", 'consumergroup="mailer",topic="orders",partition="0"', 70)
    gauge("kafka_consumergroup_lag", 'consumergroup="mailer",topic="orders",partition="1"', 5)
    gauge("process_open_fds", 'job="\\u202eevil password=hunter2horse",instance="a:1"', 900)
    gauge("process_max_fds", 'job="\\u202eevil password=hunter2horse",instance="a:1"', 1000)
    text = "".join(f"# TYPE {name} gauge\n" + "\n".join(rows) + "\n" for name, rows in lines.items())
    return text.replace("\\u202e", "\u202e") + "# EOF\n"


@pytest.fixture(scope="module")
def cluster_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("cluster")
    (folder / "history.om").write_text(cluster_history())
    load_history(folder / "history.om", folder / "data")
    with prometheus_server(folder, blocks=folder / "data") as (url, _):
        yield url


@pytest.fixture
async def cluster(cluster_url: str) -> AsyncIterator[PrometheusBackend]:
    opened = PrometheusBackend(parse_endpoint(cluster_url), clock=ManualClock(CLUSTER_END))
    yield opened
    await opened.close()


CLUSTER_WINDOW = Window(start=CLUSTER_END - minutes(9), end=CLUSTER_END)


@pytest.mark.parametrize(
    ("resource", "metric", "value"),
    [
        ("shop/deployment/api", "cpu_utilization", 90.0),  # of two pods the fuller one
        ("shop/deployment/api", "memory_utilization", 90.0),
        ("shop/deployment/api", "available_replicas", 75.0),
        ("shop/deployment/api", "availability", 50.0),  # by its service's label, and yet the same resource
        ("shop/deployment/api", "restarts", 4.8),  # 0.02 a second, in four minutes, but for the edges of the range
        ("node/worker-1", "cpu_utilization", 75.0),
        ("node/worker-1", "memory_utilization", 75.0),
        ("node/worker-1", "disk_utilization", 98.0),
        ("cache", "connection_utilization", 75.0),
        ("ads", "requests", 10.0),
        ("ads", "error_ratio", 0.1),
        ("mailer", "consumer_lag", 75.0),
    ],
)
async def test_a_clusters_exporters_meet_in_one_scheme_of_names(
    cluster: PrometheusBackend, resource: str, metric: str, value: float
) -> None:
    series = one_series(await cluster.ask(SeriesQuery(window=CLUSTER_WINDOW)), resource, metric)
    assert series.values[-1] == pytest.approx(value, rel=0.02 if metric == "restarts" else 1e-6)


async def test_a_cluster_shows_what_runs_where_and_who_calls_whom(cluster: PrometheusBackend) -> None:
    topology: Topology = (await cluster.ask(TopologyQuery(window=CLUSTER_WINDOW))).records[0]
    assert {(edge.source, edge.target, edge.kind) for edge in topology.edges} == {
        ("shop/deployment/api", "cache", "calls"),
        ("shop/deployment/api", "node/worker-1", "hosts"),
        ("shop/pod/lonely", "node/worker-1", "hosts"),
    }
    kinds = {resource.id: resource.kind for resource in topology.resources}
    assert kinds["cache"] == "cache"
    assert kinds["node/worker-1"] == "node"
    assert kinds["shop/deployment/api"] == "service"
    assert kinds["shop/pod/lonely"] == "workload"
    assert kinds["mailer"] == "queue"


async def test_hostile_labels_come_out_harmless_and_without_secrets(cluster: PrometheusBackend) -> None:
    answer = await cluster.ask(SeriesQuery(window=CLUSTER_WINDOW, metrics=("file_descriptor_utilization",)))
    (series,) = answer.records
    assert series.values[-1] == pytest.approx(90.0)
    assert "evil" in series.resource
    assert "hunter2horse" not in series.resource
    assert "\u202e" not in series.resource


async def test_an_empty_prometheus_says_that_it_holds_nothing_of_use(tmp_path: Path) -> None:
    with prometheus_server(tmp_path) as (url, _):
        backend = PrometheusBackend(parse_endpoint(url), clock=ManualClock(CLUSTER_END))
        try:
            for query in (SeriesQuery(window=CLUSTER_WINDOW), TopologyQuery(window=CLUSTER_WINDOW)):
                answer = await backend.ask(query)
                assert (answer.status, answer.records, answer.coverage) == ("not_recorded", (), ())
            assert "holds none of the known metrics" in (await backend.check()).detail
        finally:
            await backend.close()


async def test_a_killed_server_is_unreachable_in_one_line(tmp_path: Path) -> None:
    with prometheus_server(tmp_path) as (url, _):
        backend = PrometheusBackend(parse_endpoint(url), clock=ManualClock(CLUSTER_END))
        assert (await backend.check()).status == "reachable"
    status = await backend.check()
    await backend.close()
    assert status.status == "unreachable"
    assert "can't be reached" in status.detail
    assert "\n" not in status.detail
