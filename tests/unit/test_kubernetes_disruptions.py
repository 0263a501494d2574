"""Budgets, nodes that are taken away, and other refusals to run: gates, webhooks, own limits, signals."""

from __future__ import annotations

from typing import Any

import pytest
from kubernetes_objects import (
    Case,
    ago,
    check,
    container,
    deployment,
    ended,
    event,
    findings,
    node,
    obj,
    owned,
    pod,
    waiting,
)  # fmt: skip


def budget(name: str, healthy: int, wanted: int, expected: int, **spec: Any) -> dict[str, Any]:
    status = {
        "disruptionsAllowed": max(healthy - wanted, 0), "currentHealthy": healthy, "desiredHealthy": wanted,
        "expectedPods": expected,
    }  # fmt: skip
    selector = {"selector": {"matchLabels": {"app": "api"}}}
    return obj("PodDisruptionBudget", name, spec={**selector, **spec}, status=status)


CORDONED = node("n1", spec={"unschedulable": True})
EVICTED = "Cannot evict pod as it would violate the pod's disruption budget."
CALLED = {"name": "rules.guard.example", "clientConfig": {"service": {"namespace": "guard", "name": "guard"}}}


def webhook(**fields: Any) -> dict[str, Any]:
    return obj("ValidatingWebhookConfiguration", "guard", None, webhooks=[{**CALLED, **fields}])


def crashed(code: int, reason: str = "Error", **limits: str) -> tuple[dict[str, Any], ...]:
    status = waiting("CrashLoopBackOff", "back-off", restartCount=5, lastState={"terminated": ended(code, reason)})
    resources = {"resources": {"limits": limits}} if limits else {}
    return owned(pod(statuses=[status], containers=[container(**resources)]))


