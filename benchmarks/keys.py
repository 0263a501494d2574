"""How long a key takes from being pressed to the painted cursor, while nothing happens and while events pour in.

The cockpit runs headless at 120x36 on a made-up engine; what it would write to the terminal is rendered all the same.
The cursor moves up and down in the list of facts, which grows all the while.
"""

from __future__ import annotations

import asyncio
import gc
import time
from array import array
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from textual import events as textual_events
from textual.screen import Screen

from benchmarks.figures import Figure, Result, against_quiet
from benchmarks.options import Options
from benchmarks.synthetic import BURST, EXECUTION, events
from cockpit.__main__ import COLLECT_AFTER
from cockpit.app import CockpitApp
from cockpit.screens.incident import IncidentScreen
from cockpit.screens.live import LiveScreen
from cockpit.settings import Settings
from cockpit.start_modes import Attach
from cockpit.widgets.facts import FactsPane
from engine.alerts import AlertGroup, Quarantined
from engine.events import ENGINE, Event
from engine.incident import IncidentState, fold
from engine.notify.delivery import Delivery
from engine.port import AuditResult, Command, EnginePort, IncidentSummary, Investigate
from engine.presence import Looking, Presence, Viewer
from engine.store.locations import StoreLocation, parse_location
from primitives.clock import SystemClock
from primitives.errors import StoreError, UsageError
from primitives.sources import NO_SOURCES, SourceDirectory

__all__ = ["FlowingEngine", "WatchedCockpit", "facts_of", "keys", "press"]

RATE = 10_000
"""Events a second."""

_KNOWN = 2_000
_BATCH = 1_000
_BETWEEN_KEYS_S = 0.047
_PATIENCE_S = 10.0


def facts_of(screen: IncidentScreen) -> FactsPane:
    """The pane with the facts."""
    pane = screen.pane("facts")
    assert isinstance(pane, FactsPane)
    return pane


class FlowingEngine:
    """An `EnginePort` with one running execution: `known` events are there, the others come at `rate` a second.

    A follower that falls behind gets larger batches, at most 1,000 events, as from a store.
    """

    def __init__(self, log: Sequence[Event], known: int, rate: float) -> None:
        self._log = log
        self._known = known
        self._rate = rate
        self._present = Presence(SystemClock())

    async def follow(self, execution_id: str, after: int = 0, *, live: bool = True) -> AsyncIterator[tuple[Event, ...]]:
        del execution_id, live
        begin = time.perf_counter()
        sent = after
        while True:
            due = min(self._known + int(self._rate * (time.perf_counter() - begin)), len(self._log))
            while sent < due:
                batch = tuple(self._log[sent : min(due, sent + _BATCH)])
                sent += len(batch)
                yield batch
            await asyncio.sleep(0.01)

    async def investigate(self, request: Investigate) -> str:
        del request
        return EXECUTION

    async def resume(
        self, execution_id: str, *, sources: tuple[str, ...] = (), definitions: SourceDirectory = NO_SOURCES
    ) -> bool:
        del execution_id, sources, definitions
        return False

    async def send(self, execution_id: str, command: Command) -> None:
        """There is nothing to send."""

    async def presence(self, execution_id: str, viewer: str) -> AsyncIterator[tuple[Viewer, ...]]:
        async for viewers in self._present.join(execution_id, viewer, ENGINE):
            yield viewers

    async def look(self, execution_id: str, viewer: str, looking: Looking) -> None:
        self._present.look(execution_id, viewer, looking, ENGINE)

    async def read(self, execution_id: str, after: int = 0, limit: int | None = None) -> tuple[Event, ...]:
        del execution_id
        return tuple(self._log[after : self._known][:limit])

    async def times(self, execution_id: str) -> array[float]:
        del execution_id
        return array("d", (event.time.timestamp() for event in self._log[: self._known]))

    async def state(self, execution_id: str, seq: int | None = None) -> IncidentState:
        del execution_id
        return fold(tuple(self._log[: self._known if seq is None else seq]))

    async def resolve(self, name: str) -> str:
        return name

    async def incidents(self, limit: int | None = None) -> tuple[IncidentSummary, ...]:
        del limit
        return ()

    async def blob(self, digest: str) -> bytes:
        raise StoreError(f"{digest} was not recorded")

    async def verify(self, execution_id: str | None = None) -> tuple[AuditResult, ...]:
        del execution_id
        return ()

    async def alert_groups(self) -> tuple[AlertGroup, ...]:
        return ()

    async def take_alert(self, name: str) -> AlertGroup:
        raise UsageError(f"there is no {name}")

    async def alert_payloads(self, name: str) -> tuple[Any, ...]:
        raise UsageError(f"there is no {name}")

    async def quarantined(self) -> tuple[Quarantined, ...]:
        return ()

    async def deliveries(self) -> tuple[Delivery, ...]:
        return ()

    async def retry_deliveries(self, keys: tuple[str, ...] = ()) -> int:
        return len(keys)

    async def back_up(self, folder: str) -> tuple[str, ...]:
        raise UsageError(f"there is nothing to copy into {folder}")

    async def close(self) -> None:
        """Nothing is held."""


