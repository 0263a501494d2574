"""The store in a SQLite file: one process, one connection, WAL, every commit synced to the disk."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from engine.failpoints import failpoint
from engine.store import schema
from engine.store.anchors import AnchorFile
from engine.store.connection import Connection, RowsRefused, Statement, damage
from engine.store.files import StoreFiles, claim_files
from engine.store.home import home_of
from engine.store.removal import remove_executions
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
from primitives.collector import collector_paused
from primitives.errors import StoreCorrupt, StoreError, StoreTooNew
from primitives.private_files import create_private
from primitives.text import safe_line

__all__ = ["SqliteRows"]

_LAST_SEQ = 2**63 - 1
_PRAGMAS = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA fullfsync = ON;
PRAGMA foreign_keys = ON;
PRAGMA journal_size_limit = 67108864;
"""


class SqliteRows:
    """See `engine.store.rows.RowStore`. Made by `open`."""

    def __init__(self, files: StoreFiles, connection: Connection, heads: AnchorFile) -> None:
        self.path = files.path
        self.home = home_of(files.path, writable=not files.readonly)
        self.connection = connection
        self._files = files
        self._heads = heads
        self._sealed, self._grown = True, False
        self._subscribers: list[Grown] = []

    @classmethod
    async def open(cls, path: Path) -> SqliteRows:
        """Open the store in `path`, or make one there.

        One that can't be written is opened for reading. Raises `StoreError`, `StoreBusy` when another process has it,
        `StoreTooNew`, `StoreCorrupt`.
        """
        files = claim_files(path)
        connection: Connection | None = None
        try:
            heads = AnchorFile(files.heads, writable=not files.readonly)
            connection = await Connection.open(files.path, readonly=bool(files.readonly))
            await _prepare(connection, files, heads)
        except BaseException:
            if connection:
                await connection.close()
            files.release()
            raise
        return cls(files, connection, heads)

    @property
    def name(self) -> str:
        return safe_line(str(self.path))

    @property
    def readonly(self) -> str:
        return self._files.readonly

    @property
    def permissions(self) -> str:
        """What others could read of the store until now, or still can; empty where they can't."""
        return self._files.permissions

    @property
    def warnings(self) -> tuple[str, ...]:
        return self._files.warnings

    async def append(self, commit: Commit) -> None:
        first, following = commit.split()
        try:
            await self.connection.write(
                (
                    *((Statement(schema.DELETE_SEAL, ((),)),) if self._sealed else ()),
                    Statement(schema.INSERT_BLOB, commit.blobs),
                    Statement(schema.INSERT_EXECUTION, commit.index),
                    Statement(schema.INSERT_FIRST_EVENT, first, every_row=True),
                    Statement(schema.INSERT_EVENT, following),
                    Statement(schema.INSERT_SNAPSHOT, commit.snapshots),
                )
            )
        except RowsRefused:
            raise await self._moved(commit) from None
        self._sealed, self._grown = False, True
        failpoint("store.before_heads")
        heads = commit.heads()
        self._heads.add(heads)
        failpoint("store.after_heads")
        for execution_id, head in heads.items():
            for grown in tuple(self._subscribers):
                grown(execution_id, head)

    async def remove(self, removed: Mapping[str, Head], answers: Collection[str]) -> None:
        self._sealed, self._grown = False, True
        await remove_executions(self.connection, self._heads, removed, answers)

    async def used_bytes(self) -> int:
        ((size,),) = await self.connection.rows(schema.SELECT_USED_BYTES)
        return int(size)

    async def keep_snapshots(self, snapshots: Sequence[SnapshotRow]) -> None:
        await self.connection.write((Statement(schema.INSERT_SNAPSHOT, snapshots),))

    async def events(self, execution_id: str, after: int, limit: int | None) -> list[EventRow]:
        rows = await self.connection.rows(
            schema.SELECT_EVENTS, execution_id, min(after, _LAST_SEQ), -1 if limit is None else limit
        )
        return [EventRow(*row) for row in rows]

    async def stored_events(self, execution_id: str, after: int | None, limit: int) -> list[StoredRow]:
        start = -_LAST_SEQ - 1 if after is None else after
        return [
            StoredRow._make(row) for row in await self.connection.rows(schema.SELECT_RAW, execution_id, start, limit)
        ]

    async def times(self, execution_id: str) -> list[str]:
        return [row[0] for row in await self.connection.rows(schema.SELECT_TIMES, execution_id)]

    async def head(self, execution_id: str) -> Head:
        rows = await self.connection.rows(schema.SELECT_LAST, execution_id)
        return Head(*rows[0]) if rows else NO_EVENTS

    async def hash_of(self, execution_id: str, seq: int) -> str | None:
        rows = await self.connection.rows(schema.SELECT_HASH, execution_id, seq)
        return rows[0][0] if rows else None

    async def index(self, limit: int | None = None) -> list[IndexRow]:
        rows = await self.connection.rows(schema.SELECT_INDEX, -1 if limit is None else limit)
        with collector_paused():
            return list(map(IndexRow._make, rows))

    async def indexed(self, execution_id: str) -> Head | None:
        rows = await self.connection.rows(schema.SELECT_INDEXED, execution_id)
        return Head(*rows[0]) if rows else None

    async def of_incident(self, incident_id: str) -> list[str]:
        return [row[0] for row in await self.connection.rows(schema.SELECT_OF_INCIDENT, incident_id)]

    async def starting_with(self, prefix: str, limit: int) -> list[str]:
        rows = await self.connection.rows(schema.SELECT_BY_PREFIX, len(prefix), prefix, limit)
        return [row[0] for row in rows]

    async def stored_names(self) -> list[tuple[str, bool]]:
        names: dict[tuple[str, bool], None] = {}
        for sql in (schema.SELECT_LISTED, schema.SELECT_LOGGED):
            for raw, is_text in await self.connection.rows(sql):
                name = (raw or b"").decode(errors="replace")
                names[name, bool(is_text) and name.encode() == raw] = None
        return list(names)

    async def blob(self, digest: str) -> Blob | None:
        rows = await self.connection.rows(schema.SELECT_BLOB, digest)
        return Blob(*rows[0]) if rows else None

    async def snapshot(self, execution_id: str, seq: int, fold: str) -> SnapshotRow | None:
        rows = await self.connection.rows(schema.SELECT_SNAPSHOT, execution_id, seq, fold)
        return SnapshotRow(*rows[0]) if rows else None

    async def anchor(self, execution_id: str) -> Head | None:
        return self._heads.get(execution_id)

    async def anchor_problem(self, execution_id: str) -> str:
        return self._heads.problem(execution_id, (await self.head(execution_id)).seq)

    async def anchored(self) -> list[str]:
        return list(self._heads)

    def subscribe(self, grown: Grown) -> Callable[[], None]:
        self._subscribers.append(grown)
        return lambda: self._subscribers.remove(grown)

    async def check(self) -> tuple[str, ...]:
        # SQLite reads every page for it.
        rows = await self.connection.rows("PRAGMA quick_check(20)")
        return tuple(row[0] for row in rows if row[0] != "ok")

    async def copy_to(self, path: Path) -> None:
        """Copy the database and the hashes beside it to `path` while they are used. Raises `StoreError`."""
        # The hashes first: a log that goes further than they say is whole, one that they go beyond was cut off.
        await asyncio.to_thread(_copy_file, self._files.heads, path.with_name(path.name + ".heads"))
        await self.connection.backup(path)

    async def close(self) -> None:
        if self._grown and (digest := await asyncio.to_thread(self._heads.seal)):
            # A store that can't be written any more is closed as after a kill: without a seal.
            with suppress(StoreError):
                await self.connection.write((Statement(schema.INSERT_SEAL, ((digest,),)),))
        await self.connection.close()
        self._heads.close()
        self._files.release()

    async def _moved(self, commit: Commit) -> StoreError:
        for execution_id, expected in commit.expected().items():
            if (head := await self.head(execution_id)) != expected:
                return head_moved(execution_id, expected, head)
        return StoreCorrupt(damage(self.path, "it refused an event that follows its last one"))


