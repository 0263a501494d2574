"""Services of Amazon ECS: back to an earlier task definition, more or fewer tasks, all tasks anew."""

from __future__ import annotations

import re
from typing import Any, Final

from pydantic import Field

from primitives.actions.aws import EcsService, aws, service_of
from primitives.actions.aws_ecs import (
    definition,
    definitions,
    deployed,
    guards_of,
    primary_of,
    rollout_of,
    service_arn,
    service_change,
    undisturbed,
)
from primitives.actions.aws_guards import STACK_LOOKS, no_scaling_policy
from primitives.actions.aws_operations import Current, Settings, begun, settled
from primitives.actions.aws_world import AwsWorld, Guard, Request, guard
from primitives.actions.earlier_values import earlier, in_change, whole_number
from primitives.actions.execution import Convergence
from primitives.actions.inverse import Inverse, Irreversible, PriorState
from primitives.actions.proposal import Proposed, shell
from primitives.actions.target import Target
from primitives.backends.aws.fields import number, text
from primitives.facts import change_label
from primitives.identity import parse_id
from primitives.records import Change
from primitives.remediations.registry import Remediation, register

_DEFINITION: Final = r"[A-Za-z0-9_-]{1,255}:[0-9]{1,10}"
_LOOKS: Final = ("ecs:DescribeServices", *STACK_LOOKS)
_CALL: Final = "ecs:UpdateService"
_DIMENSION: Final = "ecs:service:DesiredCount"


class RollBackService(EcsService):
    """`task_definition` is the one to go back to, as family and revision; `blamed` the one to leave."""

    task_definition: str = Field(pattern=rf"^{_DEFINITION}$")
    blamed: str | None = None


class ScaleService(EcsService):
    """`tasks` is how many there shall be."""

    tasks: int = Field(ge=0, le=5_000)


# roll back


def _deployment(target: Target) -> Change | None:
    """The deployment that is blamed; without a blamed change the newest one of the service."""
    if target.change is not None:
        return target.blamed
    own = [change for change in target.changes if change.resource == target.resource and change.kind == "deployment"]
    return max(own, key=lambda change: change.time, default=None)


def _propose_rollback(target: Target) -> Proposed | None:
    """Where the blamed deployment says what it put in place of what, and is the newest one."""
    service, change = service_of(target), _deployment(target)
    old, new = in_change(change, "version", before=True), in_change(change, "version")
    if service is None or change is None or not (re.fullmatch(_DEFINITION, old) and re.fullmatch(_DEFINITION, new)):
        return None
    later = [
        each for each in target.changes
        if each.resource == target.resource and each.kind == "deployment" and each.time > change.time
    ]  # fmt: skip
    if later or change.resource != target.resource:
        return None
    arguments = RollBackService(**service.model_dump(), task_definition=old, blamed=new)
    return Proposed(arguments, f"Roll back {change_label(change)} of {target.name} to {old}")


async def _rollback_guards(world: AwsWorld, args: RollBackService, current: Current) -> list[Guard]:
    """The blamed task definition is the one that runs, and there is one to go back to."""
    runs, wanted = deployed(current), await definition(world, args.task_definition)
    left = "" if args.blamed in (None, runs) else f"{runs} does, not {args.blamed}"
    status = text(wanted, "status")
    gone = "" if status == "ACTIVE" else f"{args.task_definition} is {status or 'not there'}"
    return [
        *await guards_of(world, current),
        guard("the blamed task definition runs", left),
        guard("the task definition can be deployed", gone),
    ]


async def _both_definitions(world: AwsWorld, args: RollBackService, current: Current) -> tuple[Any, Any]:
    """What both task definitions say, without what ECS adds."""
    before, after = await definitions(world, deployed(current), args.task_definition)
    return _said(before), _said(after)


def _said(document: Any) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key not in _ADDED}


_ADDED: Final = frozenset({
    "taskDefinitionArn", "registeredAt", "registeredBy", "deregisteredAt", "status", "requiresAttributes",
    "compatibilities",
})  # fmt: skip


def _rolled_back(args: RollBackService, before: Settings, current: Current) -> Convergence:
    del before
    runs = deployed(current)
    if runs != args.task_definition:
        return settled(when=False, detail="", failed=f"{runs} is deployed: ECS or somebody else put it back")
    return rollout_of(current)


def _rollback_command(args: RollBackService) -> str:
    return shell(*_update(args, "--task-definition", args.task_definition))


def _update(args: EcsService, *words: str) -> tuple[str, ...]:
    return aws("ecs", "update-service", "--cluster", args.cluster, "--service", args.service, *words, args=args)


def _request(args: EcsService, **changed: Any) -> Request:
    return Request("ecs", "UpdateService", {"cluster": args.cluster, "service": args.service, **changed})


def _forward(args: RollBackService, prior: PriorState) -> RollBackService | None:
    """To the task definition that ran before."""
    known = prior.values.get("task_definition")
    update = {"task_definition": known, "blamed": args.task_definition}
    return args.model_copy(update=update) if isinstance(known, str) and known else None


