"""Events of both APIs (core/v1 and events.k8s.io/v1) as one record."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from primitives.dataclass import dataclass
from primitives.identity import kubernetes_id
from primitives.kubernetes.fields import instant, integer, mapping, message_of, text
from primitives.kubernetes.kinds import KubeObject
from primitives.patterns import lazy_pattern

__all__ = ["Event", "read_events"]

_CONTAINER: Final = lazy_pattern(r"spec\.(?:initContainers|containers|ephemeralContainers)\{([^}]{0,300})\}")
# Reasons of warnings in the API server's, kubelet's and controllers' sources, for events without a type.
_ALARMING: Final = lazy_pattern(
    r"Fail|BackOff|Unhealthy|Evict|OOM|NotReady|Pressure|Error|Exceeded|Invalid|Conflict|Kill"
)
_CONTAINER_IN_TEXT: Final = lazy_pattern(r"(?:failed container|[Cc]ontainer)[ =]\"?([a-z0-9][-a-z0-9]*)\"? in pod")


@dataclass(frozen=True, slots=True)
class Event:
    """An event: `target` is the identifier of the object that it is about, `count` how often it occurred."""

    target: str
    kind: str
    namespace: str
    name: str
    container: str | None
    warning: bool
    reason: str
    message: str
    count: int
    first: datetime | None
    last: datetime | None
    component: str


def read_events(items: Iterable[KubeObject]) -> list[Event]:
    """The events, oldest first."""
    events = [event for event in map(_read, items) if event is not None]
    return sorted(events, key=lambda e: (e.last.timestamp() if e.last else 0.0, e.target, e.reason, e.message))


def _read(item: KubeObject) -> Event | None:
    raw = item.raw
    about = mapping(raw, "involvedObject") or mapping(raw, "regarding")
    kind, name = text(about, "kind"), text(about, "name")
    reason = text(raw, "reason")
    if not kind or not name or not reason:
        return None
    message = message_of(raw, "message") or message_of(raw, "note")
    field = _CONTAINER.search(text(about, "fieldPath")) or _CONTAINER_IN_TEXT.search(message)
    first = (
        instant(raw, "firstTimestamp")
        or instant(raw, "deprecatedFirstTimestamp")
        or instant(raw, "eventTime")
        or instant(raw, "metadata", "creationTimestamp")
    )
    last = (
        instant(raw, "series", "lastObservedTime")
        or instant(raw, "lastTimestamp")
        or instant(raw, "deprecatedLastTimestamp")
        or instant(raw, "eventTime")
        or first
    )
    count = integer(raw, "series", "count") or integer(raw, "count") or integer(raw, "deprecatedCount") or 1
    namespace = text(about, "namespace") or item.namespace
    component = text(raw, "source", "component") or text(raw, "reportingComponent") or text(raw, "reportingController")
    return Event(
        target=kubernetes_id(kind, namespace, name),
        kind=kind,
        namespace=namespace,
        name=name,
        container=field.group(1) if field else None,
        warning=text(raw, "type") == "Warning" or (not text(raw, "type") and bool(_ALARMING.search(reason))),
        reason=reason,
        message=message,
        count=max(count, 1),
        first=first,
        last=last,
        component=component,
    )
