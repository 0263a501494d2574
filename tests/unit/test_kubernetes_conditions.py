"""Conditions and phases of any object, Argo CD's and Flux's words, and what can't be deleted."""

from __future__ import annotations

from typing import Any

import pytest
from kubernetes_objects import Case, ago, check, deployment, findings, obj


def condition(kind: str, status: str, reason: str = "", message: str = "", minutes: float = 30) -> dict[str, str]:
    return {"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": ago(minutes)}


def custom(kind: str, name: str, *conditions: dict[str, str], namespace: str | None = "shop", **status: Any) -> Any:
    return obj(kind, name, namespace, status={"conditions": list(conditions), **status})


def deleted(kind: str, name: str, namespace: str | None = "shop", minutes: float = 30, **fields: Any) -> Any:
    metadata = {"deletionTimestamp": ago(minutes), "finalizers": ["example.com/cleanup"]}
    return obj(kind, name, namespace, metadata=metadata, **fields)


CONTENT = condition("NamespaceContentRemaining", "True", "SomeResourcesRemain", "widgets.example.com has 1 instance")
UNASKED = condition("NamespaceDeletionDiscoveryFailure", "True", "DiscoveryFailed", "metrics.k8s.io/v1beta1: no answer")
METRICS = obj(
    "APIService", "v1beta1.metrics.k8s.io", None,
    spec={"service": {"namespace": "kube-system", "name": "metrics-server"}},
    status={"conditions": [condition("Available", "False", "MissingEndpoints", "no response")]},
)  # fmt: skip
CONDITIONS = [
    Case(
        "a certificate of a shop",
        (custom("Certificate", "web", condition("Ready", "False", "DoesNotExist", "Issuing certificate failed")),),
        "ConditionNotMet",
        "shop/certificate/web",
        details={"condition": "Ready", "status": "False"},
    ),
    Case(
        "a machine of a fleet, of which nobody knows",
        (custom("Machine", "m1", condition("InfrastructureReady", "Unknown", "NodeGone"), namespace="fleet"),),
        "ConditionNotMet",
        "fleet/machine/m1",
        details={"status": "Unknown"},
    ),
    Case(
        "an operator, degraded while available",
        (custom("ClusterOperator", "images", condition("Available", "True"), condition("Degraded", "True", "Ill")),),
        "ConditionNotMet",
        "shop/clusteroperator/images",
        details={"condition": "Degraded"},
    ),
    Case(
        "a phase",
        (custom("Backup", "nightly", phase="Failed", message="bucket not reachable"),),
        "ConditionNotMet",
        "shop/backup/nightly",
        details={"phase": "Failed"},
    ),
    Case(
        "a class of gateways that nobody accepts",
        (obj("GatewayClass", "edge", None, status={"conditions": [condition("Accepted", "Unknown", "Pending")]}),),
        "ConditionNotMet",
        "gatewayclass/edge",
    ),
    Case(
        "an aggregated API",
        (METRICS,),
        "ApiServiceUnavailable",
        "apiservice/v1beta1.metrics.k8s.io",
        details={"because_of": ["kube-system/service/metrics-server"]},
    ),
    Case(
        "an application of Argo CD that is ill",
        (
            custom(
                "Application", "store", namespace="argocd", health={"status": "Degraded"}, sync={"status": "Synced"},
                resources=[
                    {"kind": "Deployment", "namespace": "shop", "name": "api", "health": {"status": "Degraded"}},
                    {"kind": "Service", "namespace": "shop", "name": "api", "health": {"status": "Healthy"}},
                ],
            ),
        ),
        "ConditionNotMet",
        "argocd/application/store",
        details={"because_of": ["shop/deployment/api"]},
        never=("OutOfSync",),
    ),
    Case(
        "an application that can't be synced",
        (
            custom(
                "Application", "store", namespace="argocd", sync={"status": "OutOfSync"},
                operationState={"phase": "Failed", "message": "one or more objects failed to apply"},
            ),
        ),
        "SyncFailed",
        "argocd/application/store",
    ),
    Case(
        "an application that differs",
        (custom("Application", "store", sync={"status": "OutOfSync"}, health={"status": "Healthy"}),),
        "OutOfSync",
        "shop/application/store",
        never=("ConditionNotMet", "SyncFailed"),
    ),
    Case(
        "an application that differs, told of what it applies",
        (
            deployment("till"),
            custom("Application", "front", sync={"status": "OutOfSync"},
                   resources=[{"kind": "Deployment", "namespace": "shop", "name": "till", "status": "OutOfSync"}]),
        ),
        "OutOfSync",
        "shop/deployment/till",
        details={"application": "shop/application/front", "resources": ["till"]},
    ),
    Case(
        "what Flux applied, by its inventory",
        (
            deployment("till"),
            custom("Kustomization", "apps", condition("Ready", "False", "BuildFailed", "bad patch"),
                   inventory={"entries": [{"id": "shop_till_apps_Deployment", "v": "v1"}]}),
        ),
        "SyncFailed",
        "shop/kustomization/apps",
        details={"affects": ["shop/deployment/till"]},
    ),
    Case(
        "cluster DNS by its name, counted by its controller",
        (
            obj("Pod", "api-1", spec={}, status={"phase": "Running"}),
            obj("Deployment", "coredns", "kube-system", spec={"replicas": 2}, status={"availableReplicas": 0}),
        ),
        "ClusterDnsUnavailable",
        "kube-system/deployment/coredns",
    ),
    Case(
        "a release of Flux",
        (custom("HelmRelease", "store", condition("Ready", "False", "UpgradeFailed", "timed out")),),
        "SyncFailed",
        "shop/helmrelease/store",
    ),
    Case(
        "a namespace with something left in it",
        (
            obj("Namespace", "old", None, metadata={"deletionTimestamp": ago(90)},
                status={"phase": "Terminating", "conditions": [CONTENT]}),
            deleted("Widget", "w", "old"),
        ),
        "NamespaceTerminating",
        "namespace/old",
        details={"remaining": ["old/widget/w"], "because_of": ["old/widget/w"]},
    ),
    Case(
        "a namespace that waits for an API without an answer",
        (
            obj("Namespace", "old", None, metadata={"deletionTimestamp": ago(90)},
                status={"phase": "Terminating", "conditions": [UNASKED]}),
            METRICS,
        ),
        "NamespaceTerminating",
        "namespace/old",
        details={"because_of": ["apiservice/v1beta1.metrics.k8s.io"]},
    ),
    Case("a finalizer", (deleted("Widget", "w"),), "DeletionStuck", "shop/widget/w"),
]  # fmt: skip


