"""What a bundle answers: never what is later than now, never more than was asked, never a silence."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from recorded_incident import START, RecordedIncident, at

from primitives.errors import SourceError
from primitives.records import Window
from primitives.telemetry import (
    AlertsQuery,
    Budget,
    ChangesQuery,
    ConfigurationQuery,
    ContainerLogsQuery,
    LogsQuery,
    ObjectsQuery,
    SeriesQuery,
    SpansQuery,
)


def _window(start: float, end: float) -> Window:
    return Window(start=START + timedelta(minutes=start), end=START + timedelta(minutes=end))


_ALL = _window(-60, 600)


async def test_nothing_later_than_now_is_told(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path)
    incident.metric("latency", {"shop": [1.0] * 200}, first=-100)
    incident.lines("changes", *[{"time": at(m), "kind": "job", "summary": str(m)} for m in (29, 31)])
    incident.lines("logs", *[{"time": at(m), "resource": "a", "severity": "INFO", "body": str(m)} for m in (29, 31)])
    span = {"trace_id": "t", "resource": "a", "name": "n", "status": "ok"}
    incident.lines(
        "spans",
        {"span_id": "over", "start": at(29), "duration_s": 60, **span},
        {"span_id": "runs", "start": at(29), "duration_s": 61, **span},
    )
    for minute in (29, 31):
        stamp = at(minute).replace(":", "-")
        incident.file(f"kubernetes/{stamp}/pods.json", '{"kind": "List", "items": []}')
    incident.file("kubernetes/logs/ns_pod_app.log", f"{at(29)} one\n{at(31)} two\n")
    incident.file("alert.json", f'{{"name": "late", "fired_at": "{at(31)}"}}')
    backend = incident.backend()

    (series,) = (await backend.ask(SeriesQuery(window=_ALL))).records
    assert series.times[-1] == (START + timedelta(minutes=30)).timestamp()
    assert [one.summary for one in (await backend.ask(ChangesQuery(window=_ALL))).records] == ["29"]
    assert [one.body for one in (await backend.ask(LogsQuery(window=_ALL))).records] == ["29"]
    assert [one.span_id for one in (await backend.ask(SpansQuery(window=_ALL))).records] == ["over"]
    assert len((await backend.ask(ObjectsQuery(window=_ALL))).records) == 1
    (log,) = (await backend.ask(ContainerLogsQuery(window=_ALL))).records
    assert "one" in log.text
    assert "two" not in log.text
    assert (await backend.ask(AlertsQuery(window=_ALL))).records == ()


async def test_filters_are_joined_and_the_newest_are_kept(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path)
    incident.metric("latency", {"a": [1.0] * 10, "b": [2.0] * 10}, first=0)
    incident.metric("cpu", {"a": [3.0] * 10}, first=0, kind="saturation")
    lines = [
        {"time": at(m), "resource": name, "severity": level, "body": f"{m}"}
        for m in range(5)
        for name, level in (("a", "INFO"), ("b", "ERROR"))
    ]
    incident.lines("logs", *lines)
    backend = incident.backend()
    asked = SeriesQuery(window=_window(2, 4), resources=("a",), kinds=("latency",))
    (series,) = (await backend.ask(asked)).records
    assert (series.resource, series.metric.name, list(series.values)) == ("a", "latency", [1.0] * 3)
    answer = await backend.ask(LogsQuery(window=_ALL, resources=("b",), severities=("ERROR",), budget=Budget(rows=2)))
    assert [one.body for one in answer.records] == ["3", "4"]
    assert answer.completeness == "cut"
    assert (await backend.ask(LogsQuery(window=_ALL, budget=Budget(rows=10)))).completeness == "complete"


async def test_the_last_snapshot_before_the_window_is_part_of_the_answer(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path)
    record = {"resource": "db", "kind": "k"}
    incident.lines("configuration", *[{"time": at(m), "document": m, **record} for m in (-50, -40, -5, 5)])
    answer = await incident.backend().ask(ConfigurationQuery(window=_window(-30, 30)))
    assert [one.document for one in answer.records] == [-40, -5, 5]


async def test_a_metric_and_a_log_cover_their_own_time_and_nothing_else_does(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path)
    incident.metric("latency", {"a": [1.0] * 11}, first=0)
    incident.lines("logs", *[{"time": at(m), "resource": "a", "severity": "INFO", "body": "x"} for m in (1, 9)])
    incident.lines("changes", {"time": at(5), "kind": "job", "summary": "x"})
    backend = incident.backend()
    (series,) = (await backend.ask(SeriesQuery(window=_ALL))).coverage
    assert (series.kinds, series.start, series.end) == (
        ("series", "series:latency"),
        START,
        START + timedelta(minutes=10),
    )
    (logs,) = (await backend.ask(LogsQuery(window=_ALL))).coverage
    assert (logs.start, logs.end) == (START + timedelta(minutes=1), START + timedelta(minutes=9))
    assert (await backend.ask(ChangesQuery(window=_ALL))).coverage == ()


@pytest.mark.parametrize(
    ("status", "recorded", "expected"),
    [
        ("answered", False, "partial"),
        ("answered", True, "answered"),
        ("denied", False, "denied"),
        ("denied", True, "partial"),
        ("unreachable", False, "unreachable"),
    ],
)
async def test_the_manifests_coverage_becomes_the_answers_status(
    tmp_path: Path, status: str, recorded: bool, expected: str
) -> None:
    entry = {"source": "cloudtrail", "kinds": ["iam"], "from": at(-60), "to": at(30), "status": status}
    incident = RecordedIncident(tmp_path, coverage=[entry])
    if recorded:
        incident.lines("changes", {"time": at(5), "kind": "job", "summary": "x"})
    answer = await incident.backend().ask(ChangesQuery(window=_window(-30, 30)))
    assert answer.status == expected
    only = await incident.backend().ask(ChangesQuery(window=_window(-30, 30), kinds=("job",)))
    assert only.status == ("answered" if recorded else "not_recorded")


async def test_a_source_that_found_nothing_answered(tmp_path: Path) -> None:
    entry = {"source": "cloudtrail", "kinds": ["iam"], "from": at(-60), "to": at(30), "status": "answered"}
    answer = (
        await RecordedIncident(tmp_path, coverage=[entry])
        .backend()
        .ask(ChangesQuery(window=_window(-30, 30), kinds=("iam",)))
    )
    assert (answer.status, answer.records) == ("answered", ())
    assert answer.coverage[0].source == "cloudtrail"


async def test_a_broken_part_is_a_source_error_that_names_the_line(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path)
    incident.file("changes.jsonl", '{"time": "not a time"}\n')
    with pytest.raises(SourceError, match=r"changes\.jsonl:1"):
        await incident.backend().ask(ChangesQuery(window=_ALL))
