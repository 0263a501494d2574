"""What a run of an action looks like: its state in words, the mark of its dispatch, the target on the chart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from cockpit.widgets.chart import Chart, Target, chart
from cockpit.widgets.draw import Styles, plain
from cockpit.widgets.marks import Mark, Scale
from cockpit.widgets.run_states import RUN_STATES
from cockpit.widgets.runs import describe_rest, describe_run
from cockpit.widgets.timeline import _places
from engine.events import Who
from engine.hypotheses import Action
from engine.state.runs import ActionRun, RunStatus
from primitives.records import Metric, Series
from themes.dark import DARK
from themes.light import LIGHT

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
METRIC = Metric(name="latency_p95", kind="latency", unit="s", statistic="p95", worse="higher")
ACTION = Action(
    id="A-1", action="Turn the dial of pump to 7", priority=1, primitive="turn_dial", arguments={}, command="dial 7",
    effect="write", risk="low", estimated_duration_s=1, requires_approval=True, hypothesis="H1", urgency="HIGH",
    resource="pump",
)  # fmt: skip


def run(status: RunStatus, **more: Any) -> ActionRun:
    return ActionRun("R1", ACTION, Who(kind="person", name="ana"), NOON, status=status, **more)


def words(given: ActionRun) -> str:
    return "\n".join(plain(line.left) for line in (*describe_run(given, 80), *describe_rest(given, 80)))


@pytest.mark.parametrize("status", list(RUN_STATES))
def test_every_state_has_words_and_a_colour(status: RunStatus) -> None:
    said, role = RUN_STATES[status]
    assert said in words(run(status))
    assert hasattr(DARK, role)


def test_progress_is_a_bar_and_a_count() -> None:
    said = words(run("converging", done=2, total=3, detail="2 of 3 pods available"))
    assert "converging · 2 of 3" in said
    assert "█" in said
    assert "2 of 3 pods available" in said


def test_a_hostile_detail_stays_one_line() -> None:
    assert "\x1b" not in words(run("failed", detail="a\x1b[31m\nb"))


@pytest.mark.parametrize("palette", [DARK, LIGHT])
@pytest.mark.parametrize("above", [False, True])
def test_the_target_is_shown_from_the_dispatch_on_and_only_on_its_good_side(palette: Any, above: bool) -> None:
    times = np.arange(NOON.timestamp(), NOON.timestamp() + 600, 5.0)
    since = NOON + timedelta(minutes=5)
    values = np.where(times < since.timestamp(), 1.5, 0.2)
    series = Series("pump", METRIC, times, values)
    target = Target(0.7, since, above=above)
    what = Chart(series, NOON, NOON + timedelta(minutes=10), band=(0.15, 0.25), target=target)
    rows = chart(what, 100, 12, Styles(palette))[:10]
    grounds = [[str(segment.style.bgcolor.name) for segment in row for _ in segment.text] for row in rows]
    aimed = [[at for at, ground in enumerate(row) if ground == palette.target] for row in grounds]
    first, last = (aimed[0], aimed[-1]) if not above else (aimed[-1], aimed[0])
    assert first == []
    assert min(last) >= 50
    assert max(last) >= 95


def test_more_marks_than_fit_at_the_end_of_the_timeline_each_have_a_cell() -> None:
    scale = Scale(NOON - timedelta(hours=1), NOON, 40)
    marks = [Mark(NOON - timedelta(seconds=at), "▼", "warning", f"R{at}", 0) for at in range(6)]
    placed = _places(marks, scale)
    assert sorted(placed) == list(range(34, 40))
    assert len(_places(marks * 20, scale)) == 40
