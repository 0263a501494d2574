"""Why a pod can't be scheduled: what the scheduler said, made precise by the pod's own constraints and the nodes.

Messages are those of the scheduler's plugins in Kubernetes 1.10 to 1.35.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.deciding import Reason, deciding
from primitives.kubernetes.device_plugins import KeptOut, plugin_kept_out
from primitives.kubernetes.event_records import Event
from primitives.kubernetes.fields import instant, mapping, maps, message_of, quantity, strings, text
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.kinds import KubeObject
from primitives.kubernetes.nodes import is_control_plane
from primitives.kubernetes.placement import fits_affinity, fits_selector, untolerated
from primitives.kubernetes.pods_view import Pod
from primitives.kubernetes.selectors import shown_selector
from primitives.patterns import lazy_pattern

__all__ = ["find_scheduling", "scheduler_reasons", "scheduling_event"]

_NODES: Final = lazy_pattern(r"^\d+/(\d+) nodes are available:?\s*")
_PART: Final = lazy_pattern(r"^(\d+) (.+)$")
_TAINT: Final = lazy_pattern(r"taints? \{([^}:\s]{1,400}):? ?([^}]{0,100})\}")
_CLAIM: Final = lazy_pattern(r"persistentvolumeclaim \"([^\"]+)\"( not found)?")
_INSUFFICIENT: Final = lazy_pattern(r"Insufficient ([\w./-]+)")
_CONDITION_TAINTS: Final = lazy_pattern(
    r"node\.kubernetes\.io/(not-ready|unreachable|[a-z]+-pressure|network-unavailable)"
)
_CONTROL_PLANE: Final = lazy_pattern(r"node-role\.kubernetes\.io/(control-plane|master)")
_REASONS: Final = tuple(
    (state, lazy_pattern(pattern, re.IGNORECASE))
    for state, pattern in (
        ("VolumeNodeConflict", r"volume node affinity conflict|no available volume zone|volume zone"),
        ("UnboundVolumeClaim", r"unbound (?:immediate )?persistentvolumeclaim|available persistent volumes to bind"),
        ("MaxVolumeCountExceeded", r"max volume count"),
        ("TopologySpreadConflict", r"topology spread constraints"),
        ("PodAffinityConflict", r"pod affinity|anti-affinity"),
        ("NodeSelectorMismatch", r"match node selector|node affinity/selector|matchnodeselector"),
        ("NodeAffinityMismatch", r"node affinity"),
        ("NodesUnschedulable", r"were unschedulable|node\.kubernetes\.io/unschedulable"),
        ("NodesNotReady", r"were not ready|nodes? \w* ?not ready|were out of disk|(?:disk|memory|pid) ?pressure"),
        ("TaintNotTolerated", r"taint"),
        ("InsufficientExtendedResource", r"cannot allocate all claims|resource ?claim"),
        ("HostPortConflict", r"free ports"),
        ("TooManyPods", r"too many pods"),
    )
)  # fmt: skip
# Where a whole cluster is cordoned, naming each node says nothing more.
_MOST_BLAMED: Final = 10
_INSUFFICIENT_STATES: Final = {
    "cpu": "InsufficientCPU",
    "memory": "InsufficientMemory",
    "ephemeral-storage": "InsufficientEphemeralStorage",
    "pods": "TooManyPods",
}


def scheduler_reasons(message: str) -> list[tuple[str, int, dict[str, Any]]]:
    """The states that a FailedScheduling message names, with how many nodes each rules out, the most first.

    What a control plane's own taint rules out says nothing as long as there is another reason.
    """
    nodes = _NODES.match(message)
    body = (message[nodes.end() :] if nodes else message).partition(" preemption:")[0].strip().rstrip(".")
    body = body.partition(". preemption")[0].partition(", no new claims to deallocate")[0]
    counted: dict[tuple[str, str], tuple[int, dict[str, Any]]] = {}
    for piece in re.split(r", (?=\d+ )|, (?=(?:and )?that )|\. ", body):
        part = _PART.match(piece)
        count, words = (int(part.group(1)), part.group(2)) if part else (int(nodes.group(1)) if nodes else 0, piece)
        state, details = _reason(words)
        if state:
            key = (state, str(details.get("taint") or details.get("resource_name") or ""))
            counted[key] = (counted.get(key, (0, {}))[0] + count, details)
    reasons = sorted(
        ((state, count, details) for (state, _), (count, details) in counted.items()),
        key=lambda reason: (-reason[1], reason[0]),
    )
    others = [reason for reason in reasons if not _CONTROL_PLANE.match(str(reason[2].get("taint", "")))]
    return others or reasons


def find_scheduling(cluster: Cluster) -> Iterator[Finding]:
    """What keeps pending pods from a node, one finding a pod and reason."""
    for pod in cluster.pods:
        condition = pod.item.condition("PodScheduled")
        if pod.phase != "Pending" or pod.node or pod.terminating:
            continue
        if text(condition, "reason") == "SchedulingGated" or maps(pod.spec, "schedulingGates"):
            gates = [text(gate, "name") for gate in maps(pod.spec, "schedulingGates")]
            yield Finding(
                "SchedulingGated", pod.item.id, "Pod", pod.resource, details={"gates": gates},
                since=instant(pod.item.raw, "metadata", "creationTimestamp"),
            )  # fmt: skip
        elif text(condition, "status") == "False":
            message = message_of(condition, "message") or _event_message(cluster, pod)
            since = instant(condition, "lastTransitionTime") or instant(pod.item.raw, "metadata", "creationTimestamp")
            yield from _findings(cluster, pod, pod.item.id, pod.resource, message, since)


def scheduling_event(cluster: Cluster, event: Event, pod: Pod | None, resource: str) -> Iterator[Finding]:
    """The findings for a `FailedScheduling` event."""
    yield from _findings(cluster, pod, event.target, resource, event.message, event.first, event)


def _findings(
    cluster: Cluster, pod: Pod | None, target: str, resource: str, message: str, since: datetime | None,
    event: Event | None = None,
) -> Iterator[Finding]:  # fmt: skip
    for rank, (reason, count, known) in enumerate(_selected_reasons(cluster, pod, message)):
        kept = _plugin(cluster, pod, reason, known)
        state = "TaintNotTolerated" if kept is not None else reason
        details = {**known, "taint": kept.taint, "node": kept.node} if kept is not None else known
        for where in [kept.daemon_set] if kept is not None else _blamed(cluster, state, resource):
            yield Finding(
                state=state, object=target, kind="Pod", resource=where, message=message, since=since,
                events=event.count if event else 0, last_seen=event.last if event else None,
                variant=str(details.get("taint") or details.get("resource_name") or ""),
                details={**details, "nodes": count, "main": rank == 0, **_affects(where, resource)},
            )  # fmt: skip


def _plugin(cluster: Cluster, pod: Pod | None, state: str, details: Mapping[str, Any]) -> KeptOut | None:
    """The device plugin that isn't let onto a node which the pod could use if it offered what it asks for."""
    name = details.get("resource_name")
    if pod is None or state != "InsufficientExtendedResource" or not isinstance(name, str):
        return None
    return plugin_kept_out(cluster, pod, name)


