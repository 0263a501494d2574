"""What fell silent in the window, and what had come and gone before."""

from __future__ import annotations

from pathlib import Path

import pytest
from recorded_incident import RecordedIncident, of

BEFORE, DURING = 120, 31

_REGULAR = [1.0] * BEFORE
_GONE: list[float | None] = [None] * DURING


async def _missing(folder: Path, beat: list[float | None]) -> list[str]:
    incident = RecordedIncident(folder, symptom={"resource": "shop", "metric": "latency", "direction": "above"})
    incident.metric("latency", {"shop": [100.0] * BEFORE + [300.0] * DURING, "cart": [50.0] * (BEFORE + DURING)})
    incident.metric("beat", {"cart": beat}, kind="other", unit="1", worse="lower")
    return [one.metric for one in of(await incident.facts("compare_baseline"), "metric_missing")]


async def test_what_came_until_the_window_and_not_in_it_is_missing(tmp_path: Path) -> None:
    assert await _missing(tmp_path, [*_REGULAR, *_GONE]) == ["beat"]


@pytest.mark.parametrize(
    ("why", "beat"),
    [
        ("it ended long before the window", [*[1.0] * 90, *[None] * 30, *_GONE]),
        ("it was silent as long in normal times", [*[1.0] * 35, *[None] * 45, *[1.0] * 40, *_GONE]),
        ("it came for too short a time to be missed", [*[None] * 75, *[1.0] * 45, *_GONE]),
        ("it comes in bursts", [*([1.0] * 3 + [None] * 9) * 10, *_GONE]),
        ("it came in the window too", [*_REGULAR, *[1.0] * DURING]),
    ],
)
async def test_what_comes_and_goes_is_not_missing(why: str, beat: list[float | None], tmp_path: Path) -> None:
    assert await _missing(tmp_path, beat) == [], why
