"""Alerts in every shape that providers send them, as one record.

Known shapes: Alertmanager's webhook and API (`alerts`, `labels`, `startsAt`), Grafana's and Datadog-like payloads with
`commonLabels` and `commonAnnotations`, a CloudWatch alarm (bare or inside an SNS message), PagerDuty's v3 webhook and
Events API, Opsgenie's, Azure Monitor's and Google Cloud's, and flat documents with `service`, `metric`, `threshold`,
`summary`. Of any other document the name, the state, the time and the words are taken where the fields' usual keys have
them: Zabbix' (macros of its webhook media type), Nagios' and Icinga's notifications, Datadog, PRTG, Pingdom, checkmk,
New Relic, trackers of tickets. All of it is outside text: its trust is "reported".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from primitives.alert_times import time_in
from primitives.patterns import lazy_pattern
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
    "problem": "firing", "recovery": "resolved", "trigger": "firing", "resolve": "resolved", "create": "firing",
    "close": "resolved", "fired": "firing", "activated": "firing", "created": "firing", "down": "firing",
    "up": "resolved", "warning": "firing", "acknowledge": "firing", "down (acknowledged)": "firing",
    "deactivated": "resolved",
}  # fmt: skip
# Where a label names the thing that the alert is about, the narrowest first.
_RESOURCE_KEYS: Final = (
    "resource", "db_instance", "db_instance_identifier", "dbinstanceidentifier", "deployment", "kube_deployment",
    "statefulset", "daemonset", "workload_name", "workload", "job_name", "pod", "kube_pod", "functionname", "service",
    "service_name", "servicename", "app", "container", "queuename", "loadbalancer", "node", "host", "instance", "job",
    "entity", "host_name", "hostname", "device", "component", "monitored_resource", "resource_display_name",
)  # fmt: skip
_NAME_KEYS: Final = (
    "alertname", "monitor", "alarm_name", "alarmname", "rule_name", "rulename", "alertrule", "policy_name",
    "trigger_name", "event_name", "trigger", "check_name", "check", "name", "title", "issuetitle", "alert",
    "condition_name",
)  # fmt: skip
_SUMMARY_KEYS: Final = (
    "summary",
    "title",
    "message",
    "newstatereason",
    "text",
    "subject",
    "output",
    "opdata",
    "reason",
    "state_message",
)
_DETAIL_KEYS: Final = ("description", "detail", "details", "error", "alarmdescription", "body")
_TIME_KEYS: Final = (
    "startsat", "activeat", "fired_at", "started_at", "starts_at", "statechangetime", "created_at", "triggered_at",
    "occurred_at", "timestamp", "creation_date", "event_time", "fireddatetime", "activatedat", "last_state_change",
    "since", "createdat", "created", "opened_at", "date_detected", "date", "clock", "time",
)  # fmt: skip
_END_KEYS: Final = ("endsat", "ends_at", "ended_at", "resolved_at")
_VALUE_KEYS: Final = ("observed", "value", "current_value", "currentvalue", "metric_value", "item_value")
_STATE_KEYS: Final = (
    "state", "status", "newstatevalue", "event_type", "alert_status", "alertstate", "alert_transition", "event_action",
    "action", "monitorcondition", "current_state", "message_type", "notification_type",
)  # fmt: skip
_SEVERITY_KEYS: Final = ("severity", "trigger_severity", "priority", "urgency")
# What a title begins with where the state has no key of its own (Datadog).
_TITLE_STATE: Final = lazy_pattern(r"\[(\w{2,12})\]")
# Zabbix: {EVENT.VALUE} is 1 of a problem and 0 of a recovery.
_EVENT_VALUES: Final[Mapping[str, State]] = {"1": "firing", "0": "resolved"}
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
    return _around(payload)


def _around(payload: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The alert with what its envelope says of it.

    Opsgenie's `alert`, the `payload` of PagerDuty's Events API, Google Cloud Monitoring's `incident`, the `essentials`
    of Azure Monitor's common schema, and the parts that a Zabbix webhook may have.
    """
    data = payload.get("data")
    if isinstance(data, Mapping) and isinstance(data.get("essentials"), Mapping):
        return dict(data["essentials"])
    for key in ("alert", "payload", "incident"):
        inner = payload.get(key)
        if isinstance(inner, Mapping) and inner:
            outer = {name: value for name, value in payload.items() if isinstance(value, str) and name not in inner}
            message = inner.get("message") or inner.get("summary")
            about = {"resource": inner["source"]} if key == "payload" and isinstance(inner.get("source"), str) else {}
            return {**({"title": message} if isinstance(message, str) else {}), **about, **outer, **inner}
    event, host = payload.get("event"), payload.get("host")
    if isinstance(event, Mapping) and isinstance(host, Mapping):
        return {"time": payload.get("time"), "event_value": event.get("value"), **{k: v for k, v in event.items()
                if k != "value"}, "host": host.get("name")}  # fmt: skip
    return None


