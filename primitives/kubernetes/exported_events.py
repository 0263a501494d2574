"""Kubernetes events among log records: the API server keeps them for an hour, so many send them to a log store.

Read are the forms of kubernetes-event-exporter (an event as JSON, `involvedObject`), eventrouter (`event` inside), the
OpenTelemetry Collector's k8sobjects (`object` inside) and k8s_events receivers (attributes `k8s.event.reason`,
`k8s.object.kind`), and Grafana Alloy's `loki.source.kubernetes_events` (logfmt, or JSON with `kind`, `name`, `msg`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import orjson

from primitives.identity import parse_id
from primitives.kubernetes.kinds import KINDS_BY_NAME
from primitives.patterns import lazy_pattern
from primitives.records import LogRecord

__all__ = ["exported_events"]

_LONGEST: Final = 20_000
_MOST: Final = 20_000
_WRAPPED: Final = ("event", "object", "kubernetes_event", "jsonPayload")
_ABOUT: Final = ("involvedObject", "regarding", "involved_object")
# A kind, a reason and a message: other logs have one or two of these.
_PAIR: Final = lazy_pattern(r'\b(\w{1,40})=("(?:[^"\\]|\\.){0,4000}"|[^\s"]{1,1000})')
_FLAT: Final = frozenset({"kind", "name", "reason", "msg"})


def exported_events(records: Iterable[LogRecord]) -> tuple[dict[str, Any], ...]:
    """The events of core/v1 that the records hold, with the record's time where an event has none."""
    events = []
    for number, record in enumerate(records):
        event = _event(record)
        if event is not None:
            event["metadata"] = {"name": f"logged-{number}", "namespace": event["involvedObject"]["namespace"]}
            events.append(event)
            if len(events) >= _MOST:
                break
    return tuple(events)


def _event(record: LogRecord) -> dict[str, Any] | None:
    for told in _told(record):
        about = _about(told)
        reason, message = told.get("reason"), told.get("message") or told.get("note") or told.get("msg")
        if about is None or not isinstance(reason, str) or not isinstance(message, str):
            continue
        time = f"{record.time:%Y-%m-%dT%H:%M:%SZ}"
        last = told.get("lastTimestamp") or told.get("eventTime")
        return {
            "kind": "Event", "involvedObject": about, "reason": reason, "message": message,
            "type": told.get("type"), "count": _number(told.get("count")),
            "firstTimestamp": told.get("firstTimestamp") or time, "lastTimestamp": last or time,
            "source": told.get("source"),
        }  # fmt: skip
    return None


def _told(record: LogRecord) -> Iterator[Mapping[str, Any]]:
    """What may be an event in a record: its attributes, its JSON and what that wraps, its pairs."""
    body = record.body
    if record.attributes.get("k8s.event.reason"):
        yield _of_attributes(record)
    elif len(body) <= _LONGEST and "reason" in body:
        if body.lstrip().startswith("{"):
            document = _json(body)
            yield document
            yield from (inner for name in _WRAPPED if isinstance(inner := document.get(name), dict))
        elif "kind=" in body:
            pairs = {match[1]: match[2].strip('"') for match in _PAIR.finditer(body)}
            if pairs.keys() >= _FLAT:
                yield pairs


def _of_attributes(record: LogRecord) -> Mapping[str, Any]:
    attributes = record.attributes
    return {
        "reason": attributes["k8s.event.reason"], "message": record.body, "count": attributes.get("k8s.event.count"),
        "kind": attributes.get("k8s.object.kind"), "name": attributes.get("k8s.object.name"),
        "namespace": attributes.get("k8s.namespace.name"),
        "type": "Warning" if record.severity not in (None, "INFO", "DEBUG", "TRACE") else "Normal",
    }  # fmt: skip


def _about(told: Mapping[str, Any]) -> dict[str, str] | None:
    """The object that an event is about; exporters also write it as `namespace/kind/name`, or its parts beside it."""
    about: Any = next((told[name] for name in _ABOUT if told.get(name)), None)
    if isinstance(about, str):
        known = parse_id(about)
        about = {"kind": known.kind, "name": known.name, "namespace": known.namespace}
    if about is None and told.get("kind") != "Event":
        about = told
    if not isinstance(about, Mapping):
        return None
    named = {part: about.get(part) or told.get(part) or "" for part in ("kind", "name", "namespace")}
    if not all(isinstance(part, str) for part in named.values()) or not named["kind"] or not named["name"]:
        return None
    return {**named, "kind": KINDS_BY_NAME.get(named["kind"].lower(), named["kind"])}


def _json(text: str) -> Mapping[str, Any]:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 1
