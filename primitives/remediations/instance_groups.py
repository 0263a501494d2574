"""Groups of EC2 Auto Scaling: how many instances they want, and all instances anew.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-overview.html
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from pydantic import Field

from primitives.actions.aws import InstanceGroup, aws, group_of
from primitives.actions.aws_guards import STACK_LOOKS, no_stack_update
from primitives.actions.aws_operations import AwsChange, Current, Settings, begun, settled
from primitives.actions.aws_world import AwsPlace, AwsWorld, Guard, Request, guard
from primitives.actions.earlier_values import earlier, whole_number
from primitives.actions.execution import BlastRadius, Convergence
from primitives.actions.inverse import Inverse, Irreversible, PriorState
from primitives.actions.proposal import Proposed, shell
from primitives.actions.target import Target
from primitives.backends.aws.fields import flag, items, mapping, number, text
from primitives.identity import typed_id
from primitives.remediations.registry import Remediation, register

_LOOKS: Final = (
    "autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeInstanceRefreshes",
    *STACK_LOOKS,
)  # fmt: skip
_UNDER_WAY: Final = frozenset({
    "Pending", "InProgress", "Cancelling", "RollbackInProgress", "Baking",
})  # fmt: skip
_GIVEN_UP: Final = frozenset({"Failed", "Cancelled", "RollbackFailed", "RollbackSuccessful"})
_LEAST_HEALTHY: Final = 90
"""The percentage of instances that a refresh keeps in service, as AWS' own default."""


class SizeGroup(InstanceGroup):
    """`instances` is how many the group shall want."""

    instances: int = Field(ge=0, le=10_000)


def _arn(args: InstanceGroup, place: AwsPlace) -> str:
    """The group by its name: its ARN has an identifier in it that only AWS knows."""
    del place
    return typed_id(args.group, "AWS::AutoScaling::AutoScalingGroup")


def _own_arn(args: InstanceGroup, place: AwsPlace, current: Current) -> tuple[str, ...]:
    del args, place
    return (text(current, "group", "AutoScalingGroupARN"),)


async def _read(world: AwsWorld, args: InstanceGroup) -> Current | None:
    groups, refreshes = await asyncio.gather(
        world.read("autoscaling", "DescribeAutoScalingGroups", AutoScalingGroupNames=[args.group]),
        world.read("autoscaling", "DescribeInstanceRefreshes", AutoScalingGroupName=args.group, MaxRecords=1),
    )
    known = items(groups, "AutoScalingGroups")
    newest = items(refreshes, "InstanceRefreshes")
    return {"group": known[0], "refresh": newest[0] if newest else {}} if known else None


def _whole(current: Current, key: str) -> int:
    return int(number(current, "group", key) or 0)


def _in_service(current: Current) -> int:
    return sum(text(each, "LifecycleState") == "InService" for each in items(current, "group", "Instances"))


def _tags(current: Current) -> dict[str, str]:
    return {text(tag, "Key"): text(tag, "Value") for tag in items(current, "group", "Tags")}


async def _undisturbed(world: AwsWorld, args: InstanceGroup, current: Current) -> list[Guard]:
    """It isn't being deleted or refreshed, may start instances, and no stack changes it."""
    deleting = text(current, "group", "Status")
    suspended = [text(each, "ProcessName") for each in items(current, "group", "SuspendedProcesses")]
    held = [name for name in ("Launch", "Terminate") if name in suspended]
    refreshing = text(current, "refresh", "Status") in _UNDER_WAY
    way = shell(*aws("autoscaling", "cancel-instance-refresh", "--auto-scaling-group-name", args.group, args=args))
    return [
        guard("it is not being deleted", f"it is: {deleting}" if deleting else ""),
        guard("its processes run", f"somebody suspended {', '.join(held)}" if held else ""),
        guard("no instance refresh is under way", "one is" if refreshing else "", way),
        await no_stack_update(world, args.group),
    ]


# the size


def _propose_size(target: Target) -> Proposed | None:
    """Back to the instances that it wanted before somebody lowered it."""
    group, before = group_of(target), whole_number(earlier(target, "auto_scaling_group", "DesiredCapacity"), 1)
    if group is None or before is None:
        return None
    return Proposed(
        SizeGroup(**group.model_dump(), instances=before), f"Size {target.name} to {before} instances again"
    )


async def _size_guards(world: AwsWorld, args: SizeGroup, current: Current) -> list[Guard]:
    """Nothing that scales the group by itself would undo it, and it is within the group's bounds."""
    policies, schedule = await asyncio.gather(
        world.read("autoscaling", "DescribePolicies", AutoScalingGroupName=args.group),
        world.read("autoscaling", "DescribeScheduledActions", AutoScalingGroupName=args.group),
    )
    scaling = [
        text(each, "PolicyName") for each in items(policies, "ScalingPolicies") if each.get("Enabled") is not False
    ]
    planned = [text(each, "ScheduledActionName") for each in items(schedule, "ScheduledUpdateGroupActions")]
    way = shell(
        *aws("autoscaling", "update-auto-scaling-group", "--auto-scaling-group-name", args.group, "--min-size",
             str(args.instances), args=args)
    )  # fmt: skip
    least, most = _whole(current, "MinSize"), _whole(current, "MaxSize")
    outside = "" if least <= args.instances <= most else f"it takes {least} to {most} instances"
    return [
        *await _undisturbed(world, args, current),
        guard("no scaling policy sets its size", f"{', '.join(scaling)} would undo it" if scaling else "", way),
        guard("no schedule sets its size", f"{', '.join(planned)} would undo it" if planned else ""),
        guard("it is within its bounds", outside),
    ]


