"""Elastic Load Balancing: balancers, target groups, and the health of targets with its reasons.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from primitives.backends.aws.fields import items, mapping, number, selected, text, texts
from primitives.backends.aws.look import Look
from primitives.backends.aws.names import arn_of
from primitives.records import Probe
from primitives.text import safe_line

__all__ = ["read", "tell_health"]

_MOST: Final = 100
_GROUP_KEYS: Final = (
    "Protocol", "Port", "TargetType", "HealthCheckProtocol", "HealthCheckPort", "HealthCheckEnabled",
    "HealthCheckIntervalSeconds", "HealthCheckTimeoutSeconds", "HealthyThresholdCount", "UnhealthyThresholdCount",
    "HealthCheckPath", "Matcher",
)  # fmt: skip


async def read(look: Look) -> None:
    """Balancers call target groups; targets are instances, functions, or the tasks of a service."""
    balancers, groups = await asyncio.gather(
        look.list("elbv2", "DescribeLoadBalancers", "LoadBalancers"),
        look.list("elbv2", "DescribeTargetGroups", "TargetGroups"),
    )
    for balancer in balancers:
        arn = text(balancer, "LoadBalancerArn")
        look.add_resource(arn, "gateway", dns=text(balancer, "DNSName"))
        look.security_groups[arn] = texts(balancer, "SecurityGroups")
    for group in groups:
        _group(look, group)
    await asyncio.gather(
        *(_attributes(look, text(balancer, "LoadBalancerArn")) for balancer in balancers[:_MOST]),
        *(_health(look, group) for group in groups[:_MOST]),
    )


def _group(look: Look, group: Mapping[str, Any]) -> None:
    arn = text(group, "TargetGroupArn")
    look.add_resource(arn, "network")
    look.add_snapshot(arn, "target_group", selected(group, *_GROUP_KEYS))
    for balancer in texts(group, "LoadBalancerArns"):
        look.add_edge(balancer, arn)


async def _attributes(look: Look, arn: str) -> None:
    answer = await look.ask("elbv2", "DescribeLoadBalancerAttributes", LoadBalancerArn=arn)
    document = {text(pair, "Key"): text(pair, "Value") for pair in items(answer, "Attributes")}
    look.add_snapshot(arn, "load_balancer", {key: value for key, value in document.items() if "timeout" in key})


async def _health(look: Look, group: Mapping[str, Any]) -> None:
    arn = text(group, "TargetGroupArn")
    answer = await look.ask("elbv2", "DescribeTargetHealth", TargetGroupArn=arn)
    described = items(answer, "TargetHealthDescriptions")
    for target in (text(description, "Target", "Id") for description in described):
        if text(group, "TargetType") == "lambda":
            look.add_edge(arn, target)
            look.fronts[arn] = target
        elif target.startswith("i-"):
            instance = arn_of(look.place, "ec2", target, kind="instance")
            look.add_resource(instance, "node")
            look.add_edge(arn, instance)
    checked = "http_get" if text(group, "HealthCheckProtocol").startswith("HTTP") else "tcp_connect"
    for description in described:
        _probe(look, arn, checked, text(group, "HealthCheckPath"), description)


def _probe(look: Look, group: str, checked: str, path: str, description: Mapping[str, Any]) -> None:
    """The balancer's own check; what is draining or not yet in use was not checked."""
    health = mapping(description, "TargetHealth")
    state = text(health, "State")
    if state not in ("healthy", "unhealthy"):
        return
    port = number(description, "Target", "Port")
    target = f"{text(description, 'Target', 'Id')}{f':{port:.0f}' if port else ''}{path}"
    said = ": ".join(filter(None, (text(health, "Reason"), text(health, "Description"))))
    result = "healthy" if state == "healthy" else "failed"
    look.probes.append(
        Probe.model_validate({
            "time": look.end, "resource": group, "probe": checked, "target": safe_line(target, limit=200),
            "result": result, "output": safe_line(said, limit=300) or None,
        })
    )  # fmt: skip


def tell_health(look: Look) -> None:
    """Put the checks on what is behind the target group, once all services are read."""
    look.probes = [
        probe.model_copy(update={"resource": look.fronts.get(probe.resource, probe.resource)}) for probe in look.probes
    ]
    for probe in look.probes:
        if probe.result == "failed" and probe.output:
            said = {"TargetHealth": {"Target": probe.target, "State": "unhealthy", "Description": probe.output}}
            look.observe(look.end, probe.resource, "target_health", said)
