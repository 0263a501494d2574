"""What a store of rows does; `tests/contract` holds every store to it.

A new store implements `RowStore` and nothing else. Encoding, hashing, folding, snapshots, following and the audit are
done above it, in `engine.log`, once for all stores.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from engine.events import GENESIS
from primitives.dataclass import dataclass
from primitives.errors import HeadMoved

__all__ = [
    "NO_EVENTS",
    "Blob",
    "Commit",
    "EventRow",
    "Grown",
    "Head",
    "IndexRow",
    "RowStore",
    "SnapshotRow",
    "StoredRow",
    "head_moved",
]


class Head(NamedTuple):
    """The last event of an execution: its sequence number and its hash; `NO_EVENTS` when there is none."""

    seq: int
    hash: str


NO_EVENTS = Head(0, GENESIS)


class EventRow(NamedTuple):
    """One event. `time` is ISO 8601 in UTC, `who` and `body` are JSON."""

    execution_id: str
    incident_id: str
    seq: int
    time: str
    who: str
    body: str
    previous: str
    hash: str


class StoredRow(NamedTuple):
    """An event as its bytes lie in the store, before any decoding. `typed` says that every column has its type."""

    incident_id: bytes
    seq: int
    time: bytes
    who: bytes
    body: bytes
    previous: bytes
    hash: bytes
    typed: bool = True


class IndexRow(NamedTuple):
    """One execution in the list of executions; `events` and `hash` are its head."""

    execution_id: str
    incident_id: str
    title: str
    query: str
    origin: str
    opened_at: str
    updated_at: str
    phase: str
    primary_class: str | None
    top_cause: str | None
    confidence: float | None
    events: int
    hash: str


class Blob(NamedTuple):
    """A recorded answer: `size` and `digest` (SHA-256, hex) are those of the uncompressed bytes, `data` is zstd."""

    digest: str
    size: int
    data: bytes


class SnapshotRow(NamedTuple):
    """A folded state: `size` and `digest` (SHA-256) are those of the uncompressed bytes; `fold` names the fold."""

    execution_id: str
    seq: int
    hash: str
    fold: str
    size: int
    digest: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Commit:
    """What one transaction adds. The events of an execution are in order and follow one another without a gap."""

    events: Sequence[EventRow] = ()
    index: Sequence[IndexRow] = ()
    blobs: Sequence[Blob] = ()
    snapshots: Sequence[SnapshotRow] = ()

    def expected(self) -> dict[str, Head]:
        """The head that each execution must have when the transaction begins."""
        return {row.execution_id: Head(row.seq - 1, row.previous) for row in self.split()[0]}

    def split(self) -> tuple[list[EventRow], list[EventRow]]:
        """The first event of each execution, which must follow what is stored, and those that follow in the commit."""
        if not self.events:
            return [], []
        if self.events[0].execution_id == self.events[-1].execution_id and len(self.index) <= 1:
            return [self.events[0]], list(self.events[1:])  # nearly always
        first: dict[str, EventRow] = {}
        following = [row for row in self.events if first.setdefault(row.execution_id, row) is not row]
        return list(first.values()), following

    def heads(self) -> dict[str, Head]:
        """The head that each execution has afterwards."""
        last = {row.execution_id: row for row in self.events}
        return {execution_id: Head(row.seq, row.hash) for execution_id, row in last.items()}


Grown = Callable[[str, Head], None]
"""Called with an execution whose log has grown and its new head."""


class RowStore(Protocol):
    """Tables of events, executions, blobs and snapshots, of one process or shared by several.

    Every method but `close` raises `StoreError` (or one of its kinds) when the store can't be read or written. Rows
    come back as they were written. `name` is what messages call the store. `readonly` says why nothing can be written,
    or is empty. `warnings` are for `cloudops doctor`.
    """

    @property
    def name(self) -> str: ...
    @property
    def readonly(self) -> str: ...
    @property
    def warnings(self) -> tuple[str, ...]: ...

    async def append(self, commit: Commit) -> None:
        """Keep the whole commit, or nothing of it; durable on return.

        Raises `HeadMoved` when an execution's log does not end where the commit expects. The check is a part of the
        transaction: of two writers that expect the same head, one is refused.
        """
        ...

    async def remove(self, removed: Mapping[str, Head], answers: Collection[str]) -> None:
        """Take executions out whole, and those of the blobs `answers` that no other execution names.

        Raises `HeadMoved`, and removes nothing, when one of them doesn't end where `removed` says.
        """
        ...

    async def used_bytes(self) -> int:
        """What the contents take; what was removed doesn't count, even where a file keeps its size."""
        ...

    async def keep_snapshots(self, snapshots: Sequence[SnapshotRow]) -> None:
        """Keep snapshots that were taken while reading; they are a cache."""
        ...

    async def events(self, execution_id: str, after: int, limit: int | None) -> list[EventRow]:
        """At most `limit` events after sequence number `after`, in order."""
        ...

    async def stored_events(self, execution_id: str, after: int | None, limit: int) -> list[StoredRow]:
        """The same for the audit, undecoded and with damaged rows; `after` None: from the first row that there is."""
        ...

    async def times(self, execution_id: str) -> list[str]:
        """The time of each event, in order."""
        ...

    async def head(self, execution_id: str) -> Head:
        """Where the log of the execution ends."""
        ...

    async def hash_of(self, execution_id: str, seq: int) -> str | None:
        """The hash of one event; None when there is no such event."""
        ...

    async def index(self, limit: int | None = None) -> list[IndexRow]:
        """The executions, the one opened last first: all, or the first `limit`."""
        ...

    async def indexed(self, execution_id: str) -> Head | None:
        """The head that the list of executions names; None when it does not name the execution."""
        ...

    async def of_incident(self, incident_id: str) -> list[str]:
        """The executions of an incident, the one opened last first."""
        ...

    async def starting_with(self, prefix: str, limit: int) -> list[str]:
        """At most `limit` executions whose id begins with `prefix`, the one opened last first."""
        ...

    async def stored_names(self) -> list[tuple[str, bool]]:
        """The id of every execution in the list or the log, for the audit, and whether it is whole."""
        ...

    async def blob(self, digest: str) -> Blob | None:
        """The blob of that digest."""
        ...

    async def snapshot(self, execution_id: str, seq: int, fold: str) -> SnapshotRow | None:
        """The newest snapshot of that fold at or before event `seq`, where that event still has the same hash."""
        ...

    async def anchor(self, execution_id: str) -> Head | None:
        """The last acknowledged head, kept apart from the events: a log that was cut off shows against it."""
        ...

    async def anchor_problem(self, execution_id: str) -> str:
        """Why the record of anchors can't confirm an execution that has events; empty where it can."""
        ...

    async def anchored(self) -> list[str]:
        """The executions that have an anchor."""
        ...

    def subscribe(self, grown: Grown) -> Callable[[], None]:
        """Call `grown` on the event loop after each commit, whoever made it; returns what ends the subscription."""
        ...

    async def check(self) -> tuple[str, ...]:
        """The problems that the store finds in a check of all its contents."""
        ...

    async def close(self) -> None:
        """Close. Closing twice is harmless; every other method then raises `StoreError`."""
        ...


def head_moved(execution_id: str, expected: Head, actual: Head) -> HeadMoved:
    """The error of an append that expects another head than there is."""
    where = f"event {expected.seq}" + (" with another hash" if expected.seq == actual.seq else "")
    return HeadMoved(
        f"{execution_id} ends at event {actual.seq}, its writer expected {where}: another writer was first, nothing "
        "was kept; read the log and try again"
    )