def _size(_: SizeGroup, current: Current) -> Settings:
    return {"instances": _whole(current, "DesiredCapacity")}


def _sized(args: SizeGroup, before: Settings, current: Current) -> Convergence:
    del before
    wanted, there = _whole(current, "DesiredCapacity"), _in_service(current)
    other = "" if wanted == args.instances else f"{wanted} instances are wanted by now: somebody else changed it"
    words = f"{there} of {wanted} instances are in service"
    return settled(when=there == wanted, detail=words, failed=other, done=min(there, wanted), total=max(wanted, 1))


def _size_request(args: SizeGroup, current: Current) -> Request:
    del current
    parameters = {"AutoScalingGroupName": args.group, "DesiredCapacity": args.instances, "HonorCooldown": False}
    return Request("autoscaling", "SetDesiredCapacity", parameters)


def _size_radius(args: SizeGroup, current: Current) -> BlastRadius:
    now = _whole(current, "DesiredCapacity")
    return BlastRadius(at_a_time=max(abs(args.instances - now), 1), parts=max(args.instances, now, 1), part="instance")


def _size_back(args: SizeGroup, prior: PriorState) -> SizeGroup | None:
    instances = whole_number(prior.values.get("instances"))
    return None if instances is None else args.model_copy(update={"instances": instances})


def _size_command(args: SizeGroup) -> str:
    words = ("--auto-scaling-group-name", args.group, "--desired-capacity", str(args.instances))
    return shell(*aws("autoscaling", "set-desired-capacity", *words, args=args))


register(
    Remediation(
        name="scale_instance_group",
        alias="ScaleResource",
        summary="Set how many instances an Auto Scaling group wants",
        effect="write",
        risk="medium",
        estimated_duration_s=300,
        arguments=SizeGroup,
        propose=_propose_size,
        command=_size_command,
        answers=("scaled_to_zero", "traffic_surge", "cpu_saturated", "bad_configuration"),
        inverse=Inverse("scale_instance_group", _size_back),
        operations=AwsChange(
            arn=_arn,
            read=_read,
            settings=_size,
            wanted=lambda args: {"instances": args.instances},
            request=_size_request,
            progress=_sized,
            radius=_size_radius,
            guards=_size_guards,
            identity=lambda current: text(current, "group", "AutoScalingGroupARN"),
            resources=_own_arn,
            labels=_tags,
        ),
        permissions=(
            *_LOOKS, "autoscaling:DescribePolicies", "autoscaling:DescribeScheduledActions",
            "autoscaling:SetDesiredCapacity",
        ),
    )
)  # fmt: skip


# all instances anew


def _propose_refresh(target: Target) -> None:
    """Whether new instances would be better than these is for a person to know."""
    del target


def _newest(_: InstanceGroup, current: Current) -> Settings:
    return {"refresh": text(current, "refresh", "InstanceRefreshId")}


def _refreshed(args: InstanceGroup, before: Settings, current: Current) -> Convergence:
    del args
    refresh = mapping(current, "refresh")
    if text(refresh, "InstanceRefreshId") == before.get("refresh"):
        return settled(when=False, detail="the refresh isn't there yet")
    status, left = text(refresh, "Status"), int(number(refresh, "InstancesToUpdate") or 0)
    total = max(len(items(current, "group", "Instances")), 1)
    failed = f"it is {status}: {text(refresh, 'StatusReason')}" if status in _GIVEN_UP else ""
    words = f"{status}, {left} instances to go"
    return settled(when=status == "Successful", detail=words, failed=failed, done=max(total - left, 0), total=total)


def _refresh_request(args: InstanceGroup, current: Current) -> Request:
    del current
    preferences: dict[str, Any] = {"MinHealthyPercentage": _LEAST_HEALTHY, "SkipMatching": False}
    parameters = {"AutoScalingGroupName": args.group, "Strategy": "Rolling", "Preferences": preferences}
    return Request("autoscaling", "StartInstanceRefresh", parameters)


def _refresh_radius(args: InstanceGroup, current: Current) -> BlastRadius:
    del args
    parts = max(_whole(current, "DesiredCapacity"), 1)
    return BlastRadius(at_a_time=max(parts * (100 - _LEAST_HEALTHY) // 100, 1), parts=parts, part="instance")


async def _refresh_guards(world: AwsWorld, args: InstanceGroup, current: Current) -> list[Guard]:
    protected = [
        text(each, "InstanceId") for each in items(current, "group", "Instances") if flag(each, "ProtectedFromScaleIn")
    ]
    detail = f"{', '.join(protected[:3])} are protected from scaling in" if protected else ""
    return [*await _undisturbed(world, args, current), guard("its instances may be replaced", detail)]


register(
    Remediation(
        name="refresh_instances",
        alias="RestartService",
        summary="Replace an Auto Scaling group's instances by new ones, a tenth at a time",
        effect="write",
        risk="high",
        estimated_duration_s=1_800,
        arguments=InstanceGroup,
        propose=_propose_refresh,
        command=lambda args: shell(
            *aws("autoscaling", "start-instance-refresh", "--auto-scaling-group-name", args.group, args=args)
        ),
        inverse=Irreversible("the instances that it replaced are gone"),
        operations=AwsChange(
            arn=_arn,
            read=_read,
            settings=_newest,
            wanted=lambda _: {"refresh": "a new one"},
            request=_refresh_request,
            progress=_refreshed,
            radius=_refresh_radius,
            guards=_refresh_guards,
            identity=lambda current: text(current, "group", "AutoScalingGroupARN"),
            resources=_own_arn,
            arrived=begun("refresh"),
            labels=_tags,
        ),
        permissions=(*_LOOKS, "autoscaling:StartInstanceRefresh"),
    )
)
