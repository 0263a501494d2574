"""DynamoDB's tables and ElastiCache's clusters.

https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ECEvents.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from primitives.backends.aws.fields import items, mapping, moment, selected, text
from primitives.backends.aws.look import Look
from primitives.backends.aws.names import arn_of

__all__ = ["read_caches", "read_tables"]

_MOST_TABLES: Final = 100
_CACHE_KEYS: Final = ("CacheNodeType", "Engine", "EngineVersion", "NumCacheNodes", "CacheParameterGroup",
                      "TransitEncryptionEnabled", "AuthTokenEnabled")  # fmt: skip


async def read_tables(look: Look) -> None:
    """Tables with their capacity."""
    names = await look.list("dynamodb", "ListTables", "TableNames", most=_MOST_TABLES)
    await asyncio.gather(*(_table(look, name) for name in names if isinstance(name, str)))


async def _table(look: Look, name: str) -> None:
    table = mapping(await look.ask("dynamodb", "DescribeTable", TableName=name), "Table")
    arn = text(table, "TableArn")
    look.add_resource(arn, "database", name=name)
    throughput = mapping(table, "ProvisionedThroughput")
    changed = moment(throughput, "LastIncreaseDateTime"), moment(throughput, "LastDecreaseDateTime")
    document = {
        **selected(table, "TableStatus", "BillingModeSummary"),
        **selected(throughput, "ReadCapacityUnits", "WriteCapacityUnits"),
    }
    look.add_snapshot(arn, "table", document, max(filter(None, changed), default=None))


async def read_caches(look: Look) -> None:
    """Clusters, replication groups, and the events that the platform announces."""
    clusters, groups, events = await asyncio.gather(
        look.list("elasticache", "DescribeCacheClusters", "CacheClusters", ShowCacheNodeInfo=True),
        look.list("elasticache", "DescribeReplicationGroups", "ReplicationGroups"),
        look.list("elasticache", "DescribeEvents", "Events", Duration=look.minutes),
    )
    for cluster in clusters:
        _cache(look, cluster)
    for group in groups:
        arn = text(group, "ARN")
        nodes = items(group, "NodeGroups")
        look.add_resource(arn, "cache", endpoint=text(nodes[0], "PrimaryEndpoint", "Address") if nodes else "")
        for member in group.get("MemberClusters") or ():
            look.add_edge(arn, look.known(str(member), "cache"), "owns")
    for event in events:
        resource = look.known(text(event, "SourceIdentifier"), "cache")
        look.add_event(moment(event, "Date"), resource, text(event, "Message"), "aws.elasticache")


def _cache(look: Look, cluster: Mapping[str, Any]) -> None:
    name = text(cluster, "CacheClusterId")
    arn = text(cluster, "ARN") or arn_of(look.place, "elasticache", name, kind="cluster", joint=":")
    nodes = items(cluster, "CacheNodes")
    look.add_resource(arn, "cache", endpoint=text(nodes[0], "Endpoint", "Address") if nodes else "")
    look.add_snapshot(arn, "cache_cluster", selected(cluster, *_CACHE_KEYS))
    look.security_groups[arn] = [text(each, "SecurityGroupId") for each in items(cluster, "SecurityGroups")]
