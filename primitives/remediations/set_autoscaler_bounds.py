"""Set how few and how many replicas an autoscaler may choose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from primitives.actions.execution import BlastRadius, Convergence
from primitives.actions.inverse import Inverse, PriorState
from primitives.actions.kubernetes import InCluster, kubectl
from primitives.actions.kubernetes_objects import KubernetesWorld, ObjectRef, pointer
from primitives.actions.kubernetes_operations import ObjectPatch, Patch
from primitives.actions.proposal import shell
from primitives.actions.target import Target
from primitives.kubernetes.fields import integer, mapping
from primitives.remediations.registry import Remediation, register


class AutoscalerBounds(InCluster):
    """A HorizontalPodAutoscaler by namespace and name, and its new bounds."""

    namespace: str
    name: str
    least: int = Field(ge=1, le=100_000)
    most: int = Field(ge=1, le=100_000)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.least > self.most:
            raise ValueError("`least` is more than `most`")
        return self


def _propose(target: Target) -> None:
    """How much a system may cost is for a person to say."""
    del target


def _ref(args: AutoscalerBounds) -> ObjectRef:
    """All versions of the API show the same object; v1 is served by every server."""
    kind = "horizontalpodautoscaler"
    return ObjectRef("/apis/autoscaling/v1", f"{kind}s", kind, args.namespace, args.name)


def _bounds(current: Mapping[str, Any]) -> tuple[int, int]:
    return integer(current, "spec", "minReplicas") or 1, integer(current, "spec", "maxReplicas") or 1


async def _patch(world: KubernetesWorld, args: AutoscalerBounds, current: Mapping[str, Any]) -> Patch:
    del world
    if _bounds(current) == (args.least, args.most):
        return ()
    return (
        {"op": "add", "path": pointer("spec", "minReplicas"), "value": args.least},
        {"op": "add", "path": pointer("spec", "maxReplicas"), "value": args.most},
    )


async def _prior(world: KubernetesWorld, args: AutoscalerBounds, current: Mapping[str, Any]) -> PriorState:
    del world, args
    least, most = _bounds(current)
    return PriorState(values={"least": least, "most": most})


def _progress(args: AutoscalerBounds, current: Mapping[str, Any]) -> Convergence:
    """Until the replicas that it wants are within the bounds and there."""
    status = mapping(current, "status")
    wanted, there = integer(status, "desiredReplicas") or 0, integer(status, "currentReplicas") or 0
    settled = _bounds(current) == (args.least, args.most) and args.least <= there <= args.most
    state: Literal["converged", "converging"] = "converged" if settled else "converging"
    return Convergence(
        state=state, done=there, total=max(there, args.least), detail=f"{there} replicas, {wanted} wanted"
    )


async def _radius(world: KubernetesWorld, args: AutoscalerBounds, current: Mapping[str, Any]) -> BlastRadius:
    del world
    parts = max(integer(current, "status", "currentReplicas") or 1, args.most)
    return BlastRadius(at_a_time=parts, parts=parts, part="pod")


def _command(args: AutoscalerBounds) -> str:
    patch = f'{{"spec":{{"minReplicas":{args.least},"maxReplicas":{args.most}}}}}'
    words = ("patch", "horizontalpodautoscaler", args.name, "--patch", patch)
    return shell(*kubectl(*words, args=args, namespace=args.namespace))


REMEDIATION = register(
    Remediation(
        name="set_autoscaler_bounds",
        alias="ScaleResource",
        summary="Set how few and how many replicas an autoscaler may choose",
        effect="write",
        risk="medium",
        estimated_duration_s=120,
        arguments=AutoscalerBounds,
        propose=_propose,
        command=_command,
        inverse=Inverse(
            "set_autoscaler_bounds",
            lambda args, prior: args.model_copy(update=dict(prior.values)) if prior.values else None,
        ),
        operations=ObjectPatch(ref=_ref, patch=_patch, prior=_prior, progress=_progress, radius=_radius),
        permissions=("get horizontalpodautoscalers.autoscaling", "patch horizontalpodautoscalers.autoscaling"),
    )
)
