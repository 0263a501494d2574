"""What a store of incidents does, whatever keeps it; `tests/contract/test_stores.py` holds every store to it."""

from __future__ import annotations

from array import array
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from engine.events import GENESIS, Body, Event, Who
from engine.incident import IncidentState
from engine.port import AuditResult, IncidentSummary

__all__ = ["Entry", "Head", "Store", "head_of"]

Entry = tuple[datetime, Who, Body]
"""What is to become an event: when (aware; stored as it is, even when the clock went backwards), who, what."""


class Head(NamedTuple):
    """The last event of an execution: its sequence number and its hash; 0 and `GENESIS` when there is none."""

    seq: int
    hash: str


def head_of(state: IncidentState) -> Head:
    """The head of the log that `state` was folded from."""
    return Head(state.seq, state.hash or GENESIS)


class Store(Protocol):
    """An append-only log of events for each execution, with the blobs that they name.

    Every method raises `StoreError` (or one of its kinds) when the store can't be read or written.
    """

    async def append(
        self,
        execution_id: str,
        incident_id: str,
        entries: Sequence[Entry],
        *,
        expected: Head | None = None,
        blobs: Sequence[bytes] = (),
    ) -> tuple[Event, ...]:
        """Make `entries` the next events of the execution and keep `blobs`, all or nothing.

        `expected` is where the caller believes the log to end; None appends wherever it ends. Raises `HeadMoved` when
        it ends elsewhere: another writer was first, and nothing is kept.

        It returns once they are durable. An execution begins with `IncidentOpened`. Appends that wait at the same time
        share a commit. A caller that is cancelled doesn't know whether its events were kept; they may have been.
        Raises `ValueError` when the entries can't follow what is there or can't be read back (NaN); nothing is kept.
        """
        ...

    async def read(self, execution_id: str, after: int = 0, limit: int | None = None) -> tuple[Event, ...]:
        """At most `limit` events after sequence number `after`, in order; none of an execution that isn't there."""
        ...

    async def times(self, execution_id: str) -> array[float]:
        """When each event came, in seconds since 1970 (UTC), in the order of the log; much quicker than reading it."""
        ...

    def batches(self, execution_id: str, after: int = 0) -> AsyncIterator[tuple[Event, ...]]:
        """The events after `after` that are there by now, in order, in batches of at most 1,000."""
        ...

    def follow(self, execution_id: str, after: int = 0) -> AsyncIterator[tuple[Event, ...]]:
        """The events after `after`, those there by now and those to come, in order, in batches of at most 1,000.

        Each batch comes after its commit. It ends after `InvestigationFinished`, or when the store is closed. A slow
        follower is never waited for: it reads on from the log. An execution that isn't there yet may be followed.
        """
        ...

    async def last(self, execution_id: str) -> Head:
        """Where the execution's log ends."""
        ...

    async def state(self, execution_id: str, seq: int | None = None) -> IncidentState:
        """The state after `seq` events (None: after all); the caller's own, to fold on with.

        Raises `UsageError` when there is no such execution or it has fewer events.
        """
        ...

    async def incidents(self) -> tuple[IncidentSummary, ...]:
        """Every execution, the one opened last first; `running` is left to whoever knows."""
        ...

    async def resolve(self, name: str) -> str:
        """The execution id that `name` means.

        That is an execution's id, an unambiguous start of one, or an incident's id (its latest execution). Raises
        `UsageError` when there is none.
        """
        ...

    async def put_blob(self, data: bytes) -> str:
        """Keep `data` and return its digest (SHA-256, hex); the same bytes are kept once."""
        ...

    async def get_blob(self, digest: str) -> bytes:
        """The bytes of that digest. Raises `StoreError` when it isn't there, `StoreCorrupt` when it is damaged."""
        ...

    async def verify(self, execution_id: str | None = None) -> tuple[AuditResult, ...]:
        """Check the hash chain of one execution, or of all, against what is kept outside the database too."""
        ...

    async def close(self) -> None:
        """Finish what is being written, end every `follow`, let go of the files. Closing twice is harmless."""
        ...
