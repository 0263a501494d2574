"""EC2: the security groups of what is there, and what the platform plans with instances.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instances-status-check_sched.html
"""

from __future__ import annotations

from typing import Final

from primitives.backends.aws.fields import items, selected, text
from primitives.backends.aws.look import Look
from primitives.backends.aws.names import arn_of

__all__ = ["read_instances", "read_security_groups"]

_MOST_GROUPS: Final = 200


async def read_security_groups(look: Look) -> None:
    """The rules of each group, as a setting of everything that is in it."""
    users: dict[str, list[str]] = {}
    for resource, groups in look.security_groups.items():
        for group in filter(None, groups):
            users.setdefault(group, []).append(resource)
            look.reach(group, resource)
    named = sorted(users)[:_MOST_GROUPS]
    if not named:
        return
    known = await look.list(
        "ec2", "DescribeSecurityGroups", "SecurityGroups", Filters=[{"Name": "group-id", "Values": named}]
    )
    for group in known:
        identifier = text(group, "GroupId")
        for resource in users.get(identifier, ()):
            document = selected(group, "IpPermissions", "IpPermissionsEgress")
            look.add_snapshot(resource, f"security_group {identifier}", document)


async def read_instances(look: Look) -> None:
    """Instances whose checks fail, or that are going to be stopped."""
    statuses = await look.list("ec2", "DescribeInstanceStatus", "InstanceStatuses", most=1_000)
    for status in statuses:
        instance = arn_of(look.place, "ec2", text(status, "InstanceId"), kind="instance")
        for what in ("SystemStatus", "InstanceStatus"):
            if text(status, what, "Status") == "impaired":
                look.observe(look.end, instance, "instance_status", {"message": f"{what} is impaired"})
        for event in items(status, "Events"):
            body = f"{text(event, 'Code')}: {text(event, 'Description')}"
            if "[Completed]" not in body:
                look.add_event(look.end, instance, body, "aws.ec2")
