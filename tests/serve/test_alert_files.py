"""An alert from a file or a pipe."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import payloads
import pytest

from cockpit.alert_input import start_of_alert
from cockpit.cli import main
from cockpit.start_modes import Start
from engine.investigate.scenario import open_scenario
from engine.port import Investigate
from primitives.clock import SystemClock
from primitives.errors import UsageError
from primitives.sources import SourceDirectory, define_source


def alert_file(folder: Path, document: object) -> Path:
    path = folder / "alert.json"
    path.write_text(json.dumps(document))
    return path


def test_an_alert_says_what_to_look_at_and_since_when(tmp_path: Path) -> None:
    path = alert_file(tmp_path, payloads.ALERTMANAGER)
    start = start_of_alert(path, Start())
    assert (start.query, start.resource) == ("SlowTickets: p95 of ticket-api is 2.4 s", "ticket-api")
    assert start.at == datetime(2026, 3, 10, 14, 44, 0, 687_000, tzinfo=UTC)
    assert start.alert == payloads.ALERTMANAGER
    given = start_of_alert(path, Start(query="why", resource="till"))
    assert (given.query, given.resource) == ("why", "till")


def test_of_several_alerts_the_worst_that_fires_is_asked_about(tmp_path: Path) -> None:
    alerts = [
        {"status": "resolved", "labels": {"alertname": "Over", "severity": "critical"}},
        {"status": "firing", "labels": {"alertname": "Minor", "severity": "warning"}},
        {"status": "firing", "labels": {"alertname": "Major", "severity": "critical"}},
    ]
    start = start_of_alert(alert_file(tmp_path, {"receiver": "x", "alerts": alerts}), Start())
    assert start.query == "Major (and 2 more alerts)"


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({}, "no alert of a known provider"),
        ({"event": {"event_type": "pagey.ping", "data": {}}}, "holds no alert"),
    ],
)
def test_a_file_without_an_alert_is_refused(tmp_path: Path, document: object, expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        start_of_alert(alert_file(tmp_path, document), Start())


async def test_the_alert_is_kept_without_credentials_and_its_time_is_looked_at(tmp_path: Path) -> None:
    log = {"kind": "otlp_files", "path": str(tmp_path)}
    (tmp_path / "traces.jsonl").write_text("")
    definition = define_source("spans", log, {})
    now = SystemClock().now()
    document = {**payloads.PAGERDUTY, "note": "password=hunter2hunter2"}
    scenario = await open_scenario(
        Investigate(query="Ticket sales are slow", resource="ticket-api", at=now, alert=document),
        SourceDirectory(definitions={"spans": definition}),
    )
    try:
        assert scenario.opened.alert["event"] == payloads.PAGERDUTY["event"]
        assert "hunter2" not in str(scenario.opened.alert)
        assert scenario.opened.detected_at == now
        assert scenario.opened.window.end >= now
        assert scenario.opened.window.seconds >= 3600
    finally:
        for backend in scenario.backends:
            await backend.close()


def test_a_payload_can_be_tried(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = alert_file(tmp_path, payloads.OPSGENIE)
    assert main(["intake", "try", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "Ferry timetable is down (firing)" in shown
    assert "provider     opsgenie" in shown
    assert main(["intake", "try", str(path), "--json"]) == 0
    (alert,) = json.loads(capsys.readouterr().out)
    assert alert["fingerprint"] == "ferry-timetable"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--provider", "fax"], "there is no provider 'fax'; choose one of alertmanager"),
        (["--provider", "grafana"], "can't be read (grafana): Grafana sends an object"),
        (["--provider", "aws", "--mapping", "m.yaml"], "give --provider or --mapping"),
        (["--mapping", "missing.yaml"], "missing.yaml: can't be read as a mapping"),
    ],
)
def test_what_can_not_be_tried_is_said_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], expected: str
) -> None:
    assert main(["intake", "try", str(alert_file(tmp_path, payloads.OPSGENIE)), *words]) == 2
    assert expected in capsys.readouterr().err


def test_a_recorded_incident_takes_no_alert(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = alert_file(tmp_path, payloads.OPSGENIE)
    assert main(["investigate", "--incident", "sample_incidents/api-latency-spike", "--alert", str(path)]) == 2
    assert "for live sources" in capsys.readouterr().err
