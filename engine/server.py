"""The engine's Unix socket, for other processes of the same account."""

from __future__ import annotations

import asyncio
import math
import os
import socket
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from engine.engine import Engine, person
from engine.events import Who
from engine.port import OPERATIONS
from engine.wire import PROTOCOL, error_to, read_frame, send_frame, socket_path
from primitives import __version__
from primitives.errors import CloudopsError, EngineGone, StoreError, UsageError

__all__ = ["Server"]

_LAST_ANSWERS_S = 2.0
"""How long a closing engine still works on requests that it has; following a live log has no end, and is cut off."""

REQUEST_TIMEOUT_S = 10.0
"""A client writes its request in one piece: half of one that has not become whole by then never will."""

STUCK_AFTER_S = 60.0
"""A reader that has taken nothing for this time is let go. It may come back and read on from where it was."""

_REQUEST_LIMIT = 32 * 1024 * 1024
"""Bytes of a request: the longest one says what a person knows, in a megabyte of text."""

_FOLLOWS_WITHIN_S = 2.0
_FOLLOWS_LIVE_WITHIN_S = 0.2
"""A client that begins an investigation follows it at once."""

_BACKLOG = 1_024
"""Connections that wait to be accepted. One more is refused by the system at once, which a client can't tell from an
engine that is gone: `connect` to a Unix socket never waits for a place (EAGAIN, unix(7))."""

_FLUSH_S = 2.0
"""How long an answer may still be on its way when its connection is closed."""


