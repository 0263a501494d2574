"""Failed pods that were not removed although they have been replaced, or their Job has completed since."""

from __future__ import annotations

from datetime import datetime

from primitives.identity import base_name, kind_of
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.fields import instant, integer, text
from primitives.kubernetes.pods_view import Pod

__all__ = ["ended_at", "is_superseded"]


def is_superseded(cluster: Cluster, pod: Pod) -> bool:
    """Whether a failed pod no longer matters: its Job has completed, or it failed long ago and was replaced."""
    if kind_of(pod.controller) == "job":
        job = cluster.get("Job", pod.item.namespace, base_name(pod.controller))
        return job is not None and text(job.condition("Complete"), "status") == "True"
    return _replaced(cluster, pod) and not _lately(cluster, pod)


def ended_at(pod: Pod) -> datetime | None:
    """When the last of its containers ended; None where the status doesn't say."""
    ends = [moment for container in pod.containers if (moment := instant(container.last, "finishedAt"))]
    return max(ends, default=None)


def _replaced(cluster: Cluster, pod: Pod) -> bool:
    """Whether its workload has all the ready pods that it wants, not counting this one."""
    if pod.controller == pod.item.id:
        return False
    live = [peer for peer in cluster.pods_of.get(pod.resource, ()) if peer.live]
    return bool(live) and all(peer.healthy for peer in live) and len(live) >= _wanted(cluster, pod)


def _wanted(cluster: Cluster, pod: Pod) -> int:
    for item in cluster.workloads:
        if item.id == pod.resource:
            return integer(item.raw, "spec", "replicas") or 1
    return 1


def _lately(cluster: Cluster, pod: Pod) -> bool:
    ended = ended_at(pod)
    last_seen = [event.last for event in cluster.events_of.get(pod.item.id, ()) if event.last is not None]
    return any(moment >= cluster.window.start for moment in [*last_seen, *([ended] if ended else [])])
