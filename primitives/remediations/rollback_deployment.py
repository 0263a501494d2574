"""Roll a workload back: to the revision before the blamed one where it is known, else to the previous one."""

from __future__ import annotations

from primitives.remediations.kubernetes_workload import Workload, workload_arguments
from primitives.remediations.registry import Remediation, Target, register, shell
from primitives.units import counted


class RollBackDeployment(Workload):
    """`revision` is the rollout's to go back to; none is the previous one."""

    revision: int | None = None


def _fit(target: Target) -> RollBackDeployment | None:
    workload = workload_arguments(target)
    # After later deployments the previous revision is none that is known to be good: it may hold the fault as well.
    if workload is None or (target.later_deployments != 0 and target.revision is None):
        return None
    return RollBackDeployment(**workload.model_dump(), revision=target.revision)


def _command(args: RollBackDeployment) -> str:
    revision = None if args.revision is None else f"--to-revision={args.revision}"
    return shell("kubectl", "rollout", "undo", args.path, revision, *args.namespace_words())


def _details(target: Target) -> str:
    to = f" to revision {target.revision}" if target.revision is not None else ""
    later = target.later_deployments
    return f"{to}; {counted(later, 'later deployment')} will be undone with it" if later else to


REMEDIATION = register(
    Remediation(
        "rollback_deployment",
        "Roll back {change} of {resource}{details}",
        "write",
        "medium",
        120,
        RollBackDeployment,
        _fit,
        _command,
        details=_details,
    )
)
