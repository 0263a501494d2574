"""Roll a workload back: to the revision before the blamed one where it is known, else to the previous one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from primitives.actions.execution import Check
from primitives.actions.inverse import Inverse, PriorState
from primitives.actions.kubernetes import Workload, kubectl, workload_of
from primitives.actions.kubernetes_objects import Access, KubernetesWorld, pointer
from primitives.actions.kubernetes_operations import ObjectPatch, Patch
from primitives.actions.kubernetes_workloads import (
    Revision,
    not_paused,
    radius_of,
    revision_of,
    revisions_of,
    rollout,
    workload_ref,
)
from primitives.actions.proposal import Manual, Proposed, shell
from primitives.actions.rbac import workload_permissions
from primitives.actions.rollouts import Rollouts, rollouts_of
from primitives.actions.target import Target
from primitives.kubernetes.fields import mapping
from primitives.quantities import counted
from primitives.remediations.registry import Remediation, register


class RollBackDeployment(Workload):
    """`revision` is the rollout's to go back to; none is the previous one.

    `blamed` is the revision to leave, where it is known: when another one runs by now, "the previous one" may be the
    blamed one itself.
    """

    revision: int | None = None
    blamed: int | None = None


def _propose(target: Target) -> Proposed | Manual | None:
    rollouts = rollouts_of(target)
    if rollouts is None or not rollouts.can_be_undone:
        return None
    title = f"Roll back {rollouts.blamed} of {target.name}{_extent(rollouts)}"
    workload = workload_of(target, title, target.change)
    if not isinstance(workload, Workload):
        return workload
    return Proposed(
        RollBackDeployment(**workload.model_dump(), revision=rollouts.revision, blamed=rollouts.number), title
    )


def _extent(rollouts: Rollouts) -> str:
    to = f" to revision {rollouts.revision}" if rollouts.revision is not None else ""
    return f"{to}; {counted(rollouts.later, 'later deployment')} will be undone with it" if rollouts.later else to


def _command(args: RollBackDeployment) -> str:
    revision = None if args.revision is None else f"--to-revision={args.revision}"
    return shell(*kubectl("rollout", "undo", args.path, revision, args=args, namespace=args.namespace))


def _roll_forward(args: RollBackDeployment, prior: PriorState) -> RollBackDeployment | None:
    """To the revision that ran before; the workload keeps it in its history, as a rollback makes a new one."""
    return None if prior.revision is None else args.model_copy(update={"revision": prior.revision, "blamed": None})


async def _patch(world: KubernetesWorld, args: RollBackDeployment, current: Mapping[str, Any]) -> Patch:
    """The template of the revision in place of the one that is there, as `kubectl rollout undo` does it."""
    revision, _ = await _chosen(world, args, current)
    if revision is None or revision.template == mapping(current, "spec", "template"):
        return ()
    return ({"op": "replace", "path": pointer("spec", "template"), "value": revision.template},)


async def _checks(world: KubernetesWorld, args: RollBackDeployment, current: Mapping[str, Any]) -> Iterable[Check]:
    revision, kept = await _chosen(world, args, current)
    numbers = ", ".join(str(each) for each in kept[:10]) or "none"
    detail = "" if revision is not None else f"the cluster keeps the revisions {numbers}"
    wanted = "an earlier revision" if args.revision is None else f"revision {args.revision}"
    running = revision_of(current)
    left = args.blamed is None or running is None or running == args.blamed
    blamed = Check(
        name="the blamed revision runs",
        passed=left,
        detail="" if left else f"revision {running} does, not {args.blamed}",
    )
    return not_paused(current), blamed, Check(name=f"it has {wanted}", passed=revision is not None, detail=detail)


async def _chosen(
    world: KubernetesWorld, args: RollBackDeployment, current: Mapping[str, Any]
) -> tuple[Revision | None, list[int]]:
    """The revision to go back to, and the numbers of those that there are."""
    revisions = await revisions_of(world, args, current)
    numbers = [revision.number for revision in revisions]
    if args.revision is None:
        return (revisions[1] if len(revisions) > 1 else None), numbers
    return next((revision for revision in revisions if revision.number == args.revision), None), numbers


async def _prior(world: KubernetesWorld, args: RollBackDeployment, current: Mapping[str, Any]) -> PriorState:
    """The revision that is rolled out now: a Deployment says it, of the others it is the one with the same template."""
    if args.kind == "deployment":
        return PriorState(revision=revision_of(current))
    template = mapping(current, "spec", "template")
    same = [each.number for each in await revisions_of(world, args, current) if each.template == template]
    return PriorState(revision=same[0] if same else None)


REMEDIATION = register(
    Remediation(
        name="rollback_deployment",
        alias="RollbackDeployment",
        summary="Roll a workload back to the revision before the blamed one",
        effect="write",
        risk="medium",
        estimated_duration_s=120,
        arguments=RollBackDeployment,
        propose=_propose,
        command=_command,
        otherwise="choose_revision",
        inverse=Inverse("rollback_deployment", _roll_forward),
        operations=ObjectPatch(
            ref=workload_ref,
            patch=_patch,
            prior=_prior,
            progress=rollout,
            radius=radius_of,
            checks=_checks,
            access=(Access("list", "apps", "replicasets"),),
        ),
        permissions=(
            *workload_permissions("get", "patch"),
            "list replicasets.apps",
            "list controllerrevisions.apps",
        ),
    )
)
