"""One time cursor: every pane follows it, keys and clicks move it, and a replay can play the incident's own time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from stage import Opened, settle, shown
from story import ALERT, DEPLOYED, EXECUTION, ONSET, StoryPort

from cockpit.screens.compare import MomentsPrompt
from cockpit.screens.recording import INCIDENT_SPEEDS
from cockpit.screens.replay import ReplayScreen
from cockpit.start_modes import Replay
from primitives.clock import ManualClock


def line_of(text: str, words: str) -> str:
    return next(line for line in text.splitlines() if words in line)


async def test_what_came_after_the_cursor_is_dim_with_a_sign_everywhere(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False), size=(120, 48)) as (app, pilot):
        await pilot.press("4", "g")
        await settle(pilot)
        text = shown(app)
        assert app.screen.view.cursor == DEPLOYED  # type: ignore[attr-defined]
        assert "◌ latency p95" in text
        assert "◆ Deployment v2.3.1" in text
        assert "1 of 5 dated facts had happened" in text
        assert "⌖ 14:25:00" in text
        assert "4 later" in text
        await pilot.press("escape")
        await settle(pilot)
        assert "◌ latency" not in shown(app)
        assert "⌖" not in shown(app)


async def test_a_click_on_the_timeline_puts_the_cursor_there(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        lines = shown(app).splitlines()
        row = next(number for number, line in enumerate(lines) if "14:40 ─" in line and "⚑" in line)
        await pilot.click(offset=(lines[row].index("⚑"), row))
        await settle(pilot)
        assert abs(app.screen.view.cursor - ALERT) <= timedelta(seconds=25)  # type: ignore[attr-defined]


async def test_a_click_on_the_chart_puts_the_cursor_there(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        lines = shown(app).splitlines()
        row = next(number for number, line in enumerate(lines) if "└──" in line)
        await pilot.click(offset=(lines[row].index("●"), row - 3))
        await settle(pilot)
        assert abs(app.screen.view.cursor - ONSET) <= timedelta(seconds=90)  # type: ignore[attr-defined]


def replay_of(app: object) -> ReplayScreen:
    screen = getattr(app, "screen", None)
    assert isinstance(screen, ReplayScreen)
    return screen


async def test_a_replay_plays_the_incidents_time_and_says_so(opened: Opened) -> None:
    async with opened(Replay(EXECUTION, "99"), port=StoryPort(wait=False)) as (app, pilot):
        screen = replay_of(app)
        await pilot.press("i")
        await settle(pilot)
        text = shown(app)
        assert "REPLAY incident" in text
        assert "Deployment v2.3.1: order" not in text.partition("1 Facts")[2].partition("Plan")[0]
        await pilot.press(*["right_square_bracket"] * 3)
        await settle(pilot)
        assert screen.view.cursor == ALERT
        await pilot.press("left_square_bracket", "left_square_bracket")
        await settle(pilot)
        assert screen.view.cursor == DEPLOYED
        facts = shown(app).partition("1 Facts")[2].partition("Plan")[0]
        assert "◆ Deployment v2.3.1" in facts
        assert "latency p95" not in facts.partition("3 api")[0]
        assert "4 later, hidden" in facts
        await pilot.press("i")
        await settle(pilot)
        assert "REPLAY incident" not in shown(app)
        assert screen.view.cursor is None


async def test_playing_moves_the_cursor_by_the_speed_and_loops(opened: Opened) -> None:
    async with opened(Replay(EXECUTION, "99"), port=StoryPort(wait=False)) as (app, pilot):
        screen, clock = replay_of(app), app.clock
        assert isinstance(clock, ManualClock)
        await pilot.press("i", "greater_than_sign", "space")
        await settle(pilot)
        before, speed = screen.view.cursor, screen.playback.speed
        assert before is not None
        screen.play_on(2.0)
        assert screen.view.cursor == before + timedelta(seconds=2 * speed)
        screen.play_on(1e6)
        assert not screen.playback.playing
        await pilot.press("o", "space")
        await settle(pilot)
        assert screen.view.cursor is not None
        assert screen.view.cursor < ONSET
        screen.play_on(1e6)
        assert screen.playback.playing
        assert screen.view.cursor < ONSET
        assert "loop" in shown(app)


async def test_speeds_go_up_to_a_thousand(opened: Opened) -> None:
    async with opened(Replay(EXECUTION, "20"), port=StoryPort(wait=False)) as (app, pilot):
        await pilot.press(*["greater_than_sign"] * 20)
        await settle(pilot)
        assert "1000×" in shown(app)
        assert INCIDENT_SPEEDS[0] == 1.0


@pytest.mark.parametrize(
    ("keys", "last"),
    [("f", "fact found"), ("fff", "fact found"), ("d", "plan confirmed"), ("dd", "conclusion reached")],
)
async def test_a_replay_jumps_to_the_next_of_a_kind(opened: Opened, keys: str, last: str) -> None:
    async with opened(Replay(EXECUTION, "1"), port=StoryPort(wait=False)) as (app, pilot):
        await pilot.press(*keys)
        await settle(pilot)
        assert last in shown(app)


async def test_there_and_back_between_facts_and_none_after_the_last(opened: Opened) -> None:
    async with opened(Replay(EXECUTION, "1"), port=StoryPort(wait=False)) as (app, pilot):
        screen = replay_of(app)
        await pilot.press("f", "f")
        await settle(pilot)
        second = screen.playback.seq
        await pilot.press("f", "F")
        await settle(pilot)
        assert screen.playback.seq == second
        await pilot.press("c")
        await settle(pilot)
        assert any("there is no note after" in str(each.message) for each in app._notifications)


async def test_two_moments_are_compared(opened: Opened) -> None:
    async with opened(Replay(EXECUTION, "14"), port=StoryPort(wait=False)) as (app, pilot):
        await pilot.press("equals_sign", "end")
        await settle(pilot)
        await pilot.press("equals_sign")
        await settle(pilot)
        assert isinstance(app.screen, MomentsPrompt)
        text = shown(app)
        assert "EVENT 14 → EVENT 35" in text
        assert "80 %" in line_of(text, "H1")
        assert "new facts, 0 new judgements" in text
