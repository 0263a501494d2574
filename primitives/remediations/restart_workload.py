"""Restart a workload's pods, one after the other."""

from __future__ import annotations

from primitives.remediations.kubernetes_workload import Workload, workload_arguments
from primitives.remediations.registry import Remediation, register, shell


def _command(args: Workload) -> str:
    return shell("kubectl", "rollout", "restart", args.path, *args.namespace_words())


REMEDIATION = register(
    Remediation(
        "restart_workload", "Restart {resource}", "write", "medium", 120, Workload, workload_arguments, _command
    )
)
