"""What every store must do: take executions out."""

from __future__ import annotations

from pathlib import Path

import pytest
from stores import Opener, begin, entries, opening, planning

from engine.events import AnswerRecorded
from engine.log import EventLog
from primitives.errors import HeadMoved, StoreError


def _answered(digest: str) -> AnswerRecorded:
    return AnswerRecorded(question="changes", source="lab", status="answered", digest=digest, size=3, records=0)


async def test_what_is_taken_out_is_gone_and_the_others_are_whole(store: EventLog) -> None:
    shared, own = await store.put_blob(b"shared"), await store.put_blob(b"own")
    for name in ("exec-1", "exec-2"):
        await begin(store, name, f"inc-{name}")
        await store.append(name, f"inc-{name}", entries(_answered(shared)))
    await store.append("exec-1", "inc-exec-1", entries(_answered(own)))
    used = await store.rows.used_bytes()
    assert used > 0
    await store.remove({"exec-1": await store.last("exec-1")}, [shared, own])
    assert [each.execution_id for each in await store.incidents()] == ["exec-2"]
    assert await store.read("exec-1") == ()
    assert (await store.last("exec-1")).seq == 0
    assert await store.get_blob(shared) == b"shared"
    with pytest.raises(StoreError):
        await store.get_blob(own)
    assert [(verdict.execution_id, verdict.ok) for verdict in await store.verify()] == [("exec-2", True)]
    assert await store.rows.used_bytes() <= used
    events = await begin(store, "exec-1", "inc-other")
    assert [event.seq for event in events] == [1, 2]


async def test_what_has_grown_meanwhile_stays_and_so_do_all(store: EventLog) -> None:
    for name in ("exec-1", "exec-2"):
        await begin(store, name, f"inc-{name}")
    heads = {name: await store.last(name) for name in ("exec-1", "exec-2")}
    await store.append("exec-2", "inc-exec-2", entries(planning()))
    with pytest.raises(HeadMoved):
        await store.remove(heads, ())
    assert len(await store.incidents()) == 2
    assert all(verdict.ok for verdict in await store.verify())
    await store.append("exec-1", "inc-exec-1", entries(planning()))


async def test_an_audit_after_closing_and_opening_finds_nothing_missing(opener: Opener, tmp_path: Path) -> None:
    path = tmp_path / "again" / "incidents.db"
    store = await opener(path)
    for name in ("exec-1", "exec-2"):
        await store.append(name, f"inc-{name}", entries(opening()))
    await store.remove({"exec-1": await store.last("exec-1")}, ())
    await store.close()
    store = await opener(path)
    assert [(verdict.execution_id, verdict.ok) for verdict in await store.verify()] == [("exec-2", True)]
    await store.close()
