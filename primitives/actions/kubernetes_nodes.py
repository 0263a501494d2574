"""Nodes as actions see them: taking pods or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from primitives.actions.execution import BlastRadius, Check
from primitives.actions.kubernetes import InCluster
from primitives.actions.kubernetes_objects import KubernetesWorld, ObjectRef
from primitives.actions.kubernetes_operations import ObjectPatch, SpecSwitch
from primitives.kubernetes.fields import maps, text

__all__ = ["NodeArguments", "cordoning", "is_cordoned", "node_ref"]

_CORDON: Final = SpecSwitch("unschedulable", on="it takes no new pods", off="it takes pods")


class NodeArguments(InCluster):
    """A node by name."""

    node: str


def node_ref(args: NodeArguments) -> ObjectRef:
    """Where the API has the node."""
    return ObjectRef("/api/v1", "nodes", "node", "", args.node)


def is_cordoned(current: Mapping[str, Any]) -> bool:
    """Whether it takes no new pods."""
    return _CORDON.is_on(current)


def cordoning(*, cordoned: bool) -> ObjectPatch:
    """The operations that cordon a node, or let it take pods again."""
    return ObjectPatch(
        ref=node_ref, patch=_CORDON.patch(on=cordoned), progress=_CORDON.progress(on=cordoned), radius=_radius,
        checks=_others_ready if cordoned else _not_drained, owned=False,
    )  # fmt: skip


async def _radius(world: KubernetesWorld, args: NodeArguments, current: Mapping[str, Any]) -> BlastRadius:
    del world, args, current
    return BlastRadius(at_a_time=1, parts=1, part="node")


async def _others_ready(world: KubernetesWorld, args: NodeArguments, current: Mapping[str, Any]) -> Iterable[Check]:
    """Without another node that takes pods, nothing that ends comes back."""
    del current
    nodes = maps(await world.get("/api/v1/nodes") or {}, "items")
    others = [node for node in nodes if text(node, "metadata", "name") != args.node and _takes_pods(node)]
    detail = "" if others else "there is none"
    return (Check(name="another node takes pods", passed=bool(others), detail=detail),)


async def _not_drained(world: KubernetesWorld, args: NodeArguments, current: Mapping[str, Any]) -> Iterable[Check]:
    """A taint that Kubernetes didn't set says that somebody wants the node empty: a drain or an upgrade is under way.

    Kubernetes' own taints have names under node.kubernetes.io/; the cordon's is one of them.
    """
    del world, args
    taints = [text(taint, "key") for taint in maps(current, "spec", "taints")]
    wanted = [key for key in taints if not key.startswith("node.kubernetes.io/")]
    ready, words = _is_ready(current), f"it is tainted {', '.join(wanted)}" if wanted else ""
    return (
        Check(name="nobody empties it", passed=not wanted, detail=words),
        Check(name="it is ready", passed=ready, detail="" if ready else "it is not: pods would wait on it"),
    )


def _takes_pods(node: Mapping[str, Any]) -> bool:
    return _is_ready(node) and not is_cordoned(node)


def _is_ready(node: Mapping[str, Any]) -> bool:
    conditions = maps(node, "status", "conditions")
    return any(text(each, "type") == "Ready" and text(each, "status") == "True" for each in conditions)
