"""Give a workload more replicas, by hand or out of zero."""

from __future__ import annotations

from primitives.remediations.kubernetes_workload import Workload, workload_arguments
from primitives.remediations.registry import Remediation, Target, register, shell


class ScaleWorkload(Workload):
    """`replicas` is how many there shall be."""

    replicas: int


def _fit(target: Target) -> ScaleWorkload | None:
    workload = workload_arguments(target)
    if workload is None or target.replicas is None or workload.kind == "daemonset":
        return None
    return ScaleWorkload(**workload.model_dump(), replicas=target.replicas)


def _command(args: ScaleWorkload) -> str:
    return shell("kubectl", "scale", args.path, f"--replicas={args.replicas}", *args.namespace_words())


REMEDIATION = register(
    Remediation("scale_workload", "Scale {resource} up", "write", "low", 60, ScaleWorkload, _fit, _command)
)
