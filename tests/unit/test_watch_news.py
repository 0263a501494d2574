"""What is news in a reading of a watched incident, and what is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.events import AlertReading, MetricReading, ReadingTaken, WorkloadReading
from engine.investigate.news import news, situation_of

AT = datetime(2026, 3, 10, 14, 45, tzinfo=UTC)


def metric(resource: str, *, bad: bool, for_s: float = 170.0, symptom: bool = False) -> MetricReading:
    since = AT - timedelta(seconds=for_s)
    known: dict[str, Any] = {"bad_since" if bad else "well_since": since}
    return MetricReading(
        resource=resource, metric="latency_p95", kind="latency", unit="s", value=1.0, at=AT, usual=0.2,
        symptom=symptom, **known,
    )  # fmt: skip


def reading(*metrics: MetricReading, alerts: tuple[str, ...] = (), lacking: tuple[str, ...] = ()) -> ReadingTaken:
    workloads = tuple(WorkloadReading(resource=name, ready=0, wanted=1) for name in lacking)
    return ReadingTaken(
        metrics=metrics, alerts=tuple(AlertReading(name=name) for name in alerts), workloads=workloads, asked=1
    )


ILL = metric("till", bad=True, symptom=True)
BEFORE = reading(ILL, metric("scales", bad=True), metric("belt", bad=False), alerts=("A",), lacking=("w/deployment/x",))


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (reading(ILL, alerts=("A", "B")), "alert B fires"),
        (reading(ILL, alerts=("A", "B", "C")), "alerts B, C fire"),
        (reading(ILL, alerts=("A", "B", "C", "D", "E")), "alerts B, C and 2 more fire"),
        (reading(ILL, lacking=("u", "v")), "u, v lack pods"),
        (reading(ILL, lacking=("w/deployment/x", "w/deployment/y")), "w/deployment/y lacks pods"),
        (reading(ILL, metric("belt", bad=True, for_s=10)), "belt latency p95 is bad again"),
        (reading(ILL, metric("scales", bad=False)), "scales latency p95 is well, and the symptom is still there"),
    ],
)
def test_what_there_was_not_when_it_was_answered_is_news(now: ReadingTaken, said: str) -> None:
    assert news(situation_of(BEFORE), situation_of(now)) == said


@pytest.mark.parametrize(
    "now",
    [
        BEFORE,
        reading(ILL, alerts=()),
        reading(ILL, metric("scales", bad=False, for_s=30)),
        reading(metric("till", bad=False, symptom=True), metric("scales", bad=False)),
        reading(),
    ],
    ids=["the same", "an alert ends", "it is well for a moment only", "all is well", "no answer"],
)
def test_what_gets_better_or_is_as_it_was_is_no_news(now: ReadingTaken) -> None:
    assert news(situation_of(BEFORE), situation_of(now)) == ""
