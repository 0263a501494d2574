"""A refusal belongs to who refuses: the quota, limit range, policy or webhook, not to the workload that is refused.

Kubernetes documentation, "Resource Quotas": the API server refuses to create what would exceed a quota, so an object
that is missing while a quota of its kind is full was most likely refused. "Admission Control": limit ranges, policies
and webhooks refuse in the same way. What a refusal is felt by is in its details as `affects`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from primitives.identity import kubernetes_id, namespace_of
from primitives.kubernetes.admission import silent_server
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.fields import at, instant, integer, mapping, maps, quantity, text
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.kinds import KubeObject, template_of
from primitives.kubernetes.selectors import service_selects

__all__ = ["by_refuser", "find_refused"]

_WEBHOOKS: Final = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")
_MISSING: Final = {
    "VolumeClaimMissing": "persistentvolumeclaims", "ConfigMapMissing": "configmaps", "SecretMissing": "secrets",
    "ServiceMissing": "services",
}  # fmt: skip
# A quota of storage refuses claims as well as one that counts them.
_ALSO: Final = {"persistentvolumeclaims": ("requests.storage",)}
_SERVERS: Final = ("Deployment", "StatefulSet")
# One worker without a Service is no oversight; the only one of several workloads that serve may be.
_PEERS: Final = 3


def by_refuser(cluster: Cluster, findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings; refusals, and missing objects that a quota refuses, are given to the refuser."""
    for finding in findings:
        refuser = _refuser(cluster, finding)
        if refuser is not None and finding.resource != refuser:
            affects = sorted({finding.resource, *finding.details.get("affects", ())})
            silent = _silent(cluster, finding) if finding.state == "AdmissionWebhookUnavailable" else None
            yield replace(
                finding,
                state="WebhookUnanswered" if silent else finding.state,
                resource=silent or refuser,
                details={**finding.details, "affects": affects},
            )
        elif (quota := _refusing_quota(cluster, finding)) is not None:
            yield _refused(quota, _MISSING[finding.state], finding.object, finding.resource, finding)
        else:
            yield finding


def find_refused(cluster: Cluster) -> Iterator[Finding]:
    """Replicas and Services that are missing while a quota that counts them is full; no event needs to say so."""
    for quota in cluster.all("ResourceQuota"):
        if _is_full(quota, "pods"):
            for item in cluster.workloads:
                if item.namespace == quota.namespace and _lacks_pods(cluster, item):
                    yield _refused(quota, "pods", item.id, cluster.owners.resource(item))
        if _is_full(quota, "services"):
            for item in _without_service(cluster, quota.namespace):
                name = kubernetes_id("Service", item.namespace, item.name)
                yield _refused(quota, "services", name, item.id)


def _refuser(cluster: Cluster, finding: Finding) -> str | None:
    """The object that refused; None where the message doesn't say or nothing was refused."""
    namespace = namespace_of(finding.object) or namespace_of(finding.resource)
    match finding.state:
        case "QuotaExceeded" | "QuotaRequiresLimits" if quota := finding.details.get("quota"):
            return kubernetes_id("ResourceQuota", namespace, str(quota))
        case "LimitRangeViolation":
            ranges = [item.id for item in cluster.all("LimitRange") if item.namespace == namespace]
            return ranges[0] if len(ranges) == 1 else None
        case "NamespaceTerminating" if namespace:
            return kubernetes_id("Namespace", "", namespace)
        case "AdmissionWebhookDenied" | "AdmissionWebhookUnavailable":
            return _webhook(cluster, str(finding.details.get("webhook") or ""))
        case _:
            return None


def _silent(cluster: Cluster, finding: Finding) -> str | None:
    """The workload whose pods should have answered the webhook that refused, and aren't ready."""
    name = str(finding.details.get("webhook") or "")
    webhooks = (w for kind in _WEBHOOKS for item in cluster.all(kind) for w in maps(item.raw, "webhooks"))
    return next((silent_server(cluster, w) for w in webhooks if text(w, "name") == name), None)


