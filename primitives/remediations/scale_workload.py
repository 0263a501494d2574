"""Give a workload more replicas: as many as it had, by hand or out of zero."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from primitives.actions.execution import Check
from primitives.actions.inverse import Inverse, PriorState
from primitives.actions.kubernetes import Workload, kubectl, workload_of
from primitives.actions.kubernetes_objects import KubernetesWorld, pointer
from primitives.actions.kubernetes_operations import ObjectPatch, Patch
from primitives.actions.kubernetes_workloads import (
    all_at_once,
    autoscaler_of,
    replicas_before,
    replicas_of,
    rollout,
    workload_ref,
)
from primitives.actions.proposal import Manual, Proposed, shell
from primitives.actions.rbac import workload_permissions
from primitives.actions.target import Target
from primitives.facts import ConfigurationDifference
from primitives.kubernetes.fields import strings
from primitives.remediations.registry import Remediation, register

_BY_THE_CLOCK: Final = "downscaler/"


class ScaleWorkload(Workload):
    """`replicas` is how many there shall be."""

    replicas: int


def _propose(target: Target) -> Proposed | Manual | None:
    replicas = _earlier_replicas(target)
    title = f"Scale {target.name} up"
    workload = workload_of(target, title)
    # A DaemonSet has one pod a node.
    if replicas is None or workload is None or (isinstance(workload, Workload) and workload.kind == "daemonset"):
        return None
    if isinstance(workload, Manual):
        return workload
    return Proposed(ScaleWorkload(**workload.model_dump(), replicas=replicas), title)


def _earlier_replicas(target: Target) -> int | None:
    """How many there were before they were taken away; 1 where only that there are none is known."""
    zero = target.states("ScaledToZero")[-1:]
    if zero:
        return _positive(zero[0].details.get("earlier_replicas")) or 1
    changed = [fact for fact in target.present(ConfigurationDifference) if fact.path.rpartition(".")[2] == "replicas"]
    known = [replicas for fact in changed if (replicas := _positive(fact.before))]
    return known[-1] if known else None


def _positive(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _command(args: ScaleWorkload) -> str:
    replicas = f"--replicas={args.replicas}"
    return shell(*kubectl("scale", args.path, replicas, args=args, namespace=args.namespace))


def _scale_back(args: ScaleWorkload, prior: PriorState) -> ScaleWorkload | None:
    return None if prior.replicas is None else args.model_copy(update={"replicas": prior.replicas})


async def _patch(world: KubernetesWorld, args: ScaleWorkload, current: Mapping[str, Any]) -> Patch:
    del world
    if replicas_of(args, current) == args.replicas:
        return ()
    return ({"op": "add", "path": pointer("spec", "replicas"), "value": args.replicas},)


async def _checks(world: KubernetesWorld, args: ScaleWorkload, current: Mapping[str, Any]) -> Iterable[Check]:
    """An autoscaler sets the replicas itself, seconds later; what it may choose from is another action."""
    autoscaler = await autoscaler_of(world, args)
    detail = f"{autoscaler} would undo it; change its bounds" if autoscaler else ""
    schedule = _schedule(current)
    planned = f"{schedule} does: it is meant to be so at this hour, or change that" if schedule else ""
    return (
        Check(name="no autoscaler sets its replicas", passed=not autoscaler, detail=detail),
        Check(name="no schedule sets its replicas", passed=not schedule, detail=planned),
    )


def _schedule(current: Mapping[str, Any]) -> str:
    """The annotation of what scales the workload by the clock; empty where none has it.

    kube-downscaler: https://codeberg.org/hjacobs/kube-downscaler and its successors. What it scaled down it marks
    itself, also where its hours stand on the namespace.
    """
    marks = sorted(strings(current, "metadata", "annotations"))
    return next((mark for mark in marks if mark.startswith(_BY_THE_CLOCK)), "")


REMEDIATION = register(
    Remediation(
        name="scale_workload",
        alias="ScaleResource",
        summary="Scale a workload back to the replicas that it had",
        effect="write",
        risk="low",
        estimated_duration_s=60,
        arguments=ScaleWorkload,
        propose=_propose,
        command=_command,
        inverse=Inverse("scale_workload", _scale_back),
        operations=ObjectPatch(
            ref=workload_ref, patch=_patch, prior=replicas_before, progress=rollout, radius=all_at_once, checks=_checks
        ),
        permissions=(*workload_permissions("get", "patch"), "list horizontalpodautoscalers.autoscaling"),
    )
)
