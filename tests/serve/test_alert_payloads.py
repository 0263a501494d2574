"""What each provider documents that it sends, as alerts."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import payloads
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from primitives.alert_payloads import alertmanager
from primitives.alert_payloads.fields import MOST_LABELS
from primitives.alert_payloads.model import PayloadProblem
from primitives.alert_payloads.others import DATADOG_TEMPLATE
from primitives.alert_payloads.registry import PROVIDERS, alerts_in, decode_payload, parse_alerts, provider_of
from primitives.redact import Redactor

_SAMPLES = {
    "alertmanager": payloads.ALERTMANAGER, "aws": payloads.notification(payloads.ALARM), "datadog": payloads.DATADOG,
    "github": payloads.GITHUB, "grafana": payloads.GRAFANA, "opsgenie": payloads.OPSGENIE,
    "pagerduty": payloads.PAGERDUTY, "sentry": payloads.SENTRY, "standard": payloads.STANDARD,
}  # fmt: skip


def at(hour: int, minute: int, second: int = 0, micro: int = 0) -> datetime:
    return datetime(2026, 3, 10, hour, minute, second, micro, tzinfo=UTC)


@pytest.mark.parametrize(
    ("provider", "title", "service", "severity", "began"),
    [
        ("alertmanager", "SlowTickets", "ticket-api", "critical", at(14, 44, 0, 687_000)),
        ("aws", "loans-db-connections", "loans-db", "unknown", at(14, 41)),
        ("datadog", "Too many errors on reading-room", "reading-room", "error", at(14, 45)),
        ("github", "Deployment of harbour/ferry to production: failure", "ferry", "error", at(14, 43)),
        ("grafana", "Queue grows", "parcel-queue", "unknown", at(15, 33)),
        ("opsgenie", "Ferry timetable is down", "timetable", "critical", at(14, 44, 20)),
        ("pagerduty", "Ticket sales are slow", "ticket-api", "critical", at(14, 44, 27)),
        ("sentry", "TimeoutError: the catalogue did not answer", "loans", "error", at(14, 40)),
        ("standard", "No lights on pier 4", "pier-lights", "critical", at(14, 42)),
    ],
)
def test_a_documented_payload_is_recognised_and_read(
    provider: str, title: str, service: str, severity: str, began: datetime
) -> None:
    assert provider_of(_SAMPLES[provider]) == provider
    (alert,) = parse_alerts(_SAMPLES[provider])
    assert (alert.provider, alert.status, alert.title, alert.service) == (provider, "firing", title, service)
    assert (alert.severity, alert.started_at) == (severity, began)
    assert alert.fingerprint


def changed(document: dict[str, Any], *path: str | int, value: Any) -> dict[str, Any]:
    document = copy.deepcopy(document)
    inner: Any = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return document


@pytest.mark.parametrize(
    ("provider", "after"),
    [
        ("alertmanager", changed(payloads.ALERTMANAGER, "alerts", 0, "status", value="resolved")),
        ("aws", payloads.notification({**payloads.ALARM, "NewStateValue": "OK"})),
        ("datadog", changed(payloads.DATADOG, "transition", value="Recovered")),
        ("github", changed(payloads.GITHUB, "deployment_status", "state", value="success")),
        ("opsgenie", changed(payloads.OPSGENIE, "action", value="Close")),
        ("pagerduty", changed(payloads.PAGERDUTY, "event", "event_type", value="incident.resolved")),
        ("sentry", changed(payloads.SENTRY, "action", value="resolved")),
        ("standard", changed(payloads.STANDARD, "type", value="monitor.resolved")),
    ],
)  # fmt: skip
def test_the_end_of_an_alert_has_the_fingerprint_of_its_beginning(provider: str, after: dict[str, Any]) -> None:
    (before,), (ended,) = parse_alerts(_SAMPLES[provider]), alerts_in(provider, after)
    assert ended.status == "resolved"
    assert ended.fingerprint == before.fingerprint


@pytest.mark.parametrize(
    ("provider", "document"),
    [
        ("pagerduty", {"event": {"id": "1", "event_type": "pagey.ping", "data": {"message": "Hello"}}}),
        ("pagerduty", changed(payloads.PAGERDUTY, "event", "event_type", value="incident.annotated")),
        ("aws", {"Type": "SubscriptionConfirmation", "Token": "t", "SubscribeURL": "https://sns.example"}),
        ("aws", payloads.notification({**payloads.ALARM, "NewStateValue": "INSUFFICIENT_DATA"})),
        ("opsgenie", changed(payloads.OPSGENIE, "action", value="AddNote")),
        ("sentry", {"action": "created", "installation": {}, "data": {"installation": {"status": "pending"}}}),
        ("github", {"zen": "Keep it logically awesome.", "hook_id": 1}),
        ("github", changed(payloads.GITHUB, "deployment_status", "state", value="in_progress")),
    ],
)
def test_what_changes_no_alert_gives_none(provider: str, document: dict[str, Any]) -> None:
    assert alerts_in(provider, document) == ()


def test_an_alarm_is_the_same_whether_by_sns_or_by_eventbridge() -> None:
    (by_sns,), (by_bus,) = parse_alerts(payloads.notification(payloads.ALARM)), parse_alerts(payloads.ALARM_EVENT)
    assert by_sns.fingerprint == by_bus.fingerprint
    assert by_sns.event_id != by_bus.event_id
    assert by_sns.labels["metric"] == by_bus.labels["metric"] == "DatabaseConnections"


def test_pagerduty_says_who_has_taken_it() -> None:
    taken = changed(payloads.PAGERDUTY, "event", "event_type", value="incident.acknowledged")
    (alert,) = parse_alerts(taken)
    assert (alert.status, alert.source_id) == ("acknowledged", "PGR0VU2")
    escalated = changed(taken, "event", "event_type", value="incident.escalated")
    (alert,) = parse_alerts(changed(escalated, "event", "data", "status", value="acknowledged"))
    assert alert.status == "acknowledged"


def test_the_shipped_template_is_json_with_the_keys_that_are_read() -> None:
    assert set(json.loads(DATADOG_TEMPLATE)) == set(payloads.DATADOG)


def test_what_alertmanagers_api_lists_without_what_is_silenced() -> None:
    shared = Path(__file__).parents[2].parent / "shared" / "payloads" / "alertmanager_v2_alerts.json"
    if not shared.exists():
        pytest.skip("needs the recorded payloads in ../shared/payloads")
    listed = json.loads(shared.read_text())
    (alert,) = alertmanager.parse_api(listed)
    (pushed,) = parse_alerts(json.loads(shared.with_name("alertmanager_webhook_firing.json").read_text())["body"])
    assert (alert.fingerprint, alert.started_at) == (pushed.fingerprint, pushed.started_at)
    assert alertmanager.parse_api([{**listed[0], "status": {"state": "suppressed"}}]) == ()


def test_ten_thousand_labels_leave_those_that_name_something() -> None:
    labels = {f"a{number}": "x" * 20 for number in range(10_000)} | {"service": "ticket-api", "severity": "warning"}
    (alert,) = parse_alerts(changed(payloads.ALERTMANAGER, "alerts", value=[{"status": "firing", "labels": labels}]))
    assert len(alert.labels) == MOST_LABELS
    assert (alert.service, alert.severity) == ("ticket-api", "warning")


def test_hostile_words_are_made_safe_and_credentials_leave() -> None:
    hostile = "\x1b]52;c;aGk=\x07now\u202e[@click=app.quit]\r\npassword=hunter2hunter2"
    (alert,) = parse_alerts(changed(payloads.PAGERDUTY, "event", "data", "title", value=hostile))
    assert alert.title == "now[@click=app.quit] ⏎ password=hunter2hunter2"
    assert "hunter2" not in alert.redacted(Redactor()).title


def test_links_are_web_addresses_alone() -> None:
    (alert,) = parse_alerts(changed(payloads.PAGERDUTY, "event", "data", "html_url", value="javascript:alert(1)"))
    assert alert.links == ()


@pytest.mark.parametrize(
    ("provider", "document", "expected"),
    [
        ("alertmanager", {"version": "4"}, "a list `alerts`"),
        ("alertmanager", {"alerts": [{"labels": {}, "status": "odd"}]}, "firing or resolved, not odd"),
        ("alertmanager", {"alerts": [{"status": "firing"}] * 501}, "max_alerts"),
        ("pagerduty", {"event": {"event_type": "incident.triggered"}}, "`data`"),
        ("pagerduty", [], "`event_type`"),
        ("aws", payloads.notification("{}"), "neither a CloudWatch alarm"),
        ("datadog", {"transition": "$ALERT_TRANSITION"}, "shipped template"),
        ("standard", {"type": "x"}, "object `data`"),
        ("plain", {}, "looks like an alert's name"),
    ],
)
def test_what_is_no_payload_of_its_provider_is_refused_in_words(provider: str, document: Any, expected: str) -> None:
    with pytest.raises(PayloadProblem, match=expected):
        alerts_in(provider, document)


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b'{"a": "' + b"x" * 512 * 1024 + b'"}', b"\xff\xfe"])
def test_what_is_no_json_or_too_long_is_refused(body: bytes) -> None:
    with pytest.raises(PayloadProblem):
        decode_payload(body)


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[str, Any]:
    """A documented payload in which some value is anything else."""
    provider = draw(st.sampled_from(sorted(_SAMPLES)))
    document = inner = copy.deepcopy(_SAMPLES[provider])
    for _ in range(draw(st.integers(0, 3))):
        if isinstance(inner, list):
            inner = {} if not inner else inner[0]
            continue
        keys = [key for key, value in inner.items() if isinstance(value, (dict, list))]
        if not keys:
            break
        inner = inner[draw(st.sampled_from(keys))]
    if isinstance(inner, dict) and inner:
        inner[draw(st.sampled_from(sorted(inner)))] = draw(_JSON)
    return provider, document


@settings(max_examples=150)
@given(spoilt())
def test_a_spoilt_payload_is_read_or_refused(sample: tuple[str, Any]) -> None:
    provider, document = sample
    for name in {provider, "plain"}:
        try:
            alerts = alerts_in(name, document)
        except PayloadProblem:
            continue
        assert all(alert.title and alert.title.isprintable() for alert in alerts)


def test_every_provider_has_a_documented_sample() -> None:
    # What mails say is tried with mails (test_mail_in.py), not with a document.
    assert set(PROVIDERS) == {*_SAMPLES, "plain", "mail"}
