"""The store in memory: for tests, and for one process that needs nothing kept.

`MemoryTables` are the data; each `MemoryRows` is one opening of them. Two openings are two writers.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import field

from engine.store.rows import (
    NO_EVENTS,
    Blob,
    Commit,
    EventRow,
    Grown,
    Head,
    IndexRow,
    SnapshotRow,
    StoredRow,
    head_moved,
)
from primitives.dataclass import dataclass
from primitives.errors import HeadMoved, StoreError

__all__ = ["MemoryRows", "MemoryTables", "shared_tables"]


@dataclass(slots=True)
class MemoryTables:
    """The rows of one store. `anchors` are kept apart from the events, as the heads file of a SQLite store is."""

    name: str = "memory://"
    events: defaultdict[str, list[EventRow]] = field(default_factory=lambda: defaultdict(list))
    index: dict[str, IndexRow] = field(default_factory=dict)
    blobs: dict[str, Blob] = field(default_factory=dict)
    snapshots: defaultdict[str, dict[int, SnapshotRow]] = field(default_factory=lambda: defaultdict(dict))
    anchors: dict[str, Head] = field(default_factory=dict)
    subscribers: list[Grown] = field(default_factory=list)

    def head(self, execution_id: str) -> Head:
        """Where the log of the execution ends."""
        rows = self.events.get(execution_id)
        return Head(rows[-1].seq, rows[-1].hash) if rows else NO_EVENTS


_shared: dict[str, MemoryTables] = {}


def shared_tables(name: str) -> MemoryTables:
    """The tables of that name, kept as long as the process lives."""
    return _shared.setdefault(name, MemoryTables(name))


class MemoryRows:
    """See `engine.store.rows.RowStore`. Every append gives way to other tasks once, as a store on a disk does."""

    readonly = ""
    warnings: tuple[str, ...] = ()

    def __init__(self, tables: MemoryTables | None = None) -> None:
        self.tables = tables or MemoryTables()
        self._closed = False

    @property
    def name(self) -> str:
        return self.tables.name

    async def append(self, commit: Commit) -> None:
        self._check_open()
        await asyncio.sleep(0)  # noqa: TID251 - it gives way, it does not wait
        tables = self.tables
        for execution_id, expected in commit.expected().items():
            if (head := tables.head(execution_id)) != expected:
                raise head_moved(execution_id, expected, head)
        # From here on nothing can fail: the commit is kept whole.
        for event in commit.events:
            tables.events[event.execution_id].append(event)
        tables.index.update((row.execution_id, row) for row in commit.index)
        for blob in commit.blobs:
            tables.blobs.setdefault(blob.digest, blob)
        self._keep(commit.snapshots)
        heads = commit.heads()
        tables.anchors.update(heads)
        for execution_id, head in heads.items():
            for grown in tuple(tables.subscribers):
                grown(execution_id, head)

    async def remove(self, removed: Mapping[str, Head], answers: Collection[str]) -> None:
        self._check_open()
        tables = self.tables
        for execution_id, head in removed.items():
            if tables.head(execution_id) != head:
                raise HeadMoved(f"{execution_id} has grown: it stays")
        for execution_id in removed:
            for kept in (tables.events, tables.index, tables.snapshots, tables.anchors):
                kept.pop(execution_id, None)
        for digest in answers:
            if not any(digest in row.body for rows in tables.events.values() for row in rows):
                tables.blobs.pop(digest, None)

    async def used_bytes(self) -> int:
        self._check_open()
        events = sum(len(row.body) for rows in self.tables.events.values() for row in rows)
        return events + sum(len(blob.data) for blob in self.tables.blobs.values())

    async def keep_snapshots(self, snapshots: Sequence[SnapshotRow]) -> None:
        self._check_open()
        self._keep(snapshots)

    async def events(self, execution_id: str, after: int, limit: int | None) -> list[EventRow]:
        rows = self._rows(execution_id)
        start = max(after, 0)
        return rows[start : None if limit is None else start + limit]

    async def stored_events(self, execution_id: str, after: int | None, limit: int) -> list[StoredRow]:
        rows = await self.events(execution_id, after or 0, limit)
        return [
            StoredRow(
                row.incident_id.encode(),
                row.seq,
                row.time.encode(),
                row.who.encode(),
                row.body.encode(),
                row.previous.encode(),
                row.hash.encode(),
            )
            for row in rows
        ]

    async def times(self, execution_id: str) -> list[str]:
        return [row.time for row in self._rows(execution_id)]

    async def head(self, execution_id: str) -> Head:
        self._check_open()
        return self.tables.head(execution_id)

    async def hash_of(self, execution_id: str, seq: int) -> str | None:
        rows = self._rows(execution_id)
        return rows[seq - 1].hash if 0 < seq <= len(rows) else None

    async def index(self, limit: int | None = None) -> list[IndexRow]:
        self._check_open()
        return list(reversed(self.tables.index.values()))[:limit]

    async def indexed(self, execution_id: str) -> Head | None:
        self._check_open()
        row = self.tables.index.get(execution_id)
        return Head(row.events, row.hash) if row else None

    async def of_incident(self, incident_id: str) -> list[str]:
        return [row.execution_id for row in await self.index() if row.incident_id == incident_id]

    async def starting_with(self, prefix: str, limit: int) -> list[str]:
        return [row.execution_id for row in await self.index() if row.execution_id.startswith(prefix)][:limit]

    async def stored_names(self) -> list[tuple[str, bool]]:
        self._check_open()
        return [(name, True) for name in self.tables.index]

    async def blob(self, digest: str) -> Blob | None:
        self._check_open()
        return self.tables.blobs.get(digest)

    async def snapshot(self, execution_id: str, seq: int, fold: str) -> SnapshotRow | None:
        self._check_open()
        taken = self.tables.snapshots.get(execution_id, {})
        return max(
            (row for row in taken.values() if row.seq <= seq and row.fold == fold),
            key=lambda row: row.seq,
            default=None,
        )

    async def anchor(self, execution_id: str) -> Head | None:
        return self.tables.anchors.get(execution_id)

    async def anchor_problem(self, execution_id: str) -> str:  # noqa: ARG002 - the protocol's
        return ""

    async def anchored(self) -> list[str]:
        return list(self.tables.anchors)

    def subscribe(self, grown: Grown) -> Callable[[], None]:
        self.tables.subscribers.append(grown)
        return lambda: self.tables.subscribers.remove(grown)

    async def check(self) -> tuple[str, ...]:
        self._check_open()
        return ()

    async def close(self) -> None:
        self._closed = True

    def _keep(self, snapshots: Sequence[SnapshotRow]) -> None:
        for row in snapshots:
            self.tables.snapshots[row.execution_id][row.seq] = row

    def _rows(self, execution_id: str) -> list[EventRow]:
        self._check_open()
        return self.tables.events.get(execution_id, [])

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError(f"{self.name} was closed while it was used")
