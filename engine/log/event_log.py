"""`EventLog`: the append-only log of every execution, above any store of rows."""

from __future__ import annotations

import asyncio
from array import array
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import datetime
from itertools import islice, product
from pathlib import Path
from typing import Final, Self

from engine.events import Event
from engine.incident import IncidentState
from engine.log.blobs import pack_blob, read_blob
from engine.log.codec import decode_times
from engine.log.entries import Entry, Head, ends_follow
from engine.log.folding import BATCH, decode_rows, state_at
from engine.log.group_commit import GroupCommit
from engine.log.verification import verify_execution, verify_store
from engine.port import AuditResult, IncidentSummary
from engine.store.home import new_home
from engine.store.locations import StoreLocation, open_rows
from engine.store.rows import IndexRow, RowStore
from primitives.collector import collector_paused
from primitives.errors import StoreCorrupt, StoreError, UsageError
from primitives.quantities import counted
from primitives.text import safe_line

__all__ = ["EventLog"]

_MOST_NAMED = 3
"""So many executions are named where a short name could be any of them."""


_NONE: Final = type(None)
_KINDS: Final = frozenset(product(*8 * [(str,)], (str, _NONE), (str, _NONE), (float, int, _NONE), (int,), (str,)))
"""What the values of a line of the list of executions may be."""


def _summaries(rows: Sequence[IndexRow]) -> tuple[IncidentSummary, ...]:
    """The list of executions; of ten thousand it takes a few frames. Raises `ValueError` where a row is none of it."""
    moment = datetime.fromisoformat
    if not _KINDS.issuperset(tuple(map(type, row)) for row in rows) or {row[4] for row in rows} - {"recorded", "live"}:
        raise ValueError("a row has other values than a line of the list")
    return tuple([IncidentSummary(*row[:5], moment(row[5]), moment(row[6]), *row[7:12]) for row in rows])  # type: ignore[arg-type]


