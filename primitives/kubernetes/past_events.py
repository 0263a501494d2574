"""What undid an event: an event is about one moment, and holds until something later shows that it is over.

Each rule is one function: it says why the event is no longer true, or nothing. Kubernetes keeps events for an hour
(kube-apiserver, --event-ttl), long after controllers have tried again and succeeded (Kubernetes: Controllers).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from primitives.dataclass import dataclass
from primitives.identity import namespace_of
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.containers import RECOVERED_AFTER, torn_down, well_throughout
from primitives.kubernetes.event_records import Event
from primitives.kubernetes.fields import instant, integer, mapping, text
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.kinds import KubeObject
from primitives.kubernetes.pods_view import Pod
from primitives.kubernetes.replicas import ready_replicas, wanted_replicas

__all__ = ["Undone", "as_past", "superseded", "undone"]

_MISSING: Final = {
    "ServiceAccountMissing": "ServiceAccount",
    "ConfigMapMissing": "ConfigMap",
    "ConfigMapKeyMissing": "ConfigMap",
    "SecretMissing": "Secret",
    "SecretKeyMissing": "Secret",
    "VolumeClaimMissing": "PersistentVolumeClaim",
    "StorageClassMissing": "StorageClass",
    "ImagePullSecretMissing": "Secret",
}
# A controller repeats these attempts as a whole, and its newest answer is what refuses now.
_REPEATED: Final = frozenset({"FailedCreate", "FailedScheduling", "ProvisioningFailed"})
_CONTROLLERS: Final = ("ReplicaSet", "ReplicationController", "Deployment", "StatefulSet", "DaemonSet")
# What is removed when its work is done: that it is gone doesn't say that it went well.
_REMOVED_WHEN_DONE: Final = frozenset({"Job", "CronJob"})
# That the node is gone is what was announced, not that it was undone.
_ENDS: Final = frozenset({"NodeReclaimed"})
_OFTEN: Final = 3


@dataclass(frozen=True, slots=True)
class Undone:
    """Why an event is over: a short name of the rule, and the reason in words."""

    rule: str
    words: str


def undone(cluster: Cluster, event: Event, finding: Finding) -> Undone | None:
    """Why the event is no longer true; None where it may still be."""
    item = cluster.get(event.kind, namespace_of(event.target), event.name)
    return next((over for rule in _RULES if (over := rule(cluster, event, finding, item)) is not None), None)


def superseded(read: Iterable[tuple[Event, Finding]]) -> Iterator[tuple[Event, Finding, Undone | None]]:
    """Each event and finding again, with what superseded it: a later attempt of the same object that ended otherwise.

    So the newest reason why a ReplicaSet can't create its pods is what counts.
    """
    pairs = list(read)
    newest: dict[tuple[str, str], datetime] = {}
    for event, _ in pairs:
        if event.reason in _REPEATED and event.last is not None:
            key = (event.target, event.reason)
            newest[key] = max(event.last, newest.get(key, event.last))
    latest: dict[tuple[str, str], set[str]] = defaultdict(set)
    for event, finding in pairs:
        if event.last is not None and event.last == newest.get((event.target, event.reason)):
            latest[event.target, event.reason].add(finding.state)
    for event, finding in pairs:
        states = latest.get((event.target, event.reason), set())
        over = event.last is not None and bool(states) and finding.state not in states
        words = f"a later attempt says {', '.join(sorted(states))}"
        yield event, finding, Undone("superseded", words) if over else None


def as_past(event: Event, finding: Finding, over: Undone) -> Finding:
    """The finding as one of the past."""
    details = {"reason": event.reason, "was": finding.state, "past": over.rule}
    return replace(
        finding, state="PastEvent", variant=f"{event.reason}:{over.rule}", details=details, bearing="past",
        bearing_reason=over.words,
    )  # fmt: skip


def _gone(cluster: Cluster, event: Event, finding: Finding, item: KubeObject | None) -> Undone | None:
    if finding.state in _ENDS:
        return None
    if item is not None or event.kind in _REMOVED_WHEN_DONE or not cluster.dumped(event.kind):
        return None
    # A dump of one namespace says nothing of the objects of another.
    namespace = namespace_of(event.target)
    if event.kind != "Pod" and not any(other.namespace == namespace for other in cluster.all(event.kind)):
        return None
    return Undone("gone", f"the {event.kind} is gone")


def _pod(cluster: Cluster, event: Event, finding: Finding, item: KubeObject | None) -> Undone | None:
    del finding, item
    pod = cluster.pod_by_id.get(event.target) if event.kind == "Pod" else None
    if pod is None:
        return None
    if pod.terminating or torn_down(cluster, pod):
        return Undone("gone", "the Pod is being removed")
    if (pod.healthy or _serves(cluster, pod)) and not _restarts_again(cluster, event.target):
        over = _over(cluster, event, pod.healthy_since)
        return Undone("recovered", "the Pod is ready and hasn't restarted since") if over else None
    if event.reason == "FailedScheduling" and pod.node:
        return Undone("recovered", "the Pod has been given a node")
    return None


def _passed(cluster: Cluster, event: Event, finding: Finding, item: KubeObject | None) -> Undone | None:
    """A probe that has passed since: `started` says it of a startup probe, `ready` of the last readiness probes.

    Kubernetes: "Configure Liveness, Readiness and Startup Probes"; ContainerStatus (`started`, `ready`).
    """
    del item
    pod = cluster.pod_by_id.get(event.target) if event.kind == "Pod" else None
    kind, name = finding.details.get("probe"), finding.container
    container = next((entry for entry in pod.containers if entry.name == name), None) if pod and name else None
    if container is None or event.last is None or not container.running:
        return None
    if kind == "startup" and container.started:
        return Undone("recovered", "the container has started since")
    failures_s = (finding.details.get("period_s") or 0) * (finding.details.get("failure_threshold") or 0)
    lately = (cluster.now - event.last).total_seconds() <= 2 * failures_s
    if kind == "readiness" and failures_s and container.ready and not container.restarts and not lately:
        return Undone("recovered", "the container is ready and has never restarted")
    return None


def _exists(cluster: Cluster, event: Event, finding: Finding, item: KubeObject | None) -> Undone | None:
    """What was missing is there now, and came after the event was last seen."""
    del item
    kind, name = _MISSING.get(finding.state), finding.details.get("name")
    if kind is None or not isinstance(name, str):
        return None
    held = cluster.get(kind, "" if kind == "StorageClass" else event.namespace, name)
    if held is None:
        return None
    key = finding.details.get("key") if finding.state.endswith("KeyMissing") else None
    if finding.state.endswith("KeyMissing"):
        if key not in {**mapping(held.raw, "data"), **mapping(held.raw, "binaryData")}:
            return None
    elif _seen_long_after(event, instant(held.raw, "metadata", "creationTimestamp")):
        return None
    return Undone("exists", f"the {kind} {'key ' if key else ''}exists now")


def _seen_long_after(event: Event, created: datetime | None) -> bool:
    """Whether it was seen so long after the creation that no cache of the kubelet or a controller explains it."""
    return event.last is not None and created is not None and event.last - created > RECOVERED_AFTER


def _satisfied(cluster: Cluster, event: Event, finding: Finding, item: KubeObject | None) -> Undone | None:
    """A controller that couldn't create its pods has all that it wants."""
    del cluster, finding
    if event.reason != "FailedCreate" or item is None or item.kind not in _CONTROLLERS or not item.status:
        return None
    count, total = (
        ("desiredNumberScheduled", "currentNumberScheduled") if item.kind == "DaemonSet" else ("", "replicas")
    )
    wanted = integer(item.raw, "status", count) if count else integer(item.raw, "spec", "replicas")
    if wanted == 0:
        return Undone("recovered", f"the {item.kind} wants no pods any more")
    if wanted is None or (integer(item.raw, "status", total) or 0) < wanted:
        return None
    return Undone("recovered", f"the {item.kind} has its replicas")