def _selected_reasons(cluster: Cluster, pod: Pod | None, message: str) -> list[Reason]:
    """The reasons that decide, with what makes each precise; asked once for all pods of a controller."""
    key = (pod.controller if pod else "", message)
    if key not in cluster.scheduling_reasons:
        reasons = scheduler_reasons(message) or (_computed(cluster, pod) if pod else [])
        exact = [(_precise(cluster, pod, state), count, more) for state, count, more in _telling(cluster, reasons)]
        nodes = _NODES.match(message)
        telling = deciding(cluster, pod, exact, int(nodes.group(1)) if nodes else 0) or [("FailedScheduling", 0, {})]
        cluster.scheduling_reasons[key] = [
            (state, count, {**details, **(_more(cluster, pod, state, details) if pod else {})})
            for state, count, details in telling
        ]
    return cluster.scheduling_reasons[key]


def _blamed(cluster: Cluster, state: str, resource: str) -> list[str]:
    """Where the fault is: on the nodes that are cordoned, which is fixed there; else on the workload that waits."""
    if state != "NodesUnschedulable":
        return [resource]
    cordoned = [node for node in cluster.all("Node") if node.spec.get("unschedulable") is True]
    workers = [node for node in cordoned if not is_control_plane(node)]
    return [node.id for node in workers or cordoned][:_MOST_BLAMED] or [resource]


