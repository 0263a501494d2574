"""Let a cordoned node take pods again."""

from __future__ import annotations

from primitives.actions.inverse import Inverse
from primitives.actions.kubernetes import kubectl
from primitives.actions.kubernetes_nodes import NodeArguments, cordoning
from primitives.actions.proposal import Proposed, shell
from primitives.actions.target import KubernetesObject, Target
from primitives.remediations.registry import Remediation, register


def _propose(target: Target) -> Proposed | None:
    match target.kubernetes:
        case KubernetesObject(kind="node", name=name, context=context):
            return Proposed(NodeArguments(node=name, context=context or None), f"Uncordon {target.name}")
        case _:
            return None


def _command(args: NodeArguments) -> str:
    return shell(*kubectl("uncordon", args.node, args=args))


REMEDIATION = register(
    Remediation(
        name="uncordon_node",
        summary="Let a cordoned node take pods again",
        effect="write",
        risk="low",
        estimated_duration_s=30,
        arguments=NodeArguments,
        propose=_propose,
        command=_command,
        inverse=Inverse("cordon_node", lambda args, _: args),
        operations=cordoning(cordoned=False),
        permissions=("get nodes", "patch nodes"),
    )
)
