"""Let a node take no new pods."""

from __future__ import annotations

from primitives.actions.inverse import Inverse
from primitives.actions.kubernetes import kubectl
from primitives.actions.kubernetes_nodes import NodeArguments, cordoning
from primitives.actions.proposal import shell
from primitives.actions.target import Target
from primitives.remediations.registry import Remediation, register


def _propose(target: Target) -> None:
    """No evidence alone says that a node should take no pods: a person chooses it, or it undoes an uncordon."""
    del target


def _command(args: NodeArguments) -> str:
    return shell(*kubectl("cordon", args.node, args=args))


REMEDIATION = register(
    Remediation(
        name="cordon_node",
        summary="Let a node take no new pods; those on it stay",
        effect="write",
        risk="low",
        estimated_duration_s=10,
        arguments=NodeArguments,
        propose=_propose,
        command=_command,
        inverse=Inverse("uncordon_node", lambda args, _: args),
        operations=cordoning(cordoned=True),
        permissions=("get nodes", "list nodes", "patch nodes"),
    )
)
