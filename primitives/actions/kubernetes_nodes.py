"""Nodes as actions see them: taking pods or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from primitives.actions.execution import BlastRadius, Check, Convergence
from primitives.actions.kubernetes import InCluster
from primitives.actions.kubernetes_objects import KubernetesWorld, ObjectRef, pointer
from primitives.actions.kubernetes_operations import ObjectPatch, Patch
from primitives.kubernetes.fields import mapping, maps, text

__all__ = ["NodeArguments", "cordoning", "is_cordoned", "node_ref"]


class NodeArguments(InCluster):
    """A node by name."""

    node: str


def node_ref(args: NodeArguments) -> ObjectRef:
    """Where the API has the node."""
    return ObjectRef("/api/v1", "nodes", "node", "", args.node)


def is_cordoned(current: Mapping[str, Any]) -> bool:
    """Whether it takes no new pods."""
    return mapping(current, "spec").get("unschedulable") is True


def cordoning(*, cordoned: bool) -> ObjectPatch:
    """The operations that cordon a node, or let it take pods again."""

    async def patch(world: KubernetesWorld, args: NodeArguments, current: Mapping[str, Any]) -> Patch:
        del world, args
        if is_cordoned(current) == cordoned:
            return ()
        path = pointer("spec", "unschedulable")
        return ({"op": "add", "path": path, "value": True} if cordoned else {"op": "remove", "path": path},)

    def progress(args: NodeArguments, current: Mapping[str, Any]) -> Convergence:
        del args
        done = is_cordoned(current) == cordoned
        words = "it takes no new pods" if is_cordoned(current) else "it takes pods"
        return Convergence(state="converged" if done else "converging", done=int(done), total=1, detail=words)

    async def checks(world: KubernetesWorld, args: NodeArguments, current: Mapping[str, Any]) -> Iterable[Check]:
        return await _others_ready(world, args) if cordoned else _not_drained(current)

    return ObjectPatch(ref=node_ref, patch=patch, progress=progress, radius=_radius, checks=checks, owned=False)


def _radius(args: NodeArguments, current: Mapping[str, Any]) -> BlastRadius:
    del args, current
    return BlastRadius(at_a_time=1, parts=1, part="node")


async def _others_ready(world: KubernetesWorld, args: NodeArguments) -> Iterable[Check]:
    """Without another node that takes pods, nothing that ends comes back."""
    nodes = maps(await world.get("/api/v1/nodes") or {}, "items")
    others = [node for node in nodes if text(node, "metadata", "name") != args.node and _takes_pods(node)]
    detail = "" if others else "there is none"
    return (Check(name="another node takes pods", passed=bool(others), detail=detail),)


def _not_drained(current: Mapping[str, Any]) -> Iterable[Check]:
    """Taints that are no automatic ones say that somebody wants the node empty: a drain or an upgrade under way.

    Kubernetes taints by itself with names under node.kubernetes.io/; the cordon's own is one of them.
    """
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
