"""Two sources that call one thing by two names: a diagnostic sees one thing, and the facts join."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from primitives.answers import decode_answer, encode_answer
from primitives.clock import ManualClock
from primitives.cross_source_names import CrossSourceNames
from primitives.diagnostics.registry import Arguments, Progress, diagnostics
from primitives.errors import SourceUnreachable
from primitives.facts import Fact, FactBase
from primitives.records import (
    Change,
    Edge,
    KubernetesDump,
    LogRecord,
    Metric,
    Resource,
    Series,
    Span,
    Symptom,
    Topology,
    Window,
)
from primitives.resolver import Tie
from primitives.telemetry import (
    Answer,
    ChangesQuery,
    LogsQuery,
    Query,
    SeriesQuery,
    SpansQuery,
    Telemetry,
    TopologyQuery,
)

NOW = datetime(2026, 3, 10, 14, 45, tzinfo=UTC)
WINDOW = Window(start=NOW - timedelta(hours=1), end=NOW)
BASELINE = Window(start=NOW - timedelta(hours=7), end=WINDOW.start)
API, POD, ADDRESS = "payments/deployment/payments-api", "payments-api-7d9f-x2", "10.4.0.17"
DATABASE_ARN = "arn:aws:rds:eu-west-1:1:db:payments-prod"
LATENCY = Metric(name="latency_p95", kind="latency", unit="s", statistic="p95", worse="higher")
MEMORY = Metric(name="memory", kind="saturation", unit="By", statistic="value", worse="higher")


def series(resource: str, metric: Metric, before: float, after: float) -> Series:
    """A sample a minute from the baseline on; the level changes 20 minutes before now."""
    times = np.arange(BASELINE.start.timestamp(), NOW.timestamp() + 1, 60.0)
    ripple = 1 + 0.01 * np.sin(np.arange(len(times)))
    values = np.where(times < (NOW - timedelta(minutes=20)).timestamp(), before, after) * ripple
    return Series(resource, metric, times, values)


def kubernetes_objects() -> tuple[KubernetesDump, ...]:
    labels = {"app.kubernetes.io/name": "payments-api"}
    spec = {"containers": [{"name": "app", "image": "app:1"}]}
    template = {"metadata": {"labels": labels}, "spec": spec}
    killed = {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-03-10T14:40:00Z"}
    status = {
        "phase": "Running", "podIP": ADDRESS, "startTime": "2026-03-10T06:00:00Z",
        "containerStatuses": [{"name": "app", "ready": False, "restartCount": 4, "lastState": {"terminated": killed},
                               "state": {"waiting": {"reason": "CrashLoopBackOff"}}}],
    }  # fmt: skip
    owned = [{"kind": "Deployment", "name": "payments-api", "controller": True}]
    objects: dict[str, dict[str, Any]] = {
        "deployments": {"kind": "Deployment", "metadata": {"name": "payments-api", "namespace": "payments"},
                        "spec": {"selector": {"matchLabels": labels}, "template": template}},
        "replicasets": {"kind": "ReplicaSet",
                        "metadata": {"name": "payments-api-7d9f", "namespace": "payments", "ownerReferences": owned}},
        "pods": {"kind": "Pod", "spec": spec, "status": status,
                 "metadata": {"name": POD, "namespace": "payments", "labels": labels, "ownerReferences": [
                     {"kind": "ReplicaSet", "name": "payments-api-7d9f", "controller": True}]}},
    }  # fmt: skip
    return tuple(KubernetesDump(time=NOW, kind=kind, items=(item,)) for kind, item in objects.items())


class Backend:
    """A source that holds what a test gives it."""

    def __init__(self, name: str, **records: Iterable[Any]) -> None:
        self.name = name
        self.records = {question: tuple(kept) for question, kept in records.items()}
        self.questions = frozenset(self.records)
        self.asked = 0

    async def ask(self, query: Query) -> Answer[Any]:
        self.asked += 1
        return Answer(query, self.name, "answered", self.records[query.question])

    async def check(self) -> Any: ...

    async def close(self) -> None: ...


class Keeping:
    """Keeps every answer as the engine does."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []

    async def record(self, answer: Answer[Any]) -> str:
        self.kept.append(encode_answer(answer))
        return f"{len(self.kept):064x}"


