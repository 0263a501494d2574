"""EC2 Auto Scaling: groups, their instances, and what they did.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-verify-scaling-activity.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from primitives.backends.aws.fields import items, moment, selected, text, texts
from primitives.backends.aws.look import Look
from primitives.backends.aws.names import arn_of
from primitives.identity import typed_id

__all__ = ["read"]

_KEYS: Final = ("MinSize", "MaxSize", "DesiredCapacity", "LaunchTemplate", "LaunchConfigurationName", "HealthCheckType",
                "HealthCheckGracePeriod", "DefaultCooldown", "SuspendedProcesses")  # fmt: skip


async def read(look: Look) -> None:
    """Groups with their instances, and the activities of late."""
    groups, activities = await asyncio.gather(
        look.list("autoscaling", "DescribeAutoScalingGroups", "AutoScalingGroups"),
        look.list("autoscaling", "DescribeScalingActivities", "Activities", most=300),
    )
    for group in groups:
        name = _id(text(group, "AutoScalingGroupName"))
        look.add_resource(name, "workload")
        look.add_snapshot(name, "auto_scaling_group", selected(group, *_KEYS))
        for target in texts(group, "TargetGroupARNs"):
            look.add_edge(target, name)
            look.fronts.setdefault(target, name)
        for instance in items(group, "Instances"):
            arn = arn_of(look.place, "ec2", text(instance, "InstanceId"), kind="instance")
            look.add_resource(arn, "node")
            look.add_edge(name, arn, "owns")
    for activity in activities:
        _activity(look, activity)


def _activity(look: Look, activity: Mapping[str, Any]) -> None:
    name, time = _id(text(activity, "AutoScalingGroupName")), moment(activity, "StartTime")
    if text(activity, "StatusCode") in ("Failed", "Cancelled"):
        said = text(activity, "StatusMessage") or text(activity, "Description")
        look.add_event(time, name, said, "aws.autoscaling", "ERROR")
        return
    summary = f"Auto Scaling: {text(activity, 'Description')}: {text(activity, 'Cause')}"
    look.add_change(time, "scaling", summary, resource=name, origin="autoscaling", id=text(activity, "ActivityId"))


def _id(name: str) -> str:
    return typed_id(name, "AWS::AutoScaling::AutoScalingGroup") if name else ""