def _webhook(cluster: Cluster, name: str) -> str | None:
    """The configuration that registers the webhook; or the admission policy of that name."""
    for kind in _WEBHOOKS:
        for item in cluster.all(kind):
            if any(text(webhook, "name") == name for webhook in maps(item.raw, "webhooks")):
                return item.id
    policy = cluster.get("ValidatingAdmissionPolicy", "", name)
    return policy.id if policy is not None else None


def _refusing_quota(cluster: Cluster, finding: Finding) -> KubeObject | None:
    """The quota that keeps a missing object from being created: it is full, or newer than what would need the object.

    A quota is checked when an object is created, so one that is older than the whole trouble and has room refuses
    nothing; a new one may be smaller than what was asked for, and the missing object can't say how much that was.
    """
    plural = _MISSING.get(finding.state)
    if plural is None:
        return None
    namespace = namespace_of(finding.object) or namespace_of(finding.resource)
    for quota in cluster.all("ResourceQuota"):
        if quota.namespace != namespace:
            continue
        if _is_full(quota, plural) or any(_is_full(quota, name) or _is_new(cluster, quota, name)
                                          for name in _ALSO.get(plural, ())):  # fmt: skip
            return quota
    return None


def _is_full(quota: KubeObject, name: str) -> bool:
    """Whether nothing more of `name`, counted in either of the API's two ways, may be created."""
    for key in (name, f"count/{name}"):
        hard, used = quantity(at(quota.raw, "status", "hard"), key), quantity(at(quota.raw, "status", "used"), key)
        if hard is not None and used is not None and used >= hard:
            return True
    return False


def _is_new(cluster: Cluster, quota: KubeObject, name: str) -> bool:
    created = instant(quota.raw, "metadata", "creationTimestamp")
    limits = mapping(quota.raw, "spec", "hard") or mapping(quota.raw, "status", "hard")
    return name in limits and created is not None and created >= cluster.window.start


def _refused(quota: KubeObject, plural: str, what: str, felt_by: str, finding: Finding | None = None) -> Finding:
    details = {"quota": quota.name, "resource_name": plural, "missing": what, "affects": [felt_by]}
    if finding is not None:
        details = {**finding.details, **details}
    return Finding(
        "QuotaExceeded", what if finding is None else finding.object, quota.kind if finding is None else finding.kind,
        quota.id, variant=quota.name, message=finding.message if finding else "",
        since=finding.since if finding else None, last_seen=finding.last_seen if finding else None,
        events=finding.events if finding else 0, details=details,
    )  # fmt: skip


def _lacks_pods(cluster: Cluster, item: KubeObject) -> bool:
    """Whether the controller has fewer pods than it wants."""
    if cluster.owners.resource(item) != item.id or not item.spec or not cluster.dumped("Pod"):
        return False
    wanted = integer(item.raw, "spec", "replicas") if "replicas" in item.spec else 1
    live = [pod for pod in cluster.pods_of.get(item.id, ()) if not pod.finished]
    return item.kind in ("Deployment", "StatefulSet", "ReplicaSet") and len(live) < (wanted or 0)


def _without_service(cluster: Cluster, namespace: str) -> list[KubeObject]:
    """The one Deployment or StatefulSet that serves a port and that no Service selects, unlike all its peers."""
    if not cluster.dumped("Service"):
        return []
    serving = [item for item in cluster.workloads
               if item.namespace == namespace and item.kind in _SERVERS and _serves(item)]  # fmt: skip
    services = cluster.all("Service")
    alone = [item for item in serving if not any(service_selects(service, item) for service in services)]
    return alone if len(alone) == 1 and len(serving) > _PEERS else []


def _serves(item: KubeObject) -> bool:
    return any(maps(container, "ports") for container in maps(template_of(item), "spec", "containers"))