def _parsed(text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, (Mapping, list)) else None


def _alert(document: Mapping[str, Any], shared: Any) -> Alert:
    labels = _labels(document, shared if isinstance(shared, Mapping) else {})
    words = _of_a_check(_lowered(document))
    notes = _lowered(_merged("annotations", "commonAnnotations", document, shared))
    flat = {**_lowered(labels), **notes}
    name = _first(_lowered(labels), _NAME_KEYS[:1]) or _first(words, _NAME_KEYS) or _first(flat, _NAME_KEYS)
    summary = _first(notes, _SUMMARY_KEYS) or _first(words, _SUMMARY_KEYS)
    details = _first(notes, _DETAIL_KEYS) or _first(words, _DETAIL_KEYS)
    state = _state(words)
    if state == "unknown" and isinstance(shared, Mapping):
        state = _state(_lowered(shared))
    return Alert(
        name=safe_line(name or summary or details or "alert", limit=300),
        state=state,
        resource=_resource(flat, words),
        started_at=_time(words, _TIME_KEYS),
        # Of one that fires it is when Alertmanager forgets it.
        ended_at=_time(words, _END_KEYS) if state == "resolved" else None,
        severity=safe_line(_first(flat, ("severity",)) or _first(words, _SEVERITY_KEYS), limit=60) or None,
        summary=safe_line(summary),
        description=safe_text(details, limit=4000),
        value=_value(words),
        labels=labels,
    )


def _of_a_check(words: dict[str, Any]) -> dict[str, Any]:
    """A notification of Nagios or Icinga: what they call a service is a check, and the host is what it is about."""
    is_check = "output" in words and "host" in words and isinstance(words.get("service"), str)
    return {**{k: v for k, v in words.items() if k != "service"}, "check": words["service"]} if is_check else words


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
    for dimension in (*_dimensions(document), *_tags(document)):
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


def _tags(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Tags that are written `key:value`, in a list or with commas between them (Datadog, Opsgenie)."""
    tags = document.get("tags")
    words = tags.split(",") if isinstance(tags, str) else tags if isinstance(tags, list) else []
    for word in words[:_MOST_LABELS]:
        key, colon, value = word.partition(":") if isinstance(word, str) else ("", "", "")
        if colon and key.strip() and value.strip():
            yield key.strip(), value.strip()


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
    if (state := _EVENT_VALUES.get(str(words.get("event_value")))) is not None:
        return state
    marked = _TITLE_STATE.match(str(words.get("title") or ""))
    if marked is not None and (state := _STATES.get(marked[1].casefold())) is not None:
        return state
    # A document that says when it fired, or what was observed past a threshold, is an alert that fires.
    return "firing" if "fired_at" in words or ("threshold" in words and "observed" in words) else "unknown"


def _time(words: Mapping[str, Any], keys: Sequence[str]) -> datetime | None:
    return next((time for key in keys if (time := time_in(words.get(key))) is not None), None)


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
