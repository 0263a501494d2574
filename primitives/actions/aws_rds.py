"""RDS instances as actions see them: what they are, what waits to be applied, and when they restarted.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html (states),
USER_ModifyInstance.ApplyImmediately.html and USER_Events.Messages.html
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from primitives.actions.aws import DatabaseInstance
from primitives.actions.aws_guards import STACK_LOOKS, no_stack_update
from primitives.actions.aws_operations import AwsChange, Current, Settings, as_whole, settled
from primitives.actions.aws_world import AwsPlace, AwsWorld, Guard, Request, guard
from primitives.actions.execution import Convergence
from primitives.backends.aws.fields import items, mapping, number, text

__all__ = [
    "INSTANCE_LOOKS",
    "instance_change",
    "instance_guards",
    "modification",
    "modify",
    "own_storage",
    "pending_or",
    "read_instance",
    "restarted",
    "whole",
]

INSTANCE_LOOKS: Final = ("rds:DescribeDBInstances", "rds:DescribePendingMaintenanceActions", *STACK_LOOKS)
"""What the guards of an instance take."""
_DAY_MINUTES: Final = 1_440
_OPTED: Final = frozenset({"immediate", "next-maintenance"})
_GIVEN_UP: Final = ("incompatible-", "storage-full", "failed", "inaccessible-")


def _instance_arn(args: DatabaseInstance, place: AwsPlace) -> str:
    """The instance's ARN."""
    return place.arn("rds", args.instance, kind="db", joint=":")


async def read_instance(world: AwsWorld, args: DatabaseInstance) -> Current | None:
    """The instance; None where there is none."""
    answer = await world.read("rds", "DescribeDBInstances", DBInstanceIdentifier=args.instance)
    return next(iter(items(answer, "DBInstances")), None)


def _identity_of(current: Current) -> str:
    """What tells the instance from another one of its name."""
    return text(current, "DbiResourceId")


def _tags_of(current: Current) -> dict[str, str]:
    """The instance's tags."""
    return {text(tag, "Key"): text(tag, "Value") for tag in items(current, "TagList")}


async def instance_guards(world: AwsWorld, args: DatabaseInstance, current: Current) -> list[Guard]:
    """It is available, and nothing else waits to be applied, which the change would bring along."""
    status, waiting = text(current, "DBInstanceStatus"), mapping(current, "PendingModifiedValues")
    pending, stack = await asyncio.gather(
        world.read("rds", "DescribePendingMaintenanceActions", ResourceIdentifier=text(current, "DBInstanceArn")),
        no_stack_update(world, args.instance),
    )
    actions = [
        action
        for each in items(pending, "PendingMaintenanceActions")
        for action in items(each, "PendingMaintenanceActionDetails")
    ]
    planned = [text(action, "Action") for action in actions if text(action, "OptInStatus") in _OPTED]
    return [
        guard("it is available", "" if status == "available" else f"it is {status}"),
        guard("no modification waits to be applied", f"waiting: {', '.join(waiting)}" if waiting else ""),
        guard("no maintenance is planned", f"planned: {', '.join(planned)}" if planned else ""),
        stack,
    ]


def own_storage(current: Current) -> Guard:
    """That the storage isn't that of an Aurora cluster."""
    aurora = text(current, "DBClusterIdentifier")
    return guard("its storage is its own", f"the cluster {aurora} has it" if aurora else "")


def modify(args: DatabaseInstance, **changed: Any) -> Request:
    """ModifyDBInstance, at once."""
    parameters = {"DBInstanceIdentifier": args.instance, **changed, "ApplyImmediately": True}
    return Request("rds", "ModifyDBInstance", parameters)


def pending_or(current: Current, key: str) -> Any:
    """The value that waits to be applied; the current one where none does."""
    waiting = mapping(current, "PendingModifiedValues")
    return waiting[key] if key in waiting else current.get(key)


def _applied(current: Current, key: str, wanted: Any) -> Convergence:
    """How far a modification is: asked for, applied, and the instance available again."""
    status, now, asked = text(current, "DBInstanceStatus"), current.get(key), pending_or(current, key)
    failed = f"it is {status}" if status.startswith(_GIVEN_UP) else ""
    if not failed and asked != wanted:
        failed = f"{key} is {asked}: somebody else changed it"
    return settled(when=now == wanted and status == "available", detail=f"{key} is {now}, {status}", failed=failed)


async def restarted(world: AwsWorld, args: DatabaseInstance) -> str:
    """When the instance restarted last; empty where it didn't within the last day."""
    answer = await world.read(
        "rds", "DescribeEvents", SourceType="db-instance", SourceIdentifier=args.instance, Duration=_DAY_MINUTES
    )
    times = [
        str(event.get("Date") or "") for event in items(answer, "Events") if "restart" in text(event, "Message").lower()
    ]
    return max(times, default="")


def whole(current: Current, key: str) -> int | None:
    """A number of the instance, as a whole one."""
    value = number(current, key)
    return None if value is None else int(value)


def instance_change(**more: Any) -> AwsChange:
    """How an instance is changed, as a whole; `more` is what is the action's own."""
    known: dict[str, Any] = {
        "arn": _instance_arn, "read": read_instance, "radius": as_whole("database instance"),
        "guards": instance_guards, "identity": _identity_of, "labels": _tags_of,
    }  # fmt: skip
    return AwsChange(**{**known, **more})


def modification(argument: str, key: str, **more: Any) -> AwsChange:
    """How one setting of an instance is modified: the action's `argument` is what AWS calls `key`."""

    def settings(args: Any, current: Current) -> Settings:
        """The value that waits to be applied, else the current one."""
        del args
        value = pending_or(current, key)
        return {argument: value if isinstance(value, str | int) and not isinstance(value, bool) else None}

    return instance_change(
        settings=settings,
        wanted=lambda args: {argument: getattr(args, argument)},
        request=lambda args, _: modify(args, **{key: getattr(args, argument)}),
        progress=lambda args, _, current: _applied(current, key, getattr(args, argument)),
        **more,
    )
