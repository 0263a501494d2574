"""List a workload's revisions, to find the one to roll back to: changes nothing."""

from __future__ import annotations

from primitives.remediations.kubernetes_workload import Workload, workload_arguments
from primitives.remediations.registry import Remediation, Target, register, shell
from primitives.units import counted


def _fit(target: Target) -> Workload | None:
    return workload_arguments(target) if target.later_deployments != 0 and target.revision is None else None


def _command(args: Workload) -> str:
    return shell("kubectl", "rollout", "history", args.path, *args.namespace_words())


def _details(target: Target) -> str:
    if target.later_deployments is None:
        return "no deployment is recorded that carried it, and a plain undo would revert only the newest"
    followed = counted(target.later_deployments, "later deployment")
    return f"{followed} followed, and a plain undo would revert only the newest"


REMEDIATION = register(
    Remediation(
        "choose_revision",
        "Find the revision of {resource} before {change}: {details}",
        "read",
        "low",
        5,
        Workload,
        _fit,
        _command,
        requires_approval=False,
        details=_details,
    )
)
