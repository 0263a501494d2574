"""One connection to a SQLite file: one statement at a time, whole transactions, our own errors."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import aiosqlite

from engine.failpoints import failpoint
from primitives.errors import StoreBusy, StoreCorrupt, StoreError, UsageError
from primitives.text import safe_line

__all__ = ["Connection", "RowsRefused", "Statement", "damage", "store_error"]

BUSY_TIMEOUT_S = 5.0


class Statement(NamedTuple):
    """A statement, and the rows that it is run for; `every_row` says that each must change one row of the database."""

    sql: str
    rows: Sequence[Sequence[Any]]
    every_row: bool = False


class RowsRefused(Exception):
    """A statement changed fewer rows than it had to; nothing was written."""


class Connection:
    """The store's only connection.

    Each of its methods is one call in the connection's thread, which runs them in their order: so nobody reads what
    isn't durable, and a transaction costs one change of threads. On a busy machine each takes milliseconds.
    """

    def __init__(self, path: Path, database: aiosqlite.Connection) -> None:
        self._path = path
        self._database = database

    @classmethod
    async def open(cls, path: Path, *, readonly: bool) -> Connection:
        """Connect to an existing file. Raises `StoreError`."""
        return cls(path, await _connect(path, _address(path, readonly=readonly)))

    @classmethod
    async def in_memory(cls, name: str) -> Connection:
        """Connect to a new database in memory, which messages call `name`."""
        return cls(Path(name), await _connect(Path(name), ":memory:"))

    async def rows(self, sql: str, *parameters: Any) -> list[Any]:
        """The rows of one query. Raises `StoreError`."""
        try:
            return list(await self._database.execute_fetchall(sql, parameters))
        except sqlite3.Error as error:
            raise store_error(self._path, error) from error
        except UnicodeEncodeError as error:
            raise UsageError("a name that is no text can't be looked up: check it") from error
        except ValueError as error:
            raise StoreError(f"{_name(self._path)} was closed while it was read") from error

    async def write(self, statements: Sequence[Statement]) -> None:
        """Run each statement for each of its rows, all in one transaction that is durable on return, or not at all.

        Who is cancelled meanwhile doesn't know which. Raises `StoreError`; `RowsRefused` as `Statement.every_row` says.
        """
        database: Any = self._database
        try:
            # aiosqlite has no public way to run a whole transaction in its thread.
            await database._execute(_transaction, database._conn, statements)  # noqa: SLF001
        except sqlite3.Error as error:
            raise store_error(self._path, error) from error

    async def script(self, sql: str) -> None:
        """Run a script with its own transaction. Raises `StoreError`."""
        try:
            await self._database.executescript(sql)
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):
                await self._database.rollback()
            raise store_error(self._path, error) from error

    async def backup(self, path: Path) -> None:
        """Copy the whole database to `path` while it is used, by SQLite's online backup. Raises `StoreError`.

        Writers wait meanwhile: about a second for half a gigabyte.
        """
        try:
            async with _database(path) as target:
                await self._database.backup(target)
        except sqlite3.Error as error:
            raise store_error(path, error) from error

    async def close(self) -> None:
        """Finish the statement that runs, then close."""
        with suppress(sqlite3.Error):
            await self._database.close()


def _transaction(database: sqlite3.Connection, statements: Sequence[Statement]) -> None:
    try:
        for statement in statements:
            if statement.rows:
                _run(database, statement)
                failpoint("store.mid_transaction")
        failpoint("store.before_commit")
        database.commit()
        failpoint("store.after_commit")
    except BaseException:
        with suppress(sqlite3.Error):
            database.rollback()
        raise


def _run(database: sqlite3.Connection, statement: Statement) -> None:
    done = database.executemany(statement.sql, statement.rows)
    if statement.every_row and done.rowcount != len(statement.rows):
        raise RowsRefused


async def _connect(path: Path, address: str) -> aiosqlite.Connection:
    try:
        return await _database(address, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level="IMMEDIATE")
    except sqlite3.Error as error:
        raise store_error(path, error) from error


def _database(place: str | Path, **options: Any) -> aiosqlite.Connection:
    """A connection, not open yet, whose thread ends in silence when the loop that waits for its answers has gone.

    A signal that comes while the file is opened or read cancels the waiting, and the loop is closed before the thread
    answers it: aiosqlite's own thread would print a traceback and leave the closing of the file undone. As a daemon it
    doesn't keep a process that crashed from ending either. Nothing is lost with it: what counts is committed.
    """
    database = aiosqlite.connect(place, **options)
    # aiosqlite has no public way to its thread.
    parts: Any = database
    calls, work = parts._tx, aiosqlite.core._connection_worker_thread  # noqa: SLF001

    def answer() -> None:
        while True:
            with suppress(RuntimeError):  # the loop that waited for the answer is closed
                work(calls)
                return
            if calls.empty():
                return

    parts._thread = threading.Thread(target=answer, name="store", daemon=True)  # noqa: SLF001
    return database


def _address(path: Path, *, readonly: bool) -> str:
    address = path.absolute().as_uri()
    if not readonly:
        return address + "?mode=rw"
    wal = path.with_name(path.name + "-wal")
    # Where nothing may be written SQLite can't make its shared memory file; without a -wal it needs none.
    return address + ("?mode=ro" if wal.exists() and wal.stat().st_size else "?mode=ro&immutable=1")


def store_error(path: Path, error: sqlite3.Error) -> StoreError:
    """SQLite's error as one of ours, which says what to do."""
    name, code = _name(path), getattr(error, "sqlite_errorname", "")
    if code == "SQLITE_FULL":
        return StoreError(f"{name}: the disk is full; what was acknowledged is safe: free some space and try again")
    if code.startswith("SQLITE_READONLY"):
        return StoreError(f"{name} is read-only: make it writable, or choose another with --store")
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreBusy(f"{name}: another program keeps it locked: end that program and try again")
    if code.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) or "decode to UTF-8" in str(error):
        return StoreCorrupt(damage(path, str(error)))
    if code.startswith("SQLITE_CANTOPEN"):
        return StoreError(f"{name} can't be opened: check that the file and its folder can be read and written")
    return StoreError(f"{name}: {safe_line(str(error))}; check the disk, then try again")


def damage(path: Path, problem: str) -> str:
    """The message about a damaged store: what is wrong and what to do."""
    return (
        f"{_name(path)} is damaged ({safe_line(problem)}): copy it away, look with `cloudops audit verify` for what is "
        "whole, export that, and begin a new store"
    )


def _name(path: Path) -> str:
    return safe_line(str(path))
