"""Opening and seeking in long logs, from the store and in a replay, with and without snapshots."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path

from benchmarks.children import own_peak_mib, private_home
from benchmarks.figures import Figure, Reference, Result, Target, median, percentile
from benchmarks.isolated import isolated
from benchmarks.options import Options
from benchmarks.synthetic import EXECUTION, INCIDENT, LONG, SHORT, Mixture, batches

__all__ = ["logs", "write_log"]

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
            # More than once where it is judged: a busy moment of the machine must not decide.
            again = [isolated(opened, path) for _ in range(2 if judged else 0)]
            result.figures += isolated(stored, path, label, judged, seeks, again)
            result.figures += isolated(replayed, path, size, label, judged, seeks)
            result.figures += isolated(bare, path, size, label)
    return result


def write_log(path: Path, size: int, mixture: Mixture) -> None:
    """Write a log into a new store."""

    async def written() -> None:
        from engine.store.sqlite import SqliteStore

        store = await SqliteStore.open(path)
        try:
            for batch in batches(size, 1_000, mixture):
                await store.append(EXECUTION, INCIDENT, batch)
        finally:
            await store.close()

    asyncio.run(written())


def opened(path: Path) -> float:
    """The ms until the store is open and the last state is there."""
    return asyncio.run(_opened_and_sought(path, 0))[0]


def stored(path: Path, label: str, judged: bool, seeks: int, again: list[float]) -> list[Figure]:
    """The store opened and the last state asked of it, then states at other moments; `again` are other openings' ms."""
    raw = _read_raw(path)
    first, taken = asyncio.run(_opened_and_sought(path, seeks))
    return [
        Figure("open", f"{label}: last state", median([first, *again]), "ms", _OPEN if judged else None, raw),
        Figure("open", f"{label}: last state, memory", own_peak_mib(), "MiB"),
        Figure("seek", f"{label}: in the store, p50", median(taken), "ms"),
        Figure("seek", f"{label}: in the store, p95", percentile(taken, 95), "ms", _SEEK if judged else None),
    ]


async def _opened_and_sought(path: Path, seeks: int) -> tuple[float, list[float]]:
    from engine.store.sqlite import SqliteStore

    begin = time.perf_counter()
    store = await SqliteStore.open(path)
    try:
        state = await store.state(EXECUTION)
        took = 1000 * (time.perf_counter() - begin)
        return took, [await _timed(store.state, seq) for seq in _moments(state.seq, seeks)]
    finally:
        await store.close()


def replayed(path: Path, size: int, label: str, judged: bool, seeks: int) -> list[Figure]:
    """The whole log loaded as a replay does, then states at other moments."""
    from cockpit.screens.recording import Recording
    from engine.store.sqlite import SqliteStore

    async def loaded() -> tuple[float, Recording]:
        begin = time.perf_counter()
        store = await SqliteStore.open(path)
        try:
            recording = Recording()
            async for batch in store.batches(EXECUTION):
                recording.add(batch)
            return 1000 * (time.perf_counter() - begin), recording
        finally:
            await store.close()

    raw = _read_raw(path)
    took, recording = asyncio.run(loaded())
    assert len(recording.events) == size
    taken: list[float] = []
    for seq in _moments(size, seeks):
        begin = time.perf_counter()
        recording.state_at(seq)
        taken.append(1000 * (time.perf_counter() - begin))
    return [
        Figure("open", f"{label}: whole replay", took, "ms", _OPEN if judged else None, raw),
        Figure("open", f"{label}: whole replay, memory", own_peak_mib(), "MiB"),
        Figure("seek", f"{label}: in a replay, p50", median(taken), "ms"),
        Figure("seek", f"{label}: in a replay, p95", percentile(taken, 95), "ms", _SEEK if judged else None),
    ]


def bare(path: Path, size: int, label: str) -> list[Figure]:
    """As `stored`, once each, with the snapshots deleted before."""
    from engine.store.sqlite import SqliteStore

    async def measured(seq: int) -> float:
        _forget_snapshots(path)
        begin = time.perf_counter()
        store = await SqliteStore.open(path)
        try:
            state = await store.state(EXECUTION, seq)
            assert state.seq == seq
            return 1000 * (time.perf_counter() - begin)
        finally:
            await store.close()

    return [
        Figure("open", f"{label}: last state, no snapshots", asyncio.run(measured(size)), "ms"),
        Figure("seek", f"{label}: to the middle, no snapshots", asyncio.run(measured(size // 2)), "ms"),
    ]


async def _timed(state: Callable[[str, int], Awaitable[object]], seq: int) -> float:
    begin = time.perf_counter()
    await state(EXECUTION, seq)
    return 1000 * (time.perf_counter() - begin)


def _moments(size: int, count: int) -> Iterator[int]:
    """Moments all over the log, in an order that jumps: multiples of the golden ratio."""
    return (1 + int(number * 0.6180339887498949 % 1 * (size - 1)) for number in range(1, count + 1))


def _read_raw(path: Path) -> Reference:
    """How long SQLite alone takes to read the log's bodies."""
    begin = time.perf_counter()
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT body FROM events WHERE execution_id = ? ORDER BY seq", (EXECUTION,))
        for _ in rows:
            pass
    return Reference("SQLite reading the log", 1000 * (time.perf_counter() - begin))


def _forget_snapshots(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("DELETE FROM snapshots")
        database.commit()
