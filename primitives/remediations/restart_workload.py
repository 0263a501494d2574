"""Restart a workload's pods, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from primitives.actions.execution import Check
from primitives.actions.inverse import Irreversible
from primitives.actions.kubernetes import Workload, kubectl, workload_of
from primitives.actions.kubernetes_objects import KubernetesWorld, pointer
from primitives.actions.kubernetes_operations import ObjectPatch, Patch
from primitives.actions.kubernetes_workloads import no_rollout, not_paused, radius_of, rollout, workload_ref
from primitives.actions.proposal import Manual, Proposed, shell
from primitives.actions.rbac import workload_permissions
from primitives.actions.target import Target
from primitives.kubernetes.fields import integer, mapping
from primitives.remediations.registry import Remediation, register


def _propose(target: Target) -> Proposed | Manual | None:
    title = f"Restart {target.name}"
    workload = workload_of(target, title)
    return Proposed(workload, title) if isinstance(workload, Workload) else workload


def _command(args: Workload) -> str:
    return shell(*kubectl("rollout", "restart", args.path, args=args, namespace=args.namespace))


_RESTARTED: Final = "cloudops.dev/restarted-at-version"


async def _patch(world: KubernetesWorld, args: Workload, current: Mapping[str, Any]) -> Patch:
    """A new annotation of the pod template, as `kubectl rollout restart` makes with the time.

    Here it is the generation, so that looking twice gives the same patch.
    """
    del world, args
    annotations = mapping(current, "spec", "template", "metadata", "annotations")
    generation = str(integer(current, "metadata", "generation") or 0)
    where = ("spec", "template", "metadata", "annotations")
    if not annotations:
        return ({"op": "add", "path": pointer(*where), "value": {_RESTARTED: generation}},)
    return ({"op": "add", "path": pointer(*where, _RESTARTED), "value": generation},)


async def _checks(world: KubernetesWorld, args: Workload, current: Mapping[str, Any]) -> Iterable[Check]:
    del world
    return not_paused(current), no_rollout(args, current)


REMEDIATION = register(
    Remediation(
        name="restart_workload",
        alias="RestartService",
        summary="Restart a workload's pods, one after the other",
        effect="write",
        risk="medium",
        estimated_duration_s=120,
        arguments=Workload,
        propose=_propose,
        command=_command,
        inverse=Irreversible("what ran before the restart is gone"),
        operations=ObjectPatch(ref=workload_ref, patch=_patch, progress=rollout, radius=radius_of, checks=_checks),
        permissions=workload_permissions("get", "patch"),
    )
)
