"""Raise a container's memory limit to twice what it was killed at."""

from __future__ import annotations

from primitives.actions.inverse import Inverse, PriorState
from primitives.actions.kubernetes import Workload, kubectl, workload_of
from primitives.actions.proposal import Manual, Proposed, shell
from primitives.actions.target import Target
from primitives.quantities import multiplied
from primitives.remediations.registry import Remediation, register


class RaiseMemoryLimit(Workload):
    """`limit` is a Kubernetes quantity such as `512Mi`."""

    container: str
    limit: str


def _propose(target: Target) -> Proposed | Manual | None:
    killed = target.states("OOMKilled")[-1:]
    if not killed or not killed[0].container:
        return None
    limit = multiplied(str(killed[0].details.get("memory_limit", "")), 2)
    if limit is None:
        return None
    title = f"Raise the memory limit of {target.name}"
    workload = workload_of(target, title)
    if not isinstance(workload, Workload):
        return workload
    return Proposed(RaiseMemoryLimit(**workload.model_dump(), container=killed[0].container, limit=limit), title)


def _command(args: RaiseMemoryLimit) -> str:
    return shell(
        *kubectl(
            "set", "resources", args.path, f"--containers={args.container}", f"--limits=memory={args.limit}",
            args=args, namespace=args.namespace,
        )
    )  # fmt: skip


def _lower_again(args: RaiseMemoryLimit, prior: PriorState) -> RaiseMemoryLimit | None:
    return None if prior.memory_limit is None else args.model_copy(update={"limit": prior.memory_limit})


REMEDIATION = register(
    Remediation(
        name="raise_memory_limit",
        alias="UpdateConfiguration",
        summary="Raise a container's memory limit to twice what it was killed at",
        effect="write",
        risk="medium",
        estimated_duration_s=120,
        arguments=RaiseMemoryLimit,
        propose=_propose,
        command=_command,
        inverse=Inverse("raise_memory_limit", _lower_again),
    )
)
