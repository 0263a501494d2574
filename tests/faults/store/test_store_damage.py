"""A damaged store: one clear line, and nothing damaged is handed out."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from store_files import (
    ENGINE,
    NOON,
    beginning,
    connection_of,
    fill,
    free,
    one_line,
    progress,
)

from engine.events import AnswerRecorded
from engine.log import EventLog
from engine.store.schema import APPLICATION_ID
from primitives.errors import StoreCorrupt, StoreError, StoreTooNew


async def test_an_empty_file_becomes_a_store(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    await fill(path, "exec-1")


@pytest.mark.parametrize("what", ["empty", "missing"])
async def test_a_store_that_lost_everything_is_not_begun_anew_in_silence(path: Path, what: str) -> None:
    await fill(path, "exec-1", "exec-2")
    if what == "empty":
        path.write_bytes(b"")
    else:
        path.unlink()
    with pytest.raises(StoreCorrupt, match="2 investigations were acknowledged: restore it") as caught:
        await EventLog.open(path)
    one_line(caught.value)
    free(path)


@pytest.mark.parametrize(
    "content",
    [b"garbage", b"SQLite format 3\0", b"\0" * 5_000, bytes(range(256)) * 200],
    ids=["short", "a beginning", "zeros", "other bytes"],
)
async def test_a_file_that_is_no_store_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(StoreCorrupt, match="not a CloudOps store") as caught:
        await EventLog.open(path)
    one_line(caught.value)
    assert path.read_bytes() == content
    free(path)


async def test_another_programs_database_is_refused_and_left_alone(path: Path) -> None:
    path.parent.mkdir()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE bookmarks (url)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreCorrupt, match="another program's database"):
        await EventLog.open(path)
    assert path.read_bytes() == before


async def test_a_store_of_a_newer_version_is_refused_and_left_alone(path: Path) -> None:
    await fill(path, "exec-1")
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA user_version = 99")
    raw.close()
    before = path.read_bytes()
    with pytest.raises(StoreTooNew, match="upgrade CloudOps") as caught:
        await EventLog.open(path)
    one_line(caught.value)
    assert path.read_bytes() == before
    free(path)


async def test_a_store_without_its_tables_is_damaged(path: Path) -> None:
    path.parent.mkdir()
    raw = sqlite3.connect(path)
    raw.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    raw.close()
    with pytest.raises(StoreCorrupt, match="tables are missing"):
        await EventLog.open(path)


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9, 0.999])
async def test_a_file_that_was_cut_off_is_reported(path: Path, part: float) -> None:
    await fill(path, "exec-1", events=2_000)
    os.truncate(path, int(path.stat().st_size * part))
    with pytest.raises(StoreCorrupt, match=r"is damaged \(\d+ bytes at its end are missing\): copy it away") as caught:
        await EventLog.open(path)
    one_line(caught.value)


async def test_no_damaged_page_goes_unseen_or_ends_in_anything_but_our_errors(path: Path, tmp_path: Path) -> None:
    await fill(path, "exec-1", "exec-2", events=400)
    whole = path.read_bytes()
    page_size = int.from_bytes(whole[16:18], "big")
    seen, pages = 0, len(whole) // page_size
    for page in range(pages):
        damaged = bytearray(whole)
        start = page * page_size
        damaged[start + 100 : start + page_size] = bytes(page_size - 100)
        if damaged == whole:  # the page of an empty table
            pages -= 1
            continue
        path.write_bytes(damaged)
        try:
            store = await EventLog.open(path)
        except StoreError as error:
            one_line(error)
            seen += 1
            continue
        try:
            problems = [result.problem for result in await store.verify() if not result.ok]
            for problem in problems:
                one_line(StoreError(problem))
            seen += bool(problems or await store.check())
        except StoreError as error:
            one_line(error)
            seen += 1
        finally:
            await store.close()
    assert seen == pages > 50


async def test_what_a_damaged_page_leaves_whole_is_still_audited_and_read(path: Path) -> None:
    await fill(path, "exec-1", "exec-2", events=400)
    raw = sqlite3.connect(path)
    raw.execute("UPDATE events SET body = CAST(x'ff' AS TEXT) WHERE execution_id = 'exec-1' AND seq = 300")
    raw.commit()
    raw.close()
    store = await EventLog.open(path)
    one, two = await store.verify()
    assert (one.ok, one.seq, two.ok) == (False, 300, True)
    with pytest.raises(StoreCorrupt):
        await store.read("exec-1")
    assert len(await store.read("exec-1", limit=299)) == 299
    assert (await store.state("exec-2")).seq == 402
    await store.close()


async def test_columns_that_somebody_added_change_nothing(path: Path) -> None:
    await fill(path, "exec-1")
    store = await EventLog.open(path)
    before = await store.read("exec-1")
    await store.close()
    raw = sqlite3.connect(path)
    for table in ("events", "executions", "blobs", "snapshots"):
        raw.execute(f"ALTER TABLE {table} ADD COLUMN remark")
    raw.commit()
    raw.close()
    store = await EventLog.open(path)
    assert await store.read("exec-1") == before
    await store.close()
    await fill(path, "exec-2")


async def test_an_event_that_cannot_be_decoded_is_reported(path: Path) -> None:
    await fill(path, "exec-1")
    raw = sqlite3.connect(path)
    raw.execute('UPDATE events SET body = \'{"type": "from_another_world"}\' WHERE seq = 3')
    raw.commit()
    raw.close()
    store = await EventLog.open(path)
    for reading in (store.read("exec-1"), store.state("exec-1")):
        with pytest.raises(StoreCorrupt, match="event 3 of exec-1 can't be read") as caught:
            await reading
        one_line(caught.value)
    await store.close()


async def test_a_damaged_blob_is_never_handed_out(path: Path) -> None:
    store = await EventLog.open(path)
    digest = await store.put_blob(b"evidence " * 1_000)
    await store.close()
    raw = sqlite3.connect(path)
    (data,) = raw.execute("SELECT data FROM blobs").fetchone()
    for value in (data[:-3], b"", b"x" * 50, data[:6] + b"\xff" * 8 + data[14:], "text", 7):
        raw.execute("UPDATE blobs SET data = ?", (value,))
        raw.commit()
        store = await EventLog.open(path)
        with pytest.raises(StoreCorrupt, match="is damaged"):
            await store.get_blob(digest)
        await store.close()
    raw.close()


@pytest.mark.parametrize("damage", ["DELETE FROM blobs", "UPDATE blobs SET data = x'00'", "UPDATE blobs SET size = 1"])
async def test_a_recorded_answer_that_is_gone_or_damaged_shows_in_the_audit(path: Path, damage: str) -> None:
    store = await EventLog.open(path)
    data = b"what the source said"
    answer = AnswerRecorded(
        question="logs",
        source="recorded",
        status="answered",
        digest=hashlib.sha256(data).hexdigest(),
        size=20,
        records=1,
    )
    await store.append("exec-1", "inc-1", [*beginning(), (NOON, ENGINE, answer)], blobs=(data,))
    assert (await store.verify())[0].ok
    await store.close()
    raw = sqlite3.connect(path)
    raw.execute(damage)
    raw.commit()
    raw.close()
    store = await EventLog.open(path)
    (result,) = await store.verify()
    assert (result.ok, result.seq) == (False, 3)
    assert "event 3 names a recorded answer that can't be read" in one_line(StoreError(result.problem))
    await store.close()


async def test_a_lost_wal_shows_in_the_audit_and_the_log_does_not_go_on_over_the_gap(
    path: Path, store: EventLog, tmp_path: Path
) -> None:
    await store.append("exec-1", "inc-1", beginning())
    await connection_of(store).rows("PRAGMA wal_checkpoint(TRUNCATE)")
    await store.append("exec-1", "inc-1", progress(10))
    copy = tmp_path / "copy.db"
    for suffix in ("", ".heads"):
        shutil.copy(f"{path}{suffix}", f"{copy}{suffix}")
    damaged = await EventLog.open(copy)
    (result,) = await damaged.verify()
    assert (result.ok, result.events, result.seq) == (False, 2, 3)
    assert result.problem == "the log is cut off after event 2: 12 were acknowledged"
    with pytest.raises(StoreCorrupt, match="can't go on: events that were acknowledged are missing"):
        await damaged.append("exec-1", "inc-1", progress(1))
    await damaged.append("exec-2", "inc-2", beginning())
    await damaged.close()
    # Nor does the next opening forget it.
    damaged = await EventLog.open(copy)
    assert [result.ok for result in await damaged.verify()] == [False, True]
    await damaged.close()
