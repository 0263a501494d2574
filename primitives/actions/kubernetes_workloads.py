"""Workloads as actions see them: where the API has them, their revisions, how far a rollout is, and what feels it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from primitives.actions.execution import BlastRadius, Check, Convergence
from primitives.actions.inverse import PriorState
from primitives.actions.kubernetes import Workload
from primitives.actions.kubernetes_objects import KubernetesWorld, ObjectRef
from primitives.actions.kubernetes_operations import SpecSwitch
from primitives.dataclass import dataclass
from primitives.errors import SourceUnreachable
from primitives.kubernetes.fields import integer, mapping, maps, strings, text

__all__ = [
    "PAUSED",
    "Revision",
    "all_at_once",
    "autoscaler_of",
    "no_rollout",
    "not_paused",
    "radius_of",
    "replicas_before",
    "replicas_of",
    "revision_of",
    "revisions_of",
    "rollout",
    "workload_ref",
]

APPS: Final = "/apis/apps/v1"
_PLURALS: Final = {"deployment": "deployments", "statefulset": "statefulsets", "daemonset": "daemonsets"}
_REVISION: Final = "deployment.kubernetes.io/revision"
_HASH: Final = "pod-template-hash"
PAUSED: Final = SpecSwitch("paused", on="the rollout is paused", off="the rollout goes on")
"""Whether somebody paused a Deployment's rollout."""


