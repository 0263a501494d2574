"""One analyzer's failure costs its own findings and is said as a gap; names of any look don't fail any."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes_objects import API, NOW, NS, WINDOW, deployment, pod, replica_set, service, waiting

import primitives.kubernetes.links as links_module
from primitives.clock import ManualClock
from primitives.diagnostics import analyze_logs as logs_module
from primitives.diagnostics import inspect_workloads as module
from primitives.diagnostics.registry import Arguments, Progress
from primitives.facts import Dependencies, Fact, LogPattern, SourceGap, WorkloadState
from primitives.kubernetes import inspection
from primitives.kubernetes.analysis import FAMILIES
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.supervision import Analyzers
from primitives.records import ContainerLog, Edge, KubernetesDump, Resource, Topology
from primitives.telemetry import Answer, Query, Telemetry

OBJECTS = (replica_set(), deployment(), service(), pod(statuses=[waiting("CrashLoopBackOff")]))
PLURALS = {"ReplicaSet": "replicasets", "Deployment": "deployments", "Service": "services", "Pod": "pods"}


class Recorded:
    name = "recorded"
    questions = frozenset({"objects", "topology"})

    def __init__(self, topology: Topology | None) -> None:
        dumps = tuple(KubernetesDump(time=NOW, kind=PLURALS[item["kind"]], items=(item,)) for item in OBJECTS)
        self.records: dict[str, tuple[Any, ...]] = {"objects": dumps, "topology": (topology,) if topology else ()}

    async def ask(self, query: Query) -> Answer[Any]:
        return Answer(query, self.name, "answered", self.records[query.question])

    async def close(self) -> None: ...


class Forgetting:
    async def record(self, answer: Answer[Any]) -> str:
        return "ab" * 32


async def inspected(topology: Topology | None = None) -> list[Fact]:
    ask = Telemetry([Recorded(topology)], Forgetting(), ManualClock(WINDOW.end))  # type: ignore[list-item]
    args = Arguments(window=WINDOW, now=WINDOW.end)
    return [fact async for fact in module.inspect_workloads(ask, args) if not isinstance(fact, Progress)]


def failing(_: Cluster) -> Iterator[Finding]:
    raise IndexError("list index out of range")


@pytest.mark.parametrize("position", range(len(FAMILIES)))
async def test_a_failing_family_costs_its_own_findings_only(position: int, monkeypatch: pytest.MonkeyPatch) -> None:
    name = FAMILIES[position][0]
    families = (*FAMILIES[:position], (name, failing), *FAMILIES[position + 1 :])
    monkeypatch.setattr(inspection, "FAMILIES", families)

    facts = await inspected()

    gaps = [fact for fact in facts if isinstance(fact, SourceGap) and "analysis" in fact.detail]
    assert [gap.polarity for gap in gaps] == ["unknown"]
    assert f"the analysis of {name} failed (IndexError: list index out of range)" in gaps[0].sentence()
    assert gaps[0].withheld
    crashes = [fact for fact in facts if isinstance(fact, WorkloadState) and fact.state == "CrashLoopBackOff"]
    assert bool(crashes) == (name != "pods")


@pytest.mark.parametrize("step", ["merge", "find_rollouts", "find_links", "healthy"])
async def test_what_comes_after_the_findings_may_fail_too(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, step, failing if step != "healthy" else lambda *_: failing(None))  # type: ignore[arg-type]
    if step == "merge":
        monkeypatch.setattr(inspection, step, lambda *_: failing(None))  # type: ignore[arg-type]

    facts = await inspected()

    assert [fact for fact in facts if isinstance(fact, WorkloadState) and fact.state == "CrashLoopBackOff"]
    assert len([fact for fact in facts if isinstance(fact, SourceGap) and "analysis" in fact.detail]) == 1


async def test_callers_without_a_path_in_their_name_are_linked() -> None:
    topology = Topology(
        resources=(Resource(id="frontend", kind="service"), Resource(id=API, kind="workload")),
        edges=(Edge(source="frontend", target=API, kind="calls"),),
    )

    facts = await inspected(topology)

    links = [fact for fact in facts if isinstance(fact, Dependencies)]
    assert ("frontend", "shop/service/api", "calls") in links[0].edges
    assert links[0].resources["frontend"] == "workload"
    assert not [fact for fact in facts if isinstance(fact, SourceGap) and "analysis" in fact.detail]


def test_what_was_found_before_a_failure_is_kept() -> None:
    def half() -> Iterator[int]:
        yield 1
        raise ValueError("half way")

    analyzers = Analyzers()

    assert analyzers.run("numbers", half) == [1]
    assert analyzers.failed == {"numbers": "ValueError: half way"}


async def test_services_that_cannot_be_analysed_leave_the_logs_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links_module, "misleading_services", failing)
    logs = ContainerLog(namespace=NS, pod="api-1", container="api", text="ERROR connection refused by postgres:5432")
    backend = Recorded(None)
    backend.questions |= {"container_logs"}
    backend.records["container_logs"] = (logs,)
    ask = Telemetry([backend], Forgetting(), ManualClock(WINDOW.end))  # type: ignore[list-item]
    args = Arguments(window=WINDOW, now=WINDOW.end)

    facts = [fact async for fact in logs_module.analyze_logs(ask, args) if not isinstance(fact, Progress)]

    assert [fact.resource for fact in facts if isinstance(fact, LogPattern)] == [API]
    assert [fact.detail for fact in facts if isinstance(fact, SourceGap) and "misleading services" in fact.detail]
