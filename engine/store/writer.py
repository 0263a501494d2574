"""Group commit: whatever waits to be written is folded, checked and committed together, then acknowledged."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.events import Event
from engine.failpoints import failpoint, planted
from engine.incident import IncidentState
from engine.store.codec import Blob, EventRow, encode_event
from engine.store.connection import Connection
from engine.store.heads import Heads
from engine.store.protocol import Entry, Head
from engine.store.schema import INSERT_BLOB, INSERT_EVENT, INSERT_EXECUTION, INSERT_SNAPSHOT
from engine.store.snapshots import SnapshotRow, Snapshots
from primitives.errors import HeadMoved, StoreError

__all__ = ["Live", "Writer"]

_KEPT_FOR_FOLLOWERS = 4_096
# Encoding this many events takes long enough to be worth a thread: the event loop must stay responsive.
_MANY = 100


@dataclass(slots=True)
class Live:
    """An execution that this process writes: its folded state, and the end of its log for those who follow it."""

    incident_id: str
    state: IncidentState
    snapshots: Snapshots
    head: Head
    recent: deque[Event] = field(default_factory=lambda: deque(maxlen=_KEPT_FOR_FOLLOWERS))


@dataclass(frozen=True, slots=True)
class _Request:
    execution_id: str
    incident_id: str
    entries: Sequence[Entry]
    blobs: Sequence[Blob]
    expected: Head | None
    done: asyncio.Future[tuple[Event, ...]]


@dataclass(slots=True)
class _Transaction:
    executions: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    events: list[EventRow] = field(default_factory=list)
    blobs: list[Blob] = field(default_factory=list)
    snapshots: list[SnapshotRow] = field(default_factory=list)
    kept: list[tuple[_Request, tuple[Event, ...]]] = field(default_factory=list)


class Writer:
    """Takes requests and writes them, one transaction at a time.

    `load` finds what is stored of an execution before its first append here; `committed` is told whose logs grew.
    """

    def __init__(
        self,
        connection: Connection,
        heads: Heads,
        load: Callable[[str, str], Awaitable[Live]],
        committed: Callable[[str], None],
    ) -> None:
        self._connection = connection
        self._heads = heads
        self._load = load
        self._committed = committed
        self._waiting: list[_Request] = []
        self._wake = asyncio.Event()
        self._closing = False
        self._live: dict[str, Live] = {}
        self._work = asyncio.create_task(self._write_on())

    def recent(self, execution_id: str) -> deque[Event]:
        """The newest committed events of an execution that is being written; empty otherwise."""
        live = self._live.get(execution_id)
        return live.recent if live else deque()

    async def append(
        self,
        execution_id: str,
        incident_id: str,
        entries: Sequence[Entry],
        blobs: Sequence[Blob],
        expected: Head | None = None,
    ) -> tuple[Event, ...]:
        """See `Store.append`."""
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
            except Exception as error:  # Whatever is wrong with one request is its caller's to know, not the others'.
                # The refused entries may have been folded in part: the next request starts from what is stored.
                spoiled.add(request.execution_id)
                _refuse(request, error)
        try:
            await self._commit(transaction)
        except Exception as error:  # The callers wait for an answer, whatever went wrong.
            spoiled.update(transaction.executions)
            for request, _ in transaction.kept:
                _refuse(request, error)
        for execution_id in spoiled:
            self._live.pop(execution_id, None)

    async def _stage(self, request: _Request, transaction: _Transaction) -> None:
        if request.entries:
            live = self._live.get(request.execution_id)
            if live is None:
                live = await self._load(request.execution_id, request.incident_id)
                self._live[request.execution_id] = live
            if len(request.entries) > _MANY:
                staged = await asyncio.to_thread(_fold, live, request)
            else:
                staged = _fold(live, request)
            events, rows, snapshots = staged
            transaction.executions[request.execution_id] = _summary(live)
            transaction.events += rows
            transaction.snapshots += snapshots
        else:
            events = ()
        transaction.blobs += request.blobs
        transaction.kept.append((request, events))

    async def _commit(self, transaction: _Transaction) -> None:
        if not transaction.kept:
            return
        if planted("ack-before-commit"):
            for request, events in transaction.kept:
                request.done.set_result(events)
        await self._connection.write(
            (
                (INSERT_BLOB, transaction.blobs),
                (INSERT_EXECUTION, list(transaction.executions.values())),
                (INSERT_EVENT, transaction.events),
                (INSERT_SNAPSHOT, transaction.snapshots),
            )
        )
        failpoint("store.before_heads")
        self._heads.note({name: Head(*row[-2:]) for name, row in transaction.executions.items()})
        failpoint("store.after_heads")
        self._acknowledge(transaction)

    def _acknowledge(self, transaction: _Transaction) -> None:
        for request, events in transaction.kept:
            if request.entries:
                self._live[request.execution_id].recent.extend(events)
            if not request.done.done():
                request.done.set_result(events)
        for execution_id in transaction.executions:
            self._committed(execution_id)
            if self._live[execution_id].state.ended:
                del self._live[execution_id]


def _fold(live: Live, request: _Request) -> tuple[tuple[Event, ...], list[EventRow], list[SnapshotRow]]:
    if request.incident_id != live.incident_id:
        raise ValueError(f"{request.execution_id} belongs to {live.incident_id}, not to {request.incident_id}")
    if request.expected not in (None, live.head):
        raise HeadMoved(
            f"{request.execution_id} ends at event {live.head.seq}, not at {request.expected.seq} as its writer "
            "expected: another writer was first; nothing was kept"
        )
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


def _summary(live: Live) -> tuple[Any, ...]:
    state = live.state
    opened, opened_at, updated_at = state.opened, state.opened_at, state.updated_at
    assert opened is not None
    assert opened_at is not None
    assert updated_at is not None
    top = state.hypotheses[0] if state.hypotheses else None
    return (
        state.execution_id,
        state.incident_id,
        opened.title,
        opened.query,
        opened.origin,
        opened_at.isoformat(),
        updated_at.isoformat(),
        state.phase,
        state.classification.primary_class.value if state.classification else None,
        top.cause if top else None,
        top.confidence if top else None,
        state.seq,
        state.hash,
    )


def _refuse(request: _Request, error: Exception) -> None:
    if not request.done.done():
        # Those who share a commit each get an error of their own: a shared one would collect their tracebacks.
        request.done.set_exception(type(error)(str(error)) if isinstance(error, StoreError) else error)
