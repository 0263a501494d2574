"""Closed incidents leave the store as bundles, and come back."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from running import Running, alert

from engine.export import import_events
from engine.log import EventLog
from engine.port import CloseIncident
from engine.serve.archive import INDEX, Archiver
from engine.serve.settings import ArchiveSettings
from engine.store.sqlite import SqliteRows
from primitives.clock import SystemClock
from primitives.errors import BundleError, StoreError


class Later(SystemClock):
    """The clock, 100 days on."""

    def now(self) -> datetime:
        return super().now() + timedelta(days=100)


def archiver(service: Running, folder: Path, *, later: bool = True, **settings: Any) -> Archiver:
    clock = Later() if later else SystemClock()
    return Archiver(service.engine, service.desk, ArchiveSettings(folder=folder, **settings), clock)


async def investigated(service: Running, *names: str) -> list[str]:
    """The executions of alerts, one a service."""
    for name in names:
        await service.send(alert(name, service=name))
    groups = await service.groups(
        lambda groups: len(groups) == len(names) and all(each.state == "investigated" for each in groups)
    )
    executions = {group.title: group.execution_id for group in groups}
    return [str(executions[name]) for name in names]


async def closed(service: Running, execution_id: str, name: str) -> None:
    """The incident closed, its alert over, and nothing of it in memory."""
    await service.send(alert(name, "resolved", service=name))
    await service.groups(lambda groups: any(group.title == name and group.noted == "resolved" for group in groups))
    await service.engine.send(execution_id, CloseIncident())
    service.engine.unload(execution_id)


async def test_what_is_closed_and_old_becomes_a_bundle_that_imports_back(service: Running, short_path: Path) -> None:
    first, second = await investigated(service, "Ferry", "Pier")
    await closed(service, first, "Ferry")
    before = await service.engine.state(first)
    events = await service.engine.store.read(first)
    assert await archiver(service, short_path / "archive", later=False).sweep() == 0, "it is not old yet"
    assert await archiver(service, short_path / "archive").sweep() == 1
    assert [each.execution_id for each in await service.engine.incidents()] == [second], "the open one stays"
    (line,) = [json.loads(line) for line in (short_path / "archive" / INDEX).read_text().splitlines()]
    assert (line["execution_id"], line["events"], line["hash"]) == (first, len(events), events[-1].hash)
    assert all(verdict.ok for verdict in await service.engine.verify())
    bundle = short_path / "archive" / line["file"]
    other = await EventLog.open(short_path / "other.db")
    try:
        assert await import_events(other, bundle) == first
        assert await other.state(first) == before
        assert [event.hash for event in await other.read(first)] == [event.hash for event in events]
        for digest in before.answers:
            assert await other.get_blob(digest)
    finally:
        await other.close()
    # Also into the store that it came from.
    assert await import_events(service.engine.store, bundle) == first
    assert await service.engine.state(first) == before
    assert all(verdict.ok for verdict in await service.engine.verify())


async def test_an_open_incident_is_never_archived_however_large_the_store(service: Running, short_path: Path) -> None:
    first, second, third = await investigated(service, "Ferry", "Pier", "Quay")
    await closed(service, second, "Pier")
    # Closed by a person while its alert goes on: it may come back.
    await service.engine.send(third, CloseIncident())
    service.engine.unload(third)
    sweep = archiver(service, short_path / "archive", later=False, max_gib=1e-9).sweep
    assert await sweep() == 1
    assert {each.execution_id for each in await service.engine.incidents()} == {first, third}
    assert await sweep() == 0


async def test_the_size_is_kept_by_archiving_the_oldest_and_no_more(
    service: Running, short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("Ferry", "Pier", "Quay")
    executions = await investigated(service, *names)
    for execution_id, name in zip(executions, names, strict=True):
        await closed(service, execution_id, name)

    async def used(rows: SqliteRows) -> int:
        return (1 << 30) * len(await rows.index())

    monkeypatch.setattr(SqliteRows, "used_bytes", used)
    assert await archiver(service, short_path / "archive", later=False, max_gib=2).sweep() == 1
    assert {each.execution_id for each in await service.engine.incidents()} == set(executions[1:])


@pytest.mark.parametrize("failure", [BundleError("x.incident", "can't be written"), StoreError("the disk is full")])
async def test_what_can_not_be_written_stays_and_is_archived_the_next_time(
    service: Running, short_path: Path, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    (only,) = await investigated(service, "Ferry")
    await closed(service, only, "Ferry")

    async def fails(*_: object) -> None:
        raise failure

    with monkeypatch.context() as patched:
        patched.setattr("engine.serve.archive._check", fails)
        assert await archiver(service, short_path / "archive").sweep() == 0
    with monkeypatch.context() as patched:
        # As a kill after the bundle and before the removal leaves it.
        patched.setattr(EventLog, "remove", fails)
        with pytest.raises(type(failure)):
            await archiver(service, short_path / "archive").sweep()
    assert [each.execution_id for each in await service.engine.incidents()] == [only]
    assert all(verdict.ok for verdict in await service.engine.verify())
    assert await archiver(service, short_path / "archive").sweep() == 1
    assert await service.engine.incidents() == ()