def _copy_file(source: Path, target: Path) -> None:
    try:
        if source.exists():
            with source.open("rb") as read, os.fdopen(create_private(target), "wb") as written:
                shutil.copyfileobj(read, written)
    except OSError as error:
        raise StoreError(f"{safe_line(str(target))} can't be written ({error.strerror})") from error


async def _prepare(connection: Connection, files: StoreFiles, heads: AnchorFile) -> None:
    """Check whose database it is before anything is written to it; create the tables of a new one."""
    ((application_id,),) = await connection.rows("PRAGMA application_id")
    ((version,),) = await connection.rows("PRAGMA user_version")
    tables = {row[0] for row in await connection.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if not tables and not version and not application_id:
        await _create(connection, files, heads)
        return
    name = safe_line(str(files.path))
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
        await connection.script(_PRAGMAS + schema.CREATE_SEAL)
    if "seal" in tables:
        await _check_seal(connection, heads)
    if await connection.rows(schema.SELECT_ANY):
        heads.expect_heads()


async def _check_seal(connection: Connection, heads: AnchorFile) -> None:
    """A store that was closed in order holds what it held then: the same last hashes, and no later event."""
    sealed = await connection.rows(schema.SELECT_SEAL)
    if sealed and heads.expect_digest(sealed[0][0]):
        for execution_id, last in await connection.rows(schema.SELECT_COUNTS):
            if isinstance(execution_id, str) and isinstance(last, int):
                heads.expect_last(execution_id, last)


async def _create(connection: Connection, files: StoreFiles, heads: AnchorFile) -> None:
    name = safe_line(str(files.path))
    if len(heads):
        raise StoreCorrupt(
            f"{name} is empty, but {len(heads)} investigations were acknowledged: restore it from a copy, or "
            f"remove {safe_line(str(files.heads))} to begin anew"
        )
    if files.readonly:
        raise StoreError(f"{name} holds nothing and {files.readonly}: choose another with --store")
    heads.begin()
    await connection.script(_PRAGMAS)
    failpoint("store.before_schema")
    await connection.script(schema.SCHEMA + schema.CREATE_SEAL)
    failpoint("store.schema_made")
    # The tables are written to the file itself at once, so that a lost -wal can't look like a new store.
    await connection.rows("PRAGMA wal_checkpoint(TRUNCATE)")
