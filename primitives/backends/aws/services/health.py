"""AWS Health: what AWS itself announces of its services and of the account's resources.

https://docs.aws.amazon.com/health/latest/APIReference/Welcome.html. It has one address for all regions of a partition,
and answers only accounts with a support plan of Business or above: the others aren't told anything by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from primitives.backends.aws.fields import items, moment, selected, text
from primitives.backends.aws.look import Look
from primitives.identity import typed_id
from primitives.terms import Severity

__all__ = ["REGIONS", "read"]

REGIONS: Final[Mapping[str, str]] = {"aws": "us-east-1", "aws-cn": "cn-northwest-1", "aws-us-gov": "us-gov-west-1"}
"""The region that answers for a partition."""
_GLOBAL: Final = "global"
_MOST: Final = 40
# So many events DescribeEventDetails and DescribeAffectedEntities take at once.
_AT_ONCE: Final = 10
_MOST_ENTITIES: Final = 100
_SEVERITIES: Final[Mapping[str, Severity]] = {"issue": "ERROR", "investigation": "WARN", "scheduledChange": "INFO"}


async def read(look: Look) -> None:
    """The events of this region and of all regions, each told of what it affects, else of the service itself."""
    region = REGIONS.get(look.place.partition, "")
    if not region:
        return
    wanted = {"regions": [look.place.region, _GLOBAL], "startTimes": [{"from": look.since, "to": look.end}]}
    events = await look.list("health", "DescribeEvents", "events", most=_MOST, region=region, filter=wanted)
    for first in range(0, len(events), _AT_ONCE):
        await _tell(look, region, events[first : first + _AT_ONCE])


async def _tell(look: Look, region: str, events: list[Mapping[str, Any]]) -> None:
    names = [text(event, "arn") for event in events]
    details = await look.ask("health", "DescribeEventDetails", region=region, eventArns=names)
    entities = await look.list(
        "health", "DescribeAffectedEntities", "entities", most=_MOST_ENTITIES, region=region,
        filter={"eventArns": names},
    )  # fmt: skip
    described = {
        text(each, "event", "arn"): text(each, "eventDescription", "latestDescription")
        for each in items(details, "successfulSet")
    }
    affected: dict[str, set[str]] = {}
    for entity in entities:
        for name in (text(entity, "entityArn"), text(entity, "entityValue")):
            if resource := look.known(name):
                affected.setdefault(text(entity, "eventArn"), set()).add(resource)
    for event in events:
        name = text(event, "arn")
        _announce(look, event, described.get(name, ""), sorted(affected.get(name, ())))


def _announce(look: Look, event: Mapping[str, Any], description: str, affected: list[str]) -> None:
    """An event that ended says so at its end: until then it goes on."""
    service, code = text(event, "service"), text(event, "eventTypeCode")
    if not affected:
        affected = [typed_id(service.lower() or _GLOBAL, "AWS::Health::Service")]
        look.add_resource(affected[0], "external")
    words = f"{code}: {description}" if description else code
    more = selected(event, "eventTypeCategory", "statusCode", "availabilityZone")
    for resource in affected:
        severity = _SEVERITIES.get(text(event, "eventTypeCategory"), "INFO")
        look.add_event(moment(event, "startTime"), resource, words, "aws.health", severity, code=code, **more)
        if text(event, "statusCode") == "closed":
            look.add_event(moment(event, "endTime"), resource, f"{code} has ended", "aws.health", "INFO", code=code)
