"""Raise a container's memory limit."""

from __future__ import annotations

from primitives.remediations.kubernetes_workload import Workload, workload_arguments
from primitives.remediations.registry import Remediation, Target, register, shell


class RaiseMemoryLimit(Workload):
    """`limit` is a Kubernetes quantity such as `512Mi`."""

    container: str
    limit: str


def _fit(target: Target) -> RaiseMemoryLimit | None:
    workload = workload_arguments(target)
    if workload is None or target.container is None or target.memory_limit is None:
        return None
    return RaiseMemoryLimit(**workload.model_dump(), container=target.container, limit=target.memory_limit)


def _command(args: RaiseMemoryLimit) -> str:
    return shell(
        "kubectl",
        "set",
        "resources",
        args.path,
        f"--containers={args.container}",
        f"--limits=memory={args.limit}",
        *args.namespace_words(),
    )


REMEDIATION = register(
    Remediation(
        "raise_memory_limit",
        "Raise the memory limit of {resource}",
        "write",
        "medium",
        120,
        RaiseMemoryLimit,
        _fit,
        _command,
    )
)
