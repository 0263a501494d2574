"""The timeline: what matters is always seen, however much else was changed."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta

import pytest
from stage import Opened, settle, shown
from story import ALERT, StoryPort, after_confirmation, before_confirmation, events

from engine.events import FactFound
from primitives.facts import ChangeFound
from primitives.quantities import short_id
from primitives.records import Change

COMMITS = 31


def sha(number: int) -> str:
    return hashlib.sha1(str(number).encode(), usedforsecurity=False).hexdigest()


def flooded() -> StoryPort:
    """The story, with a commit without a resource every two minutes, one of them at the alert."""
    told = [*before_confirmation(), *after_confirmation()]
    at, model = next((n, body) for n, (_, _, body) in enumerate(told) if isinstance(body, FactFound))
    who = told[at][1]
    found = []
    for number in range(COMMITS):
        time = ALERT + timedelta(minutes=2 * (number - COMMITS // 2))
        change = Change(time=time, id=sha(number), kind="code", summary=f"chore: number {number}")
        fact = ChangeFound(
            kinds=("code",), change=change, polarity="present", trust=model.fact.trust, source="git",
            observed_at=model.fact.observed_at,
        )  # fmt: skip
        found.append((0.01, who, FactFound(id=f"F{100 + number}", step=model.step, key=f"{number}", fact=fact)))
    return StoryPort(events([*told[: at + 1], *found, *told[at + 1 :]]), wait=False)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("9ecb8232f401e85df1801227a686ba243d99beb9", "9ecb8232f401"),
        ("v2.3.1", "v2.3.1"),
        ("9ecb8232f401", "9ecb8232f401"),
        ("release-1234567890123456789012345678901x", "release-1234567890123456789012345678901x"),
    ],
)
def test_a_commit_is_named_by_twelve_digits_and_anything_else_whole(text: str, short: str) -> None:
    assert short_id(text) == short


async def test_commits_without_a_resource_are_told_in_one_line_and_hide_nothing(opened: Opened) -> None:
    async with opened(port=flooded()) as (app, _):
        timeline = shown(app).partition("4 Timeline")[2].partition("5 Remediation")[0]
        assert "31 commits without a resource" in timeline
        axis, labels = timeline.splitlines()[1:3]
        for sign in ("▲", "●", "⚑", "◆"):
            assert axis.count(sign) == 1, sign
        for label in ("v2.3.1", "onset", "alert"):
            assert label in labels
        assert sha(0)[:12] not in labels


async def test_where_there_is_room_the_marks_are_listed_with_short_ids(opened: Opened) -> None:
    async with opened(port=flooded(), size=(80, 24)) as (app, pilot):
        await pilot.press("4")
        await settle(pilot)
        text = shown(app)
        assert "5 min before the alert" not in text.partition("●")[0].splitlines()[0]
        for words in ("onset: ", "alert: ", "31 commits without a resource", sha(0)[:12]):
            assert words in text
        assert sha(0)[:13] not in text


async def test_j_and_k_put_the_time_cursor_from_mark_to_mark_and_h_and_l_a_cell_on(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        await pilot.press("4", "j")
        await settle(pilot)
        assert "at the alert" in shown(app)
        await pilot.press("k")
        await settle(pilot)
        assert "cursor 14:30:00" in shown(app)
        await pilot.press("g")
        await settle(pilot)
        assert "cursor 14:25:00" in shown(app)
        await pilot.press("l")
        before = app.screen.view.cursor  # type: ignore[attr-defined]
        await pilot.press("l")
        await settle(pilot)
        step = (app.screen.view.cursor - before).total_seconds()  # type: ignore[attr-defined]
        (told,) = re.findall(r"h l move it by (\d+) s", shown(app))
        assert int(told) == pytest.approx(step, abs=1)
