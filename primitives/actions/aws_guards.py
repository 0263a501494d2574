"""Who would undo a change, or is changing the target right now: CloudFormation, Application Auto Scaling.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html (states of stacks),
https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-suspend-resume-scaling.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from primitives.actions.aws_world import AwsWorld, Guard, guard
from primitives.actions.proposal import shell
from primitives.backends.aws.fields import flag, items, mapping, number, text

__all__ = ["STACK_LOOKS", "STOP_CODEDEPLOY", "no_scaling_policy", "no_stack_update"]

STACK_LOOKS: Final = ("cloudformation:DescribeStackResources", "cloudformation:DescribeStacks")
"""What `no_stack_update` takes."""
STOP_CODEDEPLOY: Final = shell(
    "aws", "deploy", "stop-deployment", "--deployment-id", "ID", "--auto-rollback-enabled"
)  # fmt: skip
"""How a deployment of CodeDeploy is stopped, where that is what is under way."""

_IN_PROGRESS: Final = "_IN_PROGRESS"
_SUSPENDED: Final = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")


async def no_stack_update(world: AwsWorld, physical: str) -> Guard:
    """That no CloudFormation stack which holds the resource, by its physical id, is being updated or rolled back."""
    held = await world.read("cloudformation", "DescribeStackResources", PhysicalResourceId=physical)
    names = {text(resource, "StackName") for resource in items(held, "StackResources")} - {""}
    for name in sorted(names):
        stacks = items(await world.read("cloudformation", "DescribeStacks", StackName=name), "Stacks")
        status = text(stacks[0], "StackStatus") if stacks else ""
        if status.endswith(_IN_PROGRESS):
            way = shell("aws", "cloudformation", "cancel-update-stack", "--stack-name", name)
            problem = f"the CloudFormation stack {name} is in {status}"
            return guard(_NO_UPDATE, problem, way if status == "UPDATE_IN_PROGRESS" else "")
    return guard(_NO_UPDATE, "")


_NO_UPDATE: Final = "no CloudFormation stack is changing it"


async def no_scaling_policy(world: AwsWorld, namespace: str, resource: str, dimensions: tuple[str, ...]) -> Guard:
    """That Application Auto Scaling doesn't set the capacity `dimensions` of the resource, unless it is suspended."""
    answer = await world.read(
        "application-autoscaling", "DescribeScalableTargets", ServiceNamespace=namespace, ResourceIds=[resource]
    )
    targets = [
        each for each in items(answer, "ScalableTargets")
        if text(each, "ScalableDimension") in dimensions and not _is_suspended(each)
    ]  # fmt: skip
    if not targets:
        return guard(_NOT_SCALED, "")
    least, most = (number(targets[0], key) or 0 for key in ("MinCapacity", "MaxCapacity"))
    way = shell(
        "aws", "application-autoscaling", "register-scalable-target", "--service-namespace", namespace,
        "--resource-id", resource, "--scalable-dimension", text(targets[0], "ScalableDimension"), "--min-capacity", "N",
    )  # fmt: skip
    return guard(_NOT_SCALED, f"Application Auto Scaling ({least:.0f} to {most:.0f}) would undo it", way)


_NOT_SCALED: Final = "no autoscaler sets its capacity"


def _is_suspended(target: Mapping[str, Any]) -> bool:
    state = mapping(target, "SuspendedState")
    return all(flag(state, name) for name in _SUSPENDED)
