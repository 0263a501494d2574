"""Roll a workload back: to the revision before the blamed one where it is known, else to the previous one."""

from __future__ import annotations

from primitives.actions.inverse import Inverse, PriorState
from primitives.actions.kubernetes import Workload, kubectl, workload_of
from primitives.actions.proposal import Manual, Proposed, shell
from primitives.actions.rollouts import Rollouts, rollouts_of
from primitives.actions.target import Target
from primitives.quantities import counted
from primitives.remediations.registry import Remediation, register


class RollBackDeployment(Workload):
    """`revision` is the rollout's to go back to; none is the previous one."""

    revision: int | None = None


def _propose(target: Target) -> Proposed | Manual | None:
    rollouts = rollouts_of(target)
    if rollouts is None or not rollouts.can_be_undone:
        return None
    title = f"Roll back {rollouts.blamed} of {target.name}{_extent(rollouts)}"
    workload = workload_of(target, title, target.change)
    if not isinstance(workload, Workload):
        return workload
    return Proposed(RollBackDeployment(**workload.model_dump(), revision=rollouts.revision), title)


def _extent(rollouts: Rollouts) -> str:
    to = f" to revision {rollouts.revision}" if rollouts.revision is not None else ""
    return f"{to}; {counted(rollouts.later, 'later deployment')} will be undone with it" if rollouts.later else to


def _command(args: RollBackDeployment) -> str:
    revision = None if args.revision is None else f"--to-revision={args.revision}"
    return shell(*kubectl("rollout", "undo", args.path, revision, args=args, namespace=args.namespace))


def _roll_forward(args: RollBackDeployment, prior: PriorState) -> RollBackDeployment | None:
    """To the revision that ran before; the workload keeps it in its history, as a rollback makes a new one."""
    return None if prior.revision is None else args.model_copy(update={"revision": prior.revision})


REMEDIATION = register(
    Remediation(
        name="rollback_deployment",
        summary="Roll a workload back to the revision before the blamed one",
        effect="write",
        risk="medium",
        estimated_duration_s=120,
        arguments=RollBackDeployment,
        propose=_propose,
        command=_command,
        otherwise="choose_revision",
        inverse=Inverse("rollback_deployment", _roll_forward),
    )
)
