"""Set, or take away, one key of a ConfigMap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal

import orjson
from pydantic import Field

from primitives.actions.execution import BlastRadius, Check, Convergence
from primitives.actions.inverse import Inverse, PriorState
from primitives.actions.kubernetes import InCluster, kubectl
from primitives.actions.kubernetes_objects import Access, KubernetesWorld, ObjectRef, no_secret, pointer
from primitives.actions.kubernetes_operations import ObjectPatch, Patch
from primitives.actions.proposal import shell
from primitives.actions.target import Target
from primitives.kubernetes.fields import mapping, maps, text
from primitives.remediations.registry import Remediation, register

_MOST_BYTES: Final = 100_000
"""A ConfigMap has 1 MiB at most; a person reads no longer change than this before approving it."""


class UpdateConfigMap(InCluster):
    """A `key` of a ConfigMap and its new `value`; None takes the key away."""

    namespace: str
    name: str
    key: str = Field(min_length=1, max_length=253, pattern=r"^[-._a-zA-Z0-9]+$")
    value: str | None = Field(None, max_length=_MOST_BYTES)


def _ref(args: UpdateConfigMap) -> ObjectRef:
    return ObjectRef("/api/v1", "configmaps", "configmap", args.namespace, args.name)


def _propose(target: Target) -> None:
    """No evidence says which value is right: a person chooses it."""
    del target


def _command(args: UpdateConfigMap) -> str:
    patch = orjson.dumps({"data": {args.key: args.value}}).decode()
    return shell(*kubectl("patch", "configmap", args.name, "--patch", patch, args=args, namespace=args.namespace))


async def _patch(world: KubernetesWorld, args: UpdateConfigMap, current: Mapping[str, Any]) -> Patch:
    del world
    data = mapping(current, "data")
    if data.get(args.key) == args.value:
        return ()
    if args.value is None:
        return ({"op": "remove", "path": pointer("data", args.key)},)
    if not data:
        return ({"op": "add", "path": pointer("data"), "value": {args.key: args.value}},)
    return ({"op": "add", "path": pointer("data", args.key), "value": args.value},)


async def _checks(world: KubernetesWorld, args: UpdateConfigMap, current: Mapping[str, Any]) -> Iterable[Check]:
    del world
    fixed, binary = current.get("immutable") is True, args.key in mapping(current, "binaryData")
    known = text(current, "data", args.key)
    return (
        Check(
            name="it can be changed", passed=not fixed, detail="it is immutable: a new one is needed" if fixed else ""
        ),
        Check(name="the key is text", passed=not binary, detail="it holds binary data" if binary else ""),
        no_secret(args.key, known, args.value),
    )


async def _prior(world: KubernetesWorld, args: UpdateConfigMap, current: Mapping[str, Any]) -> PriorState:
    del world
    return PriorState(values={"value": mapping(current, "data").get(args.key)})


def _back(args: UpdateConfigMap, prior: PriorState) -> UpdateConfigMap | None:
    return args.model_copy(update=dict(prior.values)) if "value" in prior.values else None


def _progress(args: UpdateConfigMap, current: Mapping[str, Any]) -> Convergence:
    """At once. What is mounted follows within a minute or two, what became a variable when its pod is made anew."""
    there = mapping(current, "data").get(args.key) == args.value
    state: Literal["converged", "converging"] = "converged" if there else "converging"
    detail = "files that pods mount follow within two minutes, variables when the pod restarts"
    return Convergence(state=state, done=int(there), total=1, detail=detail)


async def _radius(world: KubernetesWorld, args: UpdateConfigMap, current: Mapping[str, Any]) -> BlastRadius:
    """The pods of the namespace that read it, all at once."""
    del current
    pods = maps(await world.get(ObjectRef("/api/v1", "pods", "pod", args.namespace, "").folder) or {}, "items")
    reading = sum(args.name in _read_by(mapping(pod, "spec")) for pod in pods)
    return BlastRadius(at_a_time=reading, parts=reading, part="pod")


def _read_by(spec: Mapping[str, Any]) -> Iterator[str]:
    """The names of the ConfigMaps that a pod's spec reads."""
    for volume in maps(spec, "volumes"):
        for part in (volume, *maps(volume, "projected", "sources")):
            yield text(part, "configMap", "name")
    for container in (*maps(spec, "initContainers"), *maps(spec, "containers")):
        for entry in maps(container, "envFrom"):
            yield text(entry, "configMapRef", "name")
        for variable in maps(container, "env"):
            yield text(variable, "valueFrom", "configMapKeyRef", "name")


REMEDIATION = register(
    Remediation(
        name="update_config_map",
        alias="UpdateConfiguration",
        summary="Set, or take away, one key of a ConfigMap",
        effect="write",
        risk="medium",
        estimated_duration_s=60,
        arguments=UpdateConfigMap,
        propose=_propose,
        command=_command,
        inverse=Inverse("update_config_map", _back),
        operations=ObjectPatch(
            ref=_ref, patch=_patch, prior=_prior, progress=_progress, radius=_radius, checks=_checks,
            access=(Access("list", "", "pods"),),
        ),
        permissions=("get configmaps", "patch configmaps", "list pods"),
    )
)  # fmt: skip
