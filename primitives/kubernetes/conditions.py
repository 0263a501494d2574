"""Conditions of any object, also of custom resources: what should be true and isn't, what shouldn't be and is.

Kubernetes API conventions, "Typical status properties": a condition is True, False or Unknown, and its polarity is in
its name. Read so: cert-manager, Cluster API, Crossplane, External Secrets, Flux, Gateway API, Karpenter, Knative, OLM,
OpenShift, Strimzi, Tekton and the API server's own kinds. Argo CD tells health and sync in a status of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from primitives.identity import kubernetes_id
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.fields import instant, maps, message_of, text
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.gitops import applied_workloads, find_application
from primitives.kubernetes.kinds import KubeObject
from primitives.patterns import lazy_pattern

__all__ = ["find_conditions"]

# Kinds whose conditions other modules read, with more knowledge of what they mean.
_READ_ELSEWHERE: Final = frozenset({
    "Pod", "Node", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob",
    "HorizontalPodAutoscaler", "PersistentVolumeClaim", "PersistentVolume", "Event", "ComponentStatus", "Namespace",
    "Gateway", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute", "PodDisruptionBudget", "ConfigMap",
    "Secret", "Lease", "Endpoints", "EndpointSlice", "CertificateSigningRequest",
})  # fmt: skip
_WANTED: Final = lazy_pattern(
    r"(?:Ready|Available|Installed|Accepted|Programmed|Healthy|Synced|Established|Reconciled|Deployed|Resolved|Valid"
    r"|Reachable|Connected|Succeeded|Released|Initialized|Registered|Launched|Provisioned|Enforced|Active|Online"
    r"|Issued|Applied|Upgraded|Served|ResolvedRefs|ReadyReplicas|InSync|Running)$"
)
_UNWANTED: Final = lazy_pattern(
    r"(?:Pressure|Degraded|Stalled|Fail(?:ed|ure|ing)?|Errors?|Unhealthy|Unavailable|Unreachable|Invalid|Missing"
    r"|Conflict(?:s|ed)?|Blocked|Denied|Expired|NotReady|NotAvailable|Stuck|Deadlock|Corrupt(?:ed|ion)?|OutOfSync|Rejected"
    r"|Dangling)$"
)
# Kinds of progress; a condition that isn't true meanwhile is no fault until it has taken long.
_UNDER_WAY: Final = lazy_pattern(
    r"^(?:Progress\w*|Reconcil\w*|InProgress|Pending|Creating|Provisioning|Initializing|Starting|Deploying|Waiting\w*"
    r"|Issuing|Running|Scaling\w*)$"
)
_INTENDED: Final = lazy_pattern(r"^(?:Suspended|Paused|Disabled|Hibernat\w*|ScaledToZero|NoTraffic|Completed)$")
_AGGREGATES: Final = ("Ready", "Available", "Healthy")
_BAD_PHASES: Final = frozenset({"Failed", "Error", "Degraded", "Unhealthy", "Lost", "Unknown", "PartiallyFailed"})
_PATIENCE: Final = timedelta(minutes=10)
_MOST_NAMED: Final = 10


def find_conditions(cluster: Cluster) -> Iterator[Finding]:
    """One finding for each object that says of itself that it isn't well."""
    for kind in cluster.kinds:
        if kind in _READ_ELSEWHERE:
            continue
        for item in cluster.all(kind):
            if kind == "Application" and ("health" in item.status or "sync" in item.status):
                yield from find_application(cluster, item)
            elif (finding := _of_conditions(cluster, item) or _of_phase(cluster, item)) is not None:
                yield finding


def _of_conditions(cluster: Cluster, item: KubeObject) -> Finding | None:
    bad = [condition for condition in maps(item.raw, "status", "conditions") if _is_bad(cluster, item, condition)]
    if not bad:
        return None
    # "Ready" only sums up what another condition says more exactly.
    first = next((condition for condition in bad if text(condition, "type") not in _AGGREGATES), bad[0])
    behind = _service_behind(item) if item.kind == "APIService" else []
    details = {
        "condition": text(first, "type"), "status": text(first, "status"), "reason": text(first, "reason"),
        "conditions": [text(condition, "type") for condition in bad][:_MOST_NAMED],
        **({"because_of": behind} if behind else {}), **_owner(cluster, item),
    }  # fmt: skip
    return Finding(
        _state(item, first), item.id, item.kind, item.id, message=message_of(first, "message"),
        since=instant(first, "lastTransitionTime"), details=details,
    )  # fmt: skip


def _state(item: KubeObject, condition: Mapping[str, Any]) -> str:
    if item.kind == "APIService":
        return "ApiServiceUnavailable"
    failed = text(condition, "reason").endswith(("Failed", "Error"))
    if failed and item.kind in ("Kustomization", "HelmRelease", "GitRepository", "HelmRepository", "OCIRepository"):
        return "SyncFailed"
    return "ConditionNotMet"


def _is_bad(cluster: Cluster, item: KubeObject, condition: Mapping[str, Any]) -> bool:
    name, status, reason = (text(condition, key) for key in ("type", "status", "reason"))
    if _INTENDED.search(reason) or item.spec.get("suspend") is True or item.spec.get("paused") is True:
        return False
    # An unwanted word behind a negation ("NotReady") is no wanted one.
    if _UNWANTED.search(name):
        return status == "True"
    if not _WANTED.search(name) or status not in ("False", "Unknown"):
        return False
    return not _UNDER_WAY.search(reason) or _is_long(cluster, instant(condition, "lastTransitionTime"), item)


def _is_long(cluster: Cluster, since: datetime | None, item: KubeObject) -> bool:
    began = since or instant(item.raw, "metadata", "creationTimestamp")
    return began is not None and cluster.now - began >= _PATIENCE


def _of_phase(cluster: Cluster, item: KubeObject) -> Finding | None:
    phase = text(item.raw, "status", "phase") or text(item.raw, "status", "state")
    if phase not in _BAD_PHASES:
        return None
    message = message_of(item.raw, "status", "message") or message_of(item.raw, "status", "reason")
    details = {"phase": phase, **_owner(cluster, item)}
    return Finding("ConditionNotMet", item.id, item.kind, item.id, message=message, details=details)


def _owner(cluster: Cluster, item: KubeObject) -> dict[str, list[str]]:
    owner = cluster.owners.resource(item)
    affected = [owner] if owner != item.id else applied_workloads(cluster, item)[:_MOST_NAMED]
    return {"affects": affected} if affected else {}


def _service_behind(item: KubeObject) -> list[str]:
    """The Service that answers for an aggregated API."""
    namespace, name = (text(item.raw, "spec", "service", key) for key in ("namespace", "name"))
    return [kubernetes_id("Service", namespace, name)] if name else []
