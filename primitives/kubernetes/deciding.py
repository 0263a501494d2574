"""Which of the scheduler's reasons decides: the one without which the pod would fit on a node that it may use at all.

The scheduler names one obstacle a node and stops there (Kubernetes: Scheduling Framework, filters in order). What the
pod itself excludes (its selector, affinity and tolerations, and the control plane's taints) stands for good; so a node
of another pool is no loss as long as the pod has nodes of its own. Among these what is passing counts: cordons, nodes
that aren't ready, and what other pods use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.fields import maps, quantity, text
from primitives.kubernetes.kinds import KubeObject
from primitives.kubernetes.placement import fits, fits_affinity, fits_selector, untolerated
from primitives.kubernetes.pods_view import Pod

__all__ = ["Reason", "deciding"]

Reason = tuple[str, int, dict[str, Any]]
"""A state, how many nodes it rules out, and its details."""

_STANDING: Final = ("NodeSelectorMismatch", "NodeAffinityMismatch", "TaintNotTolerated")
_PASSING: Final = ("NodesUnschedulable", "NodesNotReady")
_ROOM: Final = {"InsufficientCPU": "cpu", "InsufficientMemory": "memory"}


def deciding(cluster: Cluster, pod: Pod | None, reasons: Sequence[Reason], total: int) -> list[Reason]:
    """The reasons that decide, the most weighty first; all of them where nothing tells them apart.

    `total` is how many nodes the scheduler looked at (0: unknown).
    """
    if len(reasons) < 2:
        return list(reasons)
    nodes = list(cluster.all("Node"))
    if pod is None or not nodes or not pod.spec:
        return _by_counts(reasons, total)
    standing = _standing_reason(cluster, pod, nodes)
    if standing is not None:
        return _only(reasons, lambda state: state == standing) or list(reasons)
    left = _only(reasons, lambda state: state not in _STANDING)
    cordoned = [node for node in nodes if node.spec.get("unschedulable") is True and _is_usable(cluster, pod, node)]
    if not left or not cordoned or len(left) < 2:
        return left or list(reasons)
    if not any(state in _ROOM for state, _, _ in left):
        return left
    fits = any(_has_room(cluster, pod, node) for node in cordoned)
    chosen = _only(left, lambda state: (state in _PASSING) is fits)
    return chosen or left


def _by_counts(reasons: Sequence[Reason], total: int) -> list[Reason]:
    """Without the nodes: what stands rules out some of them, and the rest are those that the pod may use."""
    excluded = sum(count for state, count, _ in reasons if state in _STANDING)
    rest = _only(reasons, lambda state: state not in _STANDING)
    return rest if rest and 0 < excluded < total else list(reasons)


def _only(reasons: Sequence[Reason], keep: Callable[[str], bool]) -> list[Reason]:
    return [reason for reason in reasons if keep(reason[0])]


def _standing_reason(cluster: Cluster, pod: Pod, nodes: Sequence[KubeObject]) -> str | None:
    """What of the pod's own demands leaves it no node at all; None where some are left."""
    workers = [node for node in nodes if not _is_control_plane(cluster, pod, node)] or nodes
    chosen = [node for node in workers if fits_selector(pod.spec, node)] if pod.spec.get("nodeSelector") else workers
    if not chosen:
        return "NodeSelectorMismatch"
    chosen = [node for node in chosen if fits_affinity(pod.spec, node)] if pod.spec.get("affinity") else chosen
    if not chosen:
        return "NodeAffinityMismatch"
    return None if any(_tolerates(cluster, pod, node) for node in chosen) else "TaintNotTolerated"


def _is_usable(cluster: Cluster, pod: Pod, node: KubeObject) -> bool:
    return _tolerates(cluster, pod, node) and fits(pod.spec, node)


def _tolerates(cluster: Cluster, pod: Pod, node: KubeObject) -> bool:
    """Whether no lasting taint keeps the pod away; those of a node's state pass."""
    lasting = cluster.lasting_taints.get(node.name)
    return lasting is None or untolerated(pod.spec, lasting) is None


def _is_control_plane(cluster: Cluster, pod: Pod, node: KubeObject) -> bool:
    lasting = cluster.lasting_taints.get(node.name)
    taint = untolerated(pod.spec, lasting) if lasting is not None else None
    return taint is not None and text(taint, "key").startswith("node-role.kubernetes.io/")


def _has_room(cluster: Cluster, pod: Pod, node: KubeObject) -> bool:
    """Whether what the node's pods leave is enough for the pod's requests; what isn't known is enough."""
    for name in _ROOM.values():
        size = quantity(node.raw, "status", "allocatable", name)
        if size is not None and _requested(pod.spec, name) > size - cluster.requested_on(node.name).get(name, 0.0):
            return False
    return True


def _requested(spec: Mapping[str, Any], name: str) -> float:
    return sum(quantity(container, "resources", "requests", name) or 0.0 for container in maps(spec, "containers"))
