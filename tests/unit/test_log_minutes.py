"""Which minutes count as recorded: what usual counts are scaled by."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from primitives.analysis.graph import graph_of
from primitives.analysis.log_patterns import Line, patterns
from primitives.analysis.naming import NameFinder

START = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


def said(resource: str, minutes: Iterable[int], times: int = 5) -> list[Line]:
    return [Line(START + timedelta(minutes=minute), resource, "ERROR", "seat map not loaded", count=times)
            for minute in minutes]  # fmt: skip


def unusual(now: list[Line], before: list[Line]) -> set[str]:
    names = NameFinder((), graph_of(()).resources)
    return {pattern.resource for pattern in patterns(now, before, names)}


@pytest.mark.parametrize("lone", ["sweeper", "mailer"])
def test_something_that_writes_on_outside_the_recording_makes_the_others_no_busier(lone: str) -> None:
    together = [line for name in ("seats", "loans", "desk") for line in said(name, range(-4, 0))]
    now = [line for name in ("seats", "loans", "desk") for line in said(name, range(6))]
    assert not unusual([*now, *said(lone, range(0, 6, 2), 1)], [*together, *said(lone, range(-30, 0, 2), 1)])


@pytest.mark.parametrize("quiet", ["seats", "loans"])
def test_in_a_quiet_log_the_minutes_of_a_lone_line_were_recorded(quiet: str) -> None:
    before = [*said(quiet, range(-60, 0, 6), 1), *said("desk", range(-58, 0, 6), 1), *said("mail", (-59,), 1)]
    assert quiet in unusual(said(quiet, range(12), 2), before)
