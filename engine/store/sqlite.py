"""The store in a SQLite file: one process, one connection, WAL, every commit synced to the disk."""

from __future__ import annotations

import asyncio
import sqlite3
from array import array
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import islice
from pathlib import Path

from engine.audit import ChainCheck, StoredRow
from engine.events import GENESIS, Event, InvestigationFinished
from engine.failpoints import failpoint
from engine.incident import IncidentState
from engine.port import AuditResult, IncidentSummary
from engine.store import schema
from engine.store.codec import Blob, EventRow, decode_events, decode_times, pack_blob, unpack_blob
from engine.store.connection import Connection, damage
from engine.store.files import StoreFiles, claim_files
from engine.store.heads import Heads
from engine.store.protocol import Entry, Head
from engine.store.snapshots import SnapshotRow, Snapshots, fold_version, read_snapshot
from engine.store.writer import Live, Writer
from primitives.errors import StoreCorrupt, StoreError, StoreTooNew, UsageError
from primitives.text import safe_line

__all__ = ["SqliteStore"]

_BATCH = 1_000
_LAST_SEQ = 2**63 - 1
_PRAGMAS = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA fullfsync = ON;
PRAGMA foreign_keys = ON;
PRAGMA journal_size_limit = 67108864;
"""


class SqliteStore:
    """See `engine.store.protocol.Store`. Made by `open`; `readonly` says why nothing can be written, or is empty."""

    def __init__(self, files: StoreFiles, connection: Connection, heads: Heads) -> None:
        self.path = files.path
        self.readonly = files.readonly
        self.warnings = files.warnings
        self._files = files
        self._connection = connection
        self._heads = heads
        self._closed = False
        self._followers: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._writer = None if self.readonly else Writer(connection, heads, self._load, self._wake)

    @classmethod
    async def open(cls, path: Path) -> SqliteStore:
        """Open the store in `path`, or make one there.

        One that can't be written is opened for reading. Raises `StoreError`, `StoreBusy` when another process has it,
        `StoreTooNew`, `StoreCorrupt`.
        """
        files = claim_files(path)
        connection: Connection | None = None
        try:
            heads = Heads(files.heads, writable=not files.readonly)
            connection = await Connection.open(path, readonly=bool(files.readonly))
            await _prepare(connection, files, heads)
        except BaseException:
            if connection:
                await connection.close()
            files.release()
            raise
        return cls(files, connection, heads)

    async def append(
        self,
        execution_id: str,
        incident_id: str,
        entries: Sequence[Entry],
        *,
        expected: Head | None = None,
        blobs: Sequence[bytes] = (),
    ) -> tuple[Event, ...]:
        if self._writer is None:
            raise StoreError(f"{safe_line(str(self.path))} is read-only ({self.readonly}): choose another with --store")
        packed = await asyncio.to_thread(lambda: [pack_blob(data) for data in blobs]) if blobs else []
        return await self._writer.append(execution_id, incident_id, entries, packed, expected)

    async def read(self, execution_id: str, after: int = 0, limit: int | None = None) -> tuple[Event, ...]:
        rows = await self._rows(execution_id, after, -1 if limit is None else limit)
        return await _decode(rows)

    async def times(self, execution_id: str) -> array[float]:
        rows = await self._connection.rows(schema.SELECT_TIMES, execution_id)
        return await asyncio.to_thread(decode_times, execution_id, (row[0] for row in rows))

    async def batches(self, execution_id: str, after: int = 0) -> AsyncIterator[tuple[Event, ...]]:
        while batch := await self._next(execution_id, after):
            yield batch
            after = batch[-1].seq

    async def follow(self, execution_id: str, after: int = 0) -> AsyncIterator[tuple[Event, ...]]:
        news = asyncio.Event()
        self._followers[execution_id].add(news)
        try:
            while not self._closed:
                news.clear()
                while batch := await self._next(execution_id, after):
                    yield batch
                    after = batch[-1].seq
                    if isinstance(batch[-1].body, InvestigationFinished):
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
        rows = await self._connection.rows(schema.SELECT_LAST, execution_id)
        return Head(*rows[0]) if rows else Head(0, GENESIS)

    async def state(self, execution_id: str, seq: int | None = None) -> IncidentState:
        last = await self.last(execution_id)
        if not last.seq:
            raise UsageError(f"there is no execution {safe_line(execution_id)}: `cloudops incidents` lists them")
        if seq is not None and not 0 <= seq <= last.seq:
            raise UsageError(f"{execution_id} has {last.seq} events: there is no event {seq}")
        state, _ = await self._fold(execution_id, last.seq if seq is None else seq)
        return state

    async def incidents(self) -> tuple[IncidentSummary, ...]:
        rows = await self._connection.rows(schema.SELECT_SUMMARIES)
        try:
            return tuple(_summary(row) for row in rows)
        except ValueError as error:
            raise StoreCorrupt(damage(self.path, "its list of executions can't be read")) from error

    async def resolve(self, name: str) -> str:
        if name:
            if await self._connection.rows(schema.SELECT_INDEX, name):
                return name
            if rows := await self._connection.rows(schema.SELECT_OF_INCIDENT, name):
                return str(rows[0][0])
            found = [row[0] for row in await self._connection.rows(schema.SELECT_BY_PREFIX, len(name), name)]
            if len(found) == 1:
                return str(found[0])
            if found:
                some = ", ".join(found[:3]) + (", ..." if len(found) > 3 else "")
                raise UsageError(f"{safe_line(name)} could be {some}: give more of it")
        raise UsageError(f"there is no incident {safe_line(name) or 'without a name'}: `cloudops incidents` lists them")

    async def put_blob(self, data: bytes) -> str:
        if self._writer is None:
            raise StoreError(f"{safe_line(str(self.path))} is read-only ({self.readonly}): choose another with --store")
        blob = await asyncio.to_thread(pack_blob, data)
        await self._writer.append("", "", (), (blob,))
        return blob.digest

    async def get_blob(self, digest: str) -> bytes:
        rows = await self._connection.rows(schema.SELECT_BLOB, digest)
        if not rows:
            raise StoreError(f"the store has no recorded answer {safe_line(digest)[:12]}: import its incident again")
        return await asyncio.to_thread(unpack_blob, Blob(*rows[0]))

    async def verify(self, execution_id: str | None = None) -> tuple[AuditResult, ...]:
        if execution_id is not None:
            return (await self._verify(execution_id),)
        names: dict[str, None] = {}
        damaged: list[AuditResult] = []
        for sql in (schema.SELECT_LISTED, schema.SELECT_LOGGED):
            for raw, is_text in await self._connection.rows(sql):
                name = (raw or b"").decode(errors="replace")
                if is_text and name.encode() == raw:
                    names[name] = None
                else:
                    damaged.append(
                        AuditResult(execution_id=name, events=0, ok=False, problem="the execution's id was changed")
                    )
        names |= dict.fromkeys(self._heads)
        return (*[await self._verify(name) for name in names], *damaged)

    async def check(self) -> tuple[str, ...]:
        """What SQLite's own examination of the whole file finds wrong; it reads every page."""
        rows = await self._connection.rows("PRAGMA quick_check(20)")
        return tuple(row[0] for row in rows if row[0] != "ok")

    async def close(self) -> None:
        if self._closed:
            return
        if self._writer:
            await self._writer.close()
        self._closed = True
        for execution_id in list(self._followers):
            self._wake(execution_id)
        await self._connection.close()
        self._heads.close()
        self._files.release()

    def _wake(self, execution_id: str) -> None:
        for news in self._followers.get(execution_id, ()):
            news.set()

    async def _rows(self, execution_id: str, after: int, limit: int) -> list[EventRow]:
        rows = await self._connection.rows(schema.SELECT_EVENTS, execution_id, min(after, _LAST_SEQ), limit)
        return [EventRow(*row) for row in rows]

    async def _next(self, execution_id: str, after: int) -> tuple[Event, ...]:
        recent = self._writer.recent(execution_id) if self._writer else ()
        if recent and recent[0].seq <= after + 1:
            start = after + 1 - recent[0].seq
            return tuple(islice(recent, start, start + _BATCH))
        return await _decode(await self._rows(execution_id, after, _BATCH))

    async def _load(self, execution_id: str, incident_id: str) -> Live:
        """What a writer must know of an execution before it goes on with it."""
        last = await self.last(execution_id)
        head = self._heads.get(execution_id)
        if head and not await self._holds(execution_id, head):
            raise StoreCorrupt(
                f"{execution_id} can't go on: events that were acknowledged are missing or changed; "
                f"see `cloudops audit verify {execution_id}`"
            )
        if not last.seq:
            return Live(incident_id, IncidentState(), Snapshots(), last)
        state, snapshots = await self._fold(execution_id, last.seq)
        return Live(state.incident_id, state, snapshots, last)

    async def _holds(self, execution_id: str, head: Head) -> bool:
        rows = await self._connection.rows(schema.SELECT_HASH, execution_id, head.seq)
        return [row[0] for row in rows] == [head.hash]

    async def _fold(self, execution_id: str, seq: int) -> tuple[IncidentState, Snapshots]:
        state, snapshots = await self._nearest(execution_id, seq)
        missing: list[SnapshotRow] = []
        while state.seq < seq:
            rows = await self._rows(execution_id, state.seq, min(_BATCH, seq - state.seq))
            if not rows:
                raise StoreCorrupt(f"event {state.seq + 1} of {execution_id} is missing; run `cloudops audit verify`")
            missing += await asyncio.to_thread(_fold_rows, state, snapshots, rows)
        if missing and self._writer:
            # They are a cache: that they can't be kept is no reason not to show the state.
            with suppress(StoreError):
                await self._connection.write(((schema.INSERT_SNAPSHOT, missing),))
        return state, snapshots

    async def _nearest(self, execution_id: str, seq: int) -> tuple[IncidentState, Snapshots]:
        rows = await self._connection.rows(schema.SELECT_SNAPSHOT, execution_id, seq, fold_version())
        if rows:
            state = await asyncio.to_thread(read_snapshot, *rows[0])
            if state and state.execution_id == execution_id:
                return state, Snapshots(state_size=rows[0][2])
        return IncidentState(), Snapshots()

    async def _listed(self, execution_id: str) -> Head:
        """The last event that the list of executions names."""
        indexed = await self._connection.rows(schema.SELECT_INDEX, execution_id)
        return Head(*indexed[0]) if indexed else Head(0, GENESIS)

    async def _verify(self, execution_id: str) -> AuditResult:
        head = self._heads.get(execution_id)
        check, listed = ChainCheck(execution_id, head), await self._listed(execution_id)
        after = -_LAST_SEQ - 1
        try:
            while check.index != listed:
                check.index = listed
                while rows := await self._connection.rows(schema.SELECT_RAW, execution_id, after, _BATCH):
                    await asyncio.to_thread(check.feed, map(StoredRow._make, rows))
                    after = rows[-1][1]
                # It may have grown since the list was read: then there are more rows to read.
                listed = await self._listed(execution_id)
        except StoreCorrupt as error:
            # The other executions may be whole: a damaged page must not end the audit.
            check.damaged(str(error))
        if head is None and not listed.seq and not check.fed:
            raise UsageError(f"there is no execution {safe_line(execution_id)}: `cloudops incidents` lists them")
        for digest, seq in check.answers.items():
            try:
                await self.get_blob(digest)
            except StoreError as error:
                check.damaged(f"event {seq} names a recorded answer that can't be read: {error}", seq)
                break
        return check.result()


