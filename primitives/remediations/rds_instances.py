"""Database instances of Amazon RDS: their class, the bound of their storage, and a parameter of their group."""

from __future__ import annotations

import asyncio
from typing import Final, Literal

from pydantic import Field

from primitives.actions.aws import DatabaseInstance, InRegion, aws, database_of
from primitives.actions.aws_guards import STACK_LOOKS, no_stack_update
from primitives.actions.aws_operations import AwsChange, Current, Settings, as_whole, settled
from primitives.actions.aws_rds import (
    INSTANCE_LOOKS,
    instance_change,
    instance_guards,
    modification,
    modify,
    own_storage,
    pending_or,
    whole,
)
from primitives.actions.aws_world import AwsPlace, AwsWorld, Guard, Request, guard
from primitives.actions.earlier_values import earlier, in_change
from primitives.actions.execution import Convergence
from primitives.actions.inverse import Inverse, PriorState
from primitives.actions.proposal import Proposed, shell
from primitives.actions.target import Target
from primitives.backends.aws.fields import flag, items, text
from primitives.remediations.registry import Remediation, register

_MODIFY: Final = "rds:ModifyDBInstance"


class ResizeDatabase(DatabaseInstance):
    """`instance_class` is what the instance shall run on, such as `db.r6g.large`."""

    instance_class: str = Field(pattern=r"^db\.[a-z0-9-]{1,30}\.[a-z0-9-]{1,30}$")


class StorageBound(DatabaseInstance):
    """`most_gib` is up to where the storage grows by itself, in GiB; as much as there is stops it."""

    most_gib: int = Field(ge=5, le=65_536)


class DatabaseParameter(InRegion):
    """`value` of `parameter` in the parameter group `group`, for every instance that uses it.

    `apply` says when: at once, which only dynamic parameters can, or at the next reboot.
    """

    group: str = Field(pattern=r"^[A-Za-z](?:-?[A-Za-z0-9.]){0,254}$")
    parameter: str = Field(pattern=r"^[A-Za-z0-9_.]{1,255}$")
    value: str = Field(max_length=4_000)
    apply: Literal["immediate", "pending-reboot"] = "immediate"


# the class


def _propose_nothing(target: Target) -> None:
    """No evidence says how large it should be: a person chooses it."""
    del target


def _modify_command(args: DatabaseInstance, *words: str) -> str:
    instance = ("--db-instance-identifier", args.instance)
    return shell(*aws("rds", "modify-db-instance", *instance, *words, "--apply-immediately", args=args))


def _class_back(args: ResizeDatabase, prior: PriorState) -> ResizeDatabase | None:
    known = prior.values.get("instance_class")
    return args.model_copy(update={"instance_class": known}) if isinstance(known, str) and known else None


register(
    Remediation(
        name="resize_database",
        alias="ScaleResource",
        summary="Run a database instance on another instance class, at once, which interrupts it",
        effect="write",
        risk="high",
        estimated_duration_s=900,
        arguments=ResizeDatabase,
        propose=_propose_nothing,
        command=lambda args: _modify_command(args, "--db-instance-class", args.instance_class),
        inverse=Inverse("resize_database", _class_back),
        operations=modification("instance_class", "DBInstanceClass"),
        permissions=(*INSTANCE_LOOKS, _MODIFY),
    )
)


# how far the storage grows


def _bound(_: StorageBound, current: Current) -> Settings:
    """Where nothing is said, it doesn't grow: the bound is what there is."""
    most = pending_or(current, "MaxAllocatedStorage")
    return {"most_gib": most if isinstance(most, int) else whole(current, "AllocatedStorage")}


async def _bound_guards(world: AwsWorld, args: StorageBound, current: Current) -> list[Guard]:
    there = whole(current, "AllocatedStorage") or 0
    low = f"it has {there} GiB already" if args.most_gib < there else ""
    return [
        *await instance_guards(world, args, current),
        own_storage(current),
        guard("the bound isn't below what there is", low),
    ]


def _bound_there(args: StorageBound, before: Settings, current: Current) -> Convergence:
    del before
    now = _bound(args, current)["most_gib"]
    words = f"its storage grows up to {now} GiB"
    return settled(when=True, detail=words, failed="" if now == args.most_gib else f"{words}: somebody changed it")


def _bound_back(args: StorageBound, prior: PriorState) -> StorageBound | None:
    known = prior.values.get("most_gib")
    return args.model_copy(update={"most_gib": known}) if isinstance(known, int) else None


register(
    Remediation(
        name="set_storage_bound",
        alias="ScaleResource",
        summary="Set up to where a database instance's storage grows by itself",
        effect="write",
        risk="low",
        estimated_duration_s=60,
        arguments=StorageBound,
        propose=_propose_nothing,
        command=lambda args: _modify_command(args, "--max-allocated-storage", str(args.most_gib)),
        inverse=Inverse("set_storage_bound", _bound_back),
        operations=instance_change(
            settings=_bound,
            wanted=lambda args: {"most_gib": args.most_gib},
            request=lambda args, _: modify(args, MaxAllocatedStorage=args.most_gib),
            progress=_bound_there,
            guards=_bound_guards,
        ),
        permissions=(*INSTANCE_LOOKS, _MODIFY),
    )
)


# a parameter


