"""The engine's socket: commands in, events out, for other processes of the same account."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import socket
import struct
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from engine.engine import Engine, person
from engine.events import Who
from engine.port import Command, Investigate
from engine.wire import PROTOCOL, encode_event, error_to, read_frame, write_frame
from primitives import __version__
from primitives.answers import encode_answer
from primitives.errors import CloudopsError, StoreError, UsageError
from primitives.sources import SourceDirectory

__all__ = ["Server", "socket_path"]

_SOCKET_PATH_LIMIT = 100
"""Bytes; the kernel takes 107 (unix(7))."""

_LAST_ANSWERS_S = 2.0
"""So long an engine that ends still works on what it was asked; the log of a running investigation has no end."""

_command: TypeAdapter[Command] = TypeAdapter(Command)


def socket_path(store: Path) -> Path:
    """Where the engine of `store` listens: beside it, or, where that path is too long, in a private folder."""
    beside = store.with_name(store.name + ".sock")
    if len(os.fsencode(beside)) <= _SOCKET_PATH_LIMIT:
        return beside
    name = hashlib.sha256(os.fsencode(store.resolve())).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"cloudops-{os.getuid()}" / f"{name}.sock"


class Server:
    """Serves one engine on its store's socket until closed.

    `lasting` says in each hello whether the engine is there to work, or for a moment only.
    """

    def __init__(self, engine: Engine, store: Path, *, lasting: bool = True) -> None:
        self.engine = engine
        self.lasting = lasting
        self._path = socket_path(store)
        self._beside = store.parent
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._questions: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen. The store's lock is held by now, so a socket that is already there is a dead engine's."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # A store may well lie in a folder of somebody else's, such as /tmp; the one that we make there may not be.
            if self._path.parent != self._beside and self._path.parent.stat().st_uid != os.getuid():
                raise StoreError(f"{self._path.parent} belongs to another account; remove it or set TMPDIR")
            self._path.unlink(missing_ok=True)
            before = os.umask(0o177)
            try:
                self._server = await asyncio.start_unix_server(self._accept, path=self._path)
            finally:
                os.umask(before)
        except OSError as error:
            raise StoreError(
                f"can't listen on {self._path} ({error.strerror}); check the folder's permissions"
            ) from error

    async def close(self) -> None:
        """Stop listening, answer what was asked, end the connections and remove the socket."""
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
            writer.close()
            # A task that ends as cancelled makes asyncio.streams complain (before Python 3.12).
            with suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        who = _peer(writer.get_extra_info("socket"))
        if who is None:
            return
        request = await read_frame(reader)
        work = asyncio.create_task(self._answer(request, writer, who))
        if request.get("op") != "follow" or not request.get("live"):
            self._questions.add(work)
            work.add_done_callback(self._questions.discard)
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
            operation = _OPERATIONS.get(str(request.get("op")))
            if operation is None:
                raise UsageError(f"this engine (CloudOps {__version__}) does not know the request; update it")
            value = await operation(self, request, writer, who)
            await write_frame(writer, {"ok": value})
        except CloudopsError as error:
            await write_frame(writer, error_to(error))
        except (ValidationError, KeyError, ValueError) as error:
            problem = UsageError(f"the request can't be read ({type(error).__name__}); update the older CloudOps")
            await write_frame(writer, error_to(problem))


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


Operation = Callable[[Server, dict[str, Any], asyncio.StreamWriter, Who], Awaitable[Any]]


async def _hello(server: Server, request: dict[str, Any], writer: asyncio.StreamWriter, who: Who) -> Any:
    about = {"version": __version__, "protocol": PROTOCOL, "pid": os.getpid(), "you": who.name}
    return {**about, "lasting": server.lasting}


async def _investigate(server: Server, request: dict[str, Any], writer: asyncio.StreamWriter, who: Who) -> Any:
    return await server.engine.investigate(Investigate.model_validate(request["request"]), who=who)


async def _resume(server: Server, request: dict[str, Any], writer: asyncio.StreamWriter, who: Who) -> Any:
    return await server.engine.resume(
        request["execution_id"],
        sources=tuple(request.get("sources", ())),
        definitions=SourceDirectory.model_validate(request.get("definitions", {})),
    )


async def _send(server: Server, request: dict[str, Any], writer: asyncio.StreamWriter, who: Who) -> Any:
    await server.engine.send(request["execution_id"], _command.validate_python(request["command"]), who=who)


async def _follow(server: Server, request: dict[str, Any], writer: asyncio.StreamWriter, who: Who) -> Any:
    async for batch in server.engine.follow(request["execution_id"], int(request["after"]), live=bool(request["live"])):
        await write_frame(writer, {"batch": [encode_event(event) for event in batch]})


async def _read(server: Server, request: dict[str, Any], writer: asyncio.StreamWriter, who: Who) -> Any:
    events = await server.engine.read(request["execution_id"], int(request["after"]), request.get("limit"))
    return [encode_event(event) for event in events]


async def _times(server: Server, request: dict[str, Any], writer: asyncio.StreamWriter, who: Who) -> Any:
    return (await server.engine.times(request["execution_id"])).tolist()


async def _state(server: Server, request: dict[str, Any], writer: asyncio.StreamWriter, who: Who) -> Any:
    state = await server.engine.state(request["execution_id"], request.get("seq"))
    # A long log's state takes a while to write down, and other requests wait behind it.
    return (await asyncio.to_thread(state.encode)).decode()


async def _resolve(server: Server, request: dict[str, Any], writer: asyncio.StreamWriter, who: Who) -> Any:
    return await server.engine.resolve(request["name"])


async def _incidents(server: Server, request: dict[str, Any], writer: asyncio.StreamWriter, who: Who) -> Any:
    return [summary.model_dump(mode="json") for summary in await server.engine.incidents()]


async def _recorded(server: Server, request: dict[str, Any], writer: asyncio.StreamWriter, who: Who) -> Any:
    answer = await server.engine.answer(request["digest"])
    return base64.b64encode(encode_answer(answer)).decode()


async def _verify(server: Server, request: dict[str, Any], writer: asyncio.StreamWriter, who: Who) -> Any:
    return [result.model_dump(mode="json") for result in await server.engine.verify(request.get("execution_id"))]


_OPERATIONS: dict[str, Operation] = {
    "hello": _hello,
    "investigate": _investigate,
    "resume": _resume,
    "send": _send,
    "follow": _follow,
    "read": _read,
    "times": _times,
    "state": _state,
    "resolve": _resolve,
    "incidents": _incidents,
    "answer": _recorded,
    "verify": _verify,
}
