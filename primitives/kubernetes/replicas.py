"""How many replicas a controller wants, and how many of them are ready."""

from __future__ import annotations

from primitives.kubernetes.fields import integer
from primitives.kubernetes.kinds import KubeObject

__all__ = ["ready_replicas", "wanted_replicas"]


def wanted_replicas(item: KubeObject) -> int | None:
    """How many replicas the workload is to have; None when the dump says nothing of it."""
    if item.kind == "DaemonSet":
        return integer(item.raw, "status", "desiredNumberScheduled")
    # The API's default is one replica; a dump without a spec says nothing.
    return (integer(item.raw, "spec", "replicas") if "replicas" in item.spec else 1) if item.spec else None


def ready_replicas(item: KubeObject) -> int | None:
    """How many of them are ready; None when the dump says nothing of it."""
    if item.kind == "DaemonSet":
        return integer(item.raw, "status", "numberReady")
    # A count of zero is left out of the status. Available are those that have been ready for a while (Kubernetes API,
    # DeploymentStatus), so a dump with that count alone says as much.
    counts = (integer(item.raw, "status", name) or 0 for name in ("readyReplicas", "availableReplicas"))
    return max(counts) if item.status else None
