"""Scalings as changes: a workload that somebody gave fewer replicas between two dumps.

The number of replicas is no part of the template, so no revision tells of it (Kubernetes: Deployments, scaling); the
events of the controller do. An autoscaler's own decisions are nobody's change.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from primitives.kubernetes.autoscaling import scaled_by
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.fields import integer
from primitives.kubernetes.kinds import KubeObject
from primitives.patterns import lazy_pattern
from primitives.records import Change

__all__ = ["find_scalings"]

_SCALED: Final = ("Deployment", "StatefulSet", "ReplicaSet")
_DOWN: Final = lazy_pattern(r"Scaled down replica set|delete Pod|Deleted pod", 0)


def find_scalings(cluster: Cluster) -> Iterator[Change]:
    """Each workload that wants fewer replicas than in an earlier dump, and still some; none is a state of its own."""
    automatic = {scaled_by(item) for item in cluster.all("HorizontalPodAutoscaler")}
    for kind in _SCALED:
        for earlier in cluster.earlier.get(kind, [])[:1]:
            for key, old in earlier.items():
                new = cluster.get(kind, *key)
                if new is None or new.id in automatic or cluster.owners.resource(new) != new.id:
                    continue
                before, after = integer(old.raw, "spec", "replicas"), integer(new.raw, "spec", "replicas")
                if before is not None and after is not None and 0 < after < before:
                    yield _change(new, before, after, _moment(cluster, new))


def _moment(cluster: Cluster, item: KubeObject) -> datetime:
    """When the controller says that it removed pods in the window; else the beginning of the window."""
    start = cluster.window.start
    seen = [event.last for event in cluster.events_of.get(item.id, ())
            if event.last is not None and event.last >= start and _DOWN.search(event.message)]  # fmt: skip
    return max(seen) if seen else start


def _change(item: KubeObject, before: int, after: int, moment: datetime) -> Change:
    return Change(
        time=moment,
        id=f"{item.name} scaled to {after}",
        resource=item.id,
        kind="configuration",
        summary=f"{item.name}: replicas {before} → {after}",
        before={"replicas": before},
        after={"replicas": after},
    )
