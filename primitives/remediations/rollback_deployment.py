"""Roll a workload back to its previous revision."""

from __future__ import annotations

from primitives.remediations.kubernetes_workload import Workload, workload_arguments
from primitives.remediations.registry import Remediation, register, shell


def _command(args: Workload) -> str:
    return shell("kubectl", "rollout", "undo", args.path, *args.namespace_words())


REMEDIATION = register(
    Remediation(
        "rollback_deployment",
        "Roll back {change} of {resource}",
        "write",
        "medium",
        120,
        Workload,
        workload_arguments,
        _command,
    )
)