def metrics(**more: Iterable[Any]) -> Backend:
    topology = Topology(
        resources=(
            Resource(id="payments-api", kind="service"),
            Resource(id="checkout", kind="service"),
            Resource(id="payments-prod", kind="database"),
        ),
        edges=(
            Edge(source="checkout", target="payments-api", kind="calls"),
            Edge(source="payments-api", target="payments-prod", kind="reads"),
        ),
    )
    known: dict[str, Iterable[Any]] = {
        "topology": [topology],
        "series": [series("payments-api", LATENCY, 0.2, 1.5), series("checkout", LATENCY, 0.3, 1.6)],
    }
    return Backend("metrics", **{**known, **more})


def cluster() -> Backend:
    return Backend("cluster", objects=kubernetes_objects())


def telemetry(*backends: Any, recorder: Keeping | None = None) -> Telemetry:
    names = CrossSourceNames(Window(start=BASELINE.start, end=NOW))
    return Telemetry(backends, recorder or Keeping(), ManualClock(NOW), canonicaliser=names)


async def facts_of(ask: Telemetry, *names: str) -> list[Fact]:
    args = Arguments(window=WINDOW, baseline=BASELINE, now=NOW, symptom=Symptom(resource=API))
    return [
        fact
        for name in names
        async for fact in diagnostics()[name].run(ask, args)
        if not isinstance(fact, Progress) and isinstance(fact, FactBase)
    ]


async def test_a_services_metrics_and_its_workloads_state_are_facts_of_one_resource() -> None:
    facts = await facts_of(
        telemetry(metrics(), cluster()), "analyze_utilization", "inspect_workloads", "trace_dependencies"
    )

    about = {fact.source for fact in facts if fact.resource == API and fact.polarity == "present"}
    assert about == {"metrics", "cluster"}
    assert not [fact for fact in facts if "payments-api" in tuple(fact.named_resources())]
    edges = {edge for fact in facts if fact.type == "dependencies" for edge in fact.edges}
    assert ("checkout", API, "calls") in edges


async def test_what_was_tied_is_known_with_its_rule_and_what_is_ambiguous_is_left_alone() -> None:
    second = {"kind": "Deployment", "metadata": {"name": "payments-api", "namespace": "test"}, "spec": {}}
    twice = KubernetesDump(time=NOW, kind="deployments", items=(second,))
    logs = Backend("logs", logs=[
        LogRecord(NOW - timedelta(minutes=1), name, "ERROR", "failed", {}) for name in (POD, "payments-api", "other")
    ])  # fmt: skip
    plain = telemetry(logs, cluster())
    assert plain.ties == ()
    await plain.logs(LogsQuery(window=WINDOW))
    assert plain.ties == (
        Tie("logs", "payments-api", API, "name"),
        Tie("logs", POD, API, "owner"),
    )
    both = telemetry(logs, Backend("cluster", objects=(*kubernetes_objects(), twice)))
    await both.logs(LogsQuery(window=WINDOW))
    assert [(tie.name, tie.resource, tie.candidates) for tie in both.ties] == [
        ("payments-api", None, (API, "test/deployment/payments-api")), (POD, API, ()),
    ]  # fmt: skip


async def test_many_names_of_one_resource_by_one_rule_are_one_tie() -> None:
    objects = [dump for dump in kubernetes_objects() if dump.kind != "pods"]
    (pods,) = [dump for dump in kubernetes_objects() if dump.kind == "pods"]
    several = []
    for number in range(3):
        pod = json.loads(json.dumps(pods.items[0]))
        pod["metadata"]["name"] = f"{POD}-{number}"
        del pod["status"]["podIP"]
        several.append(pod)
    logs = Backend("logs", logs=[
        LogRecord(NOW - timedelta(minutes=1), f"{POD}-{number}", "ERROR", "failed", {}) for number in (2, 0, 1)
    ])  # fmt: skip
    every = KubernetesDump(time=NOW, kind="pods", items=tuple(several))
    ask = telemetry(logs, Backend("cluster", objects=(*objects, every)))
    await ask.logs(LogsQuery(window=WINDOW))
    assert ask.ties == (Tie("logs", f"{POD}-0", API, "owner", more=2),)


