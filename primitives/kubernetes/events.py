"""Events as findings: each goes to the family that understands its reason; the rest are warnings of their own.

An event is about one moment. Where something later undid it (`past_events`) it is a `PastEvent`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from primitives.identity import kubernetes_id, namespace_of
from primitives.kubernetes.admission import create_event
from primitives.kubernetes.autoscaling import autoscaler_event, scaled_by
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.containers import over_own_limit, refuses_image, start_error
from primitives.kubernetes.disruptions import eviction_event
from primitives.kubernetes.event_records import Event
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.images import classify_pull_error, image_of_message, pull_details, pull_state, telling_part
from primitives.kubernetes.jobs import job_event
from primitives.kubernetes.kinds import KubeObject, read_object
from primitives.kubernetes.nodes import RECLAIMS, node_event
from primitives.kubernetes.past_events import as_past, superseded, undone
from primitives.kubernetes.pods_view import Pod, read_pod
from primitives.kubernetes.probes import probe_event
from primitives.kubernetes.references import missing_from_text
from primitives.kubernetes.sandboxes import sandbox_event
from primitives.kubernetes.scheduling import scheduling_event
from primitives.kubernetes.volumes import claim_event, mount_event
from primitives.patterns import lazy_pattern

__all__ = ["find_events"]

_PULL: Final = lazy_pattern(r"pull|image", re.IGNORECASE)
_ECHO: Final = lazy_pattern(r"^Error: (?:ErrImagePull|ImagePullBackOff|ErrImageNeverPull|InvalidImageName)$")
_NORMAL_BUT_TELLING: Final = frozenset({
    "Killing", "NodeNotReady", "NodeHasDiskPressure", "NodeHasInsufficientMemory", "NodeHasInsufficientPID",
    "NodeNotSchedulable", "FailedBinding", "Evicted", "TaintManagerEviction", *RECLAIMS,
})  # fmt: skip
_SIMPLE: Final = {
    "FailedPodSandBoxStatus": "SandboxFailed",
    "NetworkNotReady": "NetworkPluginNotReady",
    "Evicted": "Evicted",
    "HostPortConflict": "HostPortConflict",
    "FailedKillPod": "FailedKillPod",
    "ExceededGracePeriod": "FailedKillPod",
    "ProgressDeadlineExceeded": "ProgressDeadlineExceeded",
    "FailedPostStartHook": "StartError",
    "DeadlineExceeded": "DeadlineExceeded",
}


def find_events(cluster: Cluster) -> Iterator[Finding]:
    """Findings from events, each compared with what came after it."""
    for event, finding, later in superseded(_read(cluster)):
        over = later or undone(cluster, event, finding)
        yield finding if over is None else as_past(event, finding, over)


def _read(cluster: Cluster) -> Iterator[tuple[Event, Finding]]:
    for event in cluster.events:
        if not event.warning and event.reason not in _NORMAL_BUT_TELLING:
            continue
        pod = _pod(cluster, event)
        item = cluster.get(event.kind, namespace_of(event.target), event.name)
        resource = _node_of_event(event, pod) or (pod.resource if pod else _resource(cluster, event, item))
        for finding in _classify(cluster, event, pod, resource):
            container = finding.container or _only_container(event, pod)
            yield event, finding if container == finding.container else replace(finding, container=container)


def _pod(cluster: Cluster, event: Event) -> Pod | None:
    if event.kind != "Pod":
        return None
    known = cluster.pod_by_id.get(event.target)
    if known is not None:
        return known
    for dump in cluster.earlier.get("Pod", ()):
        item = dump.get((event.namespace, event.name))
        if item is not None:
            return read_pod(item, cluster.owners.resource(item), cluster.owners.controller(item))
    return None


def _node_of_event(event: Event, pod: Pod | None) -> str | None:
    """The node that a pod's event is about: the node controller sends an event to each pod of a node not ready."""
    if event.reason != "NodeNotReady" or pod is None or not pod.node:
        return None
    return kubernetes_id("Node", "", pod.node)