NOT_ROOT = "Error: container has runAsNonRoot and image will run as root (pod: api-1, container: api)"
DISRUPTIONS = [
    Case(
        "a budget of one replica holds a drain",
        (*owned(pod(node="n1")), CORDONED, budget("api", 1, 1, 1)),
        "EvictionRefused",
        "shop/poddisruptionbudget/api",
        details={"affects": ["node/n1"]},
    ),
    Case(
        "an eviction that was refused, by name",
        (CORDONED, event("EvictionBlocked", f"{EVICTED} The disruption budget web needs 2 healthy pods", "Node/n1")),
        "EvictionRefused",
        "shop/poddisruptionbudget/web",
    ),
    Case(
        "a drain that failed",
        (CORDONED, event("DrainFailed", f"error when evicting pods: {EVICTED}", "Pod/api-1")),
        "EvictionRefused",
        "shop/pod/api-1",
    ),
    Case(
        "a spot instance",
        (node(), event("SpotInterruption", "Spot interruption notice received", "Node/n1", kind="Normal")),
        "NodeReclaimed",
        "node/n1",
    ),
    Case(
        "a preemption in another cloud",
        (node(conditions=[{"type": "VMEventScheduled", "status": "True", "reason": "PreemptScheduled"}]),),
        "NodeReclaimed",
        "node/n1",
    ),
    Case(
        "a termination, by its taint",
        (node(spec={"taints": [{"key": "cloud.google.com/impending-node-termination", "effect": "NoSchedule"}]}),),
        "NodeReclaimed",
        "node/n1",
    ),
    Case(
        "a range of addresses that is used up",
        (node(), event("CIDRNotAvailable", "Node n1 status is now: CIDRNotAvailable", "Node/n1")),
        "AddressesExhausted",
        "node/n1",
    ),
    Case(
        "a scheduling gate",
        owned(
            pod(
                statuses=[],
                phase="Pending",
                node=None,
                spec={"schedulingGates": [{"name": "example.com/quota"}]},
                status={"conditions": [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]},
            )
        ),
        "SchedulingGated",
        details={"gates": ["example.com/quota"]},
    ),
    Case(
        "a webhook that must answer and can't",
        (webhook(),),
        "WebhookFailsClosed",
        "validatingwebhookconfiguration/guard",
        dumped=("Service",),
    ),
    Case(
        "a webhook whose pods are not ready",
        (
            webhook(),
            obj("Service", "guard", "guard", spec={"selector": {"app": "guard"}}),
            pod("guard-0", owner=None, namespace="guard", labels={"app": "guard"}, ready=False),
        ),
        "WebhookUnanswered",
        "guard/pod/guard-0",
        never=("WebhookFailsClosed",),
    ),
    Case(
        "a webhook whose pods were scaled away",
        (
            webhook(),
            obj("Service", "guard", "guard", spec={"selector": {"app": "guard"}}),
            obj(
                "Deployment",
                "guard",
                "guard",
                spec={"replicas": 0, "template": {"metadata": {"labels": {"app": "guard"}}}},
            ),
            pod("other-0", owner=None, namespace="guard", labels={"app": "other"}, ready=True),
        ),
        "WebhookUnanswered",
        "guard/deployment/guard",
        never=("WebhookFailsClosed",),
    ),
    Case(
        "a webhook whose Service selects no pod",
        (
            webhook(),
            obj("Service", "guard", "guard", spec={"selector": {"app": "gard"}}),
            pod("guard-0", owner=None, namespace="guard", labels={"app": "guard"}, ready=True),
        ),
        "WebhookFailsClosed",
        "validatingwebhookconfiguration/guard",
        never=("WebhookUnanswered",),
    ),
    Case(
        "a webhook that needn't answer",
        (webhook(failurePolicy="Ignore"),),
        "WebhookServiceMissing",
        "validatingwebhookconfiguration/guard",
        dumped=("Service",),
        never=("WebhookFailsClosed",),
    ),
    Case(
        "an emptyDir beyond its limit",
        owned(
            pod(
                phase="Failed",
                statuses=[],
                status={"reason": "Evicted", "message": 'Usage of EmptyDir volume "tmp" exceeds the limit "1Gi". '},
            ),
            node(),
        ),
        "StorageLimitExceeded",
        never=("Evicted",),
    ),
    Case("a segmentation fault", crashed(139), "KilledBySignal"),
    Case("an abort", crashed(134), "KilledBySignal"),
    Case("killed, and nobody says why", crashed(137, memory="64Mi"), "KilledWithoutReason"),
    Case("an error of its own", crashed(2), "CrashLoopBackOff", never=("KilledBySignal", "KilledWithoutReason")),
    Case("killed without a limit", crashed(137), "CrashLoopBackOff", never=("KilledWithoutReason",)),
    Case(
        "a suspended Job that had failed",
        (obj("Job", "sums", spec={"suspend": True}, status={"failed": 2}),),
        "JobRetrying",
        "shop/job/sums",
    ),
    Case(
        "the class of a template of claims",
        (
            obj(
                "StatefulSet",
                "ledger",
                spec={
                    "replicas": 1,
                    "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {"storageClassName": "gold"}}],
                },
            ),
        ),
        "StorageClassMissing",
        "shop/statefulset/ledger",
        dumped=("StorageClass",),
    ),
    Case(
        "an image that runs as root",
        owned(pod(statuses=[waiting("CreateContainerConfigError", NOT_ROOT)])),
        "SecurityContextConflict",
    ),
    Case(
        "an event without a type",
        owned(
            pod(statuses=[waiting("ContainerCreating")], phase="Pending"),
            {**event("FailedMount", 'MountVolume.SetUp failed for volume "v": timed out'), "type": ""},
        ),
        "FailedMount",
    ),
    Case(
        "a namespace that is going",
        (
            deployment(ready=0),
            event(
                "FailedCreate",
                'Error creating: pods "api-x" is forbidden: unable to create new content in namespace shop because it '
                "is being terminated",
                about="ReplicaSet/api-5c",
            ),
        ),
        "NamespaceTerminating",
        "namespace/shop",
        never=("Forbidden",),
    ),
]


@pytest.mark.parametrize("case", DISRUPTIONS, ids=lambda case: case.name)
def test_the_refuser_or_the_signal_is_told(case: Case) -> None:
    check(case)


def states(*objects: dict[str, Any]) -> set[str]:
    return {finding.state for finding in findings(Case("", objects, ""))}


def test_a_budget_that_waits_for_ill_pods_is_only_a_weakness() -> None:
    found = states(*owned(pod(node="n1")), CORDONED, budget("api", 2, 2, 3))
    assert "EvictionRefused" not in found
    assert "DisruptionsNotAllowed" in found


def test_a_tight_budget_hurts_nobody_while_no_node_is_drained() -> None:
    assert not states(*owned(pod(node="n1")), node(), budget("api", 1, 1, 1)) & {"EvictionRefused"}


def test_a_tight_budget_of_pods_on_other_nodes_holds_no_drain() -> None:
    assert "EvictionRefused" not in states(*owned(pod(node="n2")), CORDONED, node("n2"), budget("api", 1, 1, 1))


def test_a_pod_that_the_node_evicted_is_the_nodes_doing() -> None:
    message = "The node was low on resource: ephemeral-storage. Threshold quantity: 1Gi"
    found = states(*owned(pod(phase="Failed", statuses=[], status={"reason": "Evicted", "message": message})), node())
    assert "StorageLimitExceeded" not in found


