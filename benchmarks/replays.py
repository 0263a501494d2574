"""How soon a long replay is on the screen, and how long a key takes while the rest of it is still being read.

The cockpit runs headless at 120x36 on a real store of 100,000 events; what it would write to the terminal is rendered
all the same. The key goes one event back.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from textual import events as textual_events
from textual.screen import Screen

from benchmarks.children import private_home
from benchmarks.figures import Figure, Result, Target, against_quiet, median
from benchmarks.isolated import isolated
from benchmarks.logs import write_log
from benchmarks.options import Options
from benchmarks.synthetic import EXECUTION, LONG
from cockpit.app import CockpitApp
from cockpit.screens.replay import ReplayScreen
from cockpit.settings import Settings
from cockpit.start_modes import Replay
from engine.store.locations import parse_location

__all__ = ["replays"]

SIZE = 100_000

_AFTERWARDS = 30
_BETWEEN_KEYS_S = 0.02
_PATIENCE_S = 30.0


class _WatchedCockpit(CockpitApp):
    """The cockpit, which notes when the wanted position was painted."""

    def __init__(self, store: Path, at: int) -> None:
        settings = Settings(store=parse_location(store), config=store.with_name("none.yaml"), config_found=False)
        super().__init__(settings, Replay(EXECUTION, str(at)))
        self.wanted = at
        self.painted = asyncio.Event()
        self.painted_at = 0.0
        self.began_at = 0.0

    def push_screen(self, screen: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(screen, ReplayScreen):
            self._tell_when_begun(screen)
        return super().push_screen(screen, *args, **kwargs)

    def _tell_when_begun(self, screen: ReplayScreen) -> None:
        begin = screen.begin

        def note_begun() -> None:
            self.began_at = time.perf_counter()
            begin()

        screen.begin = note_begun  # type: ignore[method-assign]

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        super()._display(screen, renderable)
        render = getattr(renderable, "render_segments", None)
        if render is None:
            return
        # Headless, Textual leaves this out; a terminal's user waits for it.
        written = render(self.console)
        if not self.painted.is_set() and f"event {self.wanted} of" in written:
            self.painted_at = time.perf_counter()
            self.painted.set()

    async def until_painted(self, wanted: int) -> None:
        """Wait for the position after `wanted` events. Raises `TimeoutError`."""
        self.wanted = wanted
        self.painted.clear()
        async with asyncio.timeout(_PATIENCE_S):
            await self.painted.wait()


def replays(options: Options) -> Result:
    """The last state on the screen, and keys while the log is read and afterwards; each opening in a new process."""
    shown: list[float] = []
    reading: list[float] = []
    quiet: list[float] = []
    with private_home(options.scratch) as home:
        path = home / "log.db"
        isolated(write_log, path, SIZE, LONG)
        for _ in range(options.times(5, 3)):
            first, early, late = isolated(_opened, path)
            shown.append(first)
            reading += early
            quiet += late
    label = f"{SIZE:,} events"
    return Result(
        [
            Figure("replay", f"{label}: last state painted", median(shown), "ms", Target(1_000)),
            *against_quiet(
                "replay", f"{label}: a step back while the rest is read", reading, quiet, "when all is read"
            ),
        ],
        notes=[f"{len(reading)} keys were pressed while replays were read"],
    )


def _opened(path: Path) -> tuple[float, list[float], list[float]]:
    return asyncio.run(_measure(path))


async def _measure(path: Path) -> tuple[float, list[float], list[float]]:
    """The ms from there being an engine to the painted last state; those of the keys while all was read, and then."""
    app = _WatchedCockpit(path, SIZE)
    async with app.run_test(size=(120, 36)):
        await app.until_painted(SIZE)
        shown = 1000 * (app.painted_at - app.began_at)
        reading: list[float] = []
        while not _all_read(app):
            reading.append(await _step_back(app))
        return shown, reading, [await _step_back(app) for _ in range(_AFTERWARDS)]


def _all_read(app: CockpitApp) -> bool:
    screen = app.screen
    assert isinstance(screen, ReplayScreen)
    assert screen.recording is not None
    return screen.recording.learned == SIZE


async def _step_back(app: _WatchedCockpit) -> float:
    key = "left_square_bracket"
    pressed = time.perf_counter()
    app.post_message(textual_events.Key(key, "["))
    await app.until_painted(app.wanted - 1)
    await asyncio.sleep(_BETWEEN_KEYS_S)
    return 1000 * (app.painted_at - pressed)
