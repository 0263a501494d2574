"""AWS CloudTrail: who changed what, by its management events that write.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html: two requests a second, 90 days, an
event a few minutes (up to 15) after the call. Events of IAM are kept in us-east-1 alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import datetime
from typing import Any, Final

from primitives.backends.aws.changes import kind_of_call
from primitives.backends.aws.client import AwsClient
from primitives.backends.aws.fields import items, mapping, moment, parsed, plain, text
from primitives.backends.aws.look import Look
from primitives.clock import Clock
from primitives.dataclass import dataclass
from primitives.errors import SourceError
from primitives.records import Change, Window
from primitives.text import safe_line

__all__ = ["IAM_REGION", "Trail", "read_trail"]

IAM_REGION: Final = "us-east-1"
_PAGES: Final = 24
_PAUSE_S: Final = 0.5
_WITHIN_S: Final = 12.0
_MOST_REACHED: Final = 5
_MOST_VALUES: Final = 60
_NAMING: Final = ("name", "identifier", "arn", "service", "cluster", "taskdefinition")
_MOST_WORD: Final = 60
_MOST_WORDS: Final = 3
_MOST_DOCUMENT: Final = 100_000
_WRITES: Final = {"AttributeKey": "ReadOnly", "AttributeValue": "false"}
_OF_IAM: Final = {"AttributeKey": "EventSource", "AttributeValue": "iam.amazonaws.com"}


@dataclass(slots=True)
class Trail:
    """The changes of a region's trail, back to `since`; `problem` says why none could be read."""

    since: datetime
    changes: list[Change] = field(default_factory=list)
    cut: bool = False
    problem: SourceError | None = None


async def read_trail(client: AwsClient, look: Look, window: Window, clock: Clock, region: str = "") -> Trail:
    """The writes in the window, the newest first, as far back as there is time for; of IAM alone with a region."""
    trail = Trail(window.start)
    attribute = _OF_IAM if region else _WRITES
    token: dict[str, Any] = {}
    started = clock.monotonic()
    for page in range(_PAGES):
        if page:
            await clock.sleep(_PAUSE_S)
        try:
            answer = await client.call(
                "cloudtrail", "LookupEvents", region=region, LookupAttributes=[attribute], StartTime=window.start,
                EndTime=window.end, MaxResults=50, **token,
            )  # fmt: skip
        except SourceError as error:
            trail.problem, trail.cut = error, True
            return trail
        events = items(answer, "Events")
        trail.changes += [change for event in events for change in _changes(event, look, window)]
        token = {"NextToken": text(answer, "NextToken")}
        if not token["NextToken"]:
            return trail
        trail.since = min((time for event in events if (time := moment(event, "EventTime"))), default=trail.since)
        if clock.monotonic() - started > _WITHIN_S:
            break
    trail.cut = True
    return trail


def _changes(event: Mapping[str, Any], look: Look, window: Window) -> Iterator[Change]:
    time, name, source = moment(event, "EventTime"), text(event, "EventName"), text(event, "EventSource")
    document = text(event, "CloudTrailEvent")
    record = parsed(document) if len(document) <= _MOST_DOCUMENT else {}
    request = mapping(record, "requestParameters")
    kind = kind_of_call(source, name, request)
    if time is None or kind is None or not window.holds(time) or text(record, "errorCode"):
        return
    if record.get("readOnly") is True or text(event, "ReadOnly") == "true":
        return
    reached = sorted(_reached(event, request, look))[:_MOST_REACHED]
    for resource in reached or [""]:
        more = f" {resource}" if len(reached) > 1 else ""
        yield Change.model_validate({
            "time": time, "id": f"{text(event, 'EventId')}{more}" or None, "resource": resource or None, "kind": kind,
            "summary": safe_line(_summary(source, name, event, request), limit=300), "actor": _actor(event, record),
            "after": plain(request) or None, "origin": "cloudtrail",
        })  # fmt: skip


def _summary(source: str, name: str, event: Mapping[str, Any], request: Mapping[str, Any]) -> str:
    """The call, and the first of what it names: `rds: ModifyDBParameterGroup (orders-pg, max_connections)`."""
    names = [text(resource, "ResourceName") for resource in items(event, "Resources")]
    words = [word for word in (*names, *_names(request)) if 0 < len(word) <= _MOST_WORD]
    said = ", ".join(list(dict.fromkeys(words))[:_MOST_WORDS])
    return f"{source.removesuffix('.amazonaws.com')}: {name}" + (f" ({said})" if said else "")


def _actor(event: Mapping[str, Any], record: Mapping[str, Any]) -> str | None:
    identity = mapping(record, "userIdentity")
    named = text(event, "Username") or text(identity, "arn") or text(identity, "invokedBy")
    return safe_line(named, limit=200) or None


def _reached(event: Mapping[str, Any], request: Mapping[str, Any], look: Look) -> set[str]:
    """The resources that the call names, and those that use what it names: a parameter group's, a role's."""
    service = text(event, "EventSource").removesuffix(".amazonaws.com")
    names = [text(resource, "ResourceName") for resource in items(event, "Resources")]
    names += list(_values(request))[:_MOST_VALUES]
    reached: set[str] = set()
    for name in filter(None, names):
        known = look.known(name, service=service)
        reached |= {known} if known else look.reaches.get(name, set())
    return reached


def _names(request: Any, depth: int = 0) -> Iterator[str]:
    """What a request names; its other values may be anything, a password too."""
    if isinstance(request, list) and depth < 4:
        for part in request[:20]:
            yield from _names(part, depth + 1)
    for key, value in request.items() if isinstance(request, Mapping) and depth < 4 else ():
        if isinstance(value, str) and str(key).casefold().endswith(_NAMING):
            yield value
        else:
            yield from _names(value, depth + 1)


def _values(value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping) and depth < 4:
        for part in value.values():
            yield from _values(part, depth + 1)
    elif isinstance(value, list) and depth < 4:
        for part in value[:20]:
            yield from _values(part, depth + 1)
