"""Of several reasons of the scheduler the one decides without which the pod would fit on a node that it may use."""

from __future__ import annotations

from typing import Any

import pytest
from kubernetes_objects import UNSCHEDULABLE, Case, container, event, findings, node, owned, pod

SSD = {"metadata": {"labels": {"disk": "ssd"}}}
DEDICATED = {"taints": [{"key": "dedicated", "value": "batch", "effect": "NoSchedule"}]}
CONTROL = {"taints": [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]}
CORDONED = {"unschedulable": True}


def waiting(message: str, cpu: str = "1", **spec: Any) -> tuple[dict[str, Any], ...]:
    asked = container(resources={"requests": {"cpu": cpu}})
    made = pod(
        statuses=[], phase="Pending", node=None, containers=[asked], spec=spec,
        status={"conditions": [{**UNSCHEDULABLE, "message": message}]},
    )  # fmt: skip
    return owned(made, event("FailedScheduling", message))


def busy(on: str, cpu: str = "4") -> dict[str, Any]:
    return pod(
        f"other-{on}", node=on, owner="Node/n", containers=[container(resources={"requests": {"cpu": cpu}})],
        labels={"app": "other"},
    )  # fmt: skip


def states(*objects: dict[str, Any]) -> set[tuple[str, str]]:
    family = {
        "InsufficientCPU", "InsufficientMemory", "NodeSelectorMismatch", "NodeAffinityMismatch", "TaintNotTolerated",
        "NodesUnschedulable",
    }  # fmt: skip
    return {(f.state, f.resource) for f in findings(Case("", objects, "")) if f.state in family}


API = "shop/deployment/api"


def test_nodes_of_another_pool_are_no_loss_where_the_own_pool_is_full() -> None:
    message = "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't match Pod's node affinity/selector."
    found = states(*waiting(message, nodeSelector={"disk": "ssd"}), node(**SSD), node("n2"), node("n3"), busy("n1"))
    assert found == {("InsufficientCPU", API)}


def test_a_selector_that_no_node_meets_decides_although_some_are_full() -> None:
    message = "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't match Pod's node affinity/selector."
    found = states(*waiting(message, nodeSelector={"disk": "tape"}), node(**SSD), node("n2"), node("n3"), busy("n1"))
    assert found == {("NodeSelectorMismatch", API)}


def test_a_pool_that_is_reserved_for_others_is_no_loss() -> None:
    message = "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint {dedicated: batch}."
    found = states(*waiting(message), node(), node("n2", spec=DEDICATED), busy("n1"))
    assert found == {("InsufficientCPU", API)}


def test_a_pool_of_its_own_that_it_does_not_tolerate_decides() -> None:
    message = (
        "0/2 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, "
        "1 node(s) had untolerated taint {dedicated: batch}."
    )
    pool = node("n2", spec=DEDICATED, **SSD)
    assert states(*waiting(message, nodeSelector={"disk": "ssd"}), node(), pool) == {("TaintNotTolerated", API)}


@pytest.mark.parametrize(
    ("cpu", "expected"), [("1", ("NodesUnschedulable", "node/n2")), ("9", ("InsufficientCPU", API))]
)
def test_a_cordon_decides_where_the_pod_would_fit_behind_it(cpu: str, expected: tuple[str, str]) -> None:
    message = "0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, "
    message += "1 Insufficient cpu, 1 node(s) were unschedulable."
    nodes = (node("n0", spec=CONTROL), node(), node("n2", spec=CORDONED))
    assert states(*waiting(message, cpu), *nodes, busy("n1")) == {expected}


def test_without_the_nodes_what_stands_leaves_the_rest_to_decide() -> None:
    message = "0/5 nodes are available: 2 Insufficient memory, 3 node(s) had untolerated taint {gpu: true}."
    assert states(*waiting(message)) == {("InsufficientMemory", API)}


def test_without_the_nodes_two_passing_reasons_stay() -> None:
    message = "0/5 nodes are available: 2 Insufficient memory, 3 Insufficient cpu."
    assert {state for state, _ in states(*waiting(message))} == {"InsufficientMemory", "InsufficientCPU"}
