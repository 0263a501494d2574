"""Nodes and the control plane's components: conditions, taints, cordons, leases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from primitives.identity import kubernetes_id
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.event_records import Event
from primitives.kubernetes.fields import at, instant, integer, maps, message_of, text
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.kinds import KubeObject
from primitives.patterns import lazy_pattern

__all__ = ["RECLAIMS", "find_nodes", "is_control_plane", "node_event", "unready_state"]

_PRESSURES: Final = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")
# What kubelet, autoscalers and cloud providers report that isn't a problem when true.
_GOOD: Final = frozenset({"Ready", "EtcdIsVoter", "ContainerRuntimeReady", "SysctlChanged"})
_RUNTIME: Final = lazy_pattern(
    r"container runtime (?:is down|status check|network)|containerruntimeunhealthy|pleg is not healthy|containerd"
    r"|cri-?o|dockerd|runtime service|container runtime not ready: RuntimeReady",
    re.IGNORECASE,
)
_NETWORK: Final = lazy_pattern(r"cni|network plugin|networkready=false|networkpluginnotready", re.IGNORECASE)
_LEASES: Final = {
    "kube-scheduler": "kube-scheduler",
    "kube-controller-manager": "kube-controller-manager",
}
_CONTROL_ROLES: Final = ("master", "control-plane", "controlplane")
_EVENTS: Final = {
    "NodeNotReady": "NodeNotReady",
    "SystemOOM": "SystemOOM",
    "OOMKilling": "SystemOOM",
    "Rebooted": "NodeRebooted",
    "NodeHasDiskPressure": "DiskPressure",
    "EvictionThresholdMet": "DiskPressure",
    "FreeDiskSpaceFailed": "DiskPressure",
    "ImageGCFailed": "DiskPressure",
    "NodeHasInsufficientMemory": "MemoryPressure",
    "NodeHasInsufficientPID": "PIDPressure",
    "NetworkNotReady": "NetworkPluginNotReady",
    "NodeNotSchedulable": "NodeCordoned",
    "CIDRNotAvailable": "AddressesExhausted",
    "CIDRAssignmentFailed": "AddressesExhausted",
}
RECLAIMS: Final = frozenset({
    "SpotInterruption", "SpotInterrupted", "PreemptScheduled", "TerminateScheduled", "TerminationScheduled",
    "TerminationStart", "InstanceTerminating", "InstanceStopping", "ASGLifecycle", "NodeShutdown", "DeletingNode",
})  # fmt: skip
"""Reasons with which providers' controllers say that a node goes: AWS node termination handler, Karpenter, AKS, GKE and
the cloud controller manager. Most come as Normal events."""
_RECLAIM_TAINTS: Final = lazy_pattern(
    r"aws-node-termination-handler/(?:spot-itn|scheduled-maintenance|asg-lifecycle-termination)"
    r"|cloud\.google\.com/impending-node-termination|node\.cloudprovider\.kubernetes\.io/shutdown"
    r"|kubernetes\.azure\.com/scalesetpriority-evicted"
)
# AKS: node problem detector's condition for Azure's Scheduled Events.
_RECLAIM_REASONS: Final = ("PreemptScheduled", "TerminateScheduled")
# Leases are renewed every 10 s and 2 s, and given up after 40 s and 15 s; dumps of kinds aren't taken at one moment.
_LEASE_PATIENCE: Final = timedelta(seconds=90)


def find_nodes(cluster: Cluster) -> Iterator[Finding]:
    """What is wrong with nodes and components."""
    for node in cluster.all("Node"):
        yield from _node(node)
    yield from _leases(cluster)
    for component in cluster.all("ComponentStatus"):
        for condition in maps(component.raw, "conditions"):
            if condition.get("type") == "Healthy" and condition.get("status") == "False":
                yield Finding(
                    _down(component.name), component.id, component.kind, component.id,
                    message=message_of(condition, "message") or message_of(condition, "error"),
                    details={"component": component.name},
                )  # fmt: skip
    yield from _components(cluster)


def is_control_plane(node: KubeObject) -> bool:
    """Whether the node is a control plane's: by its role's label or taint (kubeadm, k3s, kops)."""
    roles = {"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master",
             "node-role.kubernetes.io/controlplane"}  # fmt: skip
    tainted = {text(taint, "key") for taint in maps(node.raw, "spec", "taints")}
    return bool(roles & (node.labels.keys() | tainted)) or node.labels.get("kubernetes.io/role") in _CONTROL_ROLES


def unready_state(reason: str, message: str) -> str:
    """Why a node isn't ready, by its Ready condition's reason and message."""
    if _RUNTIME.search(message) and "cni" not in message.lower():
        return "ContainerRuntimeDown"
    if _NETWORK.search(message):
        return "NetworkPluginNotReady"
    if reason in ("NodeStatusUnknown", "NodeStatusNeverUpdated") or "stopped posting" in message.lower():
        return "KubeletStopped"
    return "NodeNotReady"


def node_event(event: Event, resource: str) -> Finding | None:
    """The finding for an event about a node's state; None for any other."""
    state = "NodeReclaimed" if event.reason in RECLAIMS else _EVENTS.get(event.reason)
    if state is None:
        return None
    if event.reason == "EvictionThresholdMet" and "memory" in event.message.lower():
        state = "MemoryPressure"
    return Finding(
        state, event.target, event.kind, resource, message=event.message, since=event.first, last_seen=event.last,
        events=event.count, details={"reason": event.reason},
    )  # fmt: skip


