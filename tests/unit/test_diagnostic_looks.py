"""Looks: diagnostics that a person runs on one target. They tell what is there, say what can't be asked, and weigh
nothing by themselves."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from incident_facts import STORY, concluded, opened
from kubernetes_objects import NOW, WINDOW, ago, container, obj, pod, waiting

from engine.act.targeted_diagnostics import targeted_step
from engine.incident import IncidentState
from engine.investigate.plan import propose_plan
from engine.reason import rank
from engine.reason.next_question import questions
from engine.state.investigation import Step
from primitives.clock import ManualClock
from primitives.diagnostics.registry import Arguments, Progress, diagnostics
from primitives.errors import SourceDenied, UsageError
from primitives.facts import NEUTRAL_KINDS, Fact, Observed, SourceGap, WorkloadState
from primitives.records import ConfigurationSnapshot, KubernetesDump, Metric, Observation, Series
from primitives.telemetry import Answer, BackendStatus, Query, Telemetry

LOOKS = ("choose_revision", "inspect_database", "inspect_function", "inspect_object", "inspect_storage")
WORKLOAD = {"namespace": "shop", "kind": "deployment", "name": "api"}


class Held:
    """A source that holds these records, by question; with `denied` it refuses everything."""

    name = "held"
    questions = frozenset(("objects", "observations", "configuration", "series"))

    def __init__(self, *, denied: bool = False, **records: Any) -> None:
        self.records = records
        self.denied = denied

    async def ask(self, query: Query) -> Answer[Any]:
        if self.denied:
            raise SourceDenied(self.name, "you may not")
        held = self.records.get(query.question)
        return Answer(query, self.name, "not_recorded" if held is None else "answered", tuple(held or ()))

    async def check(self) -> BackendStatus:
        return BackendStatus(self.name, "reachable")

    async def close(self) -> None: ...


class Forgetting:
    async def record(self, answer: Answer[Any]) -> str:
        return "ab" * 32


async def looked(name: str, target: dict[str, Any], source: Held) -> list[Fact]:
    diagnostic = diagnostics()[name]
    args = diagnostic.arguments.model_validate({"window": WINDOW, "now": NOW, "target": target})
    ask = Telemetry([source], Forgetting(), ManualClock(NOW))
    return [fact async for fact in diagnostic.run(ask, args) if not isinstance(fact, Progress)]


def subjects(facts: list[Fact], kind: str) -> list[str]:
    return [fact.subject for fact in facts if isinstance(fact, Observed) and fact.kind == kind]


def dumps(**items: list[Any]) -> list[KubernetesDump]:
    return [KubernetesDump(time=NOW, kind=kind, items=tuple(found)) for kind, found in items.items()]


def replica_set(number: int, minutes: float, image: str, cause: str = "") -> dict[str, Any]:
    annotations = {"deployment.kubernetes.io/revision": str(number)}
    if cause:
        annotations["kubernetes.io/change-cause"] = cause
    return obj(
        "ReplicaSet", f"api-{number}",
        metadata={
            "creationTimestamp": ago(minutes), "annotations": annotations,
            "ownerReferences": [{"kind": "Deployment", "name": "api", "controller": True}],
        },
        spec={"template": {"spec": {"containers": [container(image=image)]}}},
    )  # fmt: skip


async def test_revisions_are_listed_newest_first_with_what_each_changed() -> None:
    sets = [replica_set(1, 600, "api:1"), replica_set(2, 60, "api:2", "new prices"), replica_set(3, 5, "api:3")]
    source = Held(objects=dumps(deployments=[obj("Deployment", "api")], replicasets=sets))
    told = subjects(await looked("choose_revision", WORKLOAD, source), "revision")
    assert told == [
        "revision 3 of 2026-03-10 14:40; image api:2 → api:3",
        "revision 2 of 2026-03-10 13:45; image api:1 → api:2; new prices",
        "revision 1 of 2026-03-10 04:45",
    ]


async def test_an_object_is_told_by_its_states_events_and_conditions_and_no_others() -> None:
    event = obj(
        "Event", "e1", involvedObject={"kind": "Pod", "namespace": "shop", "name": "api-1"}, reason="BackOff",
        message="Back-off restarting failed container", count=7, lastTimestamp=ago(2), type="Warning",
    )  # fmt: skip
    condition = {
        "type": "DisruptionTarget",
        "status": "False",
        "reason": "ContainersNotReady",
        "message": "api isn't ready",
    }
    sick = pod("api-1", [waiting("CrashLoopBackOff", restartCount=9)], conditions=[condition])
    other = pod("web-1", [waiting("ImagePullBackOff")], owner=None)
    source = Held(objects=dumps(pods=[sick, other], events=[event]))
    facts = await looked("inspect_object", {"namespace": "shop", "kind": "pod", "name": "api-1"}, source)
    assert subjects(facts, "kubernetes_event") == ["BackOff: Back-off restarting failed container (7 times)"]
    assert "DisruptionTarget is False (ContainersNotReady: api isn't ready)" in subjects(facts, "kubernetes_condition")
    states = {(fact.object, fact.state) for fact in facts if isinstance(fact, WorkloadState)}
    assert ("shop/pod/api-1", "CrashLoopBackOff") in states
    assert {name for name, _ in states} == {"shop/pod/api-1"}


async def test_a_name_alone_is_found_in_every_namespace() -> None:
    condition = {"type": "Available", "status": "True"}
    there = [obj("Deployment", "api", namespace, status={"conditions": [condition]}) for namespace in ("shop", "stage")]
    facts = await looked("inspect_object", {"name": "api"}, Held(objects=dumps(deployments=there)))
    assert {fact.resource for fact in facts if isinstance(fact, Observed)} == {
        "shop/deployment/api", "stage/deployment/api",
    }  # fmt: skip


async def test_an_object_that_is_not_there_is_said_so() -> None:
    facts = await looked("inspect_object", WORKLOAD, Held(objects=dumps(pods=[pod("web-1")])))
    assert subjects(facts, "kubernetes_object") == ["is not among the objects that were read"]


async def test_a_database_is_told_by_what_was_observed_of_it_and_its_newest_settings() -> None:
    seen = {"name": "Lock:relation", "db_load_avg": 3.5}
    source = Held(
        observations=[
            Observation(time=NOW - timedelta(minutes=5), resource="orders", kind="wait_event", data=seen),
            Observation(time=NOW - timedelta(minutes=4), resource="other", kind="wait_event", data=seen),
        ],
        configuration=[
            ConfigurationSnapshot(time=NOW - timedelta(hours=age), resource="orders", kind="db_instance",
                                  document={"max_connections": 100 * age, "tags": [{"team": "pay"}]})
            for age in (2, 1)
        ],
    )  # fmt: skip
    facts = await looked("inspect_database", {"instance": "orders"}, source)
    assert subjects(facts, "wait_event") == ["Lock:relation"]
    assert subjects(facts, "setting") == ["max_connections is 100", "tags.0.team is pay"]
    assert {fact.resource for fact in facts} == {"orders"}


async def test_an_instance_of_the_same_name_in_another_region_is_another() -> None:
    arn = "arn:aws:rds:eu-west-1:123456789012:db:orders"
    source = Held(observations=[Observation(time=NOW, resource=arn, kind="event", data={"message": "restarted"})])
    here = await looked("inspect_database", {"instance": "orders", "region": "eu-west-1"}, source)
    there = await looked("inspect_database", {"instance": "orders", "region": "us-east-1"}, source)
    assert subjects(here, "event") == ["restarted"]
    assert subjects(there, "event") == []


async def test_storage_is_told_by_its_newest_reading_its_limit_and_its_settings() -> None:
    metric = Metric(
        name="free_storage_space", kind="saturation", unit="By", statistic="average", worse="lower", limit=8e9
    )
    times = np.array([(NOW - timedelta(minutes=minutes)).timestamp() for minutes in (2, 1)])
    document = {"AllocatedStorage": 8, "EngineVersion": "15"}
    source = Held(
        series=[Series("orders", metric, times, np.array([3e8, 2e8]))],
        configuration=[ConfigurationSnapshot(time=NOW, resource="orders", kind="db_instance", document=document)],
    )
    facts = await looked("inspect_storage", {"instance": "orders"}, source)
    (reading,) = [fact for fact in facts if isinstance(fact, Observed) and fact.kind == "reading"]
    assert (reading.subject, reading.value, reading.unit) == ("free_storage_space", 2e8, "By")
    assert reading.details == {"limit": 8e9}
    assert subjects(facts, "setting") == ["AllocatedStorage is 8"]


async def test_a_function_is_told_by_its_settings() -> None:
    document = {"Timeout": 3, "MemorySize": 128}
    source = Held(configuration=[ConfigurationSnapshot(time=NOW, resource="pay", kind="function", document=document)])
    facts = await looked("inspect_function", {"function": "pay"}, source)
    assert subjects(facts, "setting") == ["Timeout is 3", "MemorySize is 128"]


TARGETS = {
    "choose_revision": WORKLOAD,
    "inspect_object": WORKLOAD,
    "inspect_database": {"instance": "orders"},
    "inspect_storage": {"instance": "orders"},
    "inspect_function": {"function": "pay"},
}


@pytest.mark.parametrize("name", LOOKS)
async def test_a_look_says_when_a_source_refuses(name: str) -> None:
    gaps = [fact for fact in await looked(name, TARGETS[name], Held(denied=True)) if isinstance(fact, SourceGap)]
    assert gaps
    assert {gap.status for gap in gaps} == {"denied"}


def test_no_plan_and_no_next_question_takes_a_look() -> None:
    state = concluded(STORY)
    assert state.opened is not None
    assert state.classification is not None
    scope = Arguments(window=state.opened.window, now=state.opened.now)
    first = state.steps["S1"]
    first.plan = first.plan.model_copy(update={"arguments": scope.model_dump(mode="json", by_alias=True)})
    everything = {question for diagnostic in diagnostics().values() for question in diagnostic.questions}
    planned = {step.primitive for step in propose_plan(state.classification, scope, everything, diagnostics())}
    asked = {question.primitive for question in questions(state, diagnostics())}
    assert not (planned | asked) & set(LOOKS)
    assert {name for name, diagnostic in diagnostics().items() if diagnostic.on_request} == set(LOOKS)


def test_nothing_is_concluded_from_a_setting_or_an_event() -> None:
    before = concluded(STORY)
    for kind in sorted(NEUTRAL_KINDS):
        told = Observed(kind=kind, subject="storage full, too many connections, replica failover", resource="db",
                        observed_at=NOW, source="held")  # fmt: skip
        after: IncidentState = concluded((*STORY, told))
        assert [(item.id, item.confidence) for item in rank(after).hypotheses] == [
            (item.id, item.confidence) for item in rank(before).hypotheses
        ]


# the step that runs a look


def planned(**opened_more: Any) -> IncidentState:
    state = concluded(STORY, opened(**opened_more))
    assert state.opened is not None
    scope = Arguments(window=state.opened.window, now=state.opened.now)
    first = state.steps["S1"]
    first.plan = first.plan.model_copy(update={"arguments": scope.model_dump(mode="json", by_alias=True)})
    return state


def test_the_step_of_a_look_has_the_plans_time_and_the_target() -> None:
    state = planned()
    action = next(action for action in state.actions if action.primitive == "inspect_database")
    step = targeted_step(state, action.primitive, action.arguments)
    assert (step.id, step.primitive, step.target, step.effect) == ("S2", "inspect_database", "db", "read")
    arguments = diagnostics()["inspect_database"].arguments.model_validate(step.arguments)
    assert arguments.window == state.opened.window  # type: ignore[union-attr]
    assert step.arguments["target"]["instance"] == "db"
    assert targeted_step(state, "inspect_object", WORKLOAD).target == "shop/deployment/api"


@pytest.mark.parametrize(
    ("primitive", "target", "words"),
    [
        ("reboot_database", {"instance": "db"}, "reboot_database is no look; there are choose_revision, "),
        ("compare_baseline", {}, "compare_baseline is no look"),
        ("inspect_database", {}, "inspect_database can't look at that: instance: Field required"),
        ("inspect_database", {"instance": "db", "x": 1}, "x: Extra inputs"),
        ("choose_revision", {**WORKLOAD, "kind": "pod"}, "kind: Input should be"),
    ],
)
def test_what_can_not_be_looked_at_is_refused(primitive: str, target: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=re.escape(words)):
        targeted_step(planned(), primitive, target)


def test_a_recorded_incident_is_looked_at_once_and_a_live_one_again() -> None:
    for origin, refused in (("recorded", True), ("live", False)):
        state = planned(origin=origin)
        step = targeted_step(state, "inspect_database", {"instance": "db"})
        state.steps[step.id] = Step(step, added=True, status="completed")
        if refused:
            with pytest.raises(UsageError, match="S2 looked at that"):
                targeted_step(state, "inspect_database", {"instance": "db"})
        else:
            assert targeted_step(state, "inspect_database", {"instance": "db"}).id == "S3"
        assert targeted_step(state, "inspect_database", {"instance": "other"}).id == "S3"
        state.steps[step.id].status = "running"
        with pytest.raises(UsageError, match="S2 looks at that already"):
            targeted_step(state, "inspect_database", {"instance": "db"})
