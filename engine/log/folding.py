"""States from rows: the nearest snapshot and the events after it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from engine.events import Event
from engine.incident import IncidentState
from engine.log.codec import decode_events
from engine.log.entries import Head
from engine.log.snapshots import Snapshots, fold_version, read_snapshot
from engine.store.rows import EventRow, RowStore, SnapshotRow
from primitives.errors import StoreCorrupt, StoreError

__all__ = ["BATCH", "acknowledged_head", "decode_rows", "state_at"]

BATCH = 1_000
"""So many events are read at once."""

_DECODED_AT_ONCE = 50
"""Decoding more than this takes long enough to be worth a thread."""


async def decode_rows(rows: Sequence[EventRow]) -> tuple[Event, ...]:
    """The events that the rows hold. Raises `StoreCorrupt`."""
    return await asyncio.to_thread(decode_events, rows) if len(rows) > _DECODED_AT_ONCE else decode_events(rows)


async def state_at(rows: RowStore, execution_id: str, seq: int) -> tuple[IncidentState, Snapshots]:
    """The state after event `seq`, which must exist, and when its next snapshot is due. Raises `StoreError`."""
    state, snapshots = await _nearest(rows, execution_id, seq)
    missing: list[SnapshotRow] = []
    while state.seq < seq:
        batch = await rows.events(execution_id, state.seq, min(BATCH, seq - state.seq))
        if not batch:
            raise StoreCorrupt(f"event {state.seq + 1} of {execution_id} is missing; run `cloudops audit verify`")
        missing += await asyncio.to_thread(_fold_rows, state, snapshots, batch)
    if missing and not rows.readonly:
        # They are a cache: that they can't be kept is no reason not to show the state.
        with suppress(StoreError):
            await rows.keep_snapshots(missing)
    return state, snapshots


async def acknowledged_head(rows: RowStore, execution_id: str) -> Head:
    """Where the log ends, once it is clear that it still holds the last event that was acknowledged.

    Raises `StoreCorrupt` when it does not: such a log is never continued.
    """
    head, anchor = await rows.head(execution_id), await rows.anchor(execution_id)
    if anchor and anchor != head and await rows.hash_of(execution_id, anchor.seq) != anchor.hash:
        raise StoreCorrupt(
            f"{execution_id} can't go on: events that were acknowledged are missing or changed; "
            f"see `cloudops audit verify {execution_id}`"
        )
    return head


async def _nearest(rows: RowStore, execution_id: str, seq: int) -> tuple[IncidentState, Snapshots]:
    row = await rows.snapshot(execution_id, seq, fold_version())
    state = await asyncio.to_thread(read_snapshot, row) if row else None
    if row is None or state is None:
        return IncidentState(), Snapshots()
    return state, Snapshots(state_size=row.size)


def _fold_rows(state: IncidentState, snapshots: Snapshots, rows: Sequence[EventRow]) -> list[SnapshotRow]:
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
