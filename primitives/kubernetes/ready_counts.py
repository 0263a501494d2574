"""How many of each workload's wanted pods are ready: a short look, for watching."""

from __future__ import annotations

from collections.abc import Sequence

from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.replicas import ready_replicas, wanted_replicas
from primitives.records import KubernetesDump, Window

__all__ = ["ready_counts"]

_KINDS = ("Deployment", "StatefulSet", "DaemonSet")


def ready_counts(dumps: Sequence[KubernetesDump], window: Window) -> dict[str, tuple[int, int]]:
    """Ready and wanted, by the workload's identifier; those that don't say are left out."""
    cluster = Cluster(dumps, window)
    counts = {}
    for kind in _KINDS:
        for item in cluster.all(kind):
            ready, wanted = ready_replicas(item), wanted_replicas(item)
            if ready is not None and wanted is not None:
                counts[item.id] = (ready, wanted)
    return counts
