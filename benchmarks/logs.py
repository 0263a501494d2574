"""Opening long logs as a replay does, and seeking in them, with and without snapshots."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from benchmarks.children import own_peak_mib, private_home
from benchmarks.figures import Figure, Reference, Result, Target, median, percentile
from benchmarks.isolated import isolated
from benchmarks.options import Options
from benchmarks.synthetic import EXECUTION, INCIDENT, LONG, SHORT, Mixture, batches

if TYPE_CHECKING:
    from cockpit.screens.recording import Recording
    from engine.log import EventLog

__all__ = ["logs", "write_log"]

T = TypeVar("T")

_JUDGED = 100_000
_OPEN = Target(1_000)
_SEEK = Target(50)


def logs(options: Options) -> Result:
    """Logs of 10^4, 10^5 and 10^6 events, and one of 10^5 that is mostly facts; quick: the first two."""
    cases = [(10_000, LONG), (_JUDGED, LONG)]
    if not options.quick:
        cases += [(1_000_000, LONG), (_JUDGED, SHORT)]
    result = Result()
    for size, mixture in cases:
        label = f"{size:,} events" if mixture == LONG else f"{size:,}, mostly facts"
        judged, seeks = (size, mixture) == (_JUDGED, LONG), options.times(40, 15)
        with private_home(options.scratch) as home:
            path = home / "log.db"
            isolated(write_log, path, size, mixture)
            result.figures += isolated(opening, path, size, label, judged)
            result.figures += isolated(seeking, path, size, label, judged, seeks)
            _forget_snapshots(path)
            took, _ = isolated(opened, path, size)
            result.figures.append(Figure("open", f"{label}: last state, no snapshots", took, "ms"))
    return result


def write_log(path: Path, size: int, mixture: Mixture) -> None:
    """Write a log into a new store."""

    async def written() -> None:
        from engine.log import EventLog

        store = await EventLog.open(path)
        try:
            for batch in batches(size, 1_000, mixture):
                await store.append(EXECUTION, INCIDENT, batch)
        finally:
            await store.close()

    asyncio.run(written())


def opening(path: Path, size: int, label: str, judged: bool) -> list[Figure]:
    """From nothing to a replay's first and last state, each time in a fresh process."""
    target = _OPEN if judged else None
    figures = []
    # More than once where it is judged: a busy moment of the machine must not decide.
    for name, seq in (("first state", 1), ("last state", size)):
        raw = _read_raw(path)
        runs = [isolated(opened, path, seq) for _ in range(3 if judged else 1)]
        figures.append(Figure("open", f"{label}: {name}", median([took for took, _ in runs]), "ms", target, raw))
        figures.append(Figure("open", f"{label}: {name}, memory", max(peak for _, peak in runs), "MiB"))
    return figures


def opened(path: Path, seq: int) -> tuple[float, float]:
    """The ms until the store is open and a replay's state after `seq` events is there; the peak memory in MiB."""

    async def shown(store: EventLog) -> float:
        await _sought(await _begun(store), seq)
        return 1000 * (time.perf_counter() - begin)

    begin = time.perf_counter()
    return asyncio.run(_with_store(path, shown)), own_peak_mib()


def seeking(path: Path, size: int, label: str, judged: bool, seeks: int) -> list[Figure]:
    """States at positions all over a log: when a replay has read its beginning only, and when it has read it all."""

    async def measured(store: EventLog) -> tuple[list[float], float, list[float]]:
        recording = await _begun(store)
        early = [await _timed(_sought(recording, seq)) for seq in _moments(size, 5)]
        recording = await _begun(store)
        whole = await _timed(_read(store, recording))
        return early, whole, [await _timed(_sought(recording, seq)) for seq in _moments(size, seeks)]

    raw, page = _read_raw(path), _read_page(path, size)
    early, whole, late = asyncio.run(_with_store(path, measured))
    return [
        Figure("open", f"{label}: read to its end", whole, "ms", None, raw),
        Figure("open", f"{label}: read to its end, memory", own_peak_mib(), "MiB"),
        Figure("seek", f"{label}: before it was read to there, p50", median(early), "ms", None, page),
        Figure("seek", f"{label}: p50", median(late), "ms", None, page),
        Figure("seek", f"{label}: p95", percentile(late, 95), "ms", _SEEK if judged else None, page),
    ]


async def _with_store(path: Path, work: Callable[[EventLog], Awaitable[T]]) -> T:
    from engine.log import EventLog

    store = await EventLog.open(path)
    try:
        return await work(store)
    finally:
        await store.close()


async def _begun(store: EventLog) -> Recording:
    from cockpit.screens.recording import Recording

    return Recording(store, EXECUTION, await store.times(EXECUTION))


async def _sought(recording: Recording, seq: int) -> None:
    """Seek to a position as a replay does."""
    if recording.state_at(seq) is None:
        await recording.fetch(seq)
        state = recording.state_at(seq)
        assert state is not None
        assert state.seq == seq


async def _read(store: EventLog, recording: Recording) -> None:
    """Read the log as a replay does behind what it shows."""
    from cockpit.screens.recording import PAGE

    async for batch in store.batches(EXECUTION):
        for begin in range(0, len(batch), PAGE):
            recording.learn(batch[begin : begin + PAGE])


async def _timed(work: Awaitable[None]) -> float:
    begin = time.perf_counter()
    await work
    return 1000 * (time.perf_counter() - begin)


def _moments(size: int, count: int) -> Iterator[int]:
    """Positions all over the log, in an order that jumps: multiples of the golden ratio."""
    return (1 + int(number * 0.6180339887498949 % 1 * (size - 1)) for number in range(1, count + 1))


def _read_raw(path: Path) -> Reference:
    """How long SQLite alone takes to read the log's bodies."""
    begin = time.perf_counter()
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT body FROM events WHERE execution_id = ? ORDER BY seq", (EXECUTION,))
        for _ in rows:
            pass
    return Reference("SQLite reading the log", 1000 * (time.perf_counter() - begin))


def _read_page(path: Path, size: int) -> Reference:
    """How long SQLite alone takes to read the bodies of 500 events somewhere, as the median of some."""
    taken = []
    sql = "SELECT body FROM events WHERE execution_id = ? AND seq > ? ORDER BY seq LIMIT 500"
    with closing(sqlite3.connect(path)) as database:
        for seq in _moments(size, 15):
            begin = time.perf_counter()
            database.execute(sql, (EXECUTION, seq)).fetchall()
            taken.append(1000 * (time.perf_counter() - begin))
    return Reference("SQLite reading 500 events", median(taken))


def _forget_snapshots(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("DELETE FROM snapshots")
        database.commit()
