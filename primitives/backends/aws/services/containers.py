"""Amazon ECS: services, their deployments, task definitions, events, and why tasks stopped.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages.html,
stopped-task-error-codes.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from primitives.backends.aws.fields import items, mapping, moment, number, plain, selected, text, texts
from primitives.backends.aws.look import Look, environment
from primitives.identity import base_name

__all__ = ["read"]

_MOST_SERVICES: Final = 200
_TASKS: Final = 100
_BOOKKEEPING: Final = frozenset({
    "taskDefinitionArn", "revision", "registeredAt", "registeredBy", "deregisteredAt", "status", "requiresAttributes",
    "compatibilities",
})  # fmt: skip
_SERVICE_KEYS: Final = (
    "desiredCount", "launchType", "platformVersion", "deploymentConfiguration", "healthCheckGracePeriodSeconds",
    "schedulingStrategy", "capacityProviderStrategy", "enableExecuteCommand",
)  # fmt: skip
_STEADY: Final = "has reached a steady state"
_KILLED: Final = 137


async def read(look: Look) -> None:
    """Every cluster's services, and its tasks that stopped lately."""
    clusters = [arn for arn in await look.list("ecs", "ListClusters", "clusterArns") if isinstance(arn, str)]
    await asyncio.gather(*(_cluster(look, cluster) for cluster in clusters))


async def _cluster(look: Look, cluster: str) -> None:
    names, stopped = await asyncio.gather(
        look.list("ecs", "ListServices", "serviceArns", most=_MOST_SERVICES, cluster=cluster),
        look.list("ecs", "ListTasks", "taskArns", most=_TASKS, cluster=cluster, desiredStatus="STOPPED"),
    )
    tens = [names[start : start + 10] for start in range(0, len(names), 10)]
    answers = await asyncio.gather(
        *(look.ask("ecs", "DescribeServices", cluster=cluster, services=ten) for ten in tens)
    )
    services = [service for answer in answers for service in items(answer, "services")]
    await asyncio.gather(*(_service(look, service) for service in services))
    if stopped:
        answer = await look.ask("ecs", "DescribeTasks", cluster=cluster, tasks=stopped)
        arns = {text(service, "serviceName"): text(service, "serviceArn") for service in services}
        for task in items(answer, "tasks"):
            _stopped(look, task, arns)


async def _service(look: Look, service: Mapping[str, Any]) -> None:
    arn = text(service, "serviceArn")
    look.add_resource(arn, "service", cluster_arn=text(service, "clusterArn"))
    look.add_snapshot(arn, "ecs_service", selected(service, *_SERVICE_KEYS))
    network = mapping(service, "networkConfiguration", "awsvpcConfiguration")
    look.security_groups[arn] = texts(network, "securityGroups")
    for front in items(service, "loadBalancers"):
        group = text(front, "targetGroupArn")
        look.add_edge(group, arn)
        look.fronts[group] = arn
    for event in items(service, "events"):
        if _STEADY not in text(event, "message"):
            look.observe(moment(event, "createdAt"), arn, "ecs_event", selected(event, "createdAt", "message"))
    for deployment in items(service, "deployments"):
        if text(deployment, "rolloutState") == "FAILED":
            look.observe(look.end, arn, "ecs_deployment", selected(deployment, "rolloutState", "rolloutStateReason"))
    await _definitions(look, arn, service)


async def _definitions(look: Look, arn: str, service: Mapping[str, Any]) -> None:
    """The task definition that is deployed, since when, and the one before it."""
    deployments = sorted(
        items(service, "deployments"), key=lambda deployment: str(moment(deployment, "createdAt") or "")
    )
    current = text(service, "taskDefinition") or (text(deployments[-1], "taskDefinition") if deployments else "")
    if not current:
        return
    newest = mapping(await look.ask("ecs", "DescribeTaskDefinition", taskDefinition=current), "taskDefinition")
    primary = next((each for each in deployments if text(each, "taskDefinition") == current), {})
    since = moment(primary, "createdAt") or moment(newest, "registeredAt")
    _containers(look, arn, newest)
    look.add_snapshot(arn, "task_definition", _document(newest), since)
    if since is None or since < look.since:
        return
    before = await _before(look, deployments, newest)
    if before:
        taken = moment(before, "registeredAt")
        earlier = since - timedelta(seconds=1)
        look.add_snapshot(arn, "task_definition", _document(before), min(taken or earlier, earlier))
    _deployed(look, arn, primary, since, before, newest)


async def _before(look: Look, deployments: Sequence[Mapping[str, Any]], newest: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an older deployment runs; where none is left, the revision before."""
    own = text(newest, "taskDefinitionArn")
    older = [name for each in deployments if (name := text(each, "taskDefinition")) and name != own]
    revision = number(newest, "revision") or 0
    if not older and revision > 1 and text(newest, "family"):
        older = [f"{text(newest, 'family')}:{revision - 1:.0f}"]
    if not older:
        return {}
    return mapping(await look.ask("ecs", "DescribeTaskDefinition", taskDefinition=older[-1]), "taskDefinition")


def _deployed(
    look: Look, arn: str, deployment: Mapping[str, Any], time: datetime, before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> None:  # fmt: skip
    new, old = base_name(text(after, "taskDefinitionArn")), base_name(text(before, "taskDefinitionArn"))
    if not old and not text(deployment, "id"):
        return
    look.add_change(
        time, "deployment", f"ECS deployed {new}" + (f" in place of {old}" if old else ""), resource=arn, origin="ecs",
        id=text(deployment, "id") or new, before=_version(before), after=_version(after),
    )  # fmt: skip


def _version(definition: Mapping[str, Any]) -> dict[str, Any]:
    images = {
        text(container, "name"): text(container, "image") for container in items(definition, "containerDefinitions")
    }
    return {"version": base_name(text(definition, "taskDefinitionArn")), "images": images} if definition else {}


def _document(definition: Mapping[str, Any]) -> Any:
    return plain({key: value for key, value in definition.items() if key not in _BOOKKEEPING})


def _containers(look: Look, arn: str, definition: Mapping[str, Any]) -> None:
    for role in ("taskRoleArn", "executionRoleArn"):
        look.reach(text(definition, role), arn)
    for container in items(definition, "containerDefinitions"):
        look.mention(arn, environment(items(container, "environment")))
        look.mention(arn, [(text(secret, "name"), text(secret, "valueFrom")) for secret in items(container, "secrets")])
        if group := text(mapping(container, "logConfiguration", "options"), "awslogs-group"):
            look.log_groups.setdefault(group, set()).add(arn)


def _stopped(look: Look, task: Mapping[str, Any], services: Mapping[str, str]) -> None:
    """A task that ended. That the scheduler ended it is no crash, whatever code a container left with."""
    resource = services.get(text(task, "group").removeprefix("service:"), "")
    ordered = text(task, "stopCode") in ("ServiceSchedulerInitiated", "UserInitiated", "TerminationNotice")
    containers = [
        {
            **selected(container, "name", "reason"),
            **({} if ordered and container.get("exitCode") == _KILLED else selected(container, "exitCode")),
        }
        for container in items(task, "containers")
    ]
    data = {**selected(task, "stoppedAt", "stopCode", "stoppedReason"), "containers": containers}
    look.observe(moment(task, "stoppedAt"), resource, "stopped_task", data)
