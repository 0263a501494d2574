"""Alerts in every shape that providers send them, as one record.

Known shapes: Alertmanager's webhook and API (`alerts`, `labels`, `startsAt`), Grafana's and Datadog-like payloads with
`commonLabels` and `commonAnnotations`, a CloudWatch alarm (bare or inside an SNS message), PagerDuty's v3 webhook, and
flat documents with `service`, `metric`, `threshold`, `summary`. Of any other document the name and the words are taken
where the field's usual keys have them. All of it is outside text: its trust is "reported".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

from primitives.clock import FIRST_YEAR, LAST_YEAR
from primitives.records import Alert
from primitives.text import safe_line, safe_text

__all__ = ["METRIC_LABEL", "normalise_alerts"]

METRIC_LABEL: Final = "metric"
"""The label with the name of the metric that an alarm is about, where its source can tell."""

State = Literal["firing", "pending", "resolved", "unknown"]

_STATES: Final[Mapping[str, State]] = {
    "firing": "firing", "alerting": "firing", "alarm": "firing", "triggered": "firing", "acknowledged": "firing",
    "open": "firing", "active": "firing", "critical": "firing", "alert": "firing",
    "incident.triggered": "firing", "incident.acknowledged": "firing", "incident.resolved": "resolved",
    "pending": "pending", "warn": "firing", "no_data": "unknown", "insufficient_data": "unknown",
    "resolved": "resolved", "ok": "resolved", "closed": "resolved", "recovered": "resolved", "normal": "resolved",
    "inactive": "resolved",
}  # fmt: skip
# Where a label names the thing that the alert is about, the narrowest first.
_RESOURCE_KEYS: Final = (
    "resource", "db_instance", "db_instance_identifier", "dbinstanceidentifier", "deployment", "kube_deployment",
    "statefulset", "daemonset", "workload_name", "workload", "job_name", "pod", "kube_pod", "functionname", "service",
    "service_name", "servicename", "app", "container", "queuename", "loadbalancer", "node", "host", "instance", "job",
)  # fmt: skip
_NAME_KEYS: Final = ("alertname", "monitor", "alarm_name", "alarmname", "rule_name", "rulename", "name", "title")
_SUMMARY_KEYS: Final = ("summary", "title", "message", "newstatereason", "text", "subject")
_DETAIL_KEYS: Final = ("description", "detail", "details", "error", "alarmdescription", "body")
_TIME_KEYS: Final = (
    "startsat", "activeat", "fired_at", "started_at", "starts_at", "statechangetime", "created_at", "triggered_at",
    "occurred_at", "timestamp", "creation_date", "time",
)  # fmt: skip
_END_KEYS: Final = ("endsat", "ends_at", "ended_at", "resolved_at")
_VALUE_KEYS: Final = ("observed", "value", "current_value", "currentvalue", "metric_value")
_STATE_KEYS: Final = ("state", "status", "newstatevalue", "event_type", "alert_status", "alertstate")
_MOST_ALERTS: Final = 200
_MOST_LABELS: Final = 64


def normalise_alerts(payload: Any) -> tuple[Alert, ...]:
    """The alerts in a provider's payload (parsed JSON), in its order; empty when there are none."""
    alerts = [_alert(document, shared) for document, shared in _documents(payload, {})]
    return tuple(alerts[:_MOST_ALERTS])


def _documents(payload: Any, shared: Mapping[str, Any], depth: int = 0) -> Iterator[tuple[Mapping[str, Any], Any]]:
    """Each alert's own document with what its envelope says for all of them."""
    if depth > 6:
        return
    if isinstance(payload, list):
        for item in payload:
            yield from _documents(item, shared, depth + 1)
    if not isinstance(payload, Mapping):
        return
    inner = _unwrapped(payload)
    if inner is not None:
        yield from _documents(inner, shared, depth + 1)
    elif isinstance(payload.get("alerts"), list) and payload["alerts"]:
        yield from _documents(payload["alerts"], payload, depth + 1)
    elif payload:
        yield payload, shared


def _unwrapped(payload: Mapping[str, Any]) -> Any:
    """What is inside of an envelope: a metrics API's `data`, SNS' `Message` and `Records`, PagerDuty's `event`."""
    message = payload.get("Message")
    if isinstance(message, str) and payload.get("Type") == "Notification":
        return _parsed(message) or {"summary": message, "title": payload.get("Subject") or "notification"}
    if isinstance(payload.get("Records"), list):
        records = [record.get("Sns", record) for record in payload["Records"] if isinstance(record, Mapping)]
        return [{"Type": "Notification", **record} for record in records]
    data = payload.get("data")
    if isinstance(data, Mapping) and isinstance(data.get("alerts"), list):
        return data
    event = payload.get("event")
    if isinstance(event, Mapping) and isinstance(event.get("data"), Mapping):
        return {"event_type": event.get("event_type"), "occurred_at": event.get("occurred_at"), **event["data"]}
    detail = payload.get("detail")
    if isinstance(detail, Mapping) and "alarmName" in detail:
        return {"name": detail["alarmName"], "time": payload.get("time"), **detail}
    return None


