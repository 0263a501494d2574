"""Each diagnostic on each live source that can answer it (docs/reference/sources.md has the table), and offline again.

The sources are servers of the tests that have something ill of everything, and AWS as moto has it.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cases import fake_traces
from cases.aws_account import SERVICE, build_function, build_shop, errors_alarm, write_log
from cases.fake_aws import Call, FakeAws, documented, running
from cases.fake_aws import Reply as AwsReply
from cases.fake_kubernetes import FakeKubernetes, clinic, pod, stamped
from cases.fake_loki import FakeLine, FakeLoki
from cases.fake_prometheus import FakePrometheus, success
from cases.fake_server import Reply
from cases.fake_traces import FakeJaeger, FakeSpan, FakeTempo, otlp
from cases.made_aws_metrics import MadeMetric, answering, stepping

from engine.engine import Engine
from engine.export import export_bundle
from engine.follow_to_end import follow_investigation
from engine.port import Investigate
from primitives.answers import encode_answer
from primitives.backends.registry import backends
from primitives.clock import SystemClock
from primitives.diagnostics.registry import Diagnostic, Progress, diagnostics
from primitives.facts import Fact, SourceGap
from primitives.records import Window
from primitives.sources import SourceDirectory, define_source, open_source
from primitives.telemetry import LIVE_BUDGETS, Answer, Telemetry

BAD_S = 720
"""So long it has been ill."""
REFUSED = "could not connect to books-db: connection refused"
WORKLOAD = {"namespace": "clinic", "kind": "deployment", "name": "booking"}
TARGETS: dict[str, dict[str, Any]] = {
    "choose_revision": WORKLOAD,
    "inspect_database": {"instance": "orders-db"},
    "inspect_function": {"function": "send-mail"},
    "inspect_object": WORKLOAD,
    "inspect_storage": {"instance": "orders-db"},
}
"""What a look looks at."""
STORAGE = {
    "series": "free_storage_bytes", "name": "free_storage_space", "kind": "saturation", "unit": "By", "worse": "lower",
}  # fmt: skip
"""What an exporter of CloudWatch's metrics may call it: Prometheus has no usual name for a database's storage."""
NAMES = (
    "up", "http_server_request_duration_seconds_count", "hikaricp_connections_active", "hikaricp_connections_max",
    "target_info", "till_build_info", "ALERTS", STORAGE["series"],
)  # fmt: skip
LIVE = sorted(name for name, kind in backends().items() if kind.factory.__module__.startswith("primitives.backends."))
CELLS = [
    (diagnostic.name, kind)
    for diagnostic in diagnostics().values()
    for kind in LIVE
    if backends()[kind].questions.intersection(diagnostic.questions)
]
VOLATILE = ("answers", "source", "observed_at")


class Nowhere:
    """Keeps no answer."""

    async def record(self, answer: Answer[Any]) -> str:
        assert encode_answer(answer)
        return "0" * 64


@pytest.fixture(autouse=True)
def _traces_of_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fake_traces, "NOW_US", int(time.time() * 1e6))


@contextmanager
def served(kind: str, folder: Path) -> Iterator[dict[str, Any]]:
    """The settings of a source of that kind whose server is up."""
    match kind:
        case "kubernetes":
            cluster = FakeKubernetes(ill_clinic())
            cluster.logs = {"booking-5d9c-aa1/app/previous": stamped(ago(300), "FATAL: disk quota exceeded").encode()}
            server: Any = cluster
            settings = {"kubeconfig": str(cluster.kubeconfig(folder))}
        case "prometheus":
            server = FakePrometheus()
            server.answer = prometheus_answer
            mapping = folder / "mapping.yaml"
            mapping.write_text(json.dumps({"metrics": [STORAGE]}))
            settings = {"url": server.url, "mapping": str(mapping)}
        case "loki":
            server = FakeLoki(loki_lines())
            settings = {"url": server.url}
        case "jaeger" | "tempo":
            server = (FakeJaeger if kind == "jaeger" else FakeTempo)(spans())
            settings = {"url": server.url}
        case "otlp_files":
            server = None
            lines = [json.dumps({"resourceSpans": [each]}) for each in otlp(spans())]
            (folder / "spans.jsonl").write_text("\n".join(lines) + "\n")
            settings = {"path": str(folder / "spans.jsonl")}
        case _:
            raise AssertionError(f"{kind} has no server here: add one, with something ill of all that it can tell")
    try:
        yield {"kind": kind, **settings}
    finally:
        if server is not None:
            server.close()


def ill_clinic() -> dict[str, list[dict[str, Any]]]:
    """A rollout that was made a quarter of an hour ago, and whose pod crashes."""
    objects = clinic()
    (before,) = objects["replicasets"]
    before["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": "1"}
    template = {"metadata": {"labels": {"app": "booking"}}, "spec": {"containers": [{"name": "app", "image": "app:2"}]}}
    born = ago(BAD_S + 180).strftime("%Y-%m-%dT%H:%M:%SZ")
    of = {"deployment.kubernetes.io/revision": "2"}
    metadata = {**before["metadata"], "name": "booking-7f", "creationTimestamp": born, "annotations": of}
    crashing = pod("booking-5d9c-aa1", ready=False, restarts=3)
    objects["replicasets"].append({**before, "metadata": metadata, "spec": {**before["spec"], "template": template}})
    return {**objects, "pods": [crashing]}


def ago(seconds: float) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=seconds)


def loki_lines() -> list[FakeLine]:
    """A till that can't reach its store since a while; before that it booked."""
    made = []
    for number in range(180):
        age = 20 + 60 * number
        text, level = (
            ("could not connect to books-db: connection refused", "error") if age < BAD_S else ("booked", "info")
        )
        made.append(FakeLine(int((time.time() - age) * 1e9), text, {"service_name": "till", "level": level}))
    return made


