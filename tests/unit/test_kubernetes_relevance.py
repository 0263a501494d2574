"""What findings have to do with now: events that something undid, and settings that look wrong and hurt nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from kubernetes_objects import (
    NOW,
    WINDOW,
    ago,
    cluster_of,
    container,
    deployment,
    event,
    node,
    obj,
    pod,
    replica_set,
    running,
    service,
    waiting,
)

from primitives.kubernetes.analysis import analyse
from primitives.kubernetes.cluster import Check, Cluster
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.relevance import nearly_spells
from primitives.records import KubernetesDump

Objects = tuple[Mapping[str, Any], ...]

NO_ACCOUNT = 'pods "{0}-" is forbidden: error looking up service account shop/{0}: serviceaccount "{0}" not found'
FULL = 'pods "{0}-x" is forbidden: exceeded quota: {1}, requested: pods=1, used: pods=5, limited: pods=5'


def labelled(name: str, *, env: Mapping[str, str] | None = None, ready: bool = True, **fields: Any) -> Objects:
    """A Deployment with its ReplicaSet and one pod, which is well or crashes."""
    spec = container(name, env=[{"name": key, "value": value} for key, value in (env or {}).items()])
    crash = waiting("CrashLoopBackOff", name=name, restartCount=6)
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [spec]}}
    counts = {"replicas": 1, "readyReplicas": int(ready)}
    return (
        deployment(name, ready=int(ready), template=template),
        replica_set(f"{name}-7d", deployment=name, template=template, status=counts),
        pod(
            f"{name}-7d-q8", [running(name)] if ready else [crash], containers=[spec], owner=f"ReplicaSet/{name}-7d",
            labels={"app": name}, **fields,
        ),
    )  # fmt: skip


def of(objects: Objects, state: str, *checks: Check) -> list[Finding]:
    known = cluster_of(objects)
    cluster = Cluster(_dumps(objects), WINDOW, (), (), checks) if checks else known
    return [finding for finding in analyse(cluster) if finding.state == state]


def _dumps(objects: Objects) -> list[KubernetesDump]:
    return [KubernetesDump(time=NOW, kind=f"{item['kind'].lower()}s", items=(item,)) for item in objects]


def created(name: str, minutes: float) -> Mapping[str, Any]:
    return obj("ServiceAccount", name, metadata={"creationTimestamp": ago(minutes)})


@pytest.mark.parametrize(
    ("objects", "rule"),
    [
        pytest.param(
            (*labelled("booking"), event("FailedCreate", NO_ACCOUNT.format("booking"), "ReplicaSet/booking-7d")),
            "recovered",
            id="a controller that has its replicas",
        ),
        pytest.param(
            (
                replica_set("meter-7d", deployment="meter", status={"replicas": 0}),
                created("meter", 3),
                event("FailedCreate", NO_ACCOUNT.format("meter"), "ReplicaSet/meter-7d", minutes=3),
            ),
            "exists",
            id="an account that exists now",
        ),
        pytest.param(
            (
                replica_set("ward-7d", replicas=3, deployment="ward", status={"replicas": 1}),
                event("FailedCreate", NO_ACCOUNT.format("ward"), "ReplicaSet/ward-7d", minutes=9),
                event("FailedCreate", FULL.format("ward", "beds"), "ReplicaSet/ward-7d", minutes=1),
            ),
            "superseded",
            id="an older reason of a controller that is refused for another now",
        ),
        pytest.param(
            (replica_set(), event("FailedCreate", NO_ACCOUNT.format("gone"), "ReplicaSet/gone-1")),
            "gone",
            id="a ReplicaSet that is gone",
        ),
    ],
)
def test_an_event_is_past_when_a_later_fact_undid_it(objects: Objects, rule: str) -> None:
    past = [finding for finding in of(objects, "PastEvent") if finding.details["past"] == rule]
    assert past
    assert all(finding.bearing == "past" and finding.bearing_reason for finding in past)
    assert not of(objects, "ServiceAccountMissing")


@pytest.mark.parametrize(
    ("objects", "state"),
    [
        pytest.param(
            (
                replica_set("meter-7d", deployment="meter", status={"replicas": 0}),
                obj("ServiceAccount", "default"),
                event("FailedCreate", NO_ACCOUNT.format("meter"), "ReplicaSet/meter-7d"),
            ),
            "ServiceAccountMissing",
            id="the account still doesn't exist",
        ),
        pytest.param(
            (
                replica_set("ward-7d", replicas=3, deployment="ward", status={"replicas": 1}),
                event("FailedCreate", FULL.format("ward", "beds"), "ReplicaSet/ward-7d", minutes=9),
                event("FailedCreate", FULL.format("ward", "beds") + " ", "ReplicaSet/ward-7d", minutes=1),
            ),
            "QuotaExceeded",
            id="a later attempt was refused for the same reason",
        ),
        pytest.param(
            (
                replica_set("meter-7d", deployment="meter", status={"replicas": 0}),
                created("meter", 50),
                event("FailedCreate", NO_ACCOUNT.format("meter"), "ReplicaSet/meter-7d", minutes=2),
            ),
            "ServiceAccountMissing",
            id="the account exists for long, and is still not seen",
        ),
    ],
)
def test_an_event_that_looks_like_it_and_still_holds_is_active(objects: Objects, state: str) -> None:
    assert [finding.bearing for finding in of(objects, state)] == ["active"]


STRAY_HOST = {"ASSISTANT_ADDR": "assistant:80"}
BROKEN = labelled("billing", ready=False)
LEDGER = (*labelled("ledger"), service("ledger", {"app": "ledger"}))


@pytest.mark.parametrize(
    ("state", "objects"),
    [
        pytest.param("EnvHostUnknown", (*LEDGER, *labelled("web", env=STRAY_HOST)), id="a host that no Service has"),
        pytest.param(
            "QuotaAtLimit",
            (obj("ResourceQuota", "secrets", status={"hard": {"secrets": "4"}, "used": {"secrets": "4"}}),),
            id="a full quota that refuses nothing",
        ),
        pytest.param(
            "NodeCordoned",
            (node("n7", spec={"unschedulable": True}), node("n8")),
            id="a cordoned node that no pod waits for",
        ),
        pytest.param(
            "SelectorMismatch",
            (*labelled("ward"), service("ward-old", {"app": "wards"})),
            id="a Service that selects nothing and that nobody calls",
        ),
        pytest.param("ScaledToZero", (deployment("night-batch", replicas=0),), id="a workload that is scaled to zero"),
    ],
)
def test_a_setting_that_hurts_nobody_is_background_while_something_else_fails(state: str, objects: Objects) -> None:
    alone, beside = of(objects, state), of((*objects, *BROKEN), state)
    assert [finding.bearing for finding in beside] == ["standing"]
    assert beside[0].bearing_reason
    assert [finding.bearing for finding in alone] == ["active"]


def test_where_something_that_is_well_is_asked_about_a_setting_elsewhere_is_background() -> None:
    objects = (*LEDGER, node("n7", spec={"unschedulable": True}), node("n8"))

    def bearings(*focus: str) -> list[str]:
        return [finding.bearing for finding in analyse(cluster_of(objects), focus) if finding.state == "NodeCordoned"]

    assert bearings("shop/deployment/ledger") == ["standing"]
    assert bearings("node/n7") == ["active"]
    assert bearings() == ["active"]


@pytest.mark.parametrize(
    ("state", "objects", "checks"),
    [
        pytest.param(
            "EnvHostUnknown", (*LEDGER, *labelled("web", env=STRAY_HOST, ready=False)), (), id="its pod fails"
        ),
        pytest.param(
            "EnvHostUnknown",
            (*LEDGER, *labelled("web", env={"LEDGER_ADDR": "ledgr:80"})),
            (),
            id="it nearly spells a Service",
        ),
        pytest.param(
            "EnvHostUnknown",
            (*LEDGER, *labelled("web", env=STRAY_HOST)),
            (Check("shop/service/assistant", "tcp_connect", "assistant:80", healthy=False),),
            id="a failed check names it",
        ),
        pytest.param(
            "SelectorMismatch",
            (*labelled("ward"), service("ward-api", {"app": "wards"}), *labelled("desk", env={"WARD": "ward-api:80"})),
            (),
            id="the Service is called",
        ),
        pytest.param(
            "NodeCordoned",
            (
                node("n7", spec={"unschedulable": True}),
                pod("late", [], owner=None, phase="Pending", node=None, age=1, labels={"app": "late"}),
            ),
            (),
            id="a pod waits for a node",
        ),
    ],
)
def test_a_setting_that_hurts_is_active(state: str, objects: Objects, checks: tuple[Check, ...]) -> None:
    assert [finding.bearing for finding in of((*objects, *BROKEN), state, *checks)] == ["active"]


@pytest.mark.parametrize(
    "metadata",
    [
        {"labels": {"node-role.kubernetes.io/control-plane": ""}},
        {"labels": {"node-role.kubernetes.io/master": "true"}},
        {"labels": {"kubernetes.io/role": "master"}},
    ],
)
def test_a_control_plane_that_is_kept_free_is_background(metadata: Mapping[str, Any]) -> None:
    kept_free = node("cp-1", spec={"unschedulable": True}, metadata=metadata)
    assert [f.bearing for f in of((kept_free, node("n1")), "NodeCordoned")] == ["standing"]
    pinned = pod("audit", [], owner=None, phase="Pending", node=None, spec={"nodeSelector": {"disk": "etcd"}})
    wanted = {**kept_free, "metadata": {**kept_free["metadata"], "labels": {**metadata["labels"], "disk": "etcd"}}}
    assert [f.bearing for f in of((wanted, node("n1"), pinned), "NodeCordoned")] == ["active"]


def test_a_name_is_nearly_that_of_something_when_it_differs_by_a_slip_or_a_word() -> None:
    names = ("ledger", "redis-cache", "shippingservice", "auth-api")
    assert nearly_spells("ledgr", names) == "ledger"
    assert nearly_spells("redis-cache-old", names) == "redis-cache"
    assert nearly_spells("shoppingguideservice", names) is None
    assert nearly_spells("payments-api", names) is None


def test_a_setting_beside_one_that_nearly_spells_something_is_background() -> None:
    slip = labelled("orders", env={"LEDGER_ADDR": "ledgr:80"})
    found = {f.resource: f.bearing for f in of((*LEDGER, *slip, *labelled("web", env=STRAY_HOST)), "EnvHostUnknown")}
    assert found == {"shop/deployment/orders": "active", "shop/deployment/web": "standing"}


def test_a_finding_says_whether_its_workload_is_in_trouble() -> None:
    unready = event("Unhealthy", "Readiness probe failed: timeout", "Pod/web-7d-q8")
    failed_check = Check("shop/service/web", "http_get", "http://web/health", healthy=False)
    front = service("web", {"app": "web"})
    for objects, checks, hurt in (
        ((*labelled("web"), front), (), False),
        ((*labelled("web"), front), (failed_check,), True),
        ((*labelled("web", ready=False), front), (), True),
    ):
        found = of((*objects, unready), "ReadinessProbeFailed", *checks)
        assert [finding.hurt for finding in found] == [hurt]


def test_a_setting_of_what_never_started_is_background() -> None:
    unplaced = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "0/2 nodes are available",
    }
    late = pod(
        "web-7d-z9", [], owner="ReplicaSet/web-7d", labels={"app": "web"}, phase="Pending", node=None,
        conditions=[unplaced], containers=[container("web")],
    )  # fmt: skip
    one_of_two = (*LEDGER, *labelled("web", env=STRAY_HOST)[1:], deployment("web", replicas=2, ready=1), late)
    assert [finding.bearing for finding in of(one_of_two, "EnvHostUnknown")] == ["standing"]
    crash = waiting("CrashLoopBackOff", name="web", restartCount=3)
    started = pod("web-7d-z9", [crash], owner="ReplicaSet/web-7d", labels={"app": "web"})
    assert [finding.bearing for finding in of((*one_of_two[:-1], started), "EnvHostUnknown")] == ["active"]


def test_a_port_that_the_service_does_not_have_is_no_background() -> None:
    slip = labelled("orders", env={"LEDGER_ADDR": "ledger:8081"})
    objects = (*LEDGER, *slip, *labelled("web", env=STRAY_HOST))
    assert [finding.bearing for finding in of(objects, "EnvPortMismatch")] == ["active"]
    assert [finding.bearing for finding in of(objects, "EnvHostUnknown")] == ["standing"]


def test_beside_what_was_cordoned_just_now_a_setting_that_stood_there_is_background() -> None:
    shop = (*labelled("kiln", env={"CACHE_HOST": "cache-of-may"}), service("kiln", {"app": "kiln"}))
    free, cordoned = node("n1"), node("n1", spec={"unschedulable": True})

    def bearing(*earlier: Mapping[str, Any]) -> str:
        seen = analyse(cluster_of((*shop, cordoned), earlier=(*shop, *earlier)))
        return next(finding.bearing for finding in seen if finding.state == "EnvHostUnknown")

    assert bearing(free) == "standing"
    assert bearing(cordoned) == "active"
