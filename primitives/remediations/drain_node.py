"""Empty a node: cordon it and evict its pods, as far as their disruption budgets allow."""

from __future__ import annotations

from primitives.actions.inverse import Inverse
from primitives.actions.kubernetes import kubectl
from primitives.actions.kubernetes_nodes import NodeArguments
from primitives.actions.kubernetes_pods import DrainNode
from primitives.actions.proposal import shell
from primitives.actions.target import Target
from primitives.remediations.registry import Remediation, register


def _propose(target: Target) -> None:
    """Where the pods of a node would go is for a person to know."""
    del target


def _command(args: NodeArguments) -> str:
    return shell(*kubectl("drain", args.node, "--ignore-daemonsets", args=args))


REMEDIATION = register(
    Remediation(
        name="drain_node",
        summary="Empty a node: cordon it and evict its pods as their disruption budgets allow",
        effect="write",
        risk="high",
        estimated_duration_s=180,
        arguments=NodeArguments,
        propose=_propose,
        command=_command,
        inverse=Inverse("uncordon_node", lambda args, _: args),
        operations=DrainNode(),
        permissions=(
            "get nodes", "list nodes", "patch nodes", "list pods", "create pods/eviction",
            "list poddisruptionbudgets.policy",
        ),
    )
)  # fmt: skip
