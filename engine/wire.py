"""The socket's messages: a length (4 bytes, big endian), then a JSON object.

A connection carries one request: `{"protocol": ..., "op": ..., "arguments": {...}}`. The answers are `{"ok": value}`,
any number of `{"batch": ...}` before it where the operation streams, or `{"error": {"type": ..., "message": ...}}`.
The operation defines what is in `arguments`, `value` and a batch (`engine.operations`).
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import struct
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from engine.events import Event, Who, decode_body, encode_body
from primitives import errors
from primitives.errors import CloudopsError, EngineGone

__all__ = [
    "FRAME_LIMIT",
    "GONE",
    "PROTOCOL",
    "decode_event",
    "encode_event",
    "error_from",
    "error_to",
    "read_frame",
    "send_frame",
    "socket_path",
    "write_frame",
]

PROTOCOL = 3
"""Incremented when an old client and a new engine would misread each other."""

SOCKET_PATH_LIMIT = 100
"""Bytes; the kernel takes 107 (unix(7))."""

GONE = "the engine went away; run the command again"
"""The message when the other end closed the connection."""

_STRANGER = "the other end of the socket does not speak CloudOps' protocol"

FRAME_LIMIT = 512 * 1024 * 1024
"""Bytes. A recorded answer may be large; a longer frame is an error."""


def socket_path(store: Path) -> Path:
    """Where the engine of `store` listens: beside it, or in a private folder where that path is too long."""
    beside = store.with_name(store.name + ".sock")
    if len(os.fsencode(beside)) <= SOCKET_PATH_LIMIT:
        return beside
    name = hashlib.sha256(os.fsencode(store.resolve())).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"cloudops-{os.getuid()}" / f"{name}.sock"


async def read_frame(reader: asyncio.StreamReader, limit: int = FRAME_LIMIT) -> dict[str, Any]:
    """The next message, of at most `limit` bytes. Raises `EngineGone` when the other end closed or sent another."""
    try:
        (size,) = struct.unpack(">I", await reader.readexactly(4))
        if size > limit:
            raise EngineGone(_STRANGER)
        message = orjson.loads(await reader.readexactly(size))
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        raise EngineGone(GONE) from error
    except orjson.JSONDecodeError as error:
        raise EngineGone(_STRANGER) from error
    if not isinstance(message, dict):
        raise EngineGone(_STRANGER)
    return message


async def write_frame(writer: asyncio.StreamWriter, message: dict[str, Any]) -> None:
    """Send one message. Waits while the other end reads slowly."""
    send_frame(writer, message)
    await writer.drain()


def send_frame(writer: asyncio.StreamWriter, message: dict[str, Any]) -> None:
    """Put one message into the buffer of what is sent; wait with `drain` before the next."""
    data = orjson.dumps(message)
    writer.write(struct.pack(">I", len(data)) + data)


def encode_event(event: Event) -> dict[str, Any]:
    """An event as a JSON object: its envelope, with the body under `body`."""
    return {
        "execution_id": event.execution_id,
        "incident_id": event.incident_id,
        "seq": event.seq,
        "time": event.time.isoformat(),
        "who": event.who.model_dump(),
        "body": orjson.Fragment(encode_body(event.body)),
        "previous": event.previous,
        "hash": event.hash,
    }


def decode_event(document: dict[str, Any]) -> Event:
    """The event that `encode_event` made. Raises `ValueError` or `KeyError` when it is none."""
    return Event(
        execution_id=document["execution_id"],
        incident_id=document["incident_id"],
        seq=document["seq"],
        time=datetime.fromisoformat(document["time"]),
        who=Who.model_validate(document["who"]),
        body=decode_body(orjson.dumps(document["body"])),
        previous=document["previous"],
        hash=document["hash"],
    )


def error_to(error: CloudopsError) -> dict[str, Any]:
    """An error as a JSON object."""
    return {"error": {"type": type(error).__name__, "message": str(error)}}


def error_from(document: dict[str, Any]) -> CloudopsError:
    """The error that `error_to` made, of the same type."""
    kind = getattr(errors, str(document.get("type")), CloudopsError)
    error: CloudopsError = CloudopsError.__new__(kind if issubclass(kind, CloudopsError) else CloudopsError)
    Exception.__init__(error, str(document.get("message", "the engine failed without saying why")))
    return error
