"""Delete one pod, whose controller makes a new one."""

from __future__ import annotations

from primitives.actions.inverse import Irreversible
from primitives.actions.kubernetes import kubectl
from primitives.actions.kubernetes_pods import DeletePod, PodArguments
from primitives.actions.proposal import shell
from primitives.actions.target import Target
from primitives.remediations.registry import Remediation, register


def _propose(target: Target) -> None:
    """A pod that is ill for its workload's sake comes back as ill: a person chooses it."""
    del target


def _command(args: PodArguments) -> str:
    return shell(*kubectl("delete", "pod", args.pod, args=args, namespace=args.namespace))


REMEDIATION = register(
    Remediation(
        name="delete_pod",
        summary="Delete one pod, whose controller makes a new one",
        effect="write",
        risk="medium",
        estimated_duration_s=60,
        arguments=PodArguments,
        propose=_propose,
        command=_command,
        inverse=Irreversible("the pod that it deletes is gone; its controller makes a new one"),
        operations=DeletePod(),
        permissions=("get pods", "delete pods"),
    )
)
