"""Services of Amazon ECS as actions see them: what is deployed, how far it is, and what may not be disturbed.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html,
deployment-circuit-breaker.html; fields: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from typing import Any, Final

from primitives.actions.aws import EcsService
from primitives.actions.aws_guards import STOP_CODEDEPLOY, no_stack_update
from primitives.actions.aws_operations import AwsChange, Current, settled
from primitives.actions.aws_world import AwsPlace, AwsWorld, Guard, guard
from primitives.actions.execution import BlastRadius, Convergence
from primitives.backends.aws.fields import items, mapping, number, text
from primitives.identity import base_name

__all__ = [
    "definition",
    "definitions",
    "deployed",
    "guards_of",
    "primary_of",
    "rollout_of",
    "service_arn",
    "service_change",
    "undisturbed",
]

_ROLLED_BY_ECS: Final = ("ECS", "")
_PERCENT: Final = 100


def service_arn(args: EcsService, place: AwsPlace) -> str:
    """The service's ARN."""
    return place.arn("ecs", args.cluster, args.service, kind="service")


async def _read_service(world: AwsWorld, args: EcsService) -> Current | None:
    """The service; None where there is none, or only what is left of a deleted one."""
    answer = await world.read(
        "ecs", "DescribeServices", cluster=args.cluster, services=[args.service], include=["TAGS"]
    )
    services = items(answer, "services")
    return services[0] if services and text(services[0], "status") != "INACTIVE" else None


def primary_of(current: Current) -> Mapping[str, Any]:
    """The newest deployment, to which ECS moves the service."""
    return next((each for each in items(current, "deployments") if text(each, "status") == "PRIMARY"), {})


def deployed(current: Current) -> str:
    """The task definition that is deployed, as family and revision: `orders:7`."""
    return base_name(text(primary_of(current), "taskDefinition") or text(current, "taskDefinition"))


def _identity_of(current: Current) -> str:
    """What distinguishes the service from another one of its name: when it was created."""
    return str(current.get("createdAt") or "")


def _tags_of(current: Current) -> dict[str, str]:
    """The tags of the service."""
    return {text(tag, "key"): text(tag, "value") for tag in items(current, "tags")}


async def guards_of(world: AwsWorld, current: Current) -> list[Guard]:
    """What holds for every change of a service: it stays, ECS rolls it out itself, and no stack changes it now."""
    controller = text(current, "deploymentController", "type")
    elsewhere = "" if controller in _ROLLED_BY_ECS else f"{controller} deploys it"
    draining = "" if text(current, "status") in ("ACTIVE", "") else f"it is {text(current, 'status')}"
    return [
        guard("it is not being deleted", draining),
        guard("ECS deploys it itself", elsewhere, STOP_CODEDEPLOY if controller == "CODE_DEPLOY" else ""),
        await no_stack_update(world, text(current, "serviceArn")),
    ]


def _no_deployment(current: Current) -> Guard:
    """That no deployment is under way."""
    under_way = text(primary_of(current), "rolloutState") == "IN_PROGRESS" or len(items(current, "deployments")) > 1
    return guard("no deployment is under way", f"{deployed(current)} is being rolled out" if under_way else "")


async def undisturbed(world: AwsWorld, args: EcsService, current: Current) -> list[Guard]:
    """The guards of a change that waits for the end of a deployment."""
    del args
    return [*await guards_of(world, current), _no_deployment(current)]


def rollout_of(current: Current) -> Convergence:
    """How far the newest deployment is.

    Old services say no `rolloutState`: then they are there when no other deployment is left.
    """
    primary = primary_of(current)
    running, wanted = (int(number(primary, key) or 0) for key in ("runningCount", "desiredCount"))
    state, words = text(primary, "rolloutState"), f"{running} of {wanted} tasks run {deployed(current)}"
    failed = text(primary, "rolloutStateReason") or "the deployment failed" if state == "FAILED" else ""
    alone = len(items(current, "deployments")) == 1
    done = alone and running >= wanted and state in ("COMPLETED", "")
    return settled(when=done, detail=words, failed=failed, done=min(running, wanted), total=max(wanted, 1))


def _radius_of(args: EcsService, current: Current) -> BlastRadius:
    """How many of its tasks are replaced at a time: what may be stopped, or started besides them."""
    del args
    configured = mapping(current, "deploymentConfiguration")
    least, most = number(configured, "minimumHealthyPercent"), number(configured, "maximumPercent")
    stopped = _PERCENT - (least if least is not None else _PERCENT)
    besides = (most if most is not None else 2 * _PERCENT) - _PERCENT
    parts = max(int(number(current, "desiredCount") or 0), 1)
    at_a_time = min(parts, max(1, math.ceil(parts * max(stopped, besides) / _PERCENT)))
    return BlastRadius(at_a_time=at_a_time, parts=parts, part="task")


def service_change(**more: Any) -> AwsChange:
    """How a service is changed; `more` is what is the action's own."""
    return AwsChange(
        arn=service_arn, read=_read_service, radius=_radius_of, identity=_identity_of, labels=_tags_of, **more
    )


async def definition(world: AwsWorld, name: str) -> Mapping[str, Any]:
    """A task definition; empty where there is none."""
    return mapping(await world.read("ecs", "DescribeTaskDefinition", taskDefinition=name), "taskDefinition")


async def definitions(world: AwsWorld, *names: str) -> tuple[Mapping[str, Any], ...]:
    """Several task definitions, in the order of their names."""
    return tuple(await asyncio.gather(*(definition(world, name) for name in names)))
