"""Logs that date their lines by local time: what an hour of it was written is not of the future."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from recorded_incident import RecordedIncident, of

from primitives.container_log import written_ahead, written_until

TAKEN = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
REFUSED = "ERROR order failed: connection refused by ledger"


def stamp(minutes: float, zone: str = "") -> str:
    return f"{TAKEN + timedelta(minutes=minutes):%Y-%m-%d %H:%M:%S}.120{zone}"


@pytest.mark.parametrize(
    ("last", "hours"),
    [(58, 1), (478, 8), (328, 5.5), (345, 6), (20, 1), (-3, 0), (4, 0), (-180, 0), (15 * 60, 0)],
    ids=[
        "an hour", "eight", "half an hour more", "half an hour that may be a silent log", "a log that was silent",
        "UTC", "clocks differ", "behind UTC", "no zone is so far ahead",
    ],
)  # fmt: skip
def test_a_log_that_goes_on_after_it_was_read_is_dated_by_local_time(last: float, hours: float) -> None:
    text = f"{stamp(last - 40)} INFO ready\n{stamp(last)} {REFUSED}\n    at Ledger.java:41\n"
    assert written_ahead([text], TAKEN) == [timedelta(hours=hours)]


def test_where_a_log_with_its_zone_goes_on_too_all_were_read_later() -> None:
    later = f"{stamp(50, 'Z')} INFO ready\n"
    assert written_ahead([f"{stamp(58)} {REFUSED}\n", later], TAKEN) == [timedelta(0), timedelta(0)]
    assert written_ahead([f"{stamp(58)} {REFUSED}\n", f"{stamp(-1, 'Z')} ready\n"], TAKEN)[0] == timedelta(hours=1)


def test_a_named_zone_is_believed_whatever_the_clock_of_other_lines() -> None:
    text = f"{stamp(30, '+01:00')} INFO in time\n{stamp(30)} local\n{stamp(90)} too late\n"
    assert written_until(text, TAKEN, timedelta(hours=1)).splitlines()[-1].endswith("local")


@pytest.mark.parametrize(("hours", "seen"), [(1, True), (9, True), (15, False)])
async def test_what_was_written_in_local_time_belongs_to_the_incident(tmp_path: Path, hours: int, seen: bool) -> None:
    incident = RecordedIncident(tmp_path)
    lines = "".join(f"{stamp(60 * hours - minute)} {REFUSED}\n" for minute in (9, 6, 3))
    incident.file("kubernetes/logs/yard_crane-1_app.log", f"{stamp(60 * hours - 29)} INFO ready\n{lines}")
    templates = [pattern.template for pattern in of(await incident.facts("analyze_logs"), "log_pattern")]
    assert any("connection refused" in template for template in templates) is seen
