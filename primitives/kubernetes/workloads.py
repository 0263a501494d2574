"""Rollouts and replicas: stuck, unavailable, scaled to zero, paused, and what a revision changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.fields import instant, integer, mapping, message_of, moment_text, text
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.kinds import KubeObject, template_of
from primitives.kubernetes.links import find_links
from primitives.kubernetes.replicas import ready_replicas, wanted_replicas
from primitives.kubernetes.revisions import differences, revision, revisions_of
from primitives.kubernetes.selectors import service_selects
from primitives.kubernetes.services import pods_behind

__all__ = ["find_workloads"]

# Half the deadline that a Deployment has by default (progressDeadlineSeconds 600).
_ROLLOUT_PATIENCE_S: Final = 300
_KINDS: Final = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController")
_COMPARED: Final = (
    "Deployment", "StatefulSet", "DaemonSet", "Service", "ConfigMap", "NetworkPolicy", "Ingress", "ResourceQuota",
    "HorizontalPodAutoscaler", "PersistentVolumeClaim", "CronJob", "Node",
)  # fmt: skip


def find_workloads(cluster: Cluster) -> Iterator[Finding]:
    """What is wrong with controllers of pods, and how they changed."""
    for kind in _KINDS:
        for item in cluster.all(kind):
            # A ReplicaSet of a Deployment is the Deployment's business.
            if cluster.owners.resource(item) == item.id:
                yield from _workload(cluster, item)
    for item in cluster.all("Deployment"):
        yield from _revision_changed(cluster, item)
    for kind in _COMPARED:
        yield from _object_changed(cluster, kind)


def _of(item: KubeObject, state: str, **fields: Any) -> Finding:
    return Finding(state, item.id, item.kind, item.id, **fields)


def _workload(cluster: Cluster, item: KubeObject) -> Iterator[Finding]:
    wanted, ready = wanted_replicas(item), ready_replicas(item)
    if wanted == 0 and item.kind != "DaemonSet":
        yield _scaled_to_zero(cluster, item)
        return
    if item.spec.get("paused") is True:
        yield _of(item, "RolloutPaused")
    yield from _not_observed(item)
    details = {"wanted": wanted, "ready": ready, **_revisions(cluster, item)}
    stuck = _stuck(item, wanted)
    if stuck == "RolloutInProgress" and _hangs(details):
        stuck = "RolloutStuck"
    if stuck is not None:
        condition = item.condition("Progressing")
        yield _of(
            item, stuck, message=message_of(condition, "message"),
            since=instant(condition, "lastTransitionTime") or instant(condition, "lastUpdateTime"), details=details,
        )  # fmt: skip
    if wanted is not None and ready is not None and ready < wanted:
        since = instant(item.condition("Available"), "lastTransitionTime")
        yield _of(item, "ReplicasUnavailable", since=since, details={**details, "none_ready": ready == 0})
    service = text(item.raw, "spec", "serviceName")
    if item.kind == "StatefulSet" and service and cluster.lacks("Service", item.namespace, service):
        yield _of(item, "StatefulSetServiceMissing", details={"service": service})


def _scaled_to_zero(cluster: Cluster, item: KubeObject) -> Finding:
    users = [
        service.id
        for service in cluster.all("Service")
        if service_selects(service, item) and not pods_behind(cluster, service)
    ]
    earlier = [
        count
        for dump in cluster.earlier.get(item.kind, ())
        if (old := dump.get((item.namespace, item.name))) and (count := integer(old.raw, "spec", "replicas"))
    ]
    events = [e for e in cluster.events_of.get(item.id, ()) if "to 0" in e.message and e.reason == "ScalingReplicaSet"]
    called = bool(users) and not {edge[1] for edge in find_links(cluster)[1] if edge[2] == "calls"}.isdisjoint(users)
    return _of(
        item, "ScaledToZeroInUse" if called else "ScaledToZero", since=events[-1].last if events else None,
        message=events[-1].message if events else "",
        details={"used_by": users, "earlier_replicas": next(iter(earlier), None), "recent": bool(events or earlier)},
    )  # fmt: skip


def _not_observed(item: KubeObject) -> Iterator[Finding]:
    generation, seen = integer(item.raw, "metadata", "generation"), integer(item.raw, "status", "observedGeneration")
    if generation is not None and seen is not None and seen < generation:
        yield _of(item, "NotObserved", details={"generation": generation, "observed_generation": seen})


def _stuck(item: KubeObject, wanted: int | None) -> str | None:
    progressing = item.condition("Progressing")
    if text(progressing, "reason") == "ProgressDeadlineExceeded" or text(progressing, "status") == "False":
        return "ProgressDeadlineExceeded"
    updated = integer(item.raw, "status", "updatedReplicas")
    total = integer(item.raw, "status", "replicas")
    partly = updated is not None and total is not None and (updated < (wanted or 0) or total > updated)
    if item.kind == "Deployment" and wanted and partly:
        return "RolloutInProgress"
    current, update = text(item.raw, "status", "currentRevision"), text(item.raw, "status", "updateRevision")
    if item.kind == "StatefulSet" and current and update and current != update and (updated or 0) < (wanted or 0):
        return "RolloutInProgress"
    return None


def _hangs(details: Mapping[str, Any]) -> bool:
    """Whether the newest revision had enough time and its pods are still not ready."""
    age_s = details.get("new_age_s")
    return age_s is not None and age_s > _ROLLOUT_PATIENCE_S and details["new_pods_unready"] > 0


def _revisions(cluster: Cluster, item: KubeObject) -> dict[str, Any]:
    """How many pods of the newest revision are wanted and ready, and of older ones."""
    running = [r for r in revisions_of(cluster, item.id) if integer(r.raw, "spec", "replicas")]
    if not running:
        return {}
    newest = running[0]
    created = instant(newest.raw, "metadata", "creationTimestamp")
    pods = [pod for pod in cluster.pods_of.get(item.id, ()) if pod.live]
    return {
        "new_revision": newest.id,
        "new_wanted": integer(newest.raw, "spec", "replicas"),
        "new_ready": integer(newest.raw, "status", "readyReplicas") or 0,
        "old_ready": sum(integer(old.raw, "status", "readyReplicas") or 0 for old in running[1:]),
        "new_pods_unready": sum(1 for pod in pods if pod.controller == newest.id and pod.ready is False),
        "new_age_s": round((cluster.now - created).total_seconds()) if created else None,
    }


def _revision_changed(cluster: Cluster, item: KubeObject) -> Iterator[Finding]:
    """What the newest revision's template changed; also where it was rolled back to an old one."""
    revisions = revisions_of(cluster, item.id)
    if len(revisions) < 2:
        return
    newest, before = revisions[0], revisions[1]
    changes = differences(template_of(before), template_of(newest))
    created = instant(newest.raw, "metadata", "creationTimestamp")
    if not changes or (created is not None and created > cluster.now):
        return
    pods = [pod for pod in cluster.pods_of.get(item.id, ()) if pod.controller == newest.id and pod.live]
    details = {
        "from_revision": revision(before), "to_revision": revision(newest), "changes": changes,
        "created": moment_text(created), "in_window": bool(created and cluster.window.holds(created)),
        "new_pods": len(pods), "new_pods_unready": sum(1 for pod in pods if pod.ready is False),
    }  # fmt: skip
    yield _of(item, "RevisionChanged", since=created, details=details)


def _object_changed(cluster: Cluster, kind: str) -> Iterator[Finding]:
    for earlier in cluster.earlier.get(kind, [])[:1]:
        for key, old in earlier.items():
            new = cluster.get(kind, *key)
            if new is None:
                continue
            field = "data" if kind == "ConfigMap" else "spec"
            changes = differences(mapping(old.raw, field), mapping(new.raw, field), field)
            if changes:
                yield _of(new, "ObjectChanged", details={"changes": changes})
