"""Events as rows and back, and the compression of blobs."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

import zstandard

from engine.events import Event, Who, decode_body, encode_body, event_hash
from engine.store.protocol import Entry, Head
from primitives.collector import collector_paused
from primitives.errors import StoreCorrupt

__all__ = [
    "Blob",
    "EventRow",
    "decode_events",
    "decode_times",
    "encode_event",
    "pack",
    "pack_blob",
    "unpack",
    "unpack_blob",
]


class EventRow(NamedTuple):
    """The columns of the table `events`, in their order."""

    execution_id: str
    incident_id: str
    seq: int
    time: str
    who: str
    body: str
    previous: str
    hash: str


class Blob(NamedTuple):
    """The columns of the table `blobs`: `size` is that of the uncompressed bytes, `data` is compressed."""

    digest: str
    size: int
    data: bytes


def encode_event(execution_id: str, incident_id: str, entry: Entry, last: Head) -> tuple[Event, EventRow]:
    """The event that follows `last`, and its row. Raises `ValueError` when it could not be read back."""
    moment, who, body = entry
    if moment.tzinfo is None:
        raise ValueError(f"an event's time needs a time zone: {moment}")
    moment = moment.astimezone(UTC)
    time, person, data = moment.isoformat(timespec="microseconds"), _encode_who(who), encode_body(body)
    if b"null" in data:
        # JSON has no NaN and no infinity: they are written as null, and a number that is null can't be read.
        try:
            body = decode_body(data)
        except ValueError as error:
            raise ValueError(f"{body.type} holds a number that is none: {error}") from error
    seq = last.seq + 1
    digest = event_hash(last.hash, execution_id, incident_id, seq, time, person.encode(), data)
    event = Event(execution_id, incident_id, seq, moment, who, body, last.hash, digest)
    return event, EventRow(execution_id, incident_id, seq, time, person, data.decode(), last.hash, digest)


def decode_events(rows: Sequence[EventRow]) -> tuple[Event, ...]:
    """The events that the rows hold. Raises `StoreCorrupt` at the first that holds none."""
    with collector_paused():
        return tuple(_decode_event(row) for row in rows)


def decode_times(execution_id: str, times: Iterable[str]) -> array[float]:
    """The times of an execution's events in seconds since 1970 (UTC). Raises `StoreCorrupt` when one is none."""
    try:
        return array("d", (datetime.fromisoformat(time).timestamp() for time in times))
    except (ValueError, TypeError) as error:
        raise StoreCorrupt(f"a time in {execution_id} can't be read; run `cloudops audit verify`") from error


def _decode_event(row: EventRow) -> Event:
    try:
        moment, who, body = datetime.fromisoformat(row.time), _decode_who(row.who), decode_body(row.body)
    except (ValueError, TypeError, AttributeError) as error:
        raise StoreCorrupt(
            f"event {row.seq} of {row.execution_id} can't be read ({type(error).__name__}); run `cloudops audit verify`"
        ) from error
    return Event(row.execution_id, row.incident_id, row.seq, moment, who, body, row.previous, row.hash)


@lru_cache(maxsize=256)
def _encode_who(who: Who) -> str:
    return who.model_dump_json()


@lru_cache(maxsize=256)
def _decode_who(data: str) -> Who:
    return Who.model_validate_json(data)


def pack(data: bytes) -> bytes:
    """Compress."""
    return zstandard.ZstdCompressor(level=3).compress(data)


def unpack(data: bytes, size: int) -> bytes:
    """What `pack` compressed. Raises `ValueError` when it can't be read or isn't `size` bytes long."""
    try:
        # The frame is asked first: a damaged one must not make us reserve what it claims.
        if zstandard.frame_content_size(data) != size:
            raise ValueError("not of the recorded size")
        return zstandard.ZstdDecompressor().decompress(data, max_output_size=size)
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from error


def pack_blob(data: bytes) -> Blob:
    """A blob's row."""
    return Blob(hashlib.sha256(data).hexdigest(), len(data), pack(data))


def unpack_blob(blob: Blob) -> bytes:
    """A blob's bytes. Raises `StoreCorrupt` when they aren't those of its digest."""
    try:
        data = unpack(blob.data, blob.size)
    except (ValueError, TypeError):
        data = b""
    if len(data) != blob.size or hashlib.sha256(data).hexdigest() != blob.digest:
        raise StoreCorrupt(f"the recorded answer {blob.digest[:12]} is damaged; run `cloudops audit verify`")
    return data