def _well(cluster: Cluster, event: Event, finding: Finding, item: KubeObject | None) -> Undone | None:
    del finding
    if event.kind == "Pod" or item is None or not _is_well(item):
        return None
    since = instant(item.condition("Ready" if event.kind == "Node" else "Available"), "lastTransitionTime")
    return Undone("recovered", f"the {item.kind} is well now") if _over(cluster, event, since) else None


def _long_ago(cluster: Cluster, event: Event, finding: Finding, item: KubeObject | None) -> Undone | None:
    """It ended before the window; of a known pod, or one that is well, the object itself says more."""
    del finding
    if (event.kind == "Pod" and cluster.dumped("Pod")) or (item is not None and _is_well(item)):
        return None
    if event.last is not None and event.last < cluster.window.start:
        return Undone("before_window", "it was last seen before the incident")
    return None


_RULES: Final[tuple[Callable[[Cluster, Event, Finding, KubeObject | None], Undone | None], ...]] = (
    _gone, _pod, _passed, _satisfied, _exists, _well, _long_ago,
)  # fmt: skip


def _serves(cluster: Cluster, pod: Pod) -> bool:
    """Whether a running pod of unknown readiness must be ready: its controller has all the replicas it wants."""
    if not pod.unknown:
        return False
    return any(item.id == pod.resource and _is_well(item) for item in cluster.workloads)


def _restarts_again(cluster: Cluster, target: str) -> bool:
    """Whether a pod is well only between two restarts, of which there were several, the last one just now."""
    often = (item for item in cluster.pod_by_id[target].containers if item.restarts >= _OFTEN)
    ends = [instant(container.last, "finishedAt") for container in often if not well_throughout(cluster, container)]
    return any(end is not None and cluster.now - end < RECOVERED_AFTER for end in ends)


def _over(cluster: Cluster, event: Event, well_since: datetime | None) -> bool:
    """Whether it was last seen before its object became well, or not for ten minutes."""
    if event.last is None:
        return True
    return (well_since is not None and event.last <= well_since) or cluster.now - event.last >= RECOVERED_AFTER


def _is_well(item: KubeObject) -> bool:
    match item.kind:
        case "Node":
            return text(item.condition("Ready"), "status") == "True"
        case "PersistentVolumeClaim":
            return text(item.raw, "status", "phase") == "Bound"
        case "ReplicaSet" | "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicationController":
            wanted, ready = wanted_replicas(item), ready_replicas(item)
            return wanted is not None and ready is not None and ready >= wanted
        case "HorizontalPodAutoscaler":
            return text(item.condition("ScalingActive"), "status") == "True"
        case _:
            return False