async def _prepare(connection: Connection, files: StoreFiles, heads: Heads) -> None:
    """See whose database it is before anything is written to it; make the tables of a new one."""
    name = safe_line(str(files.path))
    ((application_id,),) = await connection.rows("PRAGMA application_id")
    ((version,),) = await connection.rows("PRAGMA user_version")
    tables = {row[0] for row in await connection.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if not tables and not version and not application_id:
        if len(heads):
            raise StoreCorrupt(
                f"{name} is empty, but {len(heads)} investigations were acknowledged: restore it from a copy, or "
                f"remove {safe_line(str(files.heads))} to begin anew"
            )
        if files.readonly:
            raise StoreError(f"{name} holds nothing and {files.readonly}: choose another with --store")
        await connection.script(_PRAGMAS)
        failpoint("store.before_schema")
        await connection.script(schema.SCHEMA)
        failpoint("store.schema_made")
        # The tables go to the file itself at once: a lost -wal can then be told from a new store.
        await connection.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        return
    if application_id != schema.APPLICATION_ID:
        raise StoreCorrupt(f"{name} is another program's database: choose another file with --store")
    if version > schema.SCHEMA_VERSION:
        raise StoreTooNew(
            f"{name} was written by a newer CloudOps (format {version}, this one knows {schema.SCHEMA_VERSION}): "
            "upgrade CloudOps, or choose another with --store"
        )
    if not {"executions", "events", "blobs", "snapshots"} <= tables:
        raise StoreCorrupt(damage(files.path, "tables are missing"))
    if not files.readonly:
        await connection.script(_PRAGMAS)


async def _decode(rows: list[EventRow]) -> tuple[Event, ...]:
    return await asyncio.to_thread(decode_events, rows) if len(rows) > 50 else decode_events(rows)


def _fold_rows(state: IncidentState, snapshots: Snapshots, rows: list[EventRow]) -> list[SnapshotRow]:
    taken = []
    for row, event in zip(rows, decode_events(rows), strict=True):
        try:
            state.apply(event)
        except (ValueError, KeyError) as error:
            raise StoreCorrupt(
                f"event {row.seq} of {row.execution_id} can't follow those before it; run `cloudops audit verify`"
            ) from error
        if snapshot := snapshots.after(state, len(row.body)):
            taken.append(snapshot)
    return taken


def _summary(row: sqlite3.Row) -> IncidentSummary:
    (
        execution_id,
        incident_id,
        title,
        query,
        origin,
        opened_at,
        updated_at,
        phase,
        primary,
        cause,
        confidence,
        events,
    ) = row
    return IncidentSummary(
        execution_id=execution_id,
        incident_id=incident_id,
        title=title,
        query=query,
        origin=origin,
        opened_at=datetime.fromisoformat(opened_at),
        updated_at=datetime.fromisoformat(updated_at),
        phase=phase,
        primary_class=primary,
        top_cause=cause,
        confidence=confidence,
        events=events,
    )
