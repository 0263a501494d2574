"""Not more is painted than is seen. How fast a key is answered while events pour in: `make bench BENCH_ARGS=keys`."""

from __future__ import annotations

import asyncio
import gc
import time

from stage import Opened, settle
from story import StoryPort

from cockpit.screens.live import LiveScreen
from primitives.clock import SystemClock


async def test_garbage_is_collected_in_small_pieces_while_keys_are_answered(opened: Opened) -> None:
    before = gc.get_threshold()
    gc.set_threshold(50_000, 10, 10)
    try:
        async with opened(size=(80, 24)) as (_, pilot):
            await settle(pilot)
            young, older, oldest = gc.get_threshold()
    finally:
        gc.set_threshold(*before)
    assert young <= 5_000
    assert (young * older, oldest) == (500_000, 10), "older garbage is looked for as often as before"


async def test_no_more_than_thirty_frames_a_second_are_painted(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, _):
        app.clock = SystemClock()
        screen = app.screen
        assert isinstance(screen, LiveScreen)
        before, started = screen.painted, time.perf_counter()
        while time.perf_counter() - started < 0.5:
            screen.dirty()
            await asyncio.sleep(0.001)
        assert 1 <= screen.painted - before <= 30 * (time.perf_counter() - started) + 2


async def test_only_changed_lines_are_painted_again(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, LiveScreen)
        await settle(pilot)
        painted: list[str] = []
        for pane in screen.panes:
            original = pane.refresh
            pane.refresh = lambda *a, o=original, i=pane.id, **k: (painted.append(i or ""), o(*a, **k))[1]  # type: ignore[method-assign, misc]
        screen.dirty()
        await settle(pilot)
        assert painted == []
        screen.view.state.steps["S1"].duration_s = 9.9  # type: ignore[union-attr]
        screen.dirty()
        await settle(pilot)
        assert painted == ["plan"]


async def test_a_new_ranking_does_not_take_the_row_from_under_the_cursor(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, LiveScreen)
        pane, state = screen.pane("hypotheses"), screen.view.state
        assert state is not None
        await pilot.press("h", "j")
        await settle(pilot)
        assert pane.selected == "H2"
        state.investigation.hypotheses = (state.hypotheses[1], state.hypotheses[2], state.hypotheses[0])
        screen.dirty()
        await settle(pilot)
        assert pane.selected == "H2"
        assert screen.view.subject.id == "H2"
