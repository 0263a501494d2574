"""Let a cordoned node take pods again."""

from __future__ import annotations

from primitives.actions.inverse import Irreversible
from primitives.actions.kubernetes import InCluster, kubectl
from primitives.actions.proposal import Proposed, shell
from primitives.actions.target import KubernetesObject, Target
from primitives.remediations.registry import Remediation, register


class UncordonNode(InCluster):
    """A node by name."""

    node: str


def _propose(target: Target) -> Proposed | None:
    match target.kubernetes:
        case KubernetesObject(kind="node", name=name, context=context):
            return Proposed(UncordonNode(node=name, context=context or None), f"Uncordon {target.name}")
        case _:
            return None


def _command(args: UncordonNode) -> str:
    return shell(*kubectl("uncordon", args.node, args=args))


REMEDIATION = register(
    Remediation(
        name="uncordon_node",
        summary="Let a cordoned node take pods again",
        effect="write",
        risk="low",
        estimated_duration_s=30,
        arguments=UncordonNode,
        propose=_propose,
        command=_command,
        inverse=Irreversible("CloudOps has no action that cordons a node; `kubectl cordon` does it"),
    )
)
