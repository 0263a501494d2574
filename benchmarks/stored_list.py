"""How long the list of 10,000 stored incidents takes to open, from the key to its painted first row, and to all.

The cockpit runs headless on a real store and engine; the store's list of executions is filled directly, since 10,000
investigations would take an hour. One of them has a log.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from textual.screen import Screen

from benchmarks.children import private_home
from benchmarks.figures import Figure, Result, Target, median
from benchmarks.options import Options
from cockpit.app import CockpitApp
from cockpit.screens.incidents import IncidentsScreen
from cockpit.settings import Settings
from cockpit.start_modes import Browse
from cockpit.widgets.incident_list import IncidentsPane
from engine.log import EventLog
from engine.store.locations import parse_location
from engine.store.schema import INSERT_EXECUTION

__all__ = ["LISTED", "stored_list"]

LISTED = 10_000
SERVICES = 40
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_PATIENCE_S = 30.0


def stored_list(options: Options) -> Result:
    """The median of several openings, and what a look at the same list again costs the processor."""
    with private_home(options.scratch) as home:
        store = home / "many.db"
        asyncio.run(_fill(store))
        opened, whole, used, again = asyncio.run(_measure(store, home, options.times(9, 3)))
    figures = [
        Figure("list", f"{LISTED:,} incidents, from the key to the row", median(opened), "ms", Target(300)),
        Figure("list", "from the key until all are listed", median(whole), "ms"),
        Figure("list", "processor time of that", median(used), "ms"),
        Figure("list", "processor time of a second of looking at it", again, "ms", Target(10)),
    ]
    return Result(figures)


async def _fill(store: Path) -> None:
    log = await EventLog.open(store)
    await log.close()
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.executemany(INSERT_EXECUTION, _rows())


def _rows() -> Iterator[tuple[object, ...]]:
    for number in range(LISTED):
        opened = _BEGIN + timedelta(minutes=20 * number)
        name, cause = f"exec-{number:08x}", f"Deployment v{number} made api-{number % SERVICES} slower"
        title = f"api-{number % SERVICES} p95 latency above 800 ms"
        yield (name, f"inc-{number:08x}", title, title, "live", opened.isoformat(), opened.isoformat(), "completed",
               "DEPLOYMENT_REGRESSION", cause, 0.8, 120, "0" * 64)  # fmt: skip


class WatchedList(CockpitApp):
    """The cockpit; it reports when the first rows of a list were painted."""

    painted_at: float | None = None

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        super()._display(screen, renderable)
        render = getattr(renderable, "render_segments", None)
        # Headless, Textual leaves this out; a terminal's user waits for it.
        written = render(self.console) if render is not None else ""
        if self.painted_at is None and _listed(self) and f"api-{(LISTED - 1) % SERVICES} p95" in written:
            self.painted_at = time.perf_counter()


async def _measure(store: Path, home: Path, rounds: int) -> tuple[list[float], list[float], list[float], float]:
    """The ms of each opening, to the first row and to all, its processor time, and that of a second of looking."""
    settings = Settings(store=parse_location(store), config=home / "none.yaml", config_found=False)
    app = WatchedList(settings, Browse())
    taken: list[float] = []
    whole: list[float] = []
    worked: list[float] = []
    async with app.run_test(size=(120, 36)) as pilot:
        await _read(app)
        for _ in range(rounds):
            begin, used, app.painted_at = time.perf_counter(), time.process_time(), None
            app.push_screen(IncidentsScreen())
            await _read(app)
            whole.append(1000 * (time.perf_counter() - begin))
            await pilot.pause()
            taken.append(1000 * (await _painted(app) - begin))
            worked.append(1000 * (time.process_time() - used))
            app.pop_screen()
            await pilot.pause()
        begin, used = time.perf_counter(), time.process_time()
        await asyncio.sleep(8.0)
        again = 1000 * (time.process_time() - used) / (time.perf_counter() - begin)
    return taken, whole, worked, again


async def _painted(app: WatchedList) -> float:
    """When the first row was painted. Raises `TimeoutError`."""
    async with asyncio.timeout(_PATIENCE_S):
        while app.painted_at is None:  # noqa: ASYNC110
            await asyncio.sleep(0.002)
    return app.painted_at


async def _read(app: CockpitApp) -> None:
    """Wait until all are listed on the screen that is shown. Raises `TimeoutError`."""
    async with asyncio.timeout(_PATIENCE_S):
        while _listed(app) != LISTED:  # noqa: ASYNC110
            await asyncio.sleep(0.002)


def _listed(app: CockpitApp) -> int:
    pane = getattr(app.screen, "pane", None)
    return len(pane.listed) if isinstance(pane, IncidentsPane) else 0
