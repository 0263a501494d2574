"""Durations and counts in messages are measurements where a limit stands beside them; progress is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from recorded_incident import RecordedIncident, at, of

from primitives.analysis.stated_limits import stated_limits


@pytest.mark.parametrize(
    ("message", "metric", "unit", "value", "limit"),
    [
        ("ferry-board WORKER: (Busy=190,Free=32577,Min=100,Max=32767)", "threads_busy", "1", 190, 100),
        ("pool stats (total=10, active=10, idle=0, waiting=35)", "connections", "1", 10, 10),
        ("tide query took 4.2 s (limit 1 s)", "query_duration", "s", 4.2, 1),
        ("sync duration 1500ms exceeds limit 1s", "duration", "s", 1.5, 1),
        ("all of the pool is busy: 100/100 connections in use", "connections", "1", 100, 100),
        ("lighthouse: sessions 250 of 250", "connections", "1", 250, 250),
        ("/var/charts used 98% of 20GB", "disk_used", "By", 19.6e9, 20e9),
        ("heap usage: 97% of 4GiB", "memory_used", "By", 0.97 * 2**32, 2**32),
        ("consumer lag 120000 (threshold 1000)", "consumer_lag", "1", 120000, 1000),
        ("open files 65536, max: 65536", "file_descriptors", "1", 65536, 65536),
    ],
)
def test_a_value_beside_its_bound_is_a_measurement(
    message: str, metric: str, unit: str, value: float, limit: float
) -> None:
    (stated,) = stated_limits(message)
    assert (stated.metric, stated.unit) == (metric, unit)
    assert (stated.value, stated.limit) == (pytest.approx(value), pytest.approx(limit))


@pytest.mark.parametrize(
    "message",
    [
        "processed 100/100 items",
        "retry 3/5 of the tide query",
        "page 2 of 10",
        "0/3 nodes are available: 3 Insufficient memory",
        "GC took 503 ms",
        "3 of 100 connections in use",
        "consumer lag 12 (threshold 1000)",
        "took 0.2 s (limit 1 s)",
        "used 12% of 20GB",
        "WORKER: (Busy=3,Free=32764,Min=100,Max=32767)",
        "pool stats (total=10, active=10, idle=0, waiting=0)",
        "worker 3/3 started",
        "closed 40/40 connections",
        "10/10 workers ready",
        "wrote memory map 2/2",
        "http://tide/9/9 connections page",
    ],
)
def test_progress_room_and_numbers_without_a_bound_are_none(message: str) -> None:
    assert stated_limits(message) == ()


async def test_a_limit_that_a_message_states_is_a_reported_fact_of_whom_it_names(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path)
    incident.topology(("ferry-board", "tide-store"))
    own = "WORKER: (Busy=190,Free=32577,Min=100,Max=32767)"
    called = "call to tide-store took 4.2 s (limit 1 s)"
    calm = "processed 100/100 items"
    lines = [
        {"time": at(5), "resource": "ferry-board", "severity": "INFO", "body": body} for body in (own, called, calm)
    ]
    incident.lines("logs", *lines)
    limits = of(await incident.facts("analyze_logs"), "metric_at_limit")
    stated = {(fact.resource, fact.metric, fact.peak, fact.limit, fact.trust) for fact in limits}
    assert stated == {
        ("ferry-board", "threads_busy", 190.0, 100.0, "reported"), ("tide-store", "duration", 4.2, 1.0, "reported"),
    }  # fmt: skip
