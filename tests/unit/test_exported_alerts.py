"""An alert that was asked twice while it changed its value is one alert of the exported bundle."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from recorded_incident import RecordedIncident, at, of

from engine.export import parts_of_answers
from primitives.bundle import Manifest
from primitives.records import Alert, Window
from primitives.telemetry import AlertsQuery, Answer

START = datetime(2026, 3, 10, 12, tzinfo=UTC)
WINDOW = Window(start=START, end=START + timedelta(hours=1))
MANIFEST = Manifest(id="two", title="t", detected_at=WINDOW.start, window=WINDOW)


def asked(*alerts: Alert) -> Answer[Alert]:
    return Answer(AlertsQuery(window=WINDOW), "metrics", "answered", alerts)


def exported(*answers: Answer[Alert]) -> list[tuple[str, float | None]]:
    document = parts_of_answers(MANIFEST, answers, sources=("metrics",)).alert
    return [(alert["labels"].get("pump", ""), alert["value"]) for alert in document["alerts"]]


def pressure(value: float, pump: str = "north", start: datetime = START) -> Alert:
    return Alert(name="PressureLow", started_at=start, value=value, labels={"pump": pump}, summary=f"{value} bar")


def test_the_last_value_of_an_alert_is_kept() -> None:
    assert exported(asked(pressure(2.1)), asked(pressure(1.9))) == [("north", 1.9)]


def test_other_labels_and_other_starts_are_other_alerts() -> None:
    later = pressure(1.2, start=START + timedelta(minutes=5))
    answers = asked(pressure(2.1), pressure(2.0, pump="south")), asked(later)
    assert exported(*answers) == [("north", 2.1), ("south", 2.0), ("north", 1.2)]


def test_when_an_alert_ended_is_kept() -> None:
    ended = pressure(2.1).model_copy(update={"state": "resolved", "ended_at": START + timedelta(minutes=5)})
    document = parts_of_answers(MANIFEST, [asked(ended, pressure(2.0, "south"))], sources=("metrics",)).alert
    assert [alert.get("endsAt") for alert in document["alerts"]] == ["2026-03-10T12:05:00+00:00", None]


@pytest.mark.parametrize(
    ("alert", "told"),
    [({"status": "firing", "startsAt": at(-40)}, True),
     ({"status": "resolved", "startsAt": at(-40), "endsAt": at(3)}, True),
     ({"status": "resolved", "startsAt": at(-40), "endsAt": at(-10)}, False),
     ({"status": "resolved", "startsAt": at(-40)}, False),
     ({"status": "firing", "startsAt": at(50)}, False)],
    ids=["still fires", "ended in the window", "ended before", "when it ended is not known", "later"],
)  # fmt: skip
async def test_an_alert_that_fired_in_the_window_is_told_whenever_it_began(
    tmp_path: Path, alert: dict[str, str], told: bool
) -> None:
    incident = RecordedIncident(tmp_path / "incident")
    labels = {"labels": {"alertname": "PressureLow", "resource": "pump"}}
    incident.file("alert.json", json.dumps({"version": "4", "status": "firing", "alerts": [alert | labels]}))
    assert bool(of(await incident.facts("read_alerts"), "alert")) is told
