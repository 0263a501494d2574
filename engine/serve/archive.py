"""Moves closed incidents out of the store into bundles, by age and by the store's size; never one that is open.

Each bundle is read back whole before its incident leaves the store, and `cloudops import` takes it in again. A list of
what was archived stands beside them (`index.jsonl`).
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import orjson

from engine.engine import Engine
from engine.export import export_bundle, import_events
from engine.listings import IncidentSummary
from engine.log import EventLog, Head
from engine.serve.desk import Desk
from engine.serve.settings import ArchiveSettings
from engine.store.memory import MemoryRows
from primitives.clock import Clock, SystemClock
from primitives.errors import BundleError, CloudopsError, StoreError
from primitives.quantities import counted

__all__ = ["INDEX", "Archiver"]

INDEX: Final = "index.jsonl"
_AT_ONCE: Final = 20
"""Incidents of one transaction: the log of every other is read through for the answers that they share."""
_GIB: Final = 1 << 30

_log = logging.getLogger("cloudops.serve")


class Archiver:
    """Archives for `settings`."""

    def __init__(self, engine: Engine, desk: Desk, settings: ArchiveSettings, clock: Clock | None = None) -> None:
        self._engine = engine
        self._desk = desk
        self._settings = settings
        self._clock = clock or SystemClock()

    async def sweep(self) -> int:
        """Archive what is due; gives how many incidents. One that can't be archived stays, and is logged.

        Raises `StoreError` when the store can't be read or written.
        """
        archived = 0
        async for due in self._due():
            kept: dict[str, Head] = {}
            answers: set[str] = set()
            for summary in due:
                try:
                    head, named = await self._export(summary)
                except CloudopsError as error:
                    extra = {"execution": summary.execution_id, "error": str(error)}
                    _log.warning("an incident can't be archived", extra=extra)
                    continue
                kept[summary.execution_id] = head
                answers |= named
            if kept:
                await self._engine.store.remove(kept, answers)
                archived += len(kept)
        if archived:
            _log.info("incidents were archived", extra={"incidents": archived, "folder": str(self._settings.folder)})
        return archived

    async def _due(self) -> AsyncIterator[list[IncidentSummary]]:
        """Incidents to archive, the oldest first, in portions; the size is looked at before each."""
        closed = await self._closed()
        before = self._clock.now() - timedelta(days=self._settings.after_days)
        aged = [summary for summary in closed if summary.updated_at < before]
        for number in range(0, len(aged), _AT_ONCE):
            yield aged[number : number + _AT_ONCE]
        rest = [summary for summary in closed if summary.updated_at >= before]
        while rest and await self._too_large():
            yield [rest.pop(0)]

    async def _closed(self) -> list[IncidentSummary]:
        """What may be archived: incidents that are closed, in no alert that goes on, and looked at by nobody."""
        alerts = {group.execution_id for group in self._desk.groups if group.open}
        summaries = await self._engine.store.incidents()
        closed = [
            each
            for each in summaries
            if each.phase == "closed" and each.execution_id not in alerts and not self._engine.holds(each.execution_id)
        ]
        return sorted(closed, key=lambda summary: summary.updated_at)

    async def _too_large(self) -> bool:
        limit = self._settings.max_gib
        return limit is not None and await self._engine.store.rows.used_bytes() > limit * _GIB

    async def _export(self, summary: IncidentSummary) -> tuple[Head, set[str]]:
        """Write the bundle and read it back. Raises `CloudopsError`."""
        store, name = self._engine.store, summary.execution_id
        head, state = await store.last(name), await store.state(name)
        folder = self._settings.folder.expanduser() / f"{summary.opened_at:%Y-%m}"
        path = folder / f"{name}.incident"
        await export_bundle(self._engine, name, path, overwrite=True)
        await _check(path, name, head)
        await asyncio.to_thread(_note, path, _line(summary, head, path, self._clock.now()))
        return head, set(state.answers)


async def _check(path: Path, name: str, head: Head) -> None:
    """Import the bundle into a store in memory. Raises `BundleError` when it isn't all there."""
    log = EventLog(MemoryRows())
    try:
        imported = await log.last(await import_events(log, path))
    finally:
        await log.close()
    # What an import cleans changes hashes; the events must all be there.
    if imported.seq != head.seq:
        raise BundleError(
            path.name, f"holds {imported.seq} of the {counted(head.seq, 'event')} of {name}: it stays in the store"
        )


def _line(summary: IncidentSummary, head: Head, path: Path, now: datetime) -> dict[str, object]:
    return {
        "archived_at": now,
        "execution_id": summary.execution_id,
        "incident_id": summary.incident_id,
        "title": summary.title,
        "opened_at": summary.opened_at,
        "updated_at": summary.updated_at,
        "events": head.seq,
        "hash": head.hash,
        "file": str(path.relative_to(path.parents[1])),
    }


def _note(path: Path, line: dict[str, object]) -> None:
    """Note the bundle in the list, and have both on the disk. Raises `StoreError`."""
    index = path.parent.parent / INDEX
    try:
        path.chmod(0o600)
        with path.open("rb") as file:
            line["sha256"] = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        descriptor = os.open(index, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(orjson.dumps(line) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        _sync((path.parent, index.parent))
    except OSError as error:
        raise StoreError(
            f"{index.parent} can't be written ({error.strerror}): free some space, or choose another"
        ) from error


def _sync(folders: Iterable[Path]) -> None:
    for folder in folders:
        with suppress(OSError):  # some file systems can't sync a folder
            descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
