"""Moments that are typed for --since, --until and --at, and the window that they make."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cockpit.moments import parse_moment
from engine.investigate import scenario
from engine.investigate.scenario import open_scenario
from engine.port import Investigate
from primitives.clock import SystemClock
from primitives.errors import UsageError
from primitives.sources import SourceDirectory

NOW = datetime(2026, 5, 4, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("14:10", datetime(2026, 5, 4, 14, 10, tzinfo=UTC)),
        ("9:05:30", datetime(2026, 5, 4, 9, 5, 30, tzinfo=UTC)),
        ("14:31", datetime(2026, 5, 3, 14, 31, tzinfo=UTC)),  # the last one was yesterday
        ("45m", NOW - timedelta(minutes=45)),
        ("2 h ago", NOW - timedelta(hours=2)),
        ("2026-05-01T08:00Z", datetime(2026, 5, 1, 8, tzinfo=UTC)),
        ("2026-05-01T08:00+02:00", datetime(2026, 5, 1, 6, tzinfo=UTC)),
    ],
)
def test_a_time_is_a_clock_time_a_date_or_how_long_ago(text: str, moment: datetime) -> None:
    assert parse_moment(text, NOW, "--since") == moment


@pytest.mark.parametrize(
    "text", ["soon", "", "25:00", "14", "5 weeks", "2026-13-01", "1" * 99 + "m", "2027-01-01T00:00Z"]
)
def test_what_is_no_time_is_one_line_that_names_the_option(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--at ") as refused:
        parse_moment(text, NOW, "--at")
    assert len(str(refused.value).splitlines()) == 1


async def window_of(monkeypatch: pytest.MonkeyPatch, **times: Any) -> Any:
    async def live(opened: Any, *_: Any, **__: Any) -> Any:
        return opened

    monkeypatch.setattr(scenario, "_live", live)
    monkeypatch.setattr(scenario, "_with_alarm", live)
    request = Investigate(query="kiosk is slow", sources=("x",), **times)
    return await open_scenario(request, SourceDirectory())


async def test_since_and_until_are_the_window_and_at_a_moment_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    now = SystemClock().now()
    since, until = now - timedelta(hours=3), now - timedelta(hours=1)
    both: Any = await window_of(monkeypatch, since=since, until=until)
    assert (both.window.start, both.window.end, both.now, both.period_given) == (since, until, until, True)
    moment: Any = await window_of(monkeypatch, at=until)
    assert moment.window.start < until < moment.window.end == until + timedelta(minutes=10)
    assert (moment.detected_at, moment.period_given) == (until, False)


async def test_a_window_that_is_empty_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    now = SystemClock().now()
    with pytest.raises(UsageError, match="empty"):
        await window_of(monkeypatch, since=now - timedelta(hours=1), until=now - timedelta(hours=2))