def test_a_node_that_is_scaled_down_and_one_with_a_dedicated_taint_are_not_reclaimed() -> None:
    dedicated = node("n2", spec={"taints": [{"key": "dedicated", "value": "batch", "effect": "NoSchedule"}]})
    assert "NodeReclaimed" not in states(node(), dedicated, event("ScaleDown", "unused", "Node/n1", kind="Normal"))


def gateway(**listener: Any) -> dict[str, Any]:
    spec = {"gatewayClassName": "edge", "listeners": [{"name": "web", "port": 80, **listener}]}
    return obj("Gateway", "front", "edge", spec=spec)


def route(namespace: str) -> dict[str, Any]:
    return obj("HTTPRoute", "shop", namespace, spec={"parentRefs": [{"name": "front", "namespace": "edge"}]})


@pytest.mark.parametrize(
    ("allowed", "home", "refused"),
    [
        ({}, "shop", True),
        ({}, "edge", False),
        ({"namespaces": {"from": "All"}}, "shop", False),
        ({"namespaces": {"from": "Selector", "selector": {"matchLabels": {"web": "yes"}}}}, "shop", True),
        ({"namespaces": {"from": "Selector", "selector": {"matchLabels": {"web": "yes"}}}}, "lab", False),
        ({"namespaces": {"from": "All"}, "kinds": [{"kind": "TLSRoute"}]}, "shop", True),
    ],
)
def test_a_route_is_refused_where_no_listener_takes_it(allowed: dict[str, Any], home: str, refused: bool) -> None:
    names = [obj("Namespace", "shop", None), obj("Namespace", "lab", None, metadata={"labels": {"web": "yes"}})]
    found = states(gateway(**({"allowedRoutes": allowed} if allowed else {})), route(home), *names)
    assert ("RouteRefused" in found) is refused


def test_the_provider_of_a_managed_cluster_needs_no_class() -> None:
    other = obj("IngressClass", "nginx", None)
    managed = node(metadata={"labels": {"cloud.google.com/gke-nodepool": "a"}})
    named = obj("Ingress", "web", spec={"ingressClassName": "gce-internal", "rules": []})
    unnamed = obj("Ingress", "web", spec={"rules": []})
    assert "IngressClassMissing" not in states(other, node(), named)
    assert "IngressClassMissing" not in states(other, managed, unnamed)
    assert "IngressClassMissing" in states(other, node(), unnamed)


def test_a_provisioner_that_fails_decides_where_classes_were_not_dumped() -> None:
    claim = obj("PersistentVolumeClaim", "data", spec={"storageClassName": "gold"}, status={"phase": "Pending"})
    told = event("ProvisioningFailed", 'storageclass.storage.k8s.io "gold" not found', "PersistentVolumeClaim/data")
    assert "StorageClassMissing" in states(claim, told)
    told = event("ProvisioningFailed", "failed to provision volume: quota of disks", "PersistentVolumeClaim/data")
    assert "VolumeProvisioningFailed" in states(claim, told)


def test_the_moment_is_that_of_the_taint() -> None:
    taint = {"key": "aws-node-termination-handler/spot-itn", "effect": "NoSchedule", "timeAdded": ago(7)}
    case = Case("", (node(spec={"taints": [taint]}),), "")
    assert [finding.state for finding in findings(case)] == ["NodeReclaimed"]


def test_an_image_that_runs_as_root_is_refused_by_the_security_context() -> None:
    status = waiting("CreateContainerConfigError", NOT_ROOT)
    assert "SecurityContextConflict" in states(*owned(pod(statuses=[status])))
    assert "SecurityContextConflict" in states(*owned(pod(statuses=[waiting("")]), event("Failed", NOT_ROOT)))
    other = waiting("CreateContainerConfigError", 'secret "keys" not found')
    assert "SecurityContextConflict" not in states(*owned(pod(statuses=[other])))


@pytest.mark.parametrize(
    ("script", "missing"),
    [
        ("until nslookup ledgr; do sleep 2; done", True),
        ("while ! nc -z ledgr 5432; do sleep 1; done", True),
        ("until pg_isready -h ledgr; do sleep 1; done", True),
        ("until nslookup ledger; do sleep 2; done", False),
        ("nslookup ledgr || true", False),
        ("until nslookup mirror.example.com; do sleep 2; done", False),
    ],
)
def test_an_init_container_may_wait_for_a_name_that_does_not_exist(script: str, missing: bool) -> None:
    first = {"name": "wait", "image": "x", "command": ["sh", "-c", script]}
    waits = pod(statuses=[], phase="Pending", spec={"initContainers": [first]})
    ledger = obj("Service", "ledger", spec={"selector": {"app": "ledger"}, "ports": [{"port": 5432}]})
    assert ("EnvHostUnknown" in states(*owned(waits), ledger)) is missing