def _resource(cluster: Cluster, event: Event, item: KubeObject | None) -> str:
    if item is not None and item.kind == "HorizontalPodAutoscaler":
        return scaled_by(item)
    if item is None:
        maker = cluster.made_by.get(event.target, event)
        item = cluster.get(maker.kind, maker.namespace, maker.name)
        named = {"kind": maker.kind, "metadata": {"name": maker.name, "namespace": maker.namespace}}
        item = item or read_object(named, "")
    return cluster.owners.resource(item) if item else event.target


def _only_container(event: Event, pod: Pod | None) -> str | None:
    if event.container is not None:
        return event.container
    if pod is not None and event.reason in ("BackOff", "Failed", "Unhealthy", "Killing") and len(pod.containers) == 1:
        return pod.containers[0].name
    return None


def _classify(cluster: Cluster, event: Event, pod: Pod | None, resource: str) -> Iterable[Finding]:
    match event.reason:
        case "FailedScheduling":
            return scheduling_event(cluster, event, pod, resource)
        case "Unhealthy" | "Killing" | "ProbeWarning":
            finding = probe_event(cluster, event, pod)
            return [finding] if finding else []
        case "Failed" | "BackOff" | "InspectFailed" | "ErrImageNeverPull":
            return _kubelet(cluster, event, pod, resource)
        case "FailedMount" | "FailedMapVolume" | "FailedAttachVolume":
            return [mount_event(event, resource)]
        case "ProvisioningFailed" | "FailedBinding":
            if cluster.get("PersistentVolumeClaim", event.namespace, event.name):
                return []  # the claim itself says more
            finding = claim_event(cluster, event)
            return [finding] if finding else []
        case "FailedCreatePodSandBox":
            return [sandbox_event(event, pod, resource)]
        case "FailedCreate":
            return [create_event(event, resource)]
        case _:
            return [_other(event, resource)] if event.warning or event.kind == "Node" or event.reason in _SIMPLE else []


def _other(event: Event, resource: str) -> Finding:
    understand: tuple[Callable[[Event, str], Finding | None], ...] = (
        job_event, autoscaler_event, node_event, eviction_event,
    )  # fmt: skip
    for reader in understand:
        findings = reader(event, resource)
        if findings is not None:
            return findings
    state = _SIMPLE.get(event.reason, "WarningEvent")
    if state == "Evicted" and over_own_limit(event.message):
        state = "StorageLimitExceeded"
    return _of(event, state, resource, variant=event.reason if state == "WarningEvent" else "", reason=event.reason)


def _of(event: Event, state: str, resource: str, *, variant: str = "", **details: Any) -> Finding:
    return Finding(
        state, event.target, event.kind, resource, container=event.container, message=event.message,
        since=event.first, last_seen=event.last, events=event.count, variant=variant, details=details,
    )  # fmt: skip


def _kubelet(cluster: Cluster, event: Event, pod: Pod | None, resource: str) -> Iterable[Finding]:
    """`Failed` and `BackOff`: pulling, creating or starting a container."""
    message = event.message
    if _ECHO.match(message):
        return []
    if refuses_image(message):
        return [_of(event, "SecurityContextConflict", resource, reason=event.reason)]
    missing = missing_from_text(message)
    if missing is not None:
        state, details = missing
        return [_of(event, state, resource, variant=f"{details['name']}/{details.get('key', '')}", **details)]
    if event.reason != "BackOff" and not _PULL.search(message):
        return [_of(event, start_error(message), resource, reason=event.reason)]
    if event.reason == "BackOff" and not re.search(r"pulling image", message, re.IGNORECASE):
        return [_of(event, "BackOff", resource, reason=event.reason)]
    image = image_of_message(message)
    error = classify_pull_error(message)
    details = {"reason": event.reason, "error": error, **pull_details(cluster, pod, image)}
    state = pull_state("ErrImageNeverPull" if event.reason == "ErrImageNeverPull" else "ImagePullBackOff", error)
    if state == "ImagePullDenied" and details.get("missing_pull_secrets"):
        state = "ImagePullUnauthorized"
    return [replace(_of(event, state, resource, variant=image, **details), message=telling_part(message))]
