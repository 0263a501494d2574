"""Restart a workload's pods, one after the other."""

from __future__ import annotations

from primitives.actions.inverse import Irreversible
from primitives.actions.kubernetes import Workload, kubectl, workload_of
from primitives.actions.proposal import Manual, Proposed, shell
from primitives.actions.target import Target
from primitives.remediations.registry import Remediation, register


def _propose(target: Target) -> Proposed | Manual | None:
    title = f"Restart {target.name}"
    workload = workload_of(target, title)
    return Proposed(workload, title) if isinstance(workload, Workload) else workload


def _command(args: Workload) -> str:
    return shell(*kubectl("rollout", "restart", args.path, args=args, namespace=args.namespace))


REMEDIATION = register(
    Remediation(
        name="restart_workload",
        summary="Restart a workload's pods, one after the other",
        effect="write",
        risk="medium",
        estimated_duration_s=120,
        arguments=Workload,
        propose=_propose,
        command=_command,
        inverse=Irreversible("what ran before the restart is gone"),
    )
)