def _group_arn(args: DatabaseParameter, place: AwsPlace) -> str:
    return place.arn("rds", args.group, kind="pg", joint=":")


def _propose_parameter(target: Target) -> Proposed | None:
    """Where the blamed change set one parameter of a group, and what it was before is known."""
    change, instance = target.blamed, database_of(target)
    group = in_change(change, "parameter_group")
    if change is None or instance is None or not group or change.resource != target.resource:
        return None
    names = [name for name in dict(change.after) if name not in ("parameter_group", "apply_method")]
    before = earlier(target, "db_parameters", names[0]) if len(names) == 1 else None
    if not isinstance(before, str):
        return None
    when = "pending-reboot" if in_change(change, "apply_method") == "pending-reboot" else "immediate"
    place = {"account": instance.account, "region": instance.region}
    arguments = DatabaseParameter.model_validate(
        {**place, "group": group, "parameter": names[0], "value": before, "apply": when}
    )
    return Proposed(arguments, f"Set {names[0]} of {group} back to {before}, for every instance that uses the group")


async def _read_parameter(world: AwsWorld, args: DatabaseParameter) -> Current | None:
    """The parameter; None where the group has none of this name. RDS lists some hundred, page by page."""
    marker: dict[str, str] = {}
    for _ in range(_MOST_PAGES):
        page = await world.read("rds", "DescribeDBParameters", DBParameterGroupName=args.group, **marker)
        named = [each for each in items(page, "Parameters") if text(each, "ParameterName") == args.parameter]
        if named:
            return named[0]
        marker = {"Marker": text(page, "Marker")}
        if not marker["Marker"]:
            break
    return None


_MOST_PAGES: Final = 20


def _parameter_value(_: DatabaseParameter, current: Current) -> Settings:
    return {"value": text(current, "ParameterValue") or None, "source": text(current, "Source")}


async def _parameter_guards(world: AwsWorld, args: DatabaseParameter, current: Current) -> list[Guard]:
    instances, stack = await asyncio.gather(
        world.read("rds", "DescribeDBInstances"), no_stack_update(world, args.group)
    )
    users = [
        each for each in items(instances, "DBInstances")
        if args.group in [text(group, "DBParameterGroupName") for group in items(each, "DBParameterGroups")]
    ]  # fmt: skip
    busy = [text(each, "DBInstanceIdentifier") for each in users if text(each, "DBInstanceStatus") != "available"]
    static = args.apply == "immediate" and text(current, "ApplyType") == "static"
    return [
        guard("it can be changed", "" if flag(current, "IsModifiable") else "RDS lets nobody change it"),
        guard("it can be applied at once", "it is static: it takes a reboot" if static else ""),
        guard("somebody may change the group", f"{args.group} is AWS's own" if args.group[:8] == "default." else ""),
        guard("the instances that use it are available", f"{', '.join(busy)} not" if busy else ""),
        stack,
    ]


def _parameter_request(args: DatabaseParameter, current: Current) -> Request:
    del current
    wanted = {"ParameterName": args.parameter, "ParameterValue": args.value, "ApplyMethod": args.apply}
    return Request("rds", "ModifyDBParameterGroup", {"DBParameterGroupName": args.group, "Parameters": [wanted]})


def _parameter_there(args: DatabaseParameter, before: Settings, current: Current) -> Convergence:
    del before
    now = text(current, "ParameterValue")
    words = f"{args.parameter} is {now}" + (", from the next reboot on" if args.apply == "pending-reboot" else "")
    return settled(when=True, detail=words, failed="" if now == args.value else f"{words}: somebody changed it")


def _parameter_back(args: DatabaseParameter, prior: PriorState) -> DatabaseParameter | None:
    """To the value before, where somebody had set it; the platform's own would have to be reset by hand."""
    value = prior.values.get("value")
    if prior.values.get("source") != "user" or not isinstance(value, str):
        return None
    return args.model_copy(update={"value": value})


def _parameter_command(args: DatabaseParameter) -> str:
    setting = f"ParameterName={args.parameter},ParameterValue={args.value},ApplyMethod={args.apply}"
    words = ("--db-parameter-group-name", args.group, "--parameters", setting)
    return shell(*aws("rds", "modify-db-parameter-group", *words, args=args))


register(
    Remediation(
        name="set_database_parameter",
        alias="UpdateConfiguration",
        summary="Set a parameter of a database parameter group, for every instance that uses it",
        effect="write",
        risk="high",
        estimated_duration_s=120,
        arguments=DatabaseParameter,
        propose=_propose_parameter,
        command=_parameter_command,
        answers=("bad_configuration", "connections_exhausted"),
        inverse=Inverse("set_database_parameter", _parameter_back),
        operations=AwsChange(
            arn=_group_arn,
            read=_read_parameter,
            settings=_parameter_value,
            wanted=lambda args: {"value": args.value},
            request=_parameter_request,
            progress=_parameter_there,
            radius=as_whole("parameter group"),
            guards=_parameter_guards,
            identity=lambda current: text(current, "ParameterName"),
        ),
        permissions=(
            "rds:DescribeDBParameters", "rds:DescribeDBInstances", *STACK_LOOKS, "rds:ModifyDBParameterGroup",
        ),
    )
)  # fmt: skip