def spans() -> list[FakeSpan]:
    """Somebody who calls the till, which fails since a while."""
    made = []
    for number in range(180):
        age, trace = 20 + 60 * number, f"{number + 1:032x}"
        bad = age < BAD_S
        made.append(FakeSpan(trace, f"{1:016x}", "front", "POST /pay", age, 0.3, failed=bad))
        made.append(FakeSpan(trace, f"{2:016x}", "till", "Book", age - 0.01, 0.1, f"{1:016x}", failed=bad))
    return made


def prometheus_answer(path: str, query: str) -> Reply:
    """A till whose requests take ten times as long since a while, an alert about it, and a full pool."""
    now = time.time() // 15 * 15
    if path.endswith("/values"):
        return success(list(NAMES))
    if path.endswith("/buildinfo"):
        return success({"version": "9.8.7"})
    alert = {"alertname": "TillIsSlow", "service": "till", "severity": "critical"}
    if path.endswith("/alerts"):
        began = datetime.fromtimestamp(now - BAD_S + 120, UTC).isoformat()
        return success({"alerts": [{"labels": alert, "annotations": {}, "state": "firing", "activeAt": began}]})
    if path.endswith("/query"):
        return success({"resultType": "vector", "result": [{"metric": {"job": "till"}, "value": [now, "40"]}]})
    times = [now - 60 * number for number in range(7 * 60, -1, -1)]
    if "ALERTS" in query:
        return matrix(({**alert, "alertstate": "firing"}, [moment for moment in times if moment > now - BAD_S + 120]))
    if "_build_info" in query:
        late = [moment for moment in times if moment > now - BAD_S]
        early = [moment for moment in times if moment <= now - BAD_S]
        till = {"cloudops_resource": "till"}
        return matrix(({**till, "version": "1"}, early), ({**till, "version": "2"}, late))
    values = [[moment, "0.9" if moment > now - BAD_S else f"0.0{8 + int(moment / 60) % 2}"] for moment in times]
    name = "orders-db" if STORAGE["series"] in query else "till"
    return success({"resultType": "matrix", "result": [{"metric": {"cloudops_resource": name}, "values": values}]})


def matrix(*rows: tuple[dict[str, str], list[float]]) -> Reply:
    """Series with these labels that are 1 at these times."""
    ones = [{"metric": labels, "values": [[moment, "1"] for moment in times]} for labels, times in rows]
    return success({"resultType": "matrix", "result": ones})


@pytest.fixture(scope="module")
def aws() -> Iterator[FakeAws]:
    """An account with a shop whose database and balancer are ill, an alarm, a function, and lines of an error."""
    with running() as fake:
        fake.places = build_shop(fake, images=("orders:1",))
        build_function(fake)
        write_log(fake, "/ecs/orders", {ago(20 * number): "ERROR: too many clients" for number in range(1, 40)})
        fake.rule = aws_rule(fake.places["balancer"].partition("loadbalancer/")[2], ago(BAD_S))
        yield fake


