"""An alert that was asked twice while it changed its value is one alert of the exported bundle."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

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
