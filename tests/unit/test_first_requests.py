"""What is called for the first time in the window, and fails each time, is a fact that no rule takes for evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from recorded_incident import RecordedIncident, of

from primitives.facts import NEUTRAL_KINDS

COUNTS: dict[str, Any] = {"kind": "traffic", "unit": "{request}", "statistic": "sum", "worse": "either"}
SHARE: dict[str, Any] = {"kind": "availability", "unit": "%", "statistic": "average", "worse": "lower"}
NONE: list[float | None] = [None] * 130


async def facts_of(tmp_path: Path, counts: list[float | None], shares: list[float | None], **meaning: Any) -> list[Any]:
    incident = RecordedIncident(tmp_path)
    incident.metric("requests", {"shop": [90.0] * 150, "carts-2": counts}, **COUNTS)
    incident.metric("answered", {"shop": [100.0] * 150, "carts-2": shares}, **(SHARE | meaning))
    return [
        fact for fact in of(await incident.facts("compare_baseline"), "observation") if fact.kind == "first_requests"
    ]


@pytest.mark.parametrize("before", [None, 0.0])
async def test_what_nobody_called_before_and_fails_each_time_is_told(tmp_path: Path, before: float | None) -> None:
    counts = [*([before] * 130), *[4.0] * 20]
    (fact,) = await facts_of(tmp_path, counts, [*NONE, *[0.0] * 20])
    assert fact.sentence() == "carts-2 first requests: all 80 failed, from 12:10 on"
    assert fact.kind in NEUTRAL_KINDS


async def test_a_share_of_errors_tells_the_same(tmp_path: Path) -> None:
    counts: list[float | None] = [*NONE, *[4.0] * 20]
    assert await facts_of(tmp_path, counts, [*NONE, *[1.0] * 20], kind="errors", unit="1", worse="higher")


@pytest.mark.parametrize(
    ("counts", "shares"),
    [
        ([*([4.0] * 130), *[4.0] * 20], [*NONE, *[0.0] * 20]),  # it was called before
        ([*NONE, *[4.0] * 20], [*NONE, *[0.0] * 19, 95.0]),  # somebody was answered
        ([*NONE, *[0.0] * 16, *[1.0] * 4], [*NONE, *[0.0] * 20]),  # too few to tell
        ([*NONE, *[0.0] * 20], [*NONE, *[0.0] * 20]),  # nobody calls it
    ],
)
async def test_others_are_not(tmp_path: Path, counts: list[float | None], shares: list[float | None]) -> None:
    assert not await facts_of(tmp_path, counts, shares)


async def test_where_no_time_before_was_measured_nothing_is_the_first(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path)
    incident.metric("requests", {"shop": [90.0] * 30, "carts-2": [4.0] * 30}, first=0, **COUNTS)
    incident.metric("answered", {"shop": [100.0] * 30, "carts-2": [0.0] * 30}, first=0, **SHARE)
    assert not of(await incident.facts("compare_baseline"), "observation")
