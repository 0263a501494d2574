"""Budgets that refuse evictions: what a drain waits for.

Kubernetes documentation, "Disruptions" and "API-initiated Eviction": an eviction that a PodDisruptionBudget doesn't
allow is refused with 429, and `kubectl drain`, which has cordoned the node by then, tries again for ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from primitives.identity import kubernetes_id
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.event_records import Event
from primitives.kubernetes.fields import at, integer, mapping
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.kinds import KubeObject
from primitives.patterns import lazy_pattern

__all__ = ["eviction_event", "find_disruptions"]

_REFUSED: Final = lazy_pattern(r"violate the pod's disruption budget|disruption budget .{0,80}\bneeds\b", re.IGNORECASE)
_NAMED: Final = lazy_pattern(r"disruption budget ([a-z0-9][-a-z0-9.]*) needs", re.IGNORECASE)


def find_disruptions(cluster: Cluster) -> Iterator[Finding]:
    """Budgets that select no pod, and those that allow no disruption while somebody drains a node."""
    cordoned = {node.name: node.id for node in cluster.all("Node") if node.spec.get("unschedulable") is True}
    for item in cluster.all("PodDisruptionBudget"):
        selector = mapping(item.raw, "spec", "selector")
        pods = cluster.selected(item.namespace, selector) if selector and cluster.dumped("Pod") else []
        if selector and cluster.dumped("Pod") and not pods:
            yield Finding("DisruptionBudgetSelectsNothing", item.id, item.kind, item.id, details=_counts(item))
            continue
        if integer(item.raw, "status", "disruptionsAllowed") != 0 or not cordoned:
            continue
        held = sorted({cordoned[pod.node] for pod in pods if pod.node in cordoned and pod.live})
        if held and _never_allows(item):
            details = {**_counts(item), "affects": held}
            yield Finding("EvictionRefused", item.id, item.kind, item.id, details=details)
        elif integer(item.raw, "status", "expectedPods"):
            yield Finding("DisruptionsNotAllowed", item.id, item.kind, item.id, details=_counts(item))


def eviction_event(event: Event, resource: str) -> Finding | None:
    """The finding for an eviction that a budget refused; None for any other event."""
    if not _REFUSED.search(event.message):
        return None
    named = _NAMED.search(event.message)
    budget = kubernetes_id("PodDisruptionBudget", event.namespace, named.group(1)) if named else resource
    return Finding(
        "EvictionRefused", event.target, event.kind, budget, message=event.message, since=event.first,
        last_seen=event.last, events=event.count, details={"affects": sorted({event.target, resource} - {budget})},
    )  # fmt: skip


def _counts(item: KubeObject) -> dict[str, int | None]:
    return {
        "allowed": integer(item.raw, "status", "disruptionsAllowed"),
        "expected_pods": integer(item.raw, "status", "expectedPods"),
        "healthy": integer(item.raw, "status", "currentHealthy"),
        "wanted_healthy": integer(item.raw, "status", "desiredHealthy"),
    }


def _never_allows(item: KubeObject) -> bool:
    """Whether the budget allows no eviction even while all of its pods are healthy: by its own numbers."""
    expected, wanted = (integer(item.raw, "status", key) for key in ("expectedPods", "desiredHealthy"))
    if expected is not None and wanted is not None:
        return expected > 0 and wanted >= expected
    most, least = at(item.spec, "maxUnavailable"), at(item.spec, "minAvailable")
    return most in (0, "0", "0%") or least == "100%"
