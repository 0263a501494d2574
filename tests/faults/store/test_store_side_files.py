"""Snapshots and the file of last hashes can be lost; the store says what SQLite it runs on."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from store_files import (
    beginning,
    fill,
    progress,
)

from engine.log import EventLog
from engine.store.versions import sqlite_warning


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM snapshots",
        "UPDATE snapshots SET data = x'00'",
        "UPDATE snapshots SET data = (SELECT data FROM snapshots ORDER BY seq LIMIT 1)",
        "UPDATE snapshots SET size = size + 1",
        "UPDATE snapshots SET digest = 'x'",
        "UPDATE snapshots SET hash = 'x'",
        "UPDATE snapshots SET fold = 'another version'",
        "UPDATE snapshots SET seq = seq + 1",
    ],
)
async def test_without_whole_snapshots_every_state_is_the_same(path: Path, damage: str) -> None:
    await fill(path, "exec-1", events=3_500)
    store = await EventLog.open(path)
    before = [(await store.state("exec-1", seq)).digest() for seq in (999, 2_000, 2_001, 3_502)]
    await store.close()
    raw = sqlite3.connect(path)
    assert raw.execute("SELECT count(*) FROM snapshots").fetchone() == (3,)
    raw.execute(damage)
    raw.commit()
    store = await EventLog.open(path)
    assert [(await store.state("exec-1", seq)).digest() for seq in (999, 2_000, 2_001, 3_502)] == before
    await store.close()
    raw.close()


async def test_snapshots_come_back_after_they_were_deleted(path: Path) -> None:
    await fill(path, "exec-1", events=3_500)
    raw = sqlite3.connect(path)
    before = raw.execute("SELECT * FROM snapshots").fetchall()
    raw.execute("DELETE FROM snapshots")
    raw.commit()
    store = await EventLog.open(path)
    await store.state("exec-1")
    assert raw.execute("SELECT * FROM snapshots").fetchall() == before
    await store.close()
    raw.close()


def as_after_a_kill(path: Path, heads: str) -> None:
    """The file of last hashes as it was before the store was closed, and no seal over it."""
    path.with_name(path.name + ".heads").write_text(heads)
    raw = sqlite3.connect(path)
    raw.execute("DELETE FROM seal")
    raw.commit()
    raw.close()


async def test_a_torn_line_in_the_heads_file_is_passed_over(path: Path) -> None:
    await fill(path, "exec-1")
    heads = path.with_name(path.name + ".heads")
    whole = heads.read_text()
    as_after_a_kill(path, whole + whole.splitlines()[-1][:20])
    store = await EventLog.open(path)
    await store.append("exec-1", "inc-exec-1", progress(3))
    assert [(result.ok, result.anchored) for result in await store.verify()] == [(True, 205)]
    await store.close()
    assert all(len(line.split()) == 3 for line in heads.read_text().splitlines() if not line.startswith("!"))


async def test_a_heads_file_that_is_gone_is_a_finding(path: Path) -> None:
    await fill(path, "exec-1")
    path.with_name(path.name + ".heads").unlink()
    store = await EventLog.open(path)
    assert [(result.ok, result.anchored) for result in await store.verify()] == [(False, 0)]
    await store.close()


async def test_the_heads_file_is_compacted_on_opening(path: Path) -> None:
    store = await EventLog.open(path)
    await store.append("exec-1", "inc-1", beginning())
    for _ in range(50):
        await store.append("exec-1", "inc-1", progress(1))
    last = await store.last("exec-1")
    heads = path.with_name(path.name + ".heads")
    before = heads.read_text()
    assert len(before.splitlines()) == 52
    await store.close()
    assert len(heads.read_text().splitlines()) == 2
    as_after_a_kill(path, before)
    await (await EventLog.open(path)).close()
    assert heads.read_text() == f"! begun with the store\nexec-1 {last.seq} {last.hash}\n"


async def test_a_heads_file_that_cannot_be_written_keeps_no_event_from_being_acknowledged(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await EventLog.open(path)
    await store.append("exec-1", "inc-1", beginning())
    write = os.write

    def full(descriptor: int, data: bytes) -> int:
        if b"exec-1" in data:
            raise OSError(28, "No space left on device")
        return write(descriptor, data)

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        assert len(await store.append("exec-1", "inc-1", progress(3))) == 3
    await store.append("exec-2", "inc-2", beginning())
    await store.close()
    store = await EventLog.open(path)
    assert [(result.ok, result.anchored) for result in await store.verify()] == [(True, 5), (True, 2)]
    await store.close()


@pytest.mark.parametrize(("version", "warns"), [((3, 40, 1), True), ((3, 51, 2), True), ((3, 51, 3), False)])
def test_an_old_sqlite_is_warned_of(monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...], warns: bool) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    warning = sqlite_warning()
    assert (warning is not None) == warns
    assert warning is None or "fixed in 3.51.3" in warning


async def test_a_whole_file_passes_sqlites_own_examination(store: EventLog) -> None:
    await store.append("exec-1", "inc-1", beginning())
    assert await store.check() == ()