class WatchedCockpit(CockpitApp):
    """The cockpit; it reports when a row other than `left` was painted under the cursor."""

    left: str | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.painted = asyncio.Event()
        self.painted_at = 0.0

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        super()._display(screen, renderable)
        render = getattr(renderable, "render_segments", None)
        if render is None:
            return
        # Headless, Textual leaves this out; a terminal's user waits for it.
        written = render(self.console)
        live = self.screen
        if self.left is None or not isinstance(live, IncidentScreen):
            return
        selected = facts_of(live).selected
        if selected != self.left and f"{selected} " in written:
            self.left = None
            self.painted_at = time.perf_counter()
            self.painted.set()


def keys(options: Options) -> Result:
    """p50, p95 and p99 of a key's latency; the reference is the same with no events arriving."""
    presses = options.times(200, 60)
    length = _KNOWN + int(RATE * (presses * _BETWEEN_KEYS_S * 2 + 3))
    log = events(length, BURST)
    # As the program does when it starts.
    gc.set_threshold(COLLECT_AFTER, *gc.get_threshold()[1:])
    # Events that are yet to come are no part of a cockpit's memory: its garbage collector must not walk them.
    gc.freeze()
    quiet, _ = asyncio.run(_measure(log, 0, presses // 2, options.scratch))
    busy, kept_up = asyncio.run(_measure(log, RATE, presses, options.scratch))
    figures = against_quiet("keys", f"cursor, {RATE:,} events/s", busy, quiet, "no events")
    return Result([*figures, Figure("keys", "events folded meanwhile", kept_up, "events/s")])


async def _measure(log: Sequence[Event], rate: float, presses: int, scratch: Path) -> tuple[list[float], float]:
    """The ms that each key took, and the events a second that were folded while they were pressed."""
    engine = FlowingEngine(log, _KNOWN, rate)

    async def connect(store: StoreLocation) -> tuple[EnginePort, bool]:
        del store
        return engine, False

    settings = Settings(store=parse_location(scratch / "none.db"), config=scratch / "none.yaml", config_found=False)
    app = WatchedCockpit(settings, Attach(EXECUTION), connect=connect)
    taken: list[float] = []
    async with app.run_test(size=(120, 36)):
        screen = await _opened(app)
        screen.go_to(facts_of(screen))
        await asyncio.sleep(0.5)
        begin, folded = time.perf_counter(), _folded(screen)
        for number in range(presses):
            taken.append(await press(app, screen, "j" if number % 8 < 4 else "k"))
            await asyncio.sleep(_BETWEEN_KEYS_S)
        return taken[3:], (_folded(screen) - folded) / (time.perf_counter() - begin)


async def _opened(app: CockpitApp) -> LiveScreen:
    """The screen, once what is known is on it. Raises `TimeoutError`."""
    async with asyncio.timeout(_PATIENCE_S):
        while not (isinstance(app.screen, LiveScreen) and _folded(app.screen) >= _KNOWN):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return app.screen


def _folded(screen: LiveScreen) -> int:
    return screen.view.state.seq if screen.view.state else 0


async def press(app: WatchedCockpit, screen: IncidentScreen, key: str) -> float:
    """Press `key`; the ms until the row that it moves to is painted under the cursor. Raises `TimeoutError`.

    Which row that is, the list decides when the key reaches it: what came meanwhile may stand between.
    """
    app.painted.clear()
    app.left = facts_of(screen).selected
    pressed = time.perf_counter()
    app.post_message(textual_events.Key(key, key))
    async with asyncio.timeout(_PATIENCE_S):
        await app.painted.wait()
    return 1000 * (app.painted_at - pressed)
