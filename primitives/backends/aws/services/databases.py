"""Amazon RDS and Aurora: instances, clusters, parameters, and the events that the platform announces.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from primitives.backends.aws.fields import flag, items, moment, selected, text, texts
from primitives.backends.aws.look import Look
from primitives.patterns import lazy_pattern

__all__ = ["read"]

_INSTANCE_KEYS: Final = (
    "DBInstanceClass", "Engine", "EngineVersion", "AllocatedStorage", "MaxAllocatedStorage", "StorageType", "Iops",
    "StorageThroughput", "MultiAZ", "PubliclyAccessible", "BackupRetentionPeriod", "DeletionProtection",
    "PendingModifiedValues", "DBParameterGroups", "Endpoint", "IAMDatabaseAuthenticationEnabled",
    "CACertificateIdentifier",
)  # fmt: skip
_CLUSTER_KEYS: Final = ("Engine", "EngineVersion", "EngineMode", "ServerlessV2ScalingConfiguration", "MultiAZ", "Port")
_WELL: Final = frozenset({"available", "backing-up", "configuring-enhanced-monitoring", "storage-optimization", ""})
# RDS-EVENT-0037: "Updated parameter max_connections to 500 with apply method immediate".
_PARAMETER: Final = lazy_pattern(r"^Updated parameter (\S{1,200}) to (.{0,500}?) with apply method (\S{1,40})")
_APPLIED: Final = lazy_pattern(r"(?i)^(?:finished |applied |applying |the parameter |reset parameter|set up)")


async def read(look: Look) -> None:
    """Instances, clusters, the parameters that somebody set, and events."""
    instances, clusters, events = await asyncio.gather(
        look.list("rds", "DescribeDBInstances", "DBInstances"),
        look.list("rds", "DescribeDBClusters", "DBClusters"),
        look.list("rds", "DescribeEvents", "Events", most=1_000, Duration=look.minutes),
    )
    by_name = {text(each, "DBInstanceIdentifier"): text(each, "DBInstanceArn") for each in instances}
    users: dict[str, list[str]] = defaultdict(list)
    for instance in instances:
        _instance(look, instance, by_name)
        for group in items(instance, "DBParameterGroups"):
            users[text(group, "DBParameterGroupName")].append(text(instance, "DBInstanceArn"))
            look.reach(text(group, "DBParameterGroupName"), text(instance, "DBInstanceArn"))
    for cluster in clusters:
        _cluster(look, cluster, by_name)
    await asyncio.gather(*(_parameters(look, group, arns) for group, arns in users.items()))
    by_name |= {text(each, "DBClusterIdentifier"): text(each, "DBClusterArn") for each in clusters}
    for event in events:
        _event(look, event, by_name, users)


def _instance(look: Look, instance: Mapping[str, Any], by_name: Mapping[str, str]) -> None:
    arn = text(instance, "DBInstanceArn")
    look.add_resource(arn, "database", endpoint=text(instance, "Endpoint", "Address"))
    look.add_snapshot(arn, "db_instance", selected(instance, *_INSTANCE_KEYS))
    look.security_groups[arn] = [text(each, "VpcSecurityGroupId") for each in items(instance, "VpcSecurityGroups")]
    origin = text(instance, "ReadReplicaSourceDBInstanceIdentifier")
    look.add_edge(arn, by_name.get(origin, origin if origin in look.resources else ""), "depends")
    if flag(instance, "PerformanceInsightsEnabled") and text(instance, "DbiResourceId"):
        look.watched_databases[arn] = text(instance, "DbiResourceId")
    if text(instance, "DBInstanceStatus") not in _WELL:
        look.observe(look.end, arn, "db_instance_status", selected(instance, "DBInstanceStatus"))
    name = text(instance, "DBInstanceIdentifier")
    for kind in texts(instance, "EnabledCloudwatchLogsExports"):
        look.log_groups.setdefault(f"/aws/rds/instance/{name}/{kind}", set()).add(arn)


def _cluster(look: Look, cluster: Mapping[str, Any], by_name: Mapping[str, str]) -> None:
    arn = text(cluster, "DBClusterArn")
    look.add_resource(arn, "database", endpoint=text(cluster, "Endpoint"))
    look.add_snapshot(arn, "db_cluster", selected(cluster, *_CLUSTER_KEYS))
    for member in items(cluster, "DBClusterMembers"):
        look.add_edge(arn, by_name.get(text(member, "DBInstanceIdentifier"), ""), "owns")


async def _parameters(look: Look, group: str, users: list[str]) -> None:
    """What somebody set in a group; the platform's own values are the same everywhere."""
    if not group or group.startswith("default."):
        return
    parameters = await look.list(
        "rds", "DescribeDBParameters", "Parameters", most=1_000, DBParameterGroupName=group, Source="user"
    )
    document = {text(each, "ParameterName"): text(each, "ParameterValue") for each in parameters}
    for arn in users:
        look.add_snapshot(arn, "db_parameters", {name: value for name, value in document.items() if name and value})


def _event(
    look: Look, event: Mapping[str, Any], by_name: Mapping[str, str], users: Mapping[str, list[str]]
) -> None:  # fmt: skip
    name, message, time = text(event, "SourceIdentifier"), text(event, "Message"), moment(event, "Date")
    reached = users.get(name) or [by_name.get(name) or text(event, "SourceArn")]
    categories = texts(event, "EventCategories")
    parameter = _PARAMETER.match(message)
    for arn in filter(None, reached):
        look.add_event(time, arn, message, "aws.rds", event_categories=categories)
        if parameter is not None:
            look.add_change(
                time, "configuration", f"RDS parameter {parameter[1]} of {name} set to {parameter[2]}", resource=arn,
                origin="rds",
                after={parameter[1]: parameter[2], "apply_method": parameter[3], "parameter_group": name},
            )  # fmt: skip
        elif "configuration change" in categories and _APPLIED.match(message):
            look.add_change(time, "configuration", f"RDS: {message}", resource=arn, origin="rds")
