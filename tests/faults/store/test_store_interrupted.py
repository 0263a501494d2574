"""Whoever waits for the store is interrupted and the loop closed: its thread ends in silence and closes the file."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from engine.store.connection import Connection

WITHIN_S = 20


class Held:
    """Holds the store's thread until it is let go; notes what threads complain about."""

    def __init__(self) -> None:
        self.reached, self.free = threading.Event(), threading.Event()
        self.complaints: list[str] = []

    def hold(self, *_: Any) -> int:
        self.reached.set()
        assert self.free.wait(WITHIN_S)
        return 1


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    state = Held()
    monkeypatch.setattr(threading, "excepthook", lambda failed: state.complaints.append(repr(failed.exc_value)))
    yield state
    state.free.set()


def _left(held: Held, work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
    """Cancel `work` while the store's thread is held, close the loop, and wait for the end of that thread."""
    before = set(threading.enumerate())

    async def leave() -> None:
        task = asyncio.ensure_future(work())
        assert await asyncio.to_thread(held.reached.wait, WITHIN_S)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(leave())
    threads = set(threading.enumerate()) - before
    assert threads, "the thread is at work when the loop is closed, or nothing is tested"
    held.free.set()
    for thread in threads:
        thread.join(WITHIN_S)
        assert not thread.is_alive()
    assert held.complaints == []


def test_an_interrupted_opening_ends_in_silence(held: Held, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "incidents.db"
    path.touch()
    connect = sqlite3.connect

    def slowly(*arguments: Any, **options: Any) -> sqlite3.Connection:
        held.hold()
        return connect(*arguments, **options)

    monkeypatch.setattr(sqlite3, "connect", slowly)
    _left(held, lambda: Connection.open(path, readonly=False))


def test_an_interrupted_query_ends_in_silence_and_the_file_is_closed(held: Held) -> None:
    opened: list[Any] = []

    async def query() -> None:
        connection = await Connection.in_memory("nothing")
        opened.append(connection._database)
        await opened[0].create_function("hold", 0, held.hold)
        try:
            await connection.rows("SELECT hold()")
        finally:
            # As at the end of a process: nobody waits for it.
            opened[0].stop()

    _left(held, query)
    assert opened[0]._connection is None
