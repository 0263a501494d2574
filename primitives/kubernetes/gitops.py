"""Argo CD and Flux: whether what runs is what the source says, and which workloads an application applies.

Argo CD lists what it applies in `status.resources` and marks it with a label (Argo CD: Resource Tracking); Flux lists
it in `status.inventory` (Flux: Kustomization, status) and marks what a HelmRelease made with labels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from primitives.identity import kubernetes_id
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.fields import instant, mapping, maps, message_of, text
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.kinds import WORKLOADS, KubeObject

__all__ = ["applied_workloads", "find_application"]

_BAD_HEALTH: Final = frozenset({"Degraded", "Missing", "Unknown"})
_MARKS: Final = {
    "Application": ("argocd.argoproj.io/instance", "app.kubernetes.io/instance"),
    "HelmRelease": ("helm.toolkit.fluxcd.io/name",),
    "Kustomization": ("kustomize.toolkit.fluxcd.io/name",),
}  # fmt: skip
_MOST_NAMED: Final = 10


def applied_workloads(cluster: Cluster, item: KubeObject) -> list[str]:
    """The workloads of the cluster that an application applies, by its own list and by the marks that they bear."""
    marks = _MARKS.get(item.kind, ())
    if not marks:
        return []
    listed = {(kind, space, name) for kind, space, name, _ in _listed(item)}
    space = text(item.raw, "spec", "destination", "namespace") or item.namespace
    return sorted(
        workload.id
        for workload in cluster.workloads
        if (workload.kind, workload.namespace, workload.name) in listed
        or any(workload.labels.get(mark) == item.name for mark in marks)
        or (not listed and (workload.namespace, workload.name) == (space, item.name))
    )


def find_application(cluster: Cluster, item: KubeObject) -> Iterator[Finding]:
    """An Application of Argo CD: the last sync failed, a resource of it is ill, or the cluster differs from Git."""
    operation, health = mapping(item.raw, "status", "operationState"), text(item.raw, "status", "health", "status")
    applied = applied_workloads(cluster, item) or _alike(cluster, item)
    ill = [kubernetes_id(kind, space, name) for kind, space, name, entry in _listed(item)
           if text(entry, "health", "status") in _BAD_HEALTH]  # fmt: skip
    if text(operation, "phase") in ("Failed", "Error"):
        yield Finding(
            "SyncFailed", item.id, item.kind, item.id, message=message_of(operation, "message"),
            since=instant(operation, "finishedAt"),
            details={"phase": text(operation, "phase"), "affects": applied[:_MOST_NAMED]},
        )  # fmt: skip
    elif health in _BAD_HEALTH:
        yield Finding(
            "ConditionNotMet", item.id, item.kind, item.id, message=message_of(item.raw, "status", "health", "message"),
            details={"condition": "health", "status": health, "because_of": (ill or applied)[:_MOST_NAMED]},
        )  # fmt: skip
    if text(item.raw, "status", "sync", "status") == "OutOfSync":
        yield from _out_of_sync(item, applied)


def _out_of_sync(item: KubeObject, applied: list[str]) -> Iterator[Finding]:
    """What differs from the source, reported for the workloads that the application applies."""
    differing = [name for _, _, name, entry in _listed(item) if text(entry, "status") == "OutOfSync"]
    details = {"resources": differing[:_MOST_NAMED], "application": item.id}
    for workload in applied[:_MOST_NAMED] or [item.id]:
        yield Finding("OutOfSync", item.id, item.kind, workload, details=details)


def _listed(item: KubeObject) -> Iterator[tuple[str, str, str, Mapping[str, Any]]]:
    """Kind, namespace, name and entry of what an application lists."""
    home = text(item.raw, "spec", "destination", "namespace") or item.namespace
    for entry in maps(item.raw, "status", "resources"):
        if text(entry, "kind") and text(entry, "name"):
            yield text(entry, "kind"), text(entry, "namespace") or home, text(entry, "name"), entry
    for entry in maps(item.raw, "status", "inventory", "entries"):
        parts = text(entry, "id").split("_")  # namespace_name_group_kind
        if len(parts) == 4:
            yield parts[3], parts[0], parts[1], entry


def _alike(cluster: Cluster, item: KubeObject) -> list[str]:
    """Where one workload is listed and none has its name: the only one whose name is the same but for a suffix."""
    listed = [(space, name) for kind, space, name, _ in _listed(item) if kind in WORKLOADS]
    if len(listed) != 1:
        return []
    space, name = listed[0]
    own = [w for w in cluster.workloads if w.namespace == space]
    alike = [w.id for w in own if name.startswith(f"{w.name}-") or w.name.startswith(f"{name}-")]
    return alike if len(alike) == 1 else []
