"""The audit of a store: every execution's hash chain, its anchor and the recorded answers that it names."""

from __future__ import annotations

import asyncio

from engine.audit import ChainCheck
from engine.log.blobs import read_blob
from engine.port import AuditResult
from engine.store.rows import NO_EVENTS, RowStore
from primitives.errors import StoreCorrupt, StoreError, UsageError
from primitives.text import safe_line

__all__ = ["verify_execution", "verify_store"]

_BATCH = 1_000


async def verify_store(rows: RowStore) -> tuple[AuditResult, ...]:
    """Check every execution that the store's list, its log or its anchors name."""
    names: dict[str, None] = {}
    damaged: list[AuditResult] = []
    for name, whole in await rows.stored_names():
        if whole:
            names[name] = None
        else:
            damaged.append(AuditResult(execution_id=name, events=0, ok=False, problem="the execution's id was changed"))
    names |= dict.fromkeys(await rows.anchored())
    return (*[await verify_execution(rows, name) for name in names], *damaged)


async def verify_execution(rows: RowStore, execution_id: str) -> AuditResult:
    """Check one execution. Raises `UsageError` when there is none of that id."""
    anchor = await rows.anchor(execution_id)
    check = ChainCheck(execution_id, anchor)
    try:
        await _feed(rows, execution_id, check)
    except StoreCorrupt as error:
        # The other executions may be whole: a damaged page must not end the audit.
        check.damaged(str(error))
    if anchor is None and not check.fed and check.index in (None, NO_EVENTS):
        raise UsageError(f"there is no execution {safe_line(execution_id)}: `cloudops incidents` lists them")
    if check.fed and (problem := await rows.anchor_problem(execution_id)):
        check.damaged(problem)
    for digest, seq in check.answers.items():
        try:
            await read_blob(rows, digest)
        except StoreError as error:
            check.damaged(f"event {seq} names a recorded answer that can't be read: {error}", seq)
            break
    return check.result()


async def _feed(rows: RowStore, execution_id: str, check: ChainCheck) -> None:
    after: int | None = None
    listed = await rows.indexed(execution_id) or NO_EVENTS
    while check.index != listed:
        check.index = listed
        while batch := await rows.stored_events(execution_id, after, _BATCH):
            await asyncio.to_thread(check.feed, batch)
            after = batch[-1].seq
        # It may have grown since the list was read: then there are more rows to read.
        listed = await rows.indexed(execution_id) or NO_EVENTS
