"""Keys are answered while thousands of events a second arrive, and what did not change is not painted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta

from stage import Opened, settle
from story import EXECUTION, INCIDENT, NOW, StoryPort, after_confirmation, before_confirmation, events
from textual import events as textual_events

from cockpit.screens.live import LiveScreen
from engine.events import Event, FactFound, StepProgressed, Who
from engine.wire import decode_event, encode_event
from primitives.clock import SystemClock

RATE, SECONDS, BATCH = 10_000, 2.5, 250


class Torrent(StoryPort):
    """Sends `RATE` events a second once `open` is set, decoded on another thread as those of a socket are."""

    def __init__(self) -> None:
        super().__init__(events([*before_confirmation(), *after_confirmation()[:2]]))
        self.open = asyncio.Event()
        engine = Who(kind="engine", name="cloudops")
        fact = next(body.fact for _, _, body in after_confirmation() if isinstance(body, FactFound))
        self.documents = []
        for number in range(len(self.log) + 1, int(RATE * SECONDS)):
            found = FactFound(id=f"F{number}", step="S1", key=f"{number}", fact=fact)
            moved = StepProgressed(step="S1", done=number % 100, total=100)
            time_of = NOW + timedelta(milliseconds=number)
            event = Event(EXECUTION, INCIDENT, number, time_of, engine, found if number % 20 == 0 else moved, "", "")
            self.documents.append(encode_event(event))

    async def follow(self, execution_id: str, after: int = 0, *, live: bool = True) -> AsyncIterator[tuple[Event, ...]]:
        yield tuple(self.log)
        await self.open.wait()
        started = time.perf_counter()
        for begin in range(0, len(self.documents), BATCH):
            part = self.documents[begin : begin + BATCH]
            yield await asyncio.to_thread(lambda part=part: tuple(decode_event(one) for one in part))
            await asyncio.sleep(max(0.0, started + (begin + BATCH) / RATE - time.perf_counter()))


async def test_keys_are_answered_while_ten_thousand_events_a_second_arrive(opened: Opened) -> None:
    # How fast is `make bench BENCH_ARGS=keys`: a time is no test on a machine that does other things as well.
    port = Torrent()
    async with opened(port=port) as (app, pilot):
        app.clock = SystemClock()
        screen = app.screen
        assert isinstance(screen, LiveScreen)
        await pilot.press("1", "1")
        port.open.set()
        for number in range(30):
            key = "kj"[number % 2]
            old = screen.pane("facts").key
            app.post_message(textual_events.Key(key, key))
            async with asyncio.timeout(60):
                while screen.pane("facts").key == old:
                    await asyncio.sleep(0.001)


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
        screen.view.state.steps["S1"].summary = "something else"  # type: ignore[union-attr]
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
