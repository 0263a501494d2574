"""Clients that an engine never asked for: wrong requests, half frames, huge ones, slow ones, many at once."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from children import Ran, begin, finish
from mutations import LARGEST, mutate

from engine.port import OPERATIONS
from engine.wire import PROTOCOL, socket_path

__all__ = ["attacked"]

_PATIENCE_S: Final = 20.0
_VALUES: Final[dict[str, Any]] = {
    "after": 0, "limit": 5, "live": False, "seq": 9, "digest": "ab" * 32, "name": "florist", "prefix": "f",
    "command": {"type": "add_note", "text": "the shelf is empty"},
    "request": {"query": "bouquet is slow", "bundle": "/nowhere"},
}  # fmt: skip
Attack = Callable[[random.Random, str, Path], None]


def attacked(rng: random.Random, folder: Path, store: Path, execution_id: str) -> Iterator[Ran]:
    """An engine that serves a store while hostile clients come and go; afterwards it must still answer a good one."""
    for path in store.parent.glob(store.name + "*"):
        if path.is_file():
            shutil.copy(path, folder)
    ours = folder / store.name
    held, end = os.pipe()
    child = begin(folder, partial(_serve, ours, held, end))
    os.close(held)
    trouble = ""
    try:
        if not _listens(socket_path(ours)):
            trouble = "this is a bug: the engine does not listen"
        else:
            for attack in rng.choices(_ATTACKS, k=rng.choice((1, 3, 12))):
                with suppress(OSError):
                    attack(rng, execution_id, socket_path(ours))
            if not _answers(socket_path(ours)):
                trouble = "this is a bug: the engine no longer answers"
    finally:
        os.close(end)
    ran = finish(child, ("serve",), folder)
    yield replace(ran, err=ran.err + trouble)


def _serve(store: Path, held: int, end: int) -> None:
    """Serve until the other end of the pipe is closed, then end this process."""
    from engine.host import ServedEngine

    async def serve() -> None:
        engine = await ServedEngine.serve(store)
        await asyncio.to_thread(os.read, held, 1)
        await engine.close()

    os.close(end)
    asyncio.run(serve())
    os._exit(0)


def _listens(path: Path) -> bool:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        with suppress(OSError), _connected(path):
            return True
        time.sleep(0.02)
    return False


def _connected(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(_PATIENCE_S)
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            connection.connect(os.fspath(path))
        except BlockingIOError:  # so many wait to be accepted that no more are let in
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return connection


def _answers(path: Path) -> bool:
    """Whether the engine answers a good request."""
    with suppress(OSError, ValueError), _connected(path) as connection:
        connection.sendall(_frame(json.dumps({"protocol": PROTOCOL, "op": "hello"}).encode()))
        return b'"ok"' in connection.recv(65_536)
    return False


def _frame(data: bytes) -> bytes:
    return struct.pack(">I", len(data) % 2**32) + data


def _request(rng: random.Random, execution_id: str) -> dict[str, Any]:
    """A good request of any operation, as far as its arguments can be guessed."""
    operation = OPERATIONS[rng.choice(sorted(OPERATIONS))]
    values = {**_VALUES, "execution_id": execution_id}
    arguments = {name: values[name] for name in operation.signature.parameters if name in values}
    return {"protocol": PROTOCOL, "op": operation.name, "arguments": arguments}


def _spoilt(rng: random.Random, execution_id: str, path: Path) -> None:
    """A request with values of wrong types, deep, huge or odd ones."""
    data = mutate(rng, "request.json", json.dumps(_request(rng, execution_id)).encode())
    _sent(path, _frame(data))


def _good(rng: random.Random, execution_id: str, path: Path) -> None:
    """A good request, whose answer nobody reads to its end."""
    _sent(path, _frame(json.dumps(_request(rng, execution_id)).encode()))


def _noise(rng: random.Random, execution_id: str, path: Path) -> None:
    """Bytes that are no frame, or a frame that states a wrong length."""
    data = json.dumps(_request(rng, execution_id)).encode()
    length = rng.choice((0, 1, len(data) - 1, len(data) + 9, 2**31, 2**32 - 1))
    _sent(
        path,
        rng.choice(
            (rng.randbytes(rng.choice((1, 4, 900))), struct.pack(">I", length) + data, b"GET / HTTP/1.1\r\n\r\n")
        ),
    )


def _half(rng: random.Random, execution_id: str, path: Path) -> None:
    """Half a frame, then nothing: the connection is closed at once or left to the end."""
    frame = _frame(json.dumps(_request(rng, execution_id)).encode())
    with _connected(path) as connection:
        connection.sendall(frame[: rng.randrange(len(frame))])
        if rng.random() < 0.3:
            connection.shutdown(socket.SHUT_WR)
            connection.recv(4_096)


def _slow(rng: random.Random, execution_id: str, path: Path) -> None:
    """A request that comes byte by byte."""
    with _connected(path) as connection:
        for byte in _frame(json.dumps(_request(rng, execution_id)).encode())[:120]:
            connection.sendall(bytes([byte]))
            time.sleep(rng.random() / 500)
        connection.settimeout(0.2)
        connection.recv(4_096)


def _huge(rng: random.Random, execution_id: str, path: Path) -> None:
    """A frame of megabytes: one long text, a deep list, or a list of very many."""
    piece = rng.choice(("x", "[", "[],", '{"a":', "1,", "\u202e"))
    text = piece * (rng.choice((100_000, LARGEST)) // len(piece.encode()))
    request = _request(rng, execution_id)
    bare = rng.choice((text.encode(), f"[{text.rstrip(',')}]".encode()))
    wrapped = json.dumps({**request, rng.choice(("arguments", "op")): text}).encode()
    data = rng.choice((bare, wrapped))
    _sent(path, _frame(data))


def _many(rng: random.Random, execution_id: str, path: Path) -> None:
    """Hundreds of connections at once, of which some ask for something."""
    connections = []
    try:
        for _ in range(rng.choice((20, 300))):
            connections.append(_connected(path))
            if rng.random() < 0.3:
                connections[-1].sendall(_frame(json.dumps(_request(rng, execution_id)).encode()))
    finally:
        for connection in connections:
            connection.close()


_ATTACKS: Final[tuple[Attack, ...]] = (_spoilt, _spoilt, _spoilt, _spoilt, _good, _noise, _half, _slow, _huge, _many)


def _sent(path: Path, data: bytes) -> None:
    with _connected(path) as connection:
        connection.sendall(data)
        connection.settimeout(3)
        connection.recv(65_536)
