"""What the credentials may ask: one small call for each kind of question, side by side."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from primitives.backends.aws.client import AwsClient, Place
from primitives.backends.aws.failures import AwsForbidden
from primitives.backends.aws.permissions import action_of
from primitives.errors import SourceError
from primitives.identity import base_name
from primitives.side_by_side import side_by_side
from primitives.text import safe_line

__all__ = ["describe_access"]

_WITHIN_S: Final = 7.0
# AWS refuses signatures that are five minutes off.
_SKEW_S: Final = 60.0

_CALLS: Final[tuple[tuple[str, str, str, dict[str, Any]], ...]] = (
    ("metrics", "cloudwatch", "ListMetrics", {"RecentlyActive": "PT3H"}),
    ("alarms", "cloudwatch", "DescribeAlarms", {"MaxRecords": 1}),
    ("changes", "cloudtrail", "LookupEvents", {"MaxResults": 1}),
    ("logs", "logs", "DescribeLogGroups", {"limit": 1}),
    ("containers", "ecs", "ListClusters", {"maxResults": 1}),
    ("functions", "lambda", "ListFunctions", {"MaxItems": 1}),
    ("databases", "rds", "DescribeDBInstances", {"MaxRecords": 20}),
    ("load balancers", "elbv2", "DescribeTargetGroups", {"PageSize": 1}),
    ("groups of instances", "autoscaling", "DescribeAutoScalingGroups", {"MaxRecords": 1}),
    ("queues", "sqs", "ListQueues", {"MaxResults": 1}),
)
"""What for, service, operation and parameters of a call that costs nothing."""


async def describe_access(client: AwsClient, place: Place, now: datetime) -> str:
    """As whom it is asked, how far the clocks are apart, and which questions aren't allowed."""
    tasks = await side_by_side(
        (client.call(service, operation, **params) for _, service, operation, params in _CALLS), within_s=_WITHIN_S
    )
    said = [f"account {place.account}, {place.region}, as {base_name(place.caller)}"]
    problems: dict[str, list[str]] = {}
    for (what, service, operation, _), task in zip(_CALLS, tasks, strict=True):
        error = task.exception() if task is not None else None
        if isinstance(error, AwsForbidden):
            problems.setdefault("not allowed", []).append(f"{action_of(service, operation)} ({what})")
        elif error is not None or task is None:
            reason = error.problem if isinstance(error, SourceError) else "no answer in time"
            problems.setdefault(reason, []).append(what)
        elif what == "metrics" and not task.result().get("Metrics"):
            said.append(f"but it holds no metrics of the last three hours: is {place.region} the right region?")
    said += [f"{reason}: {', '.join(parts)}" for reason, parts in problems.items()]
    if place.at is not None and abs(apart := (now - place.at).total_seconds()) > _SKEW_S:
        said.append(f"this machine's clock is {abs(apart):.0f} s {'ahead' if apart > 0 else 'behind'}: set it")
    return safe_line("; ".join(said), limit=500)
