"""The diagnostic on recorded and generated clusters: what the data sets tell, limits, speed, and hostile objects."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kubernetes_objects import (
    NOW,
    NS,
    WINDOW,
    cluster_of,
    container,
    deployment,
    ended,
    event,
    node,
    pod,
    replica_set,
    running,
    service,
    waiting,
)

from primitives.clock import ManualClock
from primitives.diagnostics.inspect_workloads import inspect_workloads
from primitives.diagnostics.registry import Arguments, Progress
from primitives.errors import SourceDenied
from primitives.facts import Fact, ProbeResult, SourceGap, WorkloadState
from primitives.kubernetes.analysis import MOST_FINDINGS, analyse, healthy
from primitives.kubernetes.cluster import Cluster
from primitives.records import ContainerLog, KubernetesDump, Probe, Symptom, Topology, Window
from primitives.telemetry import Answer, Query, Telemetry

SHARED = Path(__file__).parents[2].parent / "shared"
BUNDLES = SHARED / "datasets" / "kubernetes-and-databases"
PAYLOAD = json.loads((SHARED / "payloads" / "kubernetes_objects.json").read_text())
OBJECTS: dict[str, list[dict[str, Any]]] = {kind: answer["items"] for kind, answer in PAYLOAD.items()}


class Recorded:
    """A backend that holds what a test gives it."""

    name = "recorded"
    questions = frozenset({"objects", "container_logs", "probes", "topology"})

    def __init__(self, **records: Iterable[Any]) -> None:
        self.records = {question: tuple(found) for question, found in records.items()}

    async def ask(self, query: Query) -> Answer[Any]:
        found = self.records.get(query.question)
        if found is None:
            return Answer(query, self.name, "not_recorded")
        return Answer(query, self.name, "answered", found)

    async def close(self) -> None: ...


class Denying(Recorded):
    async def ask(self, query: Query) -> Answer[Any]:
        raise SourceDenied("cluster", 'pods is forbidden: User "x" cannot list')


class Forgetting:
    async def record(self, answer: Answer[Any]) -> str:
        return "ab" * 32


async def inspected(backend: Recorded, window: Window = WINDOW, **told: Any) -> list[Fact]:
    ask = Telemetry([backend], Forgetting(), ManualClock(window.end))
    args = Arguments(window=window, now=window.end, **told)
    found: AsyncIterator[Any] = inspect_workloads(ask, args)
    return [fact async for fact in found if not isinstance(fact, Progress)]


def dump(kind: str, *items: Any, at: datetime = NOW) -> KubernetesDump:
    return KubernetesDump(time=at, kind=kind, items=items)


def read_bundle(folder: Path) -> tuple[Recorded, Window, dict[str, Any]]:
    incident = yaml.safe_load((folder / "incident.yaml").read_text())
    dumps, logs = [], []
    for path in sorted(folder.glob("kubernetes/*/*.json")):
        moment = datetime.strptime(path.parent.name, "%Y-%m-%dT%H-%M-%SZ").replace(tzinfo=UTC)
        dumps.append(KubernetesDump(time=moment, kind=path.stem, items=tuple(json.loads(path.read_text())["items"])))
    for path in sorted(folder.glob("kubernetes/logs/*.log")):
        namespace, name, container_name = path.stem.split("_")
        logs.append(ContainerLog(namespace=namespace, pod=name, container=container_name, text=path.read_text()))
    topology = folder / "topology.yaml"
    topologies = [Topology.model_validate(yaml.safe_load(topology.read_text()))] if topology.exists() else []
    records: dict[str, Any] = {"objects": dumps, "topology": topologies, **({"container_logs": logs} if logs else {})}
    return Recorded(**records), Window.model_validate(incident["window"]), incident


# What each cause must show itself by, from the states' own meanings; the answers stand in the bundles' truth.yaml.
TELLING = {
    "out_of_memory_killed": {"OOMKilled"},
    "node_selector_mismatch": {"NodeSelectorMismatch"},
    "image_registry_unreachable": {"ImageRegistryUnreachable"},
    "dependency_unavailable": {"JobFailed"},
    "rollout_stuck": {"ProgressDeadlineExceeded", "CrashLoopBackOff"},
    "recovered": {"Recovered"},
}
RECORDED = sorted(path.parent for path in BUNDLES.glob("*/kubernetes"))


@pytest.mark.parametrize("folder", RECORDED, ids=lambda path: path.name)
async def test_each_recorded_cluster_tells_its_cause_on_its_resource(folder: Path) -> None:
    backend, window, incident = read_bundle(folder)
    symptom = Symptom.model_validate(incident["symptom"]) if "symptom" in incident else None
    facts = await inspected(backend, window, symptom=symptom)
    truth = yaml.safe_load((folder / "truth.yaml").read_text())["root_causes"]
    states = {
        (fact.state, fact.resource) for fact in facts if isinstance(fact, WorkloadState) and fact.polarity == "present"
    }
    wanted = TELLING.get(truth[0]["cause_id"], set())
    for state in wanted:
        assert any(state == name and truth[0].get("resource") in (None, resource) for name, resource in states), states
    if not wanted:  # the fault is in the logs alone: the objects are well, and say so
        assert not states
        assert [f.resource for f in facts if isinstance(f, WorkloadState) and f.polarity == "absent"]


async def test_a_crashing_container_s_log_says_of_which_family_its_error_is() -> None:
    backend, window, _ = read_bundle(BUNDLES / "opensre-eks-008")
    states = [fact for fact in await inspected(backend, window) if isinstance(fact, WorkloadState)]
    (crash,) = (fact for fact in states if fact.state == "CrashLoopBackOff")
    assert "missing_configuration" in crash.details["log_families"]
    assert (crash.details["revision"], crash.count, crash.trust) == ("newest", 2, "measured")


async def test_a_real_api_server_s_objects_are_read() -> None:
    moment = datetime(2026, 11, 23, 20, 50, tzinfo=UTC)
    dumps = [dump(kind, *items, at=moment) for kind, items in OBJECTS.items()]
    facts = await inspected(Recorded(objects=dumps), Window(start=moment - timedelta(hours=1), end=moment))
    assert {fact.resource for fact in facts if isinstance(fact, WorkloadState)} == {"shop/deployment/web"}


async def test_without_dumps_there_is_one_gap() -> None:
    (gap,) = await inspected(Recorded())
    assert isinstance(gap, SourceGap)
    assert (gap.question, gap.status, gap.sentence()) == ("objects", "not_recorded", "no objects were recorded")


async def test_a_refusal_is_a_gap_that_says_so() -> None:
    gaps = await inspected(Denying())
    assert {(gap.question, gap.status) for gap in gaps if isinstance(gap, SourceGap)} == {
        ("objects", "denied"), ("probes", "denied"),
    }  # fmt: skip


async def test_a_long_pull_error_ends_in_the_registry_s_own_words() -> None:
    backend, window, _ = read_bundle(BUNDLES / "holmes-54-namespace")
    (pull,) = (fact for fact in await inspected(backend, window) if isinstance(fact, WorkloadState))
    assert pull.sentence().endswith("no such host)")


async def test_probes_become_facts_the_newest_of_each_and_failures_first() -> None:
    results = [
        Probe(
            time=NOW - timedelta(minutes=9), resource="node/n1", probe="node_service", target="kubelet", result="active"
        ),
        Probe(time=NOW, resource="node/n1", probe="node_service", target="kubelet", result="inactive (dead)"),
        Probe(time=NOW, resource="shop/service/a", probe="tcp_connect", target="a:80", result="open"),
        Probe(time=NOW, resource="shop/service/b", probe="tcp_connect", target="b:80", result="partly open"),
    ]
    facts = [fact for fact in await inspected(Recorded(probes=results)) if isinstance(fact, ProbeResult)]
    assert [(f.resource, f.result, f.healthy) for f in facts] == [
        ("node/n1", "inactive (dead)", False), ("shop/service/b", "partly open", False), ("shop/service/a", "open", True),  # noqa: E501
    ]  # fmt: skip


async def test_health_is_said_only_where_the_pods_were_dumped() -> None:
    objects = [dump("deployments", deployment()), dump("nodes", node())]
    assert [f.resource for f in await inspected(Recorded(objects=objects))] == ["node/n1"]
    facts = await inspected(Recorded(objects=[*objects, dump("pods", pod()), dump("replicasets", replica_set())]))
    assert {(f.resource, f.polarity) for f in facts if isinstance(f, WorkloadState)} == {
        ("node/n1", "absent"), ("shop/deployment/api", "absent"),
    }  # fmt: skip


async def test_health_is_said_of_the_symptom_s_neighbours_only() -> None:
    pods = [pod(), pod("far-1", owner="StatefulSet/far", namespace="other", node="n9")]
    objects = [dump("pods", *pods), dump("replicasets", replica_set()), dump("nodes", node(), node("n9"))]
    facts = await inspected(Recorded(objects=objects), symptom=Symptom(resource="shop/pod/api-1"))
    assert [f.resource for f in facts] == ["node/n1", "shop/deployment/api"]


async def test_a_message_that_would_drive_the_terminal_is_made_safe() -> None:
    hostile = pod(statuses=[waiting("CrashLoopBackOff", "\x1b]52;c;aGk=\x07x" * 100)], owner=None)
    (fact, *_) = await inspected(Recorded(objects=[dump("pods", hostile)]))
    assert isinstance(fact, WorkloadState)
    assert "\x1b" not in fact.message
    assert len(fact.message) <= 400


def big_cluster(pods: int) -> Cluster:
    crashed = [waiting("CrashLoopBackOff", restartCount=5, lastState={"terminated": ended(1)})]
    spec = container(
        env=[{"name": "DB_HOST", "value": "db"}],
        ports=[{"containerPort": 80}],
        livenessProbe={"tcpSocket": {"port": 81}},
    )
    objects = [node(f"n{i}") for i in range(50)]
    for i in range(100):
        objects += [deployment(f"w{i}"), replica_set(f"w{i}-a", deployment=f"w{i}"), service(f"w{i}", {"app": f"w{i}"})]
    for i in range(pods):
        app = f"w{i % 100}"
        states = crashed if i % 2 else [running(ready=bool(i % 3), restartCount=3)]
        objects.append(
            pod(
                f"{app}-{i}",
                states,
                owner=f"ReplicaSet/{app}-a",
                labels={"app": app},
                containers=[spec],
                node=f"n{i % 50}",
            )
        )
        if i % 2:
            objects.append(event("BackOff", "Back-off restarting failed container", about=f"Pod/{app}-{i}"))
    return cluster_of(objects)


def test_five_thousand_pods_become_few_findings() -> None:
    cluster = big_cluster(5000)
    found = analyse(cluster)
    healthy(cluster, found)
    assert len(found) <= MOST_FINDINGS
    crashes = [f for f in found if f.state == "CrashLoopBackOff"]
    assert {f.count for f in crashes} == {50}
    assert all(len(f.details["objects"]) == 10 for f in crashes)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats()
    | st.sampled_from(["", "x", "80", "2026-01-01T00:00:00Z", "\x00", "10Gi"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "kind", "x", ""]), inner, max_size=3)
    ),
    max_leaves=5,
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    if isinstance(value, dict):
        found += [p for key, item in value.items() for p in paths(item, (*path, key))]
    elif isinstance(value, list):
        found += [p for index, item in enumerate(value) for p in paths(item, (*path, index))]
    return found


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    head, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {key: replaced(item, rest, new) if key == head else item for key, item in value.items()}
    return [replaced(item, rest, new) if index == head else item for index, item in enumerate(value)]


def seeds() -> list[dict[str, Any]]:
    """Real objects of an API server, and the small ones of every family's cases."""
    from kubernetes_cases import CASES

    cases = CASES
    small = [dict(item) for case in cases for item in case.objects]
    return [{"kind": kind[:-1].capitalize(), **item} for kind, items in OBJECTS.items() for item in items[:2]] + small


SEEDS = seeds()


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_mutation_of_objects_raises(data: st.DataObject) -> None:
    items = data.draw(st.lists(st.sampled_from(SEEDS), min_size=1, max_size=5))
    mutated = []
    for item in items:
        for _ in range(data.draw(st.integers(0, 4))):
            path = data.draw(st.sampled_from(paths(item)[1:]))
            item = replaced(item, path, data.draw(JSON))  # noqa: PLW2901
        mutated.append(item)
    dumps = [KubernetesDump(time=NOW, kind=kind, items=tuple(mutated)) for kind in ("pods", "things")]
    logs = [ContainerLog(namespace=NS, pod="api-1", container="api", text="panic: x\nbind: address already in use")]
    cluster = Cluster(dumps, WINDOW, [], logs)
    found = analyse(cluster)
    healthy(cluster, found)
    json.dumps([dict(f.details) for f in found])
