"""The capacity of a DynamoDB table.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/provisioned-capacity-mode.html
"""

from __future__ import annotations

import asyncio
from typing import Final

from pydantic import Field

from primitives.actions.aws import Table, aws, table_of
from primitives.actions.aws_guards import STACK_LOOKS, no_scaling_policy, no_stack_update
from primitives.actions.aws_operations import AwsChange, Current, Settings, as_whole, settled
from primitives.actions.aws_world import AwsPlace, AwsWorld, Guard, Request, guard
from primitives.actions.earlier_values import earlier, whole_number
from primitives.actions.execution import Convergence
from primitives.actions.inverse import Inverse, PriorState
from primitives.actions.proposal import Proposed, shell
from primitives.actions.target import Target
from primitives.backends.aws.fields import mapping, number, text
from primitives.facts import ConfigurationDifference
from primitives.identity import parse_id
from primitives.remediations.registry import Remediation, register

_DIMENSIONS: Final = ("dynamodb:table:ReadCapacityUnits", "dynamodb:table:WriteCapacityUnits")


class TableCapacity(Table):
    """How many units of reads and of writes a second the table shall have."""

    read_units: int = Field(ge=1, le=1_000_000)
    write_units: int = Field(ge=1, le=1_000_000)


def _propose(target: Target) -> Proposed | None:
    """Back to the capacity that it had before somebody lowered it; the part that nobody changed stays."""
    table = table_of(target)
    reads, writes = (_units(target, key) for key in ("ReadCapacityUnits", "WriteCapacityUnits"))
    if table is None or reads is None or writes is None:
        return None
    arguments = TableCapacity(**table.model_dump(), read_units=reads, write_units=writes)
    return Proposed(arguments, f"Give {target.name} {reads} units of reads and {writes} of writes again")


def _units(target: Target, key: str) -> int | None:
    """The units before where they were changed; both have to be in evidence, as the call sets both."""
    before = whole_number(earlier(target, "table", key), 1)
    same = [
        whole_number(fact.after, 1) for fact in target.present(ConfigurationDifference)
        if fact.kind == "table" and fact.path == key and fact.before == fact.after
    ]  # fmt: skip
    return before if before is not None else next(iter(same), None)


def _arn(args: Table, place: AwsPlace) -> str:
    return place.arn("dynamodb", args.table, kind="table")


async def _read(world: AwsWorld, args: Table) -> Current | None:
    return mapping(await world.read("dynamodb", "DescribeTable", TableName=args.table), "Table") or None


def _capacity(_: TableCapacity, current: Current) -> Settings:
    provisioned = mapping(current, "ProvisionedThroughput")
    reads, writes = (int(number(provisioned, f"{what}CapacityUnits") or 0) for what in ("Read", "Write"))
    return {"read_units": reads, "write_units": writes}


async def _guards(world: AwsWorld, args: TableCapacity, current: Current) -> list[Guard]:
    status, mode = text(current, "TableStatus"), text(current, "BillingModeSummary", "BillingMode")
    resource = parse_id(_arn(args, await world.where())).name
    scaled, stack = await asyncio.gather(
        no_scaling_policy(world, "dynamodb", resource, _DIMENSIONS), no_stack_update(world, args.table)
    )
    return [
        guard("it is active", "" if status == "ACTIVE" else f"it is {status}"),
        guard("its capacity is provisioned", "it has what it needs on demand" if mode == "PAY_PER_REQUEST" else ""),
        scaled,
        stack,
    ]


def _request(args: TableCapacity, current: Current) -> Request:
    del current
    wanted = {"ReadCapacityUnits": args.read_units, "WriteCapacityUnits": args.write_units}
    return Request("dynamodb", "UpdateTable", {"TableName": args.table, "ProvisionedThroughput": wanted})


def _there(args: TableCapacity, before: Settings, current: Current) -> Convergence:
    now, status = _capacity(args, current), text(current, "TableStatus")
    wanted = {"read_units": args.read_units, "write_units": args.write_units}
    words = f"{now['read_units']} units of reads, {now['write_units']} of writes, {status}"
    other = "" if dict(now) in (wanted, dict(before)) else f"{words}: somebody else changed it"
    return settled(when=dict(now) == wanted and status == "ACTIVE", detail=words, failed=other)


def _back(args: TableCapacity, prior: PriorState) -> TableCapacity | None:
    reads, writes = (whole_number(prior.values.get(name), 1) for name in ("read_units", "write_units"))
    if reads is None or writes is None:
        return None
    return args.model_copy(update={"read_units": reads, "write_units": writes})


def _command(args: TableCapacity) -> str:
    units = f"ReadCapacityUnits={args.read_units},WriteCapacityUnits={args.write_units}"
    return shell(
        *aws("dynamodb", "update-table", "--table-name", args.table, "--provisioned-throughput", units, args=args)
    )


REMEDIATION = register(
    Remediation(
        name="set_table_capacity",
        alias="ScaleResource",
        summary="Set the provisioned capacity of a DynamoDB table",
        effect="write",
        risk="low",
        estimated_duration_s=120,
        arguments=TableCapacity,
        propose=_propose,
        command=_command,
        answers=("rate_limited", "bad_configuration"),
        inverse=Inverse("set_table_capacity", _back),
        operations=AwsChange(
            arn=_arn,
            read=_read,
            settings=_capacity,
            wanted=lambda args: {"read_units": args.read_units, "write_units": args.write_units},
            request=_request,
            progress=_there,
            radius=as_whole("table"),
            guards=_guards,
            identity=lambda current: text(current, "TableId"),
        ),
        permissions=(
            "dynamodb:DescribeTable", "application-autoscaling:DescribeScalableTargets", *STACK_LOOKS,
            "dynamodb:UpdateTable",
        ),
    )
)  # fmt: skip
