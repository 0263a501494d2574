"""Pause a Deployment's rollout, so that it stops where it is; or let it go on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from primitives.actions.execution import Check
from primitives.actions.inverse import Inverse
from primitives.actions.kubernetes import Workload, kubectl, workload_of
from primitives.actions.kubernetes_objects import KubernetesWorld
from primitives.actions.kubernetes_operations import ObjectPatch
from primitives.actions.kubernetes_workloads import PAUSED, radius_of, workload_ref
from primitives.actions.proposal import Proposed, shell
from primitives.actions.target import Target
from primitives.remediations.registry import Remediation, register


async def _checks(world: KubernetesWorld, args: Workload, current: Mapping[str, Any]) -> Iterable[Check]:
    del world, current
    fits = args.kind == "deployment"
    detail = "" if fits else f"a {args.kind} has no such switch"
    return (Check(name="its rollout can be paused", passed=fits, detail=detail),)


def _pausing(*, paused: bool) -> ObjectPatch:
    return ObjectPatch(
        ref=workload_ref, patch=PAUSED.patch(on=paused), progress=PAUSED.progress(on=paused), radius=radius_of,
        checks=_checks,
    )  # fmt: skip


def _propose_pause(target: Target) -> Proposed | None:
    """A rollout that is under way and blamed: the pods that it has not replaced yet stay as they were."""
    if not target.states("RolloutInProgress"):
        return None
    workload = workload_of(target, "")
    if not isinstance(workload, Workload) or workload.kind != "deployment":
        return None
    return Proposed(workload, f"Pause the rollout of {target.name} where it is")


def _command(verb: str, args: Workload) -> str:
    return shell(*kubectl("rollout", verb, args.path, args=args, namespace=args.namespace))


PAUSE = register(
    Remediation(
        name="pause_rollout",
        summary="Stop a Deployment's rollout where it is",
        effect="write",
        risk="low",
        estimated_duration_s=10,
        arguments=Workload,
        propose=_propose_pause,
        command=lambda args: _command("pause", args),
        inverse=Inverse("resume_rollout", lambda args, _: args),
        operations=_pausing(paused=True),
        permissions=("get deployments.apps", "patch deployments.apps"),
    )
)

RESUME = register(
    Remediation(
        name="resume_rollout",
        summary="Let a Deployment's paused rollout go on",
        effect="write",
        risk="medium",
        estimated_duration_s=120,
        arguments=Workload,
        propose=lambda _: None,
        command=lambda args: _command("resume", args),
        inverse=Inverse("pause_rollout", lambda args, _: args),
        operations=_pausing(paused=False),
        permissions=("get deployments.apps", "patch deployments.apps"),
    )
)