def _of(node: KubeObject, state: str, **fields: Any) -> Finding:
    return Finding(state, node.id, node.kind, node.id, **fields)


def _node(node: KubeObject) -> Iterator[Finding]:
    for condition in maps(node.raw, "status", "conditions"):
        name, status = text(condition, "type"), text(condition, "status")
        reason, message = text(condition, "reason"), message_of(condition, "message")
        since = instant(condition, "lastTransitionTime")
        if name == "Ready" and status in ("False", "Unknown"):
            state = unready_state(reason, message)
            yield _of(node, state, message=message, since=since, details={"reason": reason, "status": status})
        elif name in _PRESSURES and status == "True":
            yield _of(node, name, message=message, since=since, details={"reason": reason})
        elif status == "True" and reason in _RECLAIM_REASONS:
            yield _of(node, "NodeReclaimed", message=message, since=since, details={"reason": reason})
        elif name not in _GOOD and name not in _PRESSURES and status == "True":
            details = {"condition": name, "reason": reason}
            yield _of(node, "NodeProblem", message=message, since=since, variant=name, details=details)
    for taint in maps(node.raw, "spec", "taints"):
        if _RECLAIM_TAINTS.fullmatch(text(taint, "key")):
            details = {"taint": text(taint, "key")}
            yield _of(node, "NodeReclaimed", since=instant(taint, "timeAdded"), details=details)
    if node.spec.get("unschedulable") is True:
        taints = maps(node.raw, "spec", "taints")
        taint = next((t for t in taints if text(t, "key") == "node.kubernetes.io/unschedulable"), {})
        yield _of(node, "NodeCordoned", since=instant(taint, "timeAdded"))


def _leases(cluster: Cluster) -> Iterator[Finding]:
    taken = cluster.times.get("Lease")
    if taken is None:
        return
    for lease in cluster.all("Lease"):
        renewed = instant(lease.raw, "spec", "renewTime")
        if renewed is None or taken - renewed < _LEASE_PATIENCE:
            continue
        details: dict[str, Any] = {"overdue_s": round((taken - renewed).total_seconds())}
        if lease.namespace == "kube-node-lease" and not cluster.lacks("Node", "", lease.name):
            node = kubernetes_id("Node", "", lease.name)
            yield Finding("NodeLeaseExpired", node, "Node", node, since=renewed, details=details)
        elif lease.namespace == "kube-system" and lease.name in _LEASES:
            details["component"] = _LEASES[lease.name]
            yield Finding("ComponentLeaseExpired", lease.id, lease.kind, lease.id, since=renewed, details=details)


def _down(component: str) -> str:
    own = {"kube-scheduler": "SchedulerDown", "scheduler": "SchedulerDown", "kube-proxy": "KubeProxyDown"}
    return own.get(component, "ComponentUnhealthy")


def _components(cluster: Cluster) -> Iterator[Finding]:
    """Control plane pods and kube-proxy, recognised by kubeadm's labels."""
    for pod in cluster.pods_in.get("kube-system", ()):
        labels = pod.item.labels
        name = labels.get("component", "") if labels.get("tier") == "control-plane" else ""
        if labels.get("k8s-app") == "kube-proxy":
            name = "kube-proxy"
        if name and pod.ready is False and not pod.terminating:
            yield Finding(
                _down(name), pod.item.id, "Pod", pod.resource, variant=name,
                since=instant(pod.item.condition("Ready"), "lastTransitionTime"),
                details={"component": name, "node": pod.node},
            )  # fmt: skip
    for item in cluster.all("DaemonSet"):
        if item.namespace == "kube-system" and item.labels.get("k8s-app") == "kube-proxy":
            wanted, ready = (
                integer(item.raw, "status", "desiredNumberScheduled"),
                integer(item.raw, "status", "numberReady"),
            )
            if at(item.raw, "status") is not None and (wanted == 0 or (wanted and ready == 0)):
                details = {"component": "kube-proxy", "wanted": wanted, "ready": ready}
                yield Finding("KubeProxyDown", item.id, item.kind, item.id, variant="kube-proxy", details=details)