def aws_rule(balancer: str, onset: datetime) -> Callable[[Call], AwsReply | None]:
    at, front, instance = onset.timestamp(), {"LoadBalancer": balancer}, {"DBInstanceIdentifier": "orders-db"}
    metrics = answering([
        MadeMetric("AWS/ApplicationELB", "RequestCount", front, stepping(600.0, 600.0, at)),
        MadeMetric("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", front, stepping(1.0, 240.0, at)),
        MadeMetric("AWS/RDS", "CPUUtilization", instance, stepping(22.0, 95.0, at)),
        MadeMetric("AWS/RDS", "FreeStorageSpace", instance, stepping(5e9, 1e9, at)),
    ])  # fmt: skip
    alarm = errors_alarm("front-errors", balancer, onset)
    unplaced = "(service orders) failed to launch a task: the vCPU limit of the account was reached."
    service = {
        "serviceArn": SERVICE, "serviceName": "orders", "taskDefinition": "orders:1", "desiredCount": 2,
        "events": [{"id": "1", "createdAt": ago(600), "message": unplaced}],
    }  # fmt: skip
    answers = {
        "DescribeAlarms": documented("cloudwatch", "DescribeAlarms", {"MetricAlarms": [alarm]}),
        "DescribeServices": documented("ecs", "DescribeServices", {"services": [service]}),
    }
    return lambda call: answers.get(call.operation) or metrics(call)


@asynccontextmanager
async def asking(settings: dict[str, Any]) -> AsyncIterator[Telemetry]:
    source = open_source("prod", define_source("prod", settings, {}), SystemClock())
    telemetry = Telemetry(
        [source.backend], Nowhere(), SystemClock(), secrets=source.secrets, budgets=LIVE_BUDGETS, timeout_s=30
    )
    try:
        yield telemetry
    finally:
        await telemetry.close()


async def told_by(diagnostic: Diagnostic, settings: dict[str, Any]) -> list[Fact]:
    window = Window(start=ago(3_600), end=ago(0))
    known: dict[str, Any] = {"window": window, "now": window.end}
    if diagnostic.name in TARGETS:
        known["target"] = TARGETS[diagnostic.name]
    async with asking(settings) as telemetry:
        outputs = diagnostic.run(telemetry, diagnostic.arguments.model_validate(known))
        return [output async for output in outputs if not isinstance(output, Progress)]


@pytest.mark.parametrize(("name", "kind"), CELLS, ids=[f"{name}-{kind}" for name, kind in CELLS])
async def test_each_source_tells_each_diagnostic_what_it_can_answer(
    name: str, kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if kind == "aws":
        facts = await told_by(diagnostics()[name], request.getfixturevalue("aws").settings())
    else:
        with served(kind, tmp_path) as settings:
            facts = await told_by(diagnostics()[name], settings)
    told = [fact for fact in facts if not isinstance(fact, SourceGap) and fact.polarity != "unknown"]
    assert told, [fact.sentence() for fact in facts]


@pytest.mark.parametrize("kind", [kind for kind in LIVE if kind != "aws"])
async def test_what_one_source_told_live_its_export_tells_offline(kind: str, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    with served(kind, tmp_path / "source") as settings:
        sources = SourceDirectory(definitions={"prod": define_source("prod", settings, {})})
        asked = Investigate(query="the till fails", sources=("prod",), confirm=False)
        live = await investigated(tmp_path / "live.db", sources, asked, tmp_path / "export")
    offline = await investigated(
        tmp_path / "offline.db", SourceDirectory(), Investigate(bundle=str(tmp_path / "export"), confirm=False)
    )
    assert live.facts
    assert statements(offline) == statements(live)
    assert ranking(offline) == ranking(live)


async def investigated(store: Path, sources: SourceDirectory, asked: Investigate, export: Path | None = None) -> Any:
    engine = await Engine.open(store, sources)
    try:
        execution_id = await engine.investigate(asked)
        async for _ in follow_investigation(engine, execution_id):
            pass
        if export is not None:
            await export_bundle(engine, execution_id, export)
        return await engine.state(execution_id)
    finally:
        await engine.close()


def statements(state: Any) -> list[str]:
    """What the facts say, without where and when it was asked."""
    told = [each.fact for each in state.current_facts if not isinstance(each.fact, SourceGap)]
    return sorted(json.dumps({"type": fact.type, "says": fact.sentence()}) for fact in told)


def ranking(state: Any) -> list[tuple[str, str | None, float]]:
    return [(each.cause_id, each.resource, round(each.confidence, 3)) for each in state.hypotheses]