class EventLog:
    """An append-only log of events for each execution, with the blobs that they name.

    Every method raises `StoreError` (or one of its kinds) when the store can't be read or written. `home` tells the
    store from every other one.
    """

    def __init__(self, rows: RowStore) -> None:
        self.rows = rows
        self.home: str = getattr(rows, "home", "") or new_home()
        self._closed = False
        self._followers: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._commits = None if rows.readonly else GroupCommit(rows, self._wake)
        self._unsubscribe: Callable[[], None] = rows.subscribe(self._grown)

    @classmethod
    async def open(cls, location: str | Path | StoreLocation) -> Self:
        """Open (or create) the store that `location` names; see `engine.store.locations`."""
        return cls(await open_rows(location))

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
        commits = self._writable()
        packed = await asyncio.to_thread(lambda: [pack_blob(data) for data in blobs]) if blobs else []
        return await commits.append(execution_id, incident_id, entries, packed, expected)

    async def read(self, execution_id: str, after: int = 0, limit: int | None = None) -> tuple[Event, ...]:
        """At most `limit` events after sequence number `after`, in order; none of an execution that isn't there."""
        return await decode_rows(await self.rows.events(execution_id, after, limit))

    async def times(self, execution_id: str) -> array[float]:
        """When each event came, in seconds since 1970 (UTC), in the order of the log; much quicker than reading it."""
        return await asyncio.to_thread(decode_times, execution_id, await self.rows.times(execution_id))

    async def batches(self, execution_id: str, after: int = 0) -> AsyncIterator[tuple[Event, ...]]:
        """The events after `after` that are there by now, in order, in batches of at most 1,000."""
        while batch := await self._next(execution_id, after):
            yield batch
            after = batch[-1].seq

    async def follow(self, execution_id: str, after: int = 0) -> AsyncIterator[tuple[Event, ...]]:
        """The events after `after`, those there by now and those to come, in order, in batches of at most 1,000.

        Each batch comes after its commit. It ends after the event that `ends_follow` names, or when the log is closed.
        A slow follower is never waited for: it reads on from the store. An execution that isn't there yet may be
        followed.
        """
        news = asyncio.Event()
        self._followers[execution_id].add(news)
        try:
            while not self._closed:
                news.clear()
                async for batch in self.batches(execution_id, after):
                    yield batch
                    after = batch[-1].seq
                    if ends_follow(batch[-1]):
                        return
                if not self._closed:
                    await news.wait()
        except StoreError:
            if not self._closed:
                raise
        finally:
            self._followers[execution_id].discard(news)
            if not self._followers[execution_id]:
                del self._followers[execution_id]

    async def last(self, execution_id: str) -> Head:
        """Where the execution's log ends."""
        return await self.rows.head(execution_id)

    async def state(self, execution_id: str, seq: int | None = None) -> IncidentState:
        """The state after `seq` events (None: after all). It is the caller's own: it may apply further events.

        Raises `UsageError` when there is no such execution or it has fewer events.
        """
        last = await self.last(execution_id)
        if not last.seq:
            raise UsageError(f"there is no execution {safe_line(execution_id)}: `cloudops incidents` lists them")
        if seq is not None and not 0 <= seq <= last.seq:
            raise UsageError(f"{execution_id} has {counted(last.seq, 'event')}: there is no event {seq}")
        state, _ = await state_at(self.rows, execution_id, last.seq if seq is None else seq)
        return state

    async def incidents(self, limit: int | None = None) -> tuple[IncidentSummary, ...]:
        """Every execution, or the first `limit`, the one opened last first.

        `running` is not set: only the engine knows.
        """
        rows = await self.rows.index(limit)
        try:
            with collector_paused():
                return _summaries(rows)
        except ValueError as error:
            raise StoreCorrupt(
                f"{self.rows.name} is damaged (its list of executions can't be read): run `cloudops audit verify`, "
                "export what is whole and begin a new store"
            ) from error

    async def resolve(self, name: str) -> str:
        """The execution id that `name` means.

        That is an execution's id, an unambiguous start of one, or an incident's id (its latest execution). Raises
        `UsageError` when there is none.
        """
        if name:
            if await self.rows.indexed(name):
                return name
            if executions := await self.rows.of_incident(name):
                return executions[0]
            matches = await self.rows.starting_with(name, _MOST_NAMED + 1)
            if len(matches) == 1:
                return matches[0]
            if matches:
                some = ", ".join(matches[:_MOST_NAMED]) + (", ..." if len(matches) > _MOST_NAMED else "")
                raise UsageError(f"{safe_line(name)} could be {some}: give more of it")
        raise UsageError(f"there is no incident {safe_line(name) or 'without a name'}: `cloudops incidents` lists them")

    async def remove(self, removed: Mapping[str, Head], answers: Collection[str]) -> None:
        """Take executions out of the store whole, with those of the blobs `answers` that no other names.

        Raises `HeadMoved`, and removes nothing, when one of them doesn't end where `removed` says.
        """
        commits = self._writable()
        await self.rows.remove(removed, answers)
        for execution_id in removed:
            commits.forget(execution_id)
            self._wake(execution_id)

    async def put_blob(self, data: bytes) -> str:
        """Keep `data` and return its digest (SHA-256, hex); the same bytes are kept once."""
        commits = self._writable()
        blob = await asyncio.to_thread(pack_blob, data)
        await commits.append("", "", (), (blob,), None)
        return blob.digest

    async def get_blob(self, digest: str) -> bytes:
        """The bytes of that digest. Raises `StoreError` when it isn't there, `StoreCorrupt` when it is damaged."""
        return await read_blob(self.rows, digest)

    async def verify(self, execution_id: str | None = None) -> tuple[AuditResult, ...]:
        """Check the hash chain of one execution, or of all, against the anchors that are kept apart from the log."""
        if execution_id is None:
            return await verify_store(self.rows)
        return (await verify_execution(self.rows, execution_id),)

    async def check(self) -> tuple[str, ...]:
        """The problems that the store finds in a check of all its contents."""
        return await self.rows.check()

    async def close(self) -> None:
        """Finish what is being written, end every `follow`, close the store. Closing twice is harmless."""
        if self._closed:
            return
        if self._commits:
            await self._commits.close()
        self._closed = True
        self._unsubscribe()
        for execution_id in list(self._followers):
            self._wake(execution_id)
        await self.rows.close()

    def _writable(self) -> GroupCommit:
        if self._commits is None:
            raise StoreError(f"{self.rows.name} is read-only ({self.rows.readonly}): choose another with --store")
        return self._commits

    def _grown(self, execution_id: str, head: Head) -> None:
        if self._commits:
            self._commits.grown(execution_id, head)
        self._wake(execution_id)

    def _wake(self, execution_id: str) -> None:
        for news in self._followers.get(execution_id, ()):
            news.set()

    async def _next(self, execution_id: str, after: int) -> tuple[Event, ...]:
        recent = self._commits.recent(execution_id) if self._commits else ()
        if recent and recent[0].seq <= after + 1:
            start = after + 1 - recent[0].seq
            return tuple(islice(recent, start, start + BATCH))
        return await decode_rows(await self.rows.events(execution_id, after, BATCH))
