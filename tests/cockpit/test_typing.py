"""Keys typed faster than the screen follows: each does what it would have done typed slowly."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import AsyncIterator
from typing import Any

from stage import START, Opened, settle, shown
from story import EXECUTION, StoryPort
from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot

from cockpit.app import CockpitApp
from cockpit.screens.incident import IncidentScreen
from cockpit.screens.incidents import IncidentsScreen
from cockpit.screens.live import LiveScreen
from cockpit.screens.replay import ReplayScreen
from cockpit.start_modes import Browse, Replay
from engine.events import Event
from engine.port import ConfirmPlan, IncidentSummary

NAMED = {"enter", "escape", "end", "home", "tab", "ctrl+c"}


def burst(app: CockpitApp, *keys: str) -> None:
    """All these keys at once, as a terminal sends them: nothing of the cockpit runs between two of them."""
    for key in keys:
        letters = [key] if key in NAMED else list(key)
        for letter in letters:
            name = letter if letter in NAMED else _character_to_key(letter)
            app.post_message(events.Key(name, letter if len(letter) == 1 else None))


async def answered(pilot: Pilot[Any]) -> None:
    """Wait until every key was handed on."""
    for _ in range(100):
        await pilot.pause(0.02)
        if not pilot.app.keyboard._held and not pilot.app.keyboard._busy:  # type: ignore[attr-defined]
            break
    await settle(pilot)


class Slow(StoryPort):
    """An engine that tells nothing before `go` is set."""

    def __init__(self, *, wait: bool = False) -> None:
        super().__init__(wait=wait)
        self.go = asyncio.Event()

    async def follow(self, execution_id: str, after: int = 0, *, live: bool = True) -> AsyncIterator[tuple[Event, ...]]:
        await self.go.wait()
        async for batch in super().follow(execution_id, after, live=live):
            yield batch

    async def times(self, execution_id: str) -> array[float]:
        await self.go.wait()
        return await super().times(execution_id)

    async def incidents(self, limit: int | None = None) -> tuple[IncidentSummary, ...]:
        await self.go.wait()
        return await super().incidents(limit)


async def test_what_is_typed_right_behind_the_slash_is_the_filter(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        burst(app, "m", "/", "apq xtr: y", "enter", "j")
        await answered(pilot)
        screen = app.screen
        assert isinstance(screen, IncidentScreen)
        assert screen.pane("facts").filter == "apq xtr: y"
        assert screen.focused is screen.pane("facts")
        assert not app._notifications


async def test_the_filter_is_seen_while_it_is_typed_and_escape_closes_it(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        burst(app, "m", "/")
        await answered(pilot)
        assert "filter facts: Enter keeps it, Esc clears it" in shown(app).splitlines()[-1]
        burst(app, "conn")
        await answered(pilot)
        assert " / conn" in shown(app).splitlines()[-1]
        burst(app, "escape", "j")
        await answered(pilot)
        assert "help" in shown(app).splitlines()[-1]
        screen = app.screen
        assert isinstance(screen, IncidentScreen)
        assert screen.pane("facts").filter == ""
        assert screen.pane("facts").key == "F3"


async def test_a_time_typed_right_behind_its_key_is_gone_to(opened: Opened) -> None:
    async with opened(Replay(EXECUTION, "1"), port=StoryPort()) as (app, pilot):
        burst(app, "@", "12", "enter", "]")
        await answered(pilot)
        assert isinstance(app.screen, ReplayScreen)
        assert app.screen.playback.seq == 13


async def test_keys_wait_for_a_replay_that_loads(opened: Opened) -> None:
    port = Slow()
    async with opened(Replay(EXECUTION), port=port) as (app, pilot):
        burst(app, "end", "[", "1", "j")
        await settle(pilot)
        screen = app.screen
        assert isinstance(screen, ReplayScreen)
        assert screen.current is screen.pane("hypotheses")
        port.go.set()
        await answered(pilot)
        assert screen.playback.seq == 34
        assert screen.current is screen.pane("facts")
        assert screen.pane("facts").key == "F3"


async def test_keys_go_on_in_the_screen_that_a_key_opened(opened: Opened) -> None:
    async with opened(Browse(), port=StoryPort()) as (app, pilot):
        burst(app, "r", "end", "[", "[", "r", "?")
        await answered(pilot)
        replay = app.cockpit_screens[-1]
        assert isinstance(replay, ReplayScreen)
        assert replay.playback.seq == 33
        assert "KEYS" in shown(app)


async def test_what_still_opens_can_be_left_at_once(opened: Opened) -> None:
    for key in ("q", "ctrl+c"):
        port = Slow()
        async with opened(Replay(EXECUTION), port=port) as (app, pilot):
            burst(app, key)
            await settle(pilot)
            assert not app.is_running or app._exit


async def test_ctrl_c_drops_what_was_typed_ahead_so_that_it_answers_no_question(opened: Opened) -> None:
    port = Slow(wait=True)
    async with opened(START, port=port) as (app, pilot):
        burst(app, "jjc")
        await settle(pilot)
        burst(app, "ctrl+c")
        port.go.set()
        await settle(pilot)
    assert port.commands == []
    assert app.exit_status == 130


async def test_a_y_that_comes_before_the_plan_confirms_it(opened: Opened) -> None:
    port = Slow(wait=True)
    async with opened(START, port=port) as (app, pilot):
        burst(app, "y")
        await settle(pilot)
        assert port.commands == []
        port.go.set()
        await answered(pilot)
        assert port.commands == [ConfirmPlan()]
        assert isinstance(app.screen, LiveScreen)


async def test_a_list_takes_keys_when_it_was_read(opened: Opened) -> None:
    port = Slow()
    async with opened(Browse(), port=port) as (app, pilot):
        burst(app, "j", "j")
        await settle(pilot)
        port.go.set()
        await answered(pilot)
        assert isinstance(app.screen, IncidentsScreen)
        assert app.screen.pane.selected == "exec-00000003"