@pytest.mark.parametrize("case", CONDITIONS, ids=lambda case: case.name)
def test_a_bad_condition_is_told(case: Case) -> None:
    check(case)


WELL = [
    custom("Certificate", "web", condition("Ready", "True")),
    custom("Certificate", "new", condition("Ready", "False", "Issuing", minutes=2)),
    custom("Kustomization", "apps", condition("Ready", "Unknown", "Progressing", minutes=1)),
    obj("HelmRelease", "asleep", spec={"suspend": True}, status={"conditions": [condition("Ready", "False", "x")]}),
    custom("Revision", "idle", condition("Active", "False", "NoTraffic"), condition("Ready", "True")),
    custom("ClusterOperator", "dns", condition("Progressing", "False"), condition("Degraded", "False")),
    custom("PipelineRun", "build", condition("Succeeded", "Unknown", "Running", minutes=3)),
    custom("Widget", "fine", phase="Running"),
    custom("Application", "store", health={"status": "Progressing"}, sync={"status": "Synced"}),
    deleted("Widget", "going", minutes=0.5),
    obj("Namespace", "shop", None, status={"phase": "Active"}),
    custom("Node", "n", condition("Ready", "True")),
]


@pytest.mark.parametrize("item", WELL, ids=lambda item: f"{item['kind']}/{item['metadata']['name']}")
def test_what_looks_like_it_and_is_well_is_not_told(item: Any) -> None:
    assert findings(Case("", (item,), "")) == []
