"""Alerts in the shapes that providers document."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from primitives.alert_times import time_of
from primitives.alerts import normalise_alerts

_PAYLOADS = Path(__file__).parents[2].parent / "shared" / "payloads"


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("alertmanager_webhook_firing.json", "firing"),
        ("alertmanager_webhook_resolved.json", "resolved"),
        ("prometheus_api_alerts.json", "firing"),
    ],
)
def test_real_payloads_of_prometheus_are_understood(shared_datasets: Path, name: str, state: str) -> None:
    recorded = json.loads((_PAYLOADS / name).read_text())
    payload = recorded.get("body", recorded)  # webhooks were recorded with their headers
    alerts = normalise_alerts(payload)
    assert alerts
    assert alerts[0].state == state
    assert alerts[0].name == alerts[0].labels["alertname"]
    assert alerts[0].started_at is not None


def test_a_cloudwatch_alarm_inside_of_an_sns_message() -> None:
    alarm = {
        "AlarmName": "db-connections",
        "AlarmDescription": "connections over 450",
        "NewStateValue": "ALARM",
        "NewStateReason": "Threshold Crossed: 1 datapoint [480.0] was greater than the threshold (450.0).",
        "StateChangeTime": "2026-03-10T12:05:00.000+0000",
        "Trigger": {
            "MetricName": "DatabaseConnections",
            "Dimensions": [{"name": "DBInstanceIdentifier", "value": "orders-prod"}],
        },
    }
    (alert,) = normalise_alerts({"Type": "Notification", "Message": json.dumps(alarm)})
    assert (alert.name, alert.state, alert.resource) == ("db-connections", "firing", "orders-prod")
    assert alert.started_at == datetime(2026, 3, 10, 12, 5, tzinfo=UTC)
    assert alert.summary.startswith("Threshold Crossed")
    assert alert.description == "connections over 450"


def test_a_pagerduty_webhook() -> None:
    payload = {
        "event": {
            "event_type": "incident.triggered",
            "occurred_at": "2026-03-10T12:05:00Z",
            "data": {
                "type": "incident",
                "title": "checkout is slow",
                "status": "triggered",
                "urgency": "high",
                "service": {"id": "P1", "summary": "checkout"},
            },
        }
    }
    (alert,) = normalise_alerts(payload)
    assert (alert.name, alert.state, alert.resource) == ("checkout is slow", "firing", "checkout")
    assert alert.severity == "high"
    assert alert.started_at == datetime(2026, 3, 10, 12, 5, tzinfo=UTC)


def test_common_labels_and_annotations() -> None:
    payload = {
        "title": "[synthetic] errors",
        "state": "alerting",
        "commonLabels": {"alertname": "HighErrorRate", "severity": "critical", "service": "checkout"},
        "commonAnnotations": {"summary": "5xx at 42 %", "description": "since noon"},
    }
    (alert,) = normalise_alerts(payload)
    assert (alert.name, alert.state, alert.resource) == ("HighErrorRate", "firing", "checkout")
    assert (alert.summary, alert.description, alert.severity) == ("5xx at 42 %", "since noon", "critical")


def test_a_flat_document_with_a_threshold_fires() -> None:
    payload = {
        "service": "checkout",
        "metric": "p99",
        "threshold": 800,
        "observed": 4120,
        "fired_at": "2026-03-10T12:05:00Z",
        "monitor": "checkout-p99",
        "summary": "p99 above 800 ms",
    }
    (alert,) = normalise_alerts(payload)
    assert (alert.name, alert.resource, alert.value, alert.state) == ("checkout-p99", "checkout", 4120.0, "firing")


@pytest.mark.parametrize("payload", [None, 7, "text", [], {}, {"alerts": []}, [[[[[[[[[{"a": 1}]]]]]]]]]])
def test_what_holds_no_alert_gives_at_most_a_nameless_one(payload: object) -> None:
    assert all(alert.name for alert in normalise_alerts(payload))


def test_hostile_words_are_made_safe() -> None:
    (alert,) = normalise_alerts({"title": "\x1b]52;c;aGk=\x07now\u202e", "labels": {"a\nb": "\x1b[31mred"}})
    assert alert.name == "now"
    assert list(alert.labels.values()) == ["red"]
    assert "\n" not in "".join(alert.labels)


TOOLS = {
    "Zabbix": (
        {"event_id": "58", "event_value": "1", "trigger_name": "Queue > 100", "host": "mail-gw",
         "trigger_severity": "High", "item_value": "0.43", "event_time": "2026-03-10T12:05:00Z"},
        ("Queue > 100", "firing", "mail-gw", "High", 0.43),
    ),
    "Zabbix, in parts": (
        {"event": {"name": "Load high", "value": "0", "severity": "Average"}, "host": {"name": "mail-gw"},
         "time": "2026-03-10 12:05:00 GMT"},
        ("Load high", "resolved", "mail-gw", "Average", None),
    ),
    "Nagios": (
        {"host": "portal", "service": "Login", "state": "CRITICAL", "output": "7 of 7 failed",
         "time": "Tue Mar 10 13:05:00 CET 2026"},
        ("Login", "firing", "portal", None, None),
    ),
    "Opsgenie": (
        {"action": "Create", "alert": {"alertId": "c", "message": "p95 > 1 s", "entity": "tiles", "priority": "P1",
                                        "createdAt": 1773144300000}},
        ("p95 > 1 s", "firing", "tiles", "P1", None),
    ),
    "Datadog": (
        {"id": "71", "title": "[Recovered] 5xx > 8%", "date": "1773144300000", "tags": "service:learn,env:prod"},
        ("[Recovered] 5xx > 8%", "resolved", "learn", None, None),
    ),
    "PagerDuty Events API": (
        {"routing_key": "k", "event_action": "trigger",
         "payload": {"summary": "errors > 50/min", "source": "order-entry", "severity": "critical",
                     "timestamp": "2026-03-10T12:05:00Z"}},
        ("errors > 50/min", "firing", "order-entry", "critical", None),
    ),
    "Azure Monitor": (
        {"schemaId": "azureMonitorCommonAlertSchema",
         "data": {"essentials": {"alertRule": "cpu", "severity": "Sev1", "monitorCondition": "Fired",
                                  "firedDateTime": "2026-03-10T12:05:00Z"}, "alertContext": {}}},
        ("cpu", "firing", None, "Sev1", None),
    ),
    "Google Cloud Monitoring": (
        {"version": "1.2", "incident": {"policy_name": "latency", "state": "open", "started_at": 1773144300,
                                         "resource_display_name": "web-1", "summary": "over 2 s"}},
        ("latency", "firing", "web-1", None, None),
    ),
    "a webhook whose envelope alone has the state": (
        {"status": "firing", "alerts": [{"labels": {"alertname": "Slow", "service": "api"},
                                          "startsAt": "2026-03-10T12:05:00Z"}]},
        ("Slow", "firing", "api", None, None),
    ),
    "a ticket": (
        {"source": "jira", "key": "OPS-1", "summary": "Labels are empty", "priority": "P2",
         "created": "2026-03-10T12:05:00Z"},
        ("Labels are empty", "unknown", None, "P2", None),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("payload", "read"), TOOLS.values(), ids=TOOLS)
def test_what_tools_send_is_read_by_its_usual_keys(payload: object, read: tuple[object, ...]) -> None:
    (alert,) = normalise_alerts(payload)
    assert (alert.name, alert.state, alert.resource, alert.severity, alert.value) == read
    assert alert.started_at == datetime(2026, 3, 10, 12, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "time", ["2026-03-10 12:05 CST", "yesterday", "", None, True, [], "99999999999999", 1e300, -5.0]
)
def test_a_time_that_nobody_can_be_sure_of_is_none(time: object) -> None:
    (alert,) = normalise_alerts({"title": "x", "date": time})
    assert alert.started_at is None


@pytest.mark.parametrize("text", ["1e999", "Infinity", "-Infinity", "NaN"])
def test_a_number_without_end_is_no_time(text: str) -> None:
    assert time_of(json.loads(text)) is None