class Server:
    """Serves one engine on its store's socket until closed.

    `lasting` says in each hello whether the engine stays to investigate, or closes after a question or two.
    """

    def __init__(self, engine: Engine, store: Path, *, lasting: bool = True) -> None:
        self.engine = engine
        self.lasting = lasting
        self._path = socket_path(store)
        self._beside = store.parent
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._followers: set[asyncio.Task[None]] = set()
        self._followed_by = -math.inf
        self._questions: set[asyncio.Task[None]] = set()
        self._lookers: set[asyncio.Task[None]] = set()

    @property
    def followers(self) -> int:
        """How many connections follow an investigation that goes on, or are about to: they have just begun one."""
        return len(self._followers) or int(asyncio.get_running_loop().time() < self._followed_by)

    async def start(self) -> None:
        """Listen. This process has the store's lock, so a socket that is already there was left by a dead engine."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # A store may well lie in a folder of somebody else's, such as /tmp; the one that we make there may not be.
            if self._path.parent != self._beside and self._path.parent.stat().st_uid != os.getuid():
                raise StoreError(f"{self._path.parent} belongs to another account; remove it or set TMPDIR")
            self._path.unlink(missing_ok=True)
            before = os.umask(0o177)
            try:
                self._server = await asyncio.start_unix_server(self._accept, path=self._path, backlog=_BACKLOG)
            finally:
                os.umask(before)
        except OSError as error:
            raise StoreError(
                f"can't listen on {self._path} ({error.strerror}); check the folder's permissions"
            ) from error

    async def close(self) -> None:
        """Stop listening, finish the open requests, close the connections and remove the socket."""
        if self._server is None:
            return
        self._server.close()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
        if self._questions:
            await asyncio.wait(self._questions, timeout=_LAST_ANSWERS_S)
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._serve(reader, writer)
        except (CloudopsError, ConnectionError, asyncio.CancelledError):
            pass  # the client went away, or this engine does
        finally:
            self._connections.discard(task)
            # A task that ends as cancelled makes asyncio.streams complain (before Python 3.12).
            with suppress(ConnectionError, asyncio.CancelledError, TimeoutError):
                await _closed(writer)
            writer.transport.abort()  # what a stuck reader has not taken by now is dropped

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        who = _peer(writer.get_extra_info("socket"))
        if who is None:
            return
        request = await _request(reader, writer)
        if request is None:
            return
        work = asyncio.create_task(self._answer(request, writer, who))
        kind = self._kind_of(request)
        kind.add(work)
        work.add_done_callback(kind.discard)
        gone = asyncio.create_task(reader.read(1))
        try:
            # A follower that closes its end must not leave its reader behind.
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            if not work.done():
                work.cancel()
            await asyncio.gather(work, gone, return_exceptions=True)

    async def _answer(self, request: dict[str, Any], writer: asyncio.StreamWriter, who: Who) -> None:
        try:
            await _write(writer, {"ok": await self._value(request, writer, who)})
        except EngineGone:
            raise  # there is nobody to answer to
        except CloudopsError as error:
            await _write(writer, error_to(error))
        except (ValidationError, LookupError, ValueError, TypeError, AttributeError, ArithmeticError) as error:
            problem = UsageError(f"the request can't be read ({type(error).__name__}); update the older CloudOps")
            await _write(writer, error_to(problem))

    async def _value(self, request: dict[str, Any], writer: asyncio.StreamWriter, who: Who) -> Any:
        """The value of the answer. A stream writes its batches to `writer` and has no value."""
        if request.get("op") == "hello":
            return self._hello(who)
        operation = OPERATIONS.get(str(request.get("op")))
        if operation is None or request.get("protocol") != PROTOCOL:
            raise UsageError(
                f"the engine that has the store is CloudOps {__version__} and does not understand this request: use "
                f"that version, or end process {os.getpid()}"
            )
        arguments = operation.decode_arguments(request["arguments"])
        if operation.tells_who:
            arguments["who"] = who
        if operation.begins:
            self._about_to_follow(_FOLLOWS_WITHIN_S)
        elif operation.streams and not operation.lasts:
            self._about_to_follow(_FOLLOWS_LIVE_WITHIN_S)  # what is stored is read first
        answer = getattr(self.engine, operation.name)(**arguments)
        if not operation.streams:
            return await operation.codec.encode_on_loop(await answer)
        async for batch in answer:
            await _write(writer, {"batch": await operation.codec.encode_on_loop(batch)})
        return None

    def _kind_of(self, request: dict[str, Any]) -> set[asyncio.Task[None]]:
        """Where the request is kept while it is worked on: one that has no end of its own is not waited for.

        Following a live log ends only with the incident or the engine, being present only with the one who is.
        """
        operation, arguments = OPERATIONS.get(str(request.get("op"))), request.get("arguments")
        if operation is None or not operation.streams or not isinstance(arguments, dict):
            return self._questions
        if operation.lasts:
            return self._lookers
        return self._followers if arguments.get("live") else self._questions

    def _about_to_follow(self, within_s: float) -> None:
        self._followed_by = asyncio.get_running_loop().time() + within_s

    def _hello(self, who: Who) -> dict[str, Any]:
        about = {"version": __version__, "protocol": PROTOCOL, "pid": os.getpid(), "you": who.name}
        return {**about, "lasting": self.lasting}


async def _request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> dict[str, Any] | None:
    """The request; None where what came is none, which is answered."""
    problem = "the request can't be read: a length of 4 bytes is expected, and a JSON object of that length"
    try:
        async with asyncio.timeout(REQUEST_TIMEOUT_S):
            return await read_frame(reader, _REQUEST_LIMIT)
    except TimeoutError:
        problem = f"the request did not arrive whole within {REQUEST_TIMEOUT_S:.0f} s"
    except EngineGone:
        if reader.at_eof() and not writer.transport.is_closing():
            return None  # it came and went
    await _write(writer, error_to(UsageError(problem)))
    return None


async def _write(writer: asyncio.StreamWriter, message: dict[str, Any]) -> None:
    """Send one message. Raises `EngineGone` when its reader takes nothing for `STUCK_AFTER_S`."""
    send_frame(writer, message)
    left = -1
    while (size := writer.transport.get_write_buffer_size()) != left:
        left = size
        try:
            async with asyncio.timeout(STUCK_AFTER_S):
                await writer.drain()
            return
        except TimeoutError:
            pass  # a slow reader takes a little in that time, and a stuck one nothing
    raise EngineGone("the reader is stuck")


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    async with asyncio.timeout(_FLUSH_S):
        await writer.wait_closed()


def _peer(connection: socket.socket) -> Who | None:
    """The verified person at the other end; None when it is another account than ours."""
    if hasattr(socket, "SO_PEERCRED"):
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        _, uid, _ = struct.unpack("3i", credentials)
        if uid not in (os.getuid(), 0):
            return None
    else:
        uid = os.getuid()  # macOS: the socket's mode 0600 keeps other accounts out
    return person(uid)
