"""What a long log costs while it is open: memory, an idle cockpit's processor time, and how long a key takes.

The cockpit runs headless at 120x36 on a replay of a real store, at its end, read to there.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from benchmarks.children import own_peak_mib, private_home
from benchmarks.figures import Figure, Result, Target, percentile
from benchmarks.isolated import isolated
from benchmarks.keys import WatchedCockpit, facts_of, press
from benchmarks.logs import write_log
from benchmarks.options import Options
from benchmarks.synthetic import EXECUTION, LONG
from cockpit.screens.replay import ReplayScreen
from cockpit.settings import Settings
from cockpit.start_modes import Replay
from engine.store.locations import parse_location

__all__ = ["held", "long_logs_open"]

_JUDGED = 100_000
_MILLION = 1_000_000
_IDLE_S = 8.0
_BETWEEN_KEYS_S = 0.03
_PATIENCE_S = 600.0


def long_logs_open(options: Options) -> Result:
    """Logs of 10^5 and 10^6 events; quick: the first."""
    result = Result()
    for size in (_JUDGED,) if options.quick else (_JUDGED, _MILLION):
        with private_home(options.scratch) as home:
            path = home / "log.db"
            isolated(write_log, path, size, LONG)
            result.figures += isolated(held, path, size, options.times(200, 60))
    return result


def held(path: Path, size: int, presses: int) -> list[Figure]:
    """The figures of one log."""
    taken, idle = asyncio.run(_measure(path, size, presses))
    label = f"{size:,} events"
    return [
        Figure("open log", f"{label}: peak memory", own_peak_mib(), "MiB", Target(200) if size == _JUDGED else None),
        Figure("open log", f"{label}: processor, idle", idle, "%", Target(1)),
        Figure("open log", f"{label}: a key, p50", percentile(taken, 50), "ms"),
        Figure("open log", f"{label}: a key, p99", percentile(taken, 99), "ms", Target(50)),
    ]


async def _measure(path: Path, size: int, presses: int) -> tuple[list[float], float]:
    """The ms that each key took, and the percents of a processor that nothing to do takes."""
    settings = Settings(store=parse_location(path), config=path.with_name("none.yaml"), config_found=False)
    app = WatchedCockpit(settings, Replay(EXECUTION, str(size)))
    async with app.run_test(size=(120, 36)):
        screen = await _read(app, size)
        screen.go_to(facts_of(screen))
        await asyncio.sleep(1.0)
        taken = []
        for number in range(presses):
            taken.append(await press(app, screen, "j" if number % 8 < 4 else "k"))
            await asyncio.sleep(_BETWEEN_KEYS_S)
        await asyncio.sleep(1.0)
        begin, used = time.perf_counter(), time.process_time()
        await asyncio.sleep(_IDLE_S)
        return taken, 100 * (time.process_time() - used) / (time.perf_counter() - begin)


async def _read(app: WatchedCockpit, size: int) -> ReplayScreen:
    """The replay, once all of the log is read and its end shown. Raises `TimeoutError`."""
    async with asyncio.timeout(_PATIENCE_S):
        while not _at_end(app, size):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert isinstance(app.screen, ReplayScreen)
    return app.screen


def _at_end(app: WatchedCockpit, size: int) -> bool:
    screen = app.screen
    if not isinstance(screen, ReplayScreen) or screen.recording is None or screen.view.state is None:
        return False
    return screen.recording.learned == size and screen.view.state.seq == size