async def test_logs_by_pod_or_address_are_their_workloads() -> None:
    def log(resource: str, minutes: float) -> LogRecord:
        return LogRecord(NOW - timedelta(minutes=minutes), resource, "ERROR", "failed", {})

    logs = Backend(
        "logs", logs=[log(POD, 1), log(ADDRESS, 2), log(f"{ADDRESS}:8080", 3), log(ADDRESS, 60 * 24), log("other", 1)]
    )

    answers = await telemetry(metrics(), cluster(), logs).logs(LogsQuery(window=WINDOW))

    # The day before, somebody else may have had the address.
    assert [record.resource for record in answers.records] == [API, API, API, ADDRESS, "other"]


async def test_series_of_pods_keep_their_pods_apart() -> None:
    pods = metrics(series=[series(POD, MEMORY, 1e8, 2e8), series("payments-api", MEMORY, 1e8, 2e8)])

    answers = await telemetry(pods, cluster()).series(SeriesQuery(window=WINDOW))

    assert [one.resource for one in answers.records] == [f"payments/pod/{POD}", API]


async def test_an_arn_and_the_name_in_telemetry_are_one_database() -> None:
    change = Change(time=NOW, resource=DATABASE_ARN, kind="configuration", summary="parameter group changed")
    trail = Backend("trail", changes=[change], topology=[Topology(resources=(Resource(id=DATABASE_ARN),))])

    ask = telemetry(metrics(), trail)

    assert [one.resource for one in (await ask.changes(ChangesQuery(window=WINDOW))).records] == ["payments-prod"]
    topologies = (await ask.topology(TopologyQuery(window=WINDOW))).records
    assert {resource.id for topology in topologies for resource in topology.resources} >= {"payments-prod"}
    assert not any(resource.id == DATABASE_ARN for topology in topologies for resource in topology.resources)


async def test_what_is_recorded_is_what_was_read() -> None:
    recorder = Keeping()

    await telemetry(metrics(), cluster(), recorder=recorder).series(SeriesQuery(window=WINDOW))

    kept = [decode_answer(data) for data in recorder.kept]
    assert [one.resource for answer in kept for one in answer.records] == [API, "checkout"]
    # The topology and the objects that the names came from are recorded when a diagnostic asks for them.
    assert {answer.query.question for answer in kept} == {"series"}


async def test_one_source_keeps_its_identifiers() -> None:
    alone = metrics(objects=kubernetes_objects())
    ask = telemetry(alone)

    answers = await ask.series(SeriesQuery(window=WINDOW))

    assert answers.records == alone.records["series"]
    assert alone.asked == 1


async def test_two_things_of_one_source_are_never_joined() -> None:
    topology = Topology(resources=(Resource(id="payments-api"), Resource(id=API)))
    both = metrics(topology=[topology])

    answers = await telemetry(both, cluster()).topology(TopologyQuery(window=WINDOW))

    assert {resource.id for one in answers.records for resource in one.resources} == {"payments-api", API}


async def test_a_source_that_fails_leaves_the_names_of_the_others() -> None:
    class Failing(Backend):
        async def ask(self, query: Query) -> Answer[Any]:
            raise SourceUnreachable(self.name, "connection refused")

    answers = await telemetry(metrics(), Failing("cluster", objects=[])).series(SeriesQuery(window=WINDOW))

    assert [one.resource for one in answers.records] == ["payments-api", "checkout"]


async def test_names_that_cannot_be_joined_are_said_to_be_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise IndexError("list index out of range")

    monkeypatch.setattr("primitives.cross_source_names.build_resolver", failing)

    answers = await telemetry(metrics(), cluster()).topology(TopologyQuery(window=WINDOW))

    assert [part.status for part in answers.gaps] == ["partial"]
    assert "were not joined (IndexError" in (answers.gaps[0].detail or "")


async def test_spans_keep_all_but_their_resource() -> None:
    span = Span("t", "s", None, "payments-api", "GET /", NOW, 0.5, "ok", {"http.route": "/"})

    answers = await telemetry(metrics(spans=[span]), cluster()).spans(SpansQuery(window=WINDOW))

    assert answers.records == (replace(span, resource=API),)
