"""Group commit: all waiting appends are folded, checked and committed together, then acknowledged."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import field

from engine.events import Event
from engine.failpoints import planted
from engine.incident import IncidentState
from engine.log.codec import encode_event
from engine.log.entries import Entry, Head
from engine.log.folding import acknowledged_head, state_at
from engine.log.snapshots import Snapshots
from engine.store.rows import Blob, Commit, EventRow, IndexRow, RowStore, SnapshotRow, head_moved
from primitives.dataclass import dataclass
from primitives.errors import HeadMoved, StoreError

__all__ = ["GroupCommit"]

_KEPT_FOR_FOLLOWERS = 4_096
_MANY = 100
"""Encoding this many events takes long enough to be worth a thread: the event loop must stay responsive."""

_MOST_LIVE = 64
"""How many executions stay folded in memory between their appends."""

_MOST_ATTEMPTS = 100
"""How often an append without an expected head is retried after another writer was first."""


@dataclass(slots=True)
class _Live:
    """An execution that this process writes: its folded state, and the end of its log for those who follow it."""

    incident_id: str
    state: IncidentState
    snapshots: Snapshots
    head: Head
    recent: deque[Event] = field(default_factory=lambda: deque(maxlen=_KEPT_FOR_FOLLOWERS))


@dataclass(slots=True)
class _Request:
    execution_id: str
    incident_id: str
    entries: Sequence[Entry]
    blobs: Sequence[Blob]
    expected: Head | None
    done: asyncio.Future[tuple[Event, ...]]
    attempts: int = 0


@dataclass(slots=True)
class _Transaction:
    index: dict[str, IndexRow] = field(default_factory=dict)
    events: list[EventRow] = field(default_factory=list)
    blobs: list[Blob] = field(default_factory=list)
    snapshots: list[SnapshotRow] = field(default_factory=list)
    kept: list[tuple[_Request, tuple[Event, ...]]] = field(default_factory=list)

    def commit(self) -> Commit:
        return Commit(self.events, tuple(self.index.values()), self.blobs, self.snapshots)


class GroupCommit:
    """Takes appends and commits them, one transaction at a time; `committed` is called with the logs that grew."""

    def __init__(self, rows: RowStore, committed: Callable[[str], None]) -> None:
        self._rows = rows
        self._committed = committed
        self._waiting: list[_Request] = []
        self._wake = asyncio.Event()
        self._closing = False
        self._live: dict[str, _Live] = {}
        self._work = asyncio.create_task(self._write_on())

    def recent(self, execution_id: str) -> deque[Event]:
        """The newest committed events of an execution that is being written; empty otherwise."""
        live = self._live.get(execution_id)
        return live.recent if live else deque()

    def grown(self, execution_id: str, head: Head) -> None:
        """Drop the folded state of an execution when another writer appended to it."""
        live = self._live.get(execution_id)
        if live and head.seq >= live.head.seq and head != live.head:
            del self._live[execution_id]

    def forget(self, execution_id: str) -> None:
        """Drop the folded state of an execution that was taken out of the store."""
        self._live.pop(execution_id, None)

    async def append(
        self,
        execution_id: str,
        incident_id: str,
        entries: Sequence[Entry],
        blobs: Sequence[Blob],
        expected: Head | None,
    ) -> tuple[Event, ...]:
        """See `EventLog.append`."""
        if self._closing:
            raise StoreError("the store is closed: nothing more can be written")
        done: asyncio.Future[tuple[Event, ...]] = asyncio.get_running_loop().create_future()
        # Whoever waits here waits for its commit, so no more can pile up than there are callers.
        self._waiting.append(_Request(execution_id, incident_id, entries, blobs, expected, done))
        self._wake.set()
        return await done

    async def close(self) -> None:
        """Write what waits, then stop."""
        self._closing = True
        self._wake.set()
        await self._work

    async def _write_on(self) -> None:
        while self._waiting or not self._closing:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                requests, self._waiting = self._waiting, []
                await self._write(requests)

    async def _write(self, requests: list[_Request]) -> None:
        transaction = _Transaction()
        spoiled: set[str] = set()
        for request in requests:
            if request.execution_id in spoiled:
                self._waiting.append(request)
                continue
            try:
                await self._stage(request, transaction)
            except Exception as error:  # Any failure of one request is its caller's to know, not the others'.
                # The refused entries may be folded in part: the next request starts from the stored state.
                spoiled.add(request.execution_id)
                _refuse(request, error)
        try:
            await self._commit(transaction)
        except Exception as error:  # A failed commit fails every append that waits for it.
            spoiled.update(transaction.index)
            self._retry_or_refuse([request for request, _ in transaction.kept], error)
        for execution_id in spoiled:
            self._live.pop(execution_id, None)
        while len(self._live) > _MOST_LIVE:
            del self._live[next(iter(self._live))]

    async def _stage(self, request: _Request, transaction: _Transaction) -> None:
        events: tuple[Event, ...] = ()
        if request.entries:
            live = await self._current(request, staged=request.execution_id in transaction.index)
            if len(request.entries) > _MANY:
                events, rows, snapshots = await asyncio.to_thread(_fold, live, request)
            else:
                events, rows, snapshots = _fold(live, request)
            transaction.index[request.execution_id] = _index_row(live)
            transaction.events += rows
            transaction.snapshots += snapshots
        transaction.blobs += request.blobs
        transaction.kept.append((request, events))

    async def _current(self, request: _Request, *, staged: bool) -> _Live:
        """The execution as stored, with what this transaction has already staged. Raises `HeadMoved`."""
        execution_id, expected = request.execution_id, request.expected
        live = self._live.pop(execution_id, None)
        if live is None or (not staged and expected not in (None, live.head)):
            # Another writer may have been first, and its notification not here yet: ask the store.
            live = await self._load(execution_id, request.incident_id)
        if expected is not None and expected != live.head:
            raise head_moved(execution_id, expected, live.head)
        # The order of the dictionary is that of use: the least recently written is dropped first.
        self._live[execution_id] = live
        return live

    async def _load(self, execution_id: str, incident_id: str) -> _Live:
        head = await acknowledged_head(self._rows, execution_id)
        if not head.seq:
            return _Live(incident_id, IncidentState(), Snapshots(), head)
        state, snapshots = await state_at(self._rows, execution_id, head.seq)
        return _Live(state.incident_id, state, snapshots, head)

    async def _commit(self, transaction: _Transaction) -> None:
        if not transaction.kept:
            return
        if planted("ack-before-commit"):
            for request, events in transaction.kept:
                request.done.set_result(events)
        await self._rows.append(transaction.commit())
        for request, events in transaction.kept:
            live = self._live.get(request.execution_id)
            if live and request.entries:
                live.recent.extend(events)
            if not request.done.done():
                request.done.set_result(events)
        for execution_id in transaction.index:
            self._committed(execution_id)
            if (live := self._live.get(execution_id)) and live.state.closed:
                del self._live[execution_id]

    def _retry_or_refuse(self, requests: Sequence[_Request], error: Exception) -> None:
        """After `HeadMoved` stage all again: those that expected the old head are refused then."""
        again = []
        for request in requests:
            request.attempts += 1
            if isinstance(error, HeadMoved) and request.attempts < _MOST_ATTEMPTS:
                again.append(request)
            else:
                _refuse(request, error)
        self._waiting[:0] = again


def _fold(live: _Live, request: _Request) -> tuple[tuple[Event, ...], list[EventRow], list[SnapshotRow]]:
    if request.incident_id != live.incident_id:
        raise ValueError(f"{request.execution_id} belongs to {live.incident_id}, not to {request.incident_id}")
    events: list[Event] = []
    rows: list[EventRow] = []
    snapshots: list[SnapshotRow] = []
    for entry in request.entries:
        try:
            event, row = encode_event(request.execution_id, request.incident_id, entry, live.head)
            live.state.apply(event)
        except (KeyError, TypeError) as error:
            raise ValueError(f"{entry[2].type} can't follow event {live.head.seq}: {error}") from error
        if live.state.opened is None:
            raise ValueError(f"an execution begins with incident_opened, not with {entry[2].type}")
        live.head = Head(event.seq, event.hash)
        events.append(event)
        rows.append(row)
        if snapshot := live.snapshots.after(live.state, len(row.body)):
            snapshots.append(snapshot)
    return tuple(events), rows, snapshots


def _index_row(live: _Live) -> IndexRow:
    state = live.state
    opened, opened_at, updated_at = state.opened, state.opened_at, state.updated_at
    assert opened is not None
    assert opened_at is not None
    assert updated_at is not None
    top = state.hypotheses[0] if state.hypotheses else None
    return IndexRow(
        execution_id=state.execution_id,
        incident_id=state.incident_id,
        title=opened.title,
        query=opened.query,
        origin=opened.origin,
        opened_at=opened_at.isoformat(),
        updated_at=updated_at.isoformat(),
        phase="closed" if state.closed else state.phase,
        primary_class=state.classification.primary_class.value if state.classification else None,
        top_cause=top.cause if top else None,
        confidence=top.confidence if top else None,
        events=state.seq,
        hash=state.hash,
    )


def _refuse(request: _Request, error: Exception) -> None:
    if not request.done.done():
        request.done.set_exception(_own(error) if isinstance(error, StoreError) else error)


def _own(error: StoreError) -> StoreError:
    """An error like this one for each of those who share a commit: a shared one would collect their tracebacks.

    Its constructor is not called: a class may have one with other arguments, and a failure here would end all appends.
    """
    own = type(error).__new__(type(error))
    own.args = error.args
    vars(own).update(vars(error))
    return own
