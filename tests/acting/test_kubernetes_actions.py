"""The Kubernetes actions against a cluster in memory: what each changes, refuses, and how it is undone."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from cases.fake_world import APPS, FakeWorld, deployment

from primitives.actions.inverse import Inverse
from primitives.actions.kubernetes_objects import MARK
from primitives.remediations.registry import Remediation, remediations

TARGET = {"namespace": "clinic", "kind": "deployment", "name": "booking"}
PATH = f"{APPS}/deployments/booking"
SCALER = "/apis/autoscaling/v1/namespaces/clinic/horizontalpodautoscalers/booking"
NODES = "/api/v1/nodes"
MARKED = "exec-1.R1"


def node(name: str, **spec: Any) -> dict[str, Any]:
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    return {"metadata": {"name": name, "uid": name, "resourceVersion": "1"}, "spec": spec, "status": ready}


def world(**more: Any) -> FakeWorld:
    return FakeWorld({PATH: deployment(), **more})


async def run(at: FakeWorld, primitive: str, /, **arguments: Any) -> tuple[Remediation, Any, Any]:
    """The action, carried out; the remediation, its arguments and its preview."""
    remediation = remediations()[primitive]
    assert remediation.operations is not None
    known = remediation.arguments.model_validate(arguments)
    preflight = await remediation.operations.preflight(at, known)
    assert preflight.passed, preflight
    preview = await remediation.operations.preview(at, known, MARKED)
    answer = await remediation.operations.dispatch(at, preview)
    assert answer.outcome == "accepted"
    return remediation, known, preview


async def failing(at: FakeWorld, primitive: str, /, **arguments: Any) -> str:
    remediation = remediations()[primitive]
    assert remediation.operations is not None
    preflight = await remediation.operations.preflight(at, remediation.arguments.model_validate(arguments))
    return "; ".join(f"{check.name}: {check.detail}" for check in preflight.checks if not check.passed)


def in_order(spec: Any) -> Any:
    """The spec with its variables by name: one that is added again stands last."""
    document = copy.deepcopy(spec)
    document["template"]["spec"]["containers"][0]["env"].sort(key=lambda variable: variable["name"])
    return document


CONTAINER = {**TARGET, "container": "app"}
SETTINGS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"image": "registry.example/app:2"}, "kubectl set image deployment/booking app=registry.example/app:2"),
    ({"env": "MODE", "value": "busy"}, "kubectl set env deployment/booking --containers=app MODE=busy"),
    ({"env": "NEW", "value": "x"}, "kubectl set env deployment/booking --containers=app NEW=x"),
    ({"env": "MODE"}, "kubectl set env deployment/booking --containers=app MODE-"),
    ({"memory_limit": "512Mi"}, "kubectl patch deployment/booking --patch"),
    ({"cpu_request": "100m", "memory_request": "64Mi"}, "kubectl patch deployment/booking --patch"),
    ({"probe": "readiness", "probe_timeout_s": 5, "probe_path": "/ready"}, "kubectl patch deployment/booking --patch"),
)
ACTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    *(("update_configuration", {**CONTAINER, **setting}) for setting, _ in SETTINGS),
    ("scale_workload", {**TARGET, "replicas": 5}),
    ("pause_rollout", TARGET),
)


@pytest.mark.parametrize(("name", "arguments"), ACTIONS, ids=[f"{name} {at}" for at, (name, _) in enumerate(ACTIONS)])
async def test_an_action_and_its_inverse_lead_back_to_the_spec_that_was_there(
    name: str, arguments: dict[str, Any]
) -> None:
    at = world()
    before = at.objects[PATH]["spec"]
    remediation, known, preview = await run(at, name, **arguments)
    assert at.objects[PATH]["spec"] != before
    assert at.objects[PATH]["metadata"]["annotations"][MARK] == MARKED
    assert preview.diff
    # The controller has carried it out.
    replicas, generation = at.objects[PATH]["spec"]["replicas"], at.objects[PATH]["metadata"]["generation"]
    counts = dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas"), replicas)
    at.objects[PATH]["status"] = {"observedGeneration": generation, **counts}
    assert isinstance(remediation.inverse, Inverse)
    undoing = remediation.inverse.arguments(known, preview.prior)
    assert undoing is not None
    await run(at, remediation.inverse.primitive, **undoing.model_dump())
    resources = at.objects[PATH]["spec"]["template"]["spec"]["containers"][0]["resources"]
    if not resources.get("requests", True):
        del resources["requests"]  # an empty map says the same as none
    assert in_order(at.objects[PATH]["spec"]) == in_order(before)


@pytest.mark.parametrize(("setting", "command"), SETTINGS)
def test_the_command_of_a_setting_is_kubectls(setting: dict[str, Any], command: str) -> None:
    remediation = remediations()["update_configuration"]
    assert remediation.command(remediation.arguments.model_validate({**CONTAINER, **setting})).startswith(command)


@pytest.mark.parametrize(
    "setting",
    [{}, {"image": "a", "env": "B"}, {"probe": "liveness"}, {"probe_timeout_s": 3}, {"cpu_limit": "1", "image": "a"}],
)
def test_a_configuration_is_one_setting(setting: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected one of"):
        remediations()["update_configuration"].arguments.model_validate({**CONTAINER, **setting})


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("update_configuration", {**CONTAINER, "container": "web", "image": "a:1"}, "its containers are app"),
        ("update_configuration", {**CONTAINER, "env": "KEY", "value": "x"}, "its value comes from elsewhere"),
        ("update_configuration", {**CONTAINER, "env": "DB_PASSWORD", "value": "horse-battery-9"}, "looks like one"),
        ("update_configuration", {**CONTAINER, "probe": "liveness", "probe_timeout_s": 3}, "it has no liveness probe"),
        ("update_configuration", {**CONTAINER, "image": "registry.example/app:1"}, "nothing would change"),
        ("resume_rollout", TARGET, "nothing would change"),
        ("pause_rollout", {**TARGET, "kind": "statefulset", "name": "ledger"}, "there is no clinic/statefulset/ledger"),
    ],
)
async def test_what_can_not_be_done_is_refused_by_the_preflight(
    name: str, arguments: dict[str, Any], says: str
) -> None:
    assert says in await failing(world(), name, **arguments)


async def test_a_rollout_under_way_and_a_paused_one_are_left_alone() -> None:
    at = world()
    at.objects[PATH]["status"] |= {"updatedReplicas": 1}
    assert "no rollout is under way" in await failing(at, "restart_workload", **TARGET)
    at = FakeWorld({PATH: deployment(paused=True)})
    assert "its rollout is not paused" in await failing(at, "restart_workload", **TARGET)
    assert "its rollout is not paused" in await failing(at, "rollback_deployment", **TARGET)


async def test_pods_that_are_merely_ill_are_no_rollout() -> None:
    at = world()
    at.objects[PATH]["status"] |= {"availableReplicas": 0}
    assert await failing(at, "restart_workload", **TARGET) == ""


async def test_an_owner_and_an_autoscaler_and_missing_rights_are_told() -> None:
    at = world()
    at.objects[PATH]["metadata"]["ownerReferences"] = [{"kind": "Rollout", "name": "web", "controller": True}]
    assert "Rollout web would undo it" in await failing(at, "restart_workload", **TARGET)
    target = {"scaleTargetRef": {"kind": "Deployment", "name": "booking"}, "minReplicas": 2, "maxReplicas": 4}
    scaler = {"metadata": {"name": "booking", "resourceVersion": "1", "uid": "x"}, "spec": target}
    assert "booking would undo it" in await failing(world(**{SCALER: scaler}), "scale_workload", **TARGET, replicas=5)
    at = world()
    at.denied.add("patch")
    assert "it may patch deployments: no role allows it" in await failing(at, "restart_workload", **TARGET)


@pytest.mark.parametrize("mark", ["original-replicas", "downtime", "uptime"])
async def test_what_a_schedule_scaled_down_stays_so(mark: str) -> None:
    at = world()
    at.objects[PATH]["spec"]["replicas"] = 0
    assert await failing(at, "scale_workload", **TARGET, replicas=3) == ""
    at.objects[PATH]["metadata"]["annotations"][f"downscaler/{mark}"] = "3"
    said = await failing(at, "scale_workload", **TARGET, replicas=3)
    assert said.startswith(f"no schedule sets its replicas: downscaler/{mark} does")


async def test_the_bounds_of_an_autoscaler_are_set_and_set_back() -> None:
    spec = {"minReplicas": 2, "maxReplicas": 4, "scaleTargetRef": {"kind": "Deployment", "name": "booking"}}
    at = FakeWorld({SCALER: {"metadata": {"name": "booking", "resourceVersion": "1", "uid": "x"}, "spec": spec}})
    bounds = {"namespace": "clinic", "name": "booking", "least": 4, "most": 9}
    remediation, known, preview = await run(at, "set_autoscaler_bounds", **bounds)
    assert (at.objects[SCALER]["spec"]["minReplicas"], at.objects[SCALER]["spec"]["maxReplicas"]) == (4, 9)
    back = remediation.inverse.arguments(known, preview.prior)  # type: ignore[union-attr]
    assert (back.least, back.most) == (2, 4)  # type: ignore[union-attr]


async def test_a_node_that_somebody_empties_stays_cordoned_and_the_last_one_is_not_cordoned() -> None:
    upgrading = node("n1", unschedulable=True, taints=[{"key": "upgrade.example/now", "effect": "NoSchedule"}])
    at = FakeWorld({f"{NODES}/n1": upgrading, f"{NODES}/n2": node("n2")})
    assert "nobody empties it" in await failing(at, "uncordon_node", node="n1")
    assert "another node takes pods" in await failing(at, "cordon_node", node="n2")
    at.objects[f"{NODES}/n1"]["spec"]["taints"] = [{"key": "node.kubernetes.io/unschedulable"}]
    await run(at, "uncordon_node", node="n1")
    await run(at, "cordon_node", node="n2")


async def test_a_rollback_needs_a_revision_that_is_kept_and_the_blamed_one_to_run() -> None:
    at = world()
    assert "the cluster keeps the revisions none" in await failing(at, "rollback_deployment", **TARGET)
    template = deployment()["spec"]["template"]
    for number, tag in ((2, "registry.example/app:0"), (3, "registry.example/app:1")):
        old = {**template, "spec": {"containers": [{"name": "app", "image": tag}]}}
        at.objects[f"{APPS}/replicasets/booking-{number}"] = {
            "metadata": {
                "name": f"booking-{number}", "annotations": {"deployment.kubernetes.io/revision": str(number)},
                "ownerReferences": [{"kind": "Deployment", "name": "booking", "uid": "uid-booking"}],
            },
            "spec": {"template": old},
        }  # fmt: skip
    assert "revision 3 does, not 2" in await failing(at, "rollback_deployment", **TARGET, blamed=2)
    assert "the cluster keeps the revisions 3, 2" in await failing(at, "rollback_deployment", **TARGET, revision=1)
    _, _, preview = await run(at, "rollback_deployment", **TARGET, blamed=3)
    assert at.objects[PATH]["spec"]["template"]["spec"]["containers"][0]["image"] == "registry.example/app:0"
    assert preview.prior.revision == 3


async def test_a_target_that_was_written_since_takes_no_call() -> None:
    at = world()
    remediation = remediations()["scale_workload"]
    assert remediation.operations is not None
    known = remediation.arguments.model_validate({**TARGET, "replicas": 5})
    preview = await remediation.operations.preview(at, known, MARKED)
    at.touch(PATH)
    assert (await remediation.operations.dispatch(at, preview)).outcome == "refused"
    assert (await remediation.operations.find_out(at, known, preview, MARKED)).outcome == "refused"
    assert at.objects[PATH]["spec"]["replicas"] == 3
