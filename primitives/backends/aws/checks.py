"""What the credentials may ask: one small call for each kind of question, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from primitives.backends.aws.client import AwsClient, Place
from primitives.backends.aws.failures import AwsForbidden, AwsMissing
from primitives.backends.aws.permissions import action_of
from primitives.backends.aws.services.health import REGIONS
from primitives.errors import SourceError
from primitives.identity import base_name
from primitives.side_by_side import side_by_side
from primitives.text import safe_line

__all__ = ["describe_access"]

_WITHIN_S: Final = 7.0
# AWS refuses signatures that are five minutes off.
_SKEW_S: Final = 60.0

# What a call for traces scans is paid for: a second of them is a thousandth of a cent at most.
_TRACES: Final = timedelta(seconds=1)

_Call = tuple[str, str, str, dict[str, Any]]
_CALLS: Final[tuple[_Call, ...]] = (
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
    ("recorded configuration", "config", "SelectResourceConfig", {"Expression": "SELECT resourceId", "Limit": 1}),
)
"""What for, service, operation and parameters of a call that costs nothing."""

# AWS Config without a recorder, AWS Health without a support plan that has it.
_MAY_BE_OFF: Final = ("recorded configuration", "announcements")


def _calls(place: Place, now: datetime) -> Iterator[_Call]:
    """Also those that need a time or the region that answers for all."""
    yield from _CALLS
    window = {"StartTime": now - _TRACES, "EndTime": now}
    yield "traces", "xray", "GetTraceSummaries", window
    if region := REGIONS.get(place.partition):
        yield "announcements", "health", "DescribeEvents", {"region": region, "maxResults": 10}


async def describe_access(client: AwsClient, place: Place, now: datetime) -> str:
    """As whom it is asked, how far the clocks are apart, and which questions aren't allowed."""
    calls = tuple(_calls(place, now))
    tasks = await side_by_side(
        (client.call(service, operation, **params) for _, service, operation, params in calls), within_s=_WITHIN_S
    )
    said = [f"account {place.account}, {place.region}, as {base_name(place.caller)}"]
    problems: dict[str, list[str]] = {}
    for (what, service, operation, _), task in zip(calls, tasks, strict=True):
        error = task.exception() if task is not None else None
        if isinstance(error, AwsForbidden):
            problems.setdefault("not allowed", []).append(f"{action_of(service, operation)} ({what})")
        elif isinstance(error, AwsMissing) and what in _MAY_BE_OFF:
            problems.setdefault("not kept for this account", []).append(what)
        elif error is not None or task is None:
            reason = error.problem if isinstance(error, SourceError) else "no answer in time"
            problems.setdefault(reason, []).append(what)
        elif what == "metrics" and not task.result().get("Metrics"):
            said.append(f"but it holds no metrics of the last three hours: is {place.region} the right region?")
    said += [f"{reason}: {', '.join(parts)}" for reason, parts in problems.items()]
    if place.at is not None and abs(apart := (now - place.at).total_seconds()) > _SKEW_S:
        said.append(f"this machine's clock is {abs(apart):.0f} s {'ahead' if apart > 0 else 'behind'}: set it")
    return safe_line("; ".join(said), limit=500)