def workload_ref(arguments: Workload) -> ObjectRef:
    """Where the API has the workload."""
    return ObjectRef(APPS, _PLURALS[arguments.kind], arguments.kind, arguments.namespace, arguments.name)


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision of a workload: its number and its pod template."""

    number: int
    template: Mapping[str, Any]


async def revisions_of(world: KubernetesWorld, arguments: Workload, current: Mapping[str, Any]) -> list[Revision]:
    """The revisions that the cluster keeps, newest first. Raises `SourceError`.

    A Deployment keeps them as ReplicaSets, the other two as ControllerRevisions
    (https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-back-a-deployment).
    """
    plural = "replicasets" if arguments.kind == "deployment" else "controllerrevisions"
    listed = await world.get(f"{APPS}/namespaces/{arguments.namespace}/{plural}")
    if listed is None:
        raise SourceUnreachable(world.name, f"it keeps no {plural}")
    uid = text(current, "metadata", "uid")
    own = [
        item for item in maps(listed, "items")
        if any(text(owner, "uid") == uid for owner in maps(item, "metadata", "ownerReferences"))
    ]  # fmt: skip
    read = _of_replica_set if arguments.kind == "deployment" else _of_controller_revision
    revisions = [revision for item in own if (revision := read(item)) is not None]
    return sorted(revisions, key=lambda revision: -revision.number)


def revision_of(current: Mapping[str, Any]) -> int | None:
    """The revision of a Deployment that is rolled out now."""
    number = strings(current, "metadata", "annotations").get(_REVISION, "")
    return int(number) if number.isascii() and number.isdigit() else None


def _of_replica_set(item: Mapping[str, Any]) -> Revision | None:
    number, template = revision_of(item), mapping(item, "spec", "template")
    if number is None or not template:
        return None
    labels = {key: value for key, value in mapping(template, "metadata", "labels").items() if key != _HASH}
    return Revision(number, {**template, "metadata": {**mapping(template, "metadata"), "labels": labels}})


def _of_controller_revision(item: Mapping[str, Any]) -> Revision | None:
    number, template = integer(item, "revision"), mapping(item, "data", "spec", "template")
    if number is None or not template:
        return None
    return Revision(number, {key: value for key, value in template.items() if not key.startswith("$")})


def rollout(arguments: Workload, current: Mapping[str, Any]) -> Convergence:
    """How far the rollout is, as `kubectl rollout status` says it."""
    status, replicas = mapping(current, "status"), replicas_of(arguments, current)
    seen = (integer(status, "observedGeneration") or 0) >= (integer(current, "metadata", "generation") or 0)
    updated, available = _counts(arguments, status)
    old = 0 if arguments.kind == "daemonset" else max((integer(status, "replicas") or 0) - updated, 0)
    done = min(updated, available, replicas)
    words = f"{available} of {replicas} pods available, {updated} updated"
    late = next(
        (each for each in maps(status, "conditions") if text(each, "reason") == "ProgressDeadlineExceeded"), None
    )
    if seen and late is not None and text(late, "status") == "False":
        return Convergence(state="failed", done=done, total=replicas, detail=f"the rollout stands: {words}")
    whole = seen and updated >= replicas and available >= replicas and not old
    return Convergence(state="converged" if whole else "converging", done=done, total=replicas, detail=words)


def replicas_of(arguments: Workload, current: Mapping[str, Any]) -> int:
    """How many pods it should have."""
    if arguments.kind == "daemonset":
        return integer(current, "status", "desiredNumberScheduled") or 0
    replicas = integer(current, "spec", "replicas")
    return 1 if replicas is None else replicas


def _counts(arguments: Workload, status: Mapping[str, Any]) -> tuple[int, int]:
    """How many pods are of the newest revision, and how many are available."""
    if arguments.kind == "daemonset":
        return integer(status, "updatedNumberScheduled") or 0, integer(status, "numberAvailable") or 0
    updated = integer(status, "updatedReplicas") or 0
    # A StatefulSet of the oldest API servers counts ready pods alone.
    available = integer(status, "availableReplicas")
    return updated, available if available is not None else integer(status, "readyReplicas") or 0


async def radius_of(world: KubernetesWorld, arguments: Workload, current: Mapping[str, Any]) -> BlastRadius:
    """The pods, and how many are replaced at a time: `maxUnavailable`, at least one; with Recreate all at once."""
    del world
    total = replicas_of(arguments, current)
    strategy = mapping(current, "spec", "strategy") or mapping(current, "spec", "updateStrategy")
    if text(strategy, "type") == "Recreate":
        return BlastRadius(at_a_time=total, parts=total, part="pod")
    limit = mapping(strategy, "rollingUpdate").get("maxUnavailable", 1)
    if isinstance(limit, str) and limit.endswith("%") and limit[:-1].isdigit():
        limit = math.floor(total * int(limit[:-1]) / 100)
    at_a_time = limit if isinstance(limit, int) and limit > 0 else 1
    return BlastRadius(at_a_time=min(at_a_time, total), parts=total, part="pod")


async def all_at_once(world: KubernetesWorld, arguments: Workload, current: Mapping[str, Any]) -> BlastRadius:
    """All pods feel it at the same time."""
    del world
    total = replicas_of(arguments, current)
    return BlastRadius(at_a_time=total, parts=total, part="pod")


async def replicas_before(world: KubernetesWorld, arguments: Workload, current: Mapping[str, Any]) -> PriorState:
    """How many replicas there were."""
    del world
    return PriorState(replicas=replicas_of(arguments, current))


def not_paused(current: Mapping[str, Any]) -> Check:
    """A paused rollout is somebody's work in progress, and nothing would be rolled out."""
    paused = PAUSED.is_on(current)
    return Check(name="its rollout is not paused", passed=not paused, detail="it is: resume it first" if paused else "")


def no_rollout(arguments: Workload, current: Mapping[str, Any]) -> Check:
    """A rollout under way is deliberate; another change in the middle of it would mix two causes."""
    progress = rollout(arguments, current)
    mixed = progress.state == "converging" and _mixed(arguments, current)
    return Check(name="no rollout is under way", passed=not mixed, detail=progress.detail if mixed else "")


def _mixed(arguments: Workload, current: Mapping[str, Any]) -> bool:
    """Whether pods of two revisions run: pods that are merely ill make no rollout."""
    status = mapping(current, "status")
    updated, _ = _counts(arguments, status)
    return updated < replicas_of(arguments, current) or (integer(status, "replicas") or 0) > updated > 0


async def autoscaler_of(world: KubernetesWorld, arguments: Workload) -> str:
    """The name of the HorizontalPodAutoscaler that scales the workload; empty where none does. Raises `SourceError`."""
    listed = await world.get(f"/apis/autoscaling/v1/namespaces/{arguments.namespace}/horizontalpodautoscalers")
    for item in maps(listed or {}, "items"):
        target = mapping(item, "spec", "scaleTargetRef")
        if text(target, "kind").lower() == arguments.kind and text(target, "name") == arguments.name:
            return text(item, "metadata", "name")
    return ""