def _telling(cluster: Cluster, reasons: list[tuple[str, int, dict[str, Any]]]) -> list[tuple[str, int, dict[str, Any]]]:
    """The reasons without the cordon of nodes that are kept free anyway, as long as there is another reason."""
    cordoned = [node for node in cluster.all("Node") if node.spec.get("unschedulable") is True]
    if not cordoned or not all(is_control_plane(node) for node in cordoned):
        return reasons
    return [reason for reason in reasons if reason[0] != "NodesUnschedulable"] or reasons


def _affects(blamed: str, waiting: str) -> dict[str, list[str]]:
    return {"affects": [waiting]} if blamed != waiting else {}


def _reason(words: str) -> tuple[str, dict[str, Any]]:
    if match := _INSUFFICIENT.search(words):
        name = match.group(1).rstrip(".")
        return _INSUFFICIENT_STATES.get(name, "InsufficientExtendedResource"), {"resource_name": name}
    if match := _CLAIM.search(words):
        claim = {"claim": match.group(1)}
        if match.group(2):
            return "VolumeClaimMissing", {"name": match.group(1), **claim}
        return "UnboundVolumeClaim", claim
    if match := _TAINT.search(words):
        taint = {"taint": f"{match.group(1)}={match.group(2)}" if match.group(2) else match.group(1)}
        if match.group(1) == "node.kubernetes.io/unschedulable":
            return "NodesUnschedulable", taint
        return ("NodesNotReady" if _CONDITION_TAINTS.match(match.group(1)) else "TaintNotTolerated"), taint
    for state, pattern in _REASONS:
        if pattern.search(words):
            if state != "PodAffinityConflict":
                return state, {}
            existing = "existing pods" in words
            rule = "anti-affinity" if "anti-affinity" in words and "affinity/anti" not in words else "affinity"
            return state, {"rule": rule, "of_existing_pods": existing}
    return "", {}


def _precise(cluster: Cluster, pod: Pod | None, state: str) -> str:
    """What "node affinity" and "node affinity/selector" mean: decided by the pod's constraints and the nodes' labels.

    Until 1.21 the scheduler said "node affinity" of a nodeSelector too.
    """
    if state not in ("NodeSelectorMismatch", "NodeAffinityMismatch") or pod is None:
        return state
    if not mapping(pod.spec, "affinity", "nodeAffinity"):
        return "NodeSelectorMismatch" if mapping(pod.spec, "nodeSelector") else state
    if not mapping(pod.spec, "nodeSelector"):
        return "NodeAffinityMismatch"
    nodes = list(cluster.all("Node"))
    fits = any(fits_selector(pod.spec, node) for node in nodes)
    return "NodeAffinityMismatch" if fits else "NodeSelectorMismatch" if nodes else state


def _more(cluster: Cluster, pod: Pod, state: str, details: Mapping[str, Any]) -> dict[str, Any]:
    match state:
        case "NodeSelectorMismatch":
            return {"node_selector": strings(pod.spec, "nodeSelector"), **_label_values(cluster, pod)}
        case "NodeAffinityMismatch":
            return {"node_affinity": _shown_affinity(pod.spec)}
        case "InsufficientCPU" | "InsufficientMemory" | "InsufficientExtendedResource" | "InsufficientEphemeralStorage":
            return _room(cluster, pod, str(details.get("resource_name")))
        case "PodAffinityConflict":
            return {"rules": _shown_pod_affinity(pod.spec)}
        case "TaintNotTolerated":
            return {"tolerations": [_shown_toleration(t) for t in maps(pod.spec, "tolerations") if text(t, "key")]}
        case "NodesUnschedulable":
            return {"cordoned": [n.name for n in cluster.all("Node") if n.spec.get("unschedulable") is True]}
        case "UnboundVolumeClaim":
            return {
                "claims": [c for v in maps(pod.spec, "volumes") if (c := text(v, "persistentVolumeClaim", "claimName"))]
            }
        case _:
            return {}


