"""Aliases read from topologies: resource attributes and ARNs.

Those of Kubernetes objects are in `primitives/kubernetes/aliases.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from primitives.identity import parse_id
from primitives.records import Resource, Topology
from primitives.resolver import Alias, Rule, host_of, is_address
from primitives.terms import ResourceKind

__all__ = ["arn_aliases", "topology_aliases"]

_RULES: Final[Mapping[str, Rule]] = {
    "arn": "identifier", "service": "service", "name": "name", "host": "dns", "hostname": "dns", "endpoint": "dns",
    "address": "dns", "dns": "dns", "url": "dns",
}  # fmt: skip
# What the resources of an AWS service are; a plain name of another kind is another thing.
_KINDS: Final[Mapping[str, frozenset[ResourceKind]]] = {
    "rds": frozenset({"database"}), "dynamodb": frozenset({"database"}), "lambda": frozenset({"function"}),
    "sqs": frozenset({"queue"}), "sns": frozenset({"topic"}), "s3": frozenset({"storage"}),
    "elasticache": frozenset({"cache", "database"}), "elasticloadbalancing": frozenset({"gateway", "network"}),
    "ecs": frozenset({"service", "workload"}), "ec2": frozenset({"node"}),
}  # fmt: skip


def topology_aliases(topologies: Iterable[Topology]) -> Iterator[Alias]:
    """What the attributes of resources call them: `service`, `host`, `arn` and the like."""
    for topology in topologies:
        for resource in topology.resources:
            for key, value in resource.attributes.items():
                rule = _RULES.get(key.casefold())
                if rule is None or not isinstance(value, str) or not value:
                    continue
                name = host_of(value) if rule == "dns" else value
                yield Alias(name, resource.id, "address" if is_address(name) else rule)


def arn_aliases(known: Iterable[str], topologies: Iterable[Topology]) -> Iterator[Alias]:
    """The ARN of what is also called by its plain name: that name, where just one ARN ends in it."""
    resources = {resource.id: resource for topology in topologies for resource in topology.resources}
    arns: dict[str, set[str]] = {}
    plain: set[str] = set()
    for name in known:
        parsed = parse_id(name)
        if parsed.partition:
            arns.setdefault(parsed.short, set()).add(name)
        elif not parsed.kind:
            plain.add(name)
    for short, names in arns.items():
        if short in plain and len(names) == 1:
            arn = next(iter(names))
            if _fits(arn, resources.get(short)):
                yield Alias(arn, short, "arn")


def _fits(arn: str, resource: Resource | None) -> bool:
    kinds = _KINDS.get(parse_id(arn).kind)
    return kinds is None or resource is None or resource.kind in kinds or resource.kind == "other"
