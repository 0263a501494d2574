"""How many events a second are folded, and stored so that they are durable."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from benchmarks.children import interleaved, private_home
from benchmarks.figures import Figure, Reference, Result, Target, median, percentile
from benchmarks.options import Options
from benchmarks.synthetic import EXECUTION, INCIDENT, LONG, SHORT, Mixture, batches, entries, events
from engine.events import GENESIS
from engine.incident import fold
from engine.log import EventLog, Head
from engine.log.codec import encode_event
from engine.store.rows import EventRow

__all__ = ["folding", "storing"]

_BATCH = 1_000
_BARE = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE events (execution_id, incident_id, seq, time, who, body, previous, hash, PRIMARY KEY (execution_id, seq));
"""
_INSERT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


def folding(options: Options) -> Result:
    """Decoded events folded a second, against keeping them in a dictionary."""
    size, rounds = options.times(100_000, 30_000), options.times(9, 5)
    return Result([_folding(size, LONG, "long log", rounds), _folding(size, SHORT, "mostly facts", rounds)])


def _folding(size: int, mixture: Mixture, name: str, rounds: int) -> Figure:
    log = events(size, mixture)

    def folded() -> float:
        begin = time.perf_counter()
        state = fold(log)
        took = time.perf_counter() - begin
        assert state.seq == size
        return size / took

    def kept() -> float:
        begin = time.perf_counter()
        bodies = {}
        for event in log:
            bodies[event.seq] = event.body
        took = time.perf_counter() - begin
        assert len(bodies) == size
        return size / took

    taken = interleaved({"folded": folded, "kept": kept}, rounds)
    reference = Reference("kept in a dict", median(taken["kept"]))
    return Figure("fold", name, median(taken["folded"]), "events/s", Target(100_000, "at least"), reference)


def storing(options: Options) -> Result:
    """Events acknowledged a second in batches of 1,000, and how long a single one takes; against bare SQLite."""
    size, singles = options.times(20_000, 6_000), options.times(1_000, 150)
    with private_home(options.scratch) as home:
        numbers = iter(range(1_000_000))
        taken = interleaved(
            {
                "ours": lambda: asyncio.run(_store_batches(home / f"{next(numbers)}.db", size)),
                "bare": lambda: _insert_batches(home / f"{next(numbers)}.db", _rows(size)),
            },
            options.times(5, 3),
        )
        ours = asyncio.run(_store_singly(home / "singly.db", singles))
        bare = _insert_singly(home / "bare.db", _rows(singles))
    return Result(
        [
            Figure(
                "store",
                "durable, in batches of 1,000",
                median(taken["ours"]),
                "events/s",
                Target(10_000, "at least"),
                Reference("bare SQLite", median(taken["bare"])),
            ),
            *(
                Figure(
                    "store",
                    f"single append, p{percent}",
                    percentile(ours, percent),
                    "ms",
                    reference=Reference("bare SQLite", percentile(bare, percent)),
                )
                for percent in (50, 99)
            ),
        ]
    )


async def _store_batches(path: Path, size: int) -> float:
    """Events a second, from the first append to the last acknowledgement."""
    prepared = list(batches(size, _BATCH))
    store = await EventLog.open(path)
    try:
        begin = time.perf_counter()
        for batch in prepared:
            await store.append(EXECUTION, INCIDENT, batch)
        return size / (time.perf_counter() - begin)
    finally:
        await store.close()


async def _store_singly(path: Path, count: int) -> list[float]:
    """The ms that each append took."""
    store = await EventLog.open(path)
    taken: list[float] = []
    try:
        for entry in entries(count):
            begin = time.perf_counter()
            await store.append(EXECUTION, INCIDENT, (entry,))
            taken.append(1000 * (time.perf_counter() - begin))
    finally:
        await store.close()
    return taken


def _rows(count: int) -> list[EventRow]:
    """The rows that the same events become."""
    rows: list[EventRow] = []
    last = Head(0, GENESIS)
    for entry in entries(count):
        event, row = encode_event(EXECUTION, INCIDENT, entry, last)
        last = Head(event.seq, event.hash)
        rows.append(row)
    return rows


def _insert_batches(path: Path, rows: Sequence[EventRow]) -> float:
    with closing(sqlite3.connect(path)) as database:
        database.executescript(_BARE)
        begin = time.perf_counter()
        for start in range(0, len(rows), _BATCH):
            database.executemany(_INSERT, rows[start : start + _BATCH])
            database.commit()
        return len(rows) / (time.perf_counter() - begin)


def _insert_singly(path: Path, rows: Sequence[EventRow]) -> list[float]:
    taken: list[float] = []
    with closing(sqlite3.connect(path)) as database:
        database.executescript(_BARE)
        for row in rows:
            begin = time.perf_counter()
            database.execute(_INSERT, row)
            database.commit()
            taken.append(1000 * (time.perf_counter() - begin))
    return taken
