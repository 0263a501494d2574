"""Pods as actions see them: deleting one whose controller makes a new one, and emptying a node by evictions.

A pod is named by its uid as well, so that its successor of the same name is never taken for it. An eviction honours
disruption budgets: the server answers 429 while one allows none
(https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final

from primitives.actions.execution import BlastRadius, Call, Check, Convergence, Dispatch, Preflight, Preview
from primitives.actions.inverse import PriorState
from primitives.actions.kubernetes import InCluster
from primitives.actions.kubernetes_nodes import NodeArguments, cordoning, is_cordoned, node_ref
from primitives.actions.kubernetes_objects import (
    JSON_PATCH,
    MARK,
    Access,
    KubernetesWorld,
    ObjectRef,
    Request,
    existing,
    fencing,
    marking,
    owner_of,
    permission,
    pointer,
    presence,
)
from primitives.clock import SystemClock
from primitives.kubernetes.fields import mapping, maps, strings, text

__all__ = ["DeletePod", "DrainNode", "PodArguments"]

_BUDGET_S: Final = 45.0
"""How long the evictions of a drain wait for disruption budgets. What is left then takes another drain."""
_PAUSE_S: Final = 2.0
Pod = Mapping[str, Any]


class PodArguments(InCluster):
    """A pod by namespace and name."""

    namespace: str
    pod: str


class DeletePod:
    """How one pod is deleted."""

    platform = "kubernetes"

    async def preflight(self, world: KubernetesWorld, arguments: PodArguments) -> Preflight:
        """It is there, not going, and something makes a new one."""
        ref = _pod_ref(arguments.namespace, arguments.pod)
        pod = await world.get(ref.path)
        present = presence(ref, pod)
        if pod is None:
            return Preflight(checks=present)
        owner = owner_of(pod)
        return Preflight(
            checks=(
                *present,
                Check(name="a controller makes a new one", passed=bool(owner), detail="" if owner else "none owns it"),
                await permission(world, Access("delete", "", "pods"), ref),
            )
        )

    async def preview(self, world: KubernetesWorld, arguments: PodArguments, mark: str) -> Preview:
        """The deletion of this very pod."""
        del mark
        ref = _pod_ref(arguments.namespace, arguments.pod)
        pod = await existing(world, ref)
        uid = text(pod, "metadata", "uid")
        call = Call(
            api=ref.api, operation="delete pod", target=ref.id, parameters={"path": ref.path, "uid": uid}, fence=uid
        )
        await world.dry_run(_deletion(call))
        where = text(pod, "spec", "nodeName") or "no node"
        return Preview(
            call=call, diff=f"- pod {arguments.pod} on {where} ({owner_of(pod)} makes a new one)",
            prior=PriorState(), blast_radius=BlastRadius(at_a_time=1, parts=1, part="pod"), version=uid,
            labels=strings(pod, "metadata", "labels"),
        )  # fmt: skip

    async def dispatch(self, world: KubernetesWorld, preview: Preview) -> Dispatch:
        """Delete it, once."""
        return await world.send(_deletion(preview.call))

    async def find_out(self, world: KubernetesWorld, arguments: PodArguments, preview: Preview, mark: str) -> Dispatch:
        """The pod of that uid is gone or going, or it is not."""
        del mark
        pod = await world.get(_pod_ref(arguments.namespace, arguments.pod).path)
        if pod is None or text(pod, "metadata", "uid") != preview.call.parameters["uid"]:
            return Dispatch(outcome="accepted", detail="the pod is gone")
        if text(pod, "metadata", "deletionTimestamp"):
            return Dispatch(outcome="accepted", detail="the pod is going")
        return Dispatch(outcome="unknown", detail="the pod is there")

    async def converged(self, world: KubernetesWorld, arguments: PodArguments, preview: Preview) -> Convergence:
        """Until the pod of that uid is gone."""
        pod = await world.get(_pod_ref(arguments.namespace, arguments.pod).path)
        gone = pod is None or text(pod, "metadata", "uid") != preview.call.parameters["uid"]
        words = "the pod is gone" if gone else "the pod is ending"
        return Convergence(state="converged" if gone else "converging", done=int(gone), total=1, detail=words)


class DrainNode:
    """How a node is emptied: cordoned, then each of its pods evicted, but for those of DaemonSets."""

    platform = "kubernetes"

    async def preflight(self, world: KubernetesWorld, arguments: NodeArguments) -> Preflight:
        """As for a cordon; no pod would be gone for good or lose its data, and each budget allows an eviction."""
        known = await cordoning(cordoned=True).preflight(world, arguments)
        checks = [check for check in known.checks if check.name != "it is not at the goal already"]
        if not all(check.passed for check in checks):
            return Preflight(checks=tuple(checks))
        pods = await _evictable(world, arguments.node)
        loose = [_name(pod) for pod in pods if not owner_of(pod)]
        local = [_name(pod) for pod in pods if any("emptyDir" in volume for volume in maps(pod, "spec", "volumes"))]
        may_evict = await permission(world, Access("create", "", "pods", "eviction"), _pod_ref("", ""))
        full = await _full_budgets(world, pods)
        checks += [
            Check(name="there are pods to evict", passed=bool(pods), detail="" if pods else "there are none"),
            Check(name="a controller makes new pods", passed=not loose, detail=_named(loose)),
            Check(name="no pod loses local data", passed=not local, detail=_named(local)),
            Check(name="the disruption budgets allow it", passed=not full, detail=_named(full)),
            may_evict,
        ]
        return Preflight(checks=tuple(checks))

    async def preview(self, world: KubernetesWorld, arguments: NodeArguments, mark: str) -> Preview:
        """The cordon, and the evictions of these very pods."""
        ref = node_ref(arguments)
        node = await existing(world, ref)
        pods = await _evictable(world, arguments.node)
        named = [
            {"namespace": text(pod, "metadata", "namespace"), "name": _name(pod), "uid": text(pod, "metadata", "uid")}
            for pod in sorted(pods, key=lambda pod: (text(pod, "metadata", "namespace"), _name(pod)))
        ]
        version = await _eviction_version(world)
        call = Call(
            api=ref.api, operation="cordon node and evict pods", target=ref.id,
            parameters={"path": ref.path, "mark": mark, "evictions": named, "version": version},
            fence=text(node, "metadata", "resourceVersion"),
        )  # fmt: skip
        await world.dry_run(_cordon(call, node))
        lines = [] if is_cordoned(node) else ["+ unschedulable: true"]
        lines += [f"- pod {pod['namespace']}/{pod['name']}" for pod in named]
        return Preview(
            call=call, diff="\n".join(lines), prior=PriorState(),
            blast_radius=BlastRadius(at_a_time=1, parts=len(named), part="pod"), version=text(node, "metadata", "uid"),
            labels=strings(node, "metadata", "labels"),
        )  # fmt: skip

    async def dispatch(self, world: KubernetesWorld, preview: Preview) -> Dispatch:
        """Cordon the node, then evict its pods one after the other. The first lost answer ends it."""
        node = await world.get(preview.call.parameters["path"])
        if node is None:
            return Dispatch(outcome="refused", detail="the node is gone")
        answer = await world.send(_cordon(preview.call, node))
        if answer.outcome != "accepted":
            return answer
        left = []
        until = asyncio.get_running_loop().time() + _BUDGET_S
        for pod in preview.call.parameters["evictions"]:
            evicted = await self._evict(world, preview.call, pod, until)
            if evicted.outcome == "unknown":
                return evicted
            if evicted.outcome == "refused" and "HTTP 404" not in evicted.detail and "HTTP 409" not in evicted.detail:
                left.append(f"{pod['name']}: {evicted.detail}")
        detail = f"not evicted: {'; '.join(left)}" if left else ""
        return Dispatch(outcome="accepted", request_id=answer.request_id, detail=detail)

    async def find_out(self, world: KubernetesWorld, arguments: NodeArguments, preview: Preview, mark: str) -> Dispatch:
        """By the mark on the node: how many pods went is seen from what is left."""
        node = await world.get(node_ref(arguments).path)
        if node is not None and strings(node, "metadata", "annotations").get(MARK) == mark:
            return Dispatch(outcome="accepted", detail="the node carries its mark")
        if node is None or text(node, "metadata", "resourceVersion") != preview.call.fence:
            return Dispatch(outcome="refused", detail="the node doesn't carry its mark")
        return Dispatch(outcome="unknown", detail="the node is as it was")

    async def converged(self, world: KubernetesWorld, arguments: NodeArguments, preview: Preview) -> Convergence:
        """Until none of these pods is on the node."""
        there = {text(pod, "metadata", "uid") for pod in await _evictable(world, arguments.node, going=True)}
        wanted = [pod["uid"] for pod in preview.call.parameters["evictions"]]
        gone = sum(uid not in there for uid in wanted)
        words = f"{gone} of {len(wanted)} pods are gone"
        state: Any = "converged" if gone == len(wanted) else "converging"
        return Convergence(state=state, done=gone, total=len(wanted), detail=words)

    async def _evict(self, world: KubernetesWorld, call: Call, pod: Mapping[str, str], until: float) -> Dispatch:
        """Ask again while a budget allows no eviction: 429 says that nothing was done."""
        request = _eviction(call.parameters["version"], pod)
        while True:
            answer = await world.send(request)
            late = asyncio.get_running_loop().time() + _PAUSE_S > until
            if answer.outcome != "refused" or "HTTP 429" not in answer.detail or late:
                return answer
            await SystemClock().sleep(_PAUSE_S)


def _pod_ref(namespace: str, name: str) -> ObjectRef:
    return ObjectRef("/api/v1", "pods", "pod", namespace, name)


def _deletion(call: Call) -> Request:
    body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": call.parameters["uid"]}}
    return Request("DELETE", call.parameters["path"], body)


def _cordon(call: Call, node: Mapping[str, Any]) -> Request:
    cordon = {"op": "add", "path": pointer("spec", "unschedulable"), "value": True}
    patch = [fencing(call.fence), cordon, marking(node, call.parameters["mark"])]
    return Request("PATCH", call.parameters["path"], patch, JSON_PATCH)


def _eviction(version: str, pod: Mapping[str, str]) -> Request:
    options = {"preconditions": {"uid": pod["uid"]}}
    metadata = {"name": pod["name"], "namespace": pod["namespace"]}
    body = {"apiVersion": version, "kind": "Eviction", "metadata": metadata, "deleteOptions": options}
    return Request("POST", f"{_pod_ref(pod['namespace'], pod['name']).path}/eviction", body)


async def _eviction_version(world: KubernetesWorld) -> str:
    """policy/v1 is served from Kubernetes 1.22 on, and v1beta1 no longer from 1.25 on."""
    group = await world.get("/apis/policy") or {}
    served = [text(version, "groupVersion") for version in maps(group, "versions")]
    return "policy/v1" if "policy/v1" in served else "policy/v1beta1"


async def _evictable(world: KubernetesWorld, node: str, *, going: bool = False) -> list[Pod]:
    """The pods on a node without those of DaemonSets, static and ended ones; with `going` also those being deleted."""
    listed = maps(await world.get("/api/v1/pods") or {}, "items")
    return [
        pod for pod in listed
        if text(pod, "spec", "nodeName") == node
        and text(pod, "status", "phase") not in ("Succeeded", "Failed")
        and not any(text(owner, "kind") in ("DaemonSet", "Node") for owner in maps(pod, "metadata", "ownerReferences"))
        and (going or not text(pod, "metadata", "deletionTimestamp"))
    ]  # fmt: skip


async def _full_budgets(world: KubernetesWorld, pods: Iterable[Pod]) -> list[str]:
    """The disruption budgets of the pods that allow no eviction now."""
    version = await _eviction_version(world)
    budgets = maps(await world.get(f"/apis/{version}/poddisruptionbudgets") or {}, "items")
    full = [budget for budget in budgets if mapping(budget, "status").get("disruptionsAllowed") == 0]
    return [text(budget, "metadata", "name") for budget in full if any(_covers(budget, pod) for pod in pods)]


def _covers(budget: Mapping[str, Any], pod: Pod) -> bool:
    wanted = strings(budget, "spec", "selector", "matchLabels")
    labels = strings(pod, "metadata", "labels")
    same_namespace = text(budget, "metadata", "namespace") == text(pod, "metadata", "namespace")
    return same_namespace and bool(wanted) and all(labels.get(key) == value for key, value in wanted.items())


def _name(pod: Pod) -> str:
    return text(pod, "metadata", "name")


def _named(names: list[str]) -> str:
    return ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