register(
    Remediation(
        name="rollback_ecs_service",
        alias="RollbackDeployment",
        summary="Roll an ECS service back to the task definition before the blamed one",
        effect="write",
        risk="medium",
        estimated_duration_s=240,
        arguments=RollBackService,
        propose=_propose_rollback,
        command=_rollback_command,
        answers=(
            "deployment_regression", "rollout_stuck", "application_crash", "application_error", "image_not_found",
            "bad_configuration", "missing_configuration",
        ),
        inverse=Inverse("rollback_ecs_service", _forward),
        operations=service_change(
            settings=lambda _, current: {"task_definition": deployed(current)},
            wanted=lambda args: {"task_definition": args.task_definition},
            request=lambda args, _: _request(args, taskDefinition=args.task_definition),
            progress=_rolled_back,
            guards=_rollback_guards,
            documents=_both_definitions,
        ),
        permissions=(*_LOOKS, "ecs:DescribeTaskDefinition", _CALL),
    )
)  # fmt: skip


# scale


def _propose_scale(target: Target) -> Proposed | None:
    """Back to the tasks that it had before they were taken away."""
    service, tasks = service_of(target), whole_number(earlier(target, "ecs_service", "desiredCount"), 1)
    if service is None or tasks is None:
        return None
    return Proposed(ScaleService(**service.model_dump(), tasks=tasks), f"Scale {target.name} back to {tasks} tasks")


def _tasks(_: ScaleService, current: Current) -> Settings:
    return {"tasks": int(number(current, "desiredCount") or 0)}


async def _scale_guards(world: AwsWorld, args: ScaleService, current: Current) -> list[Guard]:
    daemon = text(current, "schedulingStrategy") == "DAEMON"
    resource = parse_id(service_arn(args, await world.where())).name
    return [
        *await undisturbed(world, args, current),
        guard("it has a number of tasks", "it runs one task on each instance" if daemon else ""),
        await no_scaling_policy(world, "ecs", resource, (_DIMENSION,)),
    ]


def _scaled(args: ScaleService, before: Settings, current: Current) -> Convergence:
    del before
    running, wanted = (int(number(current, key) or 0) for key in ("runningCount", "desiredCount"))
    other = "" if wanted == args.tasks else f"{wanted} tasks are wanted by now: somebody else changed it"
    words = f"{running} of {wanted} tasks run"
    return settled(when=running == wanted, detail=words, failed=other, done=min(running, wanted), total=max(wanted, 1))


def _scale_back(args: ScaleService, prior: PriorState) -> ScaleService | None:
    tasks = whole_number(prior.values.get("tasks"))
    return None if tasks is None else args.model_copy(update={"tasks": tasks})


register(
    Remediation(
        name="scale_ecs_service",
        alias="ScaleResource",
        summary="Set how many tasks an ECS service runs",
        effect="write",
        risk="low",
        estimated_duration_s=120,
        arguments=ScaleService,
        propose=_propose_scale,
        command=lambda args: shell(*_update(args, "--desired-count", str(args.tasks))),
        answers=("scaled_to_zero", "traffic_surge", "queue_backlog", "cpu_saturated"),
        inverse=Inverse("scale_ecs_service", _scale_back),
        operations=service_change(
            settings=_tasks,
            wanted=lambda args: {"tasks": args.tasks},
            request=lambda args, _: _request(args, desiredCount=args.tasks),
            progress=_scaled,
            guards=_scale_guards,
        ),
        permissions=(*_LOOKS, "application-autoscaling:DescribeScalableTargets", _CALL),
    )
)


# all tasks anew


def _propose_redeploy(target: Target) -> Proposed | None:
    service = service_of(target)
    return Proposed(service, f"Replace the tasks of {target.name} by new ones") if service else None


def _redeployed(args: EcsService, before: Settings, current: Current) -> Convergence:
    del args
    if text(primary_of(current), "id") == before.get("deployment"):
        return settled(when=False, detail="the new deployment isn't there yet")
    return rollout_of(current)


register(
    Remediation(
        name="redeploy_ecs_service",
        alias="RestartService",
        summary="Replace an ECS service's tasks by new ones of the same task definition",
        effect="write",
        risk="medium",
        estimated_duration_s=240,
        arguments=EcsService,
        propose=_propose_redeploy,
        command=lambda args: shell(*_update(args, "--force-new-deployment")),
        answers=(
            "memory_exhausted", "connections_exhausted", "threads_exhausted", "consumer_stalled",
        ),
        inverse=Irreversible("the tasks that it replaced are gone"),
        operations=service_change(
            settings=lambda _, current: {"deployment": text(primary_of(current), "id")},
            wanted=lambda _: {"deployment": "a new one of the same task definition"},
            request=lambda args, _: _request(args, forceNewDeployment=True),
            progress=_redeployed,
            guards=undisturbed,
            arrived=begun("deployment"),
        ),
        permissions=(*_LOOKS, _CALL),
    )
)  # fmt: skip