def _label_values(cluster: Cluster, pod: Pod) -> dict[str, Any]:
    if not cluster.dumped("Node"):
        return {}
    keys = strings(pod.spec, "nodeSelector")
    return {
        "node_labels": {key: sorted({n.labels[key] for n in cluster.all("Node") if key in n.labels}) for key in keys}
    }


def _shown_affinity(spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    required = mapping(spec, "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
    return [shown_selector(term) for term in maps(required, "nodeSelectorTerms")]


def _shown_pod_affinity(spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"rule": word, "topology_key": text(term, "topologyKey"), "selector": shown_selector(term.get("labelSelector"))}
        for word, field in (("affinity", "podAffinity"), ("anti-affinity", "podAntiAffinity"))
        for term in maps(spec, "affinity", field, "requiredDuringSchedulingIgnoredDuringExecution")
    ]


def _shown_toleration(toleration: Mapping[str, Any]) -> str:
    value = text(toleration, "value")
    return text(toleration, "key") + (f"={value}" if value else "") + f":{text(toleration, 'effect')}"


def _room(cluster: Cluster, pod: Pod, name: str) -> dict[str, Any]:
    requested = [quantity(c, "resources", "requests", name) for c in maps(pod.spec, "containers")]
    total = sum(value for value in requested if value is not None)
    known = cluster.allocatable(name)
    more: dict[str, Any] = {"requested": total}
    if known:
        more["largest_allocatable"] = max(known)
        more["fits_an_empty_node"] = total <= max(known)
    return more


def _event_message(cluster: Cluster, pod: Pod) -> str:
    events = [e for e in cluster.events_of.get(pod.item.id, ()) if e.reason == "FailedScheduling"]
    return events[-1].message if events else ""


def _computed(cluster: Cluster, pod: Pod) -> list[tuple[str, int, dict[str, Any]]]:
    """What rules out each node, where the scheduler's own words weren't recorded."""
    counts: dict[tuple[str, str], int] = {}
    for node in cluster.all("Node"):
        state, variant = _obstacle(pod, node)
        if state:
            counts[state, variant] = counts.get((state, variant), 0) + 1
    if sum(counts.values()) < len(list(cluster.all("Node"))):
        return []  # some node would do: the reason lies elsewhere
    reasons = [
        (s, n, {"taint": v} if s == "TaintNotTolerated" else {"resource_name": v} if v else {})
        for (s, v), n in counts.items()
    ]
    others = [reason for reason in reasons if not _CONTROL_PLANE.match(str(reason[2].get("taint", "")))]
    return sorted(others or reasons, key=lambda reason: (-reason[1], reason[0]))


def _obstacle(pod: Pod, node: KubeObject) -> tuple[str, str]:
    if node.spec.get("unschedulable") is True:
        return "NodesUnschedulable", ""
    taint = untolerated(pod.spec, node)
    if taint is not None:
        key = text(taint, "key")
        return ("NodesNotReady", "") if _CONDITION_TAINTS.match(key) else ("TaintNotTolerated", key)
    if not fits_selector(pod.spec, node):
        return "NodeSelectorMismatch", ""
    if not fits_affinity(pod.spec, node):
        return "NodeAffinityMismatch", ""
    for name in ("cpu", "memory"):
        size = quantity(node.raw, "status", "allocatable", name)
        wanted = [quantity(c, "resources", "requests", name) or 0.0 for c in maps(pod.spec, "containers")]
        if size is not None and sum(wanted) > size:
            return _INSUFFICIENT_STATES[name], name
    return "", ""
