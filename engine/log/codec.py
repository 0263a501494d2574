"""Events as rows and back."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from engine.events import Event, Who, decode_body, encode_body, event_hash, read_back
from engine.log.entries import Entry
from engine.store.rows import EventRow, Head
from primitives.collector import collector_paused
from primitives.errors import StoreCorrupt

__all__ = [
    "decode_events",
    "decode_times",
    "encode_event",
]


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
            body = read_back(body, data)
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