def _parsed(text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, (Mapping, list)) else None


def _alert(document: Mapping[str, Any], shared: Any) -> Alert:
    labels = _labels(document, shared if isinstance(shared, Mapping) else {})
    words = _lowered(document)
    notes = _lowered(_merged("annotations", "commonAnnotations", document, shared))
    flat = {**_lowered(labels), **notes}
    name = _first(_lowered(labels), _NAME_KEYS[:1]) or _first(words, _NAME_KEYS) or _first(flat, _NAME_KEYS)
    summary = _first(notes, _SUMMARY_KEYS) or _first(words, _SUMMARY_KEYS)
    return Alert(
        name=safe_line(name or summary or "alert", limit=300),
        state=_state(words),
        resource=_resource(flat, words),
        started_at=_time(words, _TIME_KEYS),
        # Of one that fires it is when Alertmanager forgets it.
        ended_at=_time(words, _END_KEYS) if _state(words) == "resolved" else None,
        severity=safe_line(_first(flat, ("severity",)) or _first(words, ("severity", "priority", "urgency")), limit=60)
        or None,
        summary=safe_line(summary),
        description=safe_text(_first(notes, _DETAIL_KEYS) or _first(words, _DETAIL_KEYS), limit=4000),
        value=_value(words),
        labels=labels,
    )


def _merged(own: str, common: str, document: Mapping[str, Any], shared: Any) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for source in (shared, document):
        for key in (common, own):
            part = source.get(key) if isinstance(source, Mapping) else None
            if isinstance(part, Mapping):
                merged |= part
    return merged


def _labels(document: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, str]:
    merged = _merged("labels", "commonLabels", document, shared)
    for dimension in _dimensions(document):
        merged.setdefault(*dimension)
    plain = {key: value for key, value in merged.items() if isinstance(value, (str, int, float, bool))}
    return {safe_line(str(key), limit=100): safe_line(str(plain[key])) for key in sorted(plain, key=str)[:_MOST_LABELS]}


def _dimensions(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """A CloudWatch alarm names what it is about in its metric's dimensions."""
    trigger = document.get("Trigger")
    dimensions = trigger.get("Dimensions") if isinstance(trigger, Mapping) else document.get("Dimensions")
    for dimension in dimensions if isinstance(dimensions, list) else []:
        if isinstance(dimension, Mapping):
            key = dimension.get("name") or dimension.get("Name")
            value = dimension.get("value") or dimension.get("Value")
            if isinstance(key, str) and isinstance(value, str):
                yield key, value


def _resource(flat: Mapping[str, Any], words: Mapping[str, Any]) -> str | None:
    named = words.get("service")
    if isinstance(named, Mapping):  # PagerDuty: a reference with a summary
        return safe_line(str(named.get("summary") or named.get("id") or "")) or None
    resource = _first(flat, _RESOURCE_KEYS) or _first(words, _RESOURCE_KEYS)
    return safe_line(resource) or None


def _state(words: Mapping[str, Any]) -> State:
    for key in _STATE_KEYS:
        value = words.get(key)
        if isinstance(value, Mapping):
            value = value.get("state") or value.get("value")
        state = _STATES.get(str(value).casefold()) if value is not None else None
        if state is not None:
            return state
    # A document that says when it fired, or what was observed past a threshold, is an alert that fires.
    return "firing" if "fired_at" in words or ("threshold" in words and "observed" in words) else "unknown"


def _time(words: Mapping[str, Any], keys: Sequence[str]) -> datetime | None:
    for key in keys:
        value = words.get(key)
        if isinstance(value, str) and value:
            try:
                # CloudWatch writes +0000; fromisoformat takes it since 3.11.
                time = datetime.fromisoformat(value)
            except ValueError:
                continue
            if FIRST_YEAR <= time.year <= LAST_YEAR:  # Go's zero time means "none"
                return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    return None


def _value(words: Mapping[str, Any]) -> float | None:
    for key in _VALUE_KEYS:
        value = words.get(key)
        if isinstance(value, bool) or value is None:
            continue
        try:
            number = float(value)
        except (TypeError, ValueError):
            continue
        if abs(number) < float("inf"):
            return number
    return None


def _lowered(document: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key).casefold(): value for key, value in document.items()}


def _first(document: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    for key in keys:
        value = document.get(key)
        if isinstance(value, str) and value.strip():
            return value
    return ""
