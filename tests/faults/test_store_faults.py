"""What the store does when its file, its disk or its neighbours misbehave: one clear line, and nothing lost."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.events import AnswerRecorded, IncidentOpened, PlannedStep, PlanProposed, StepProgressed, Who
from engine.log import Entry, EventLog
from engine.store import connection, files
from engine.store.files import file_system, network_problem
from engine.store.schema import APPLICATION_ID, SELECT_RAW
from engine.store.sqlite import SqliteRows
from engine.store.versions import sqlite_warning
from primitives.errors import StoreBusy, StoreCorrupt, StoreError, StoreTooNew
from primitives.records import Window

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
ENGINE = Who(kind="engine", name="cloudops")
PROBE = Path(__file__).with_name("store_probe.py")
NOBODY = 65534
HOLDER = """
import asyncio, sys
from pathlib import Path
from engine.log import EventLog

async def hold():
    store = await EventLog.open(Path(sys.argv[1]))
    print("held", flush=True)
    await asyncio.Event().wait()

asyncio.run(hold())
"""


def beginning() -> list[Entry]:
    opened = IncidentOpened(
        title="Latency", query="q", origin="recorded", detected_at=NOON, now=NOON, window=Window(start=NOON, end=NOON)
    )
    step = PlannedStep(id="S1", primitive="look", target="web", arguments={}, effect="read", reason="to see")
    return [(NOON, ENGINE, opened), (NOON, ENGINE, PlanProposed(steps=(step,)))]


def progress(count: int, note: str = "") -> list[Entry]:
    return [(NOON, ENGINE, StepProgressed(step="S1", done=n, total=count, note=note)) for n in range(count)]


async def fill(path: Path, *executions: str, events: int = 200) -> None:
    store = await EventLog.open(path)
    for name in executions:
        await store.append(name, f"inc-{name}", beginning())
        await store.append(name, f"inc-{name}", progress(events))
    await store.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store" / "incidents.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[EventLog]:
    opened = await EventLog.open(path)
    yield opened
    await opened.close()


def connection_of(store: EventLog) -> connection.Connection:
    assert isinstance(store.rows, SqliteRows)
    return store.rows.connection


def one_line(error: BaseException) -> str:
    text = str(error)
    assert "\n" not in text
    assert len(text) < 400
    return text


def free(path: Path) -> None:
    """After a failed opening the lock must be free again."""
    with path.with_name(path.name + ".lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


# Where it lies


async def test_the_folder_is_made_and_only_its_owner_may_look(path: Path, store: EventLog) -> None:
    await store.append("exec-1", "inc-1", beginning())
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    made = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert set(made.values()) == {0o600}
    assert {"incidents.db", "incidents.db.lock", "incidents.db.heads"} <= set(made)


async def test_a_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"is a folder: name a file in it") as caught:
        await EventLog.open(tmp_path)
    one_line(caught.value)


async def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="choose another with --store") as caught:
        await EventLog.open(tmp_path / "file" / "incidents.db")
    one_line(caught.value)


async def test_control_characters_in_a_path_stay_out_of_the_message(tmp_path: Path) -> None:
    folder = tmp_path / "a\x1b[2J\nb"
    folder.mkdir()
    with pytest.raises(StoreError) as caught:
        await EventLog.open(folder)
    assert "\x1b" not in one_line(caught.value)


MOUNTS = """\
/dev/vda / ext4 rw 0 0
server:/export /export nfs4 rw 0 0
//server/share /mnt/my\\040share cifs rw 0 0
ann@host:/x /mnt/ssh fuse.sshfs rw 0 0
tmpfs /export/local tmpfs rw 0 0
host /mnt/host 9p rw 0 0
first /mnt/twice nfs rw 0 0
second /mnt/twice ext4 rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind", "refused"),
    [
        ("/var/lib/x", "ext4", False),
        ("/export/ann/.local", "nfs4", True),
        ("/homely", "ext4", False),
        ("/mnt/my share/x", "cifs", True),
        ("/mnt/ssh", "fuse.sshfs", True),
        ("/export/local/x", "tmpfs", False),
        ("/mnt/host/x", "9p", False),
        ("/mnt/twice/x", "ext4", False),
    ],
)
def test_a_network_file_system_is_recognised(path: str, kind: str, refused: bool) -> None:
    assert file_system(Path(path), MOUNTS) == kind
    assert bool(network_problem(kind)) == refused


async def test_a_network_file_system_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "file_system", lambda *_: "nfs4")
    with pytest.raises(StoreError, match=r"network file system \(nfs4\).*choose a local disk"):
        await EventLog.open(path)
    assert not path.exists()


async def test_a_doubtful_file_system_is_warned_of(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "file_system", lambda *_: "9p")
    store = await EventLog.open(path)
    assert "may be shared" in store.rows.warnings[0]
    await store.close()


# Who has it


def test_a_store_held_by_a_stopped_process_is_busy_and_free_after_its_death(path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        holder.send_signal(signal.SIGSTOP)
        start = time.monotonic()
        with pytest.raises(StoreBusy, match=f"held by process {holder.pid}") as caught:
            asyncio.run(EventLog.open(path))
        assert time.monotonic() - start < 1
        one_line(caught.value)
    finally:
        holder.kill()
        holder.communicate()
    asyncio.run(fill(path, "exec-1"))


async def test_a_second_opening_in_the_same_process_is_busy_too(path: Path, store: EventLog) -> None:
    with pytest.raises(StoreBusy, match=f"held by process {os.getpid()}"):
        await EventLog.open(path)


async def test_a_lock_file_left_behind_means_nothing(path: Path) -> None:
    path.parent.mkdir()
    lock = path.with_name(path.name + ".lock")
    lock.write_text("1 2026-01-01T00:00:00+00:00 and what a longer line left behind\n")
    store = await EventLog.open(path)
    assert lock.read_text().split()[0] == str(os.getpid())
    assert lock.read_text().count("\n") == 1
    await store.close()


async def test_a_store_that_another_program_writes_is_busy_and_works_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BUSY_TIMEOUT_S", 0.1)
    store = await EventLog.open(path)
    await store.append("exec-1", "inc-1", beginning())
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy, match="another program keeps it locked") as caught:
        await store.append("exec-1", "inc-1", progress(3))
    one_line(caught.value)
    other.execute("ROLLBACK")
    other.close()
    assert [event.seq for event in await store.append("exec-1", "inc-1", progress(2))] == [3, 4]
    assert (await store.verify())[0].ok
    await store.close()


async def test_an_audit_of_a_log_that_grows_meanwhile_raises_no_alarm(
    store: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.append("exec-1", "inc-1", beginning())
    read, growing = connection_of(store).rows, iter(range(3))

    async def rows(sql: str, *values: Any) -> Any:
        if sql == SELECT_RAW and next(growing, None) is not None:
            await store.append("exec-1", "inc-1", progress(2))
        return await read(sql, *values)

    monkeypatch.setattr(connection_of(store), "rows", rows)
    (result,) = await store.verify("exec-1")
    assert (result.ok, result.events, result.problem) == (True, 8, "")


# A disk that is full. `max_page_count` makes SQLite itself say SQLITE_FULL, as it does for ENOSPC; a limit on the
# size of files makes real writes fail; a small tmpfs, where we may mount one, is really full.


async def test_a_full_disk_loses_nothing_and_writing_goes_on_when_there_is_room(store: EventLog) -> None:
    await store.append("exec-1", "inc-1", beginning())
    ((pages,),) = await connection_of(store).rows("PRAGMA page_count")
    await connection_of(store).rows(f"PRAGMA max_page_count = {pages + 2}")
    full: StoreError | None = None
    acknowledged = 2
    while full is None:
        try:
            acknowledged += len(await store.append("exec-1", "inc-1", progress(1, "x" * 500)))
        except StoreError as error:
            full = error
    assert "the disk is full; what was acknowledged is safe" in one_line(full)
    with pytest.raises(StoreError, match="the disk is full"):
        await store.put_blob(os.urandom(100_000))
    assert (await store.last("exec-1")).seq == acknowledged
    await connection_of(store).rows("PRAGMA max_page_count = 1000000")
    assert (await store.append("exec-1", "inc-1", progress(1)))[0].seq == acknowledged + 1
    assert (await store.verify())[0].anchored == acknowledged + 1


async def test_everyone_who_shares_a_commit_hears_that_it_failed(store: EventLog) -> None:
    await store.append("exec-1", "inc-1", beginning())
    ((pages,),) = await connection_of(store).rows("PRAGMA page_count")
    await connection_of(store).rows(f"PRAGMA max_page_count = {pages}")
    waiting = [store.append("exec-1", "inc-1", progress(1, "x" * 5_000)) for _ in range(5)]
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(result) for result in results] == [StoreError] * 5
    assert len({id(result) for result in results}) == 5
    assert (await store.last("exec-1")).seq == 2


def test_a_write_that_the_system_refuses_loses_nothing(short_path: Path) -> None:
    store = short_path / "incidents.db"
    asyncio.run(fill(store, "exec-1", events=2_000))
    give_away(short_path)
    seen = probe(store, "--bytes-a-file", "40000")
    assert seen["append"][0] == "StoreError"
    assert "check the disk" in seen["append"][1]
    assert seen["after"] == ["exec-1"]
    assert probe(store)["after"] == ["exec-probe", "exec-1"]


if os.geteuid() == 0 and sys.platform == "linux":

    def test_a_really_full_disk_loses_nothing(short_path: Path) -> None:
        disk = short_path / "disk"
        disk.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], check=False).returncode:
            pytest.xfail("this root may not mount")
        try:
            asyncio.run(write_until_full(disk / "incidents.db"))
        finally:
            subprocess.run(["umount", disk], check=True)


async def write_until_full(path: Path) -> None:
    store = await EventLog.open(path)
    await store.append("exec-1", "inc-1", beginning())
    acknowledged = 2
    full: StoreError | None = None
    while full is None:
        try:
            acknowledged += len(await store.append("exec-1", "inc-1", progress(20, "x" * 200)))
        except StoreError as error:
            full = error
    assert "the disk is full" in one_line(full)
    assert (await store.last("exec-1")).seq == acknowledged
    await store.close()
    again = await EventLog.open(path)
    (result,) = await again.verify()
    assert (result.ok, result.events) == (True, acknowledged)
    await again.close()


# A store that can't be written


def give_away(folder: Path) -> None:
    """To the account that the probe runs as."""
    if os.geteuid() == 0:
        for place in (folder, *folder.rglob("*")):
            os.chown(place, NOBODY, NOBODY)


def probe(path: Path, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(PROBE), str(path), *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


@pytest.mark.parametrize(("what", "why"), [("file", "the file can't be written"), ("folder", "its folder can't be")])
def test_a_store_that_cannot_be_written_can_be_read(short_path: Path, what: str, why: str) -> None:
    folder = short_path / "store"
    path = folder / "incidents.db"
    asyncio.run(fill(path, "exec-1", "exec-2"))
    give_away(short_path)
    place = path if what == "file" else folder
    place.chmod(0o400 if what == "file" else 0o500)
    try:
        seen = probe(path)
    finally:
        place.chmod(0o700)
    assert why in seen["readonly"]
    assert seen["executions"] == seen["after"] == ["exec-2", "exec-1"]
    assert seen["audit"] == [True, True]
    assert seen["append"][0] == "StoreError"
    assert "is read-only" in seen["append"][1]


def test_a_store_that_cannot_be_read_says_so(short_path: Path) -> None:
    path = short_path / "incidents.db"
    asyncio.run(fill(path, "exec-1"))
    give_away(short_path)
    path.chmod(0)
    assert probe(path)["open"][0] == "StoreError"
    assert "can't be read" in probe(path)["open"][1]


def test_a_store_that_cannot_be_made_says_so(short_path: Path) -> None:
    folder = short_path / "closed"
    folder.mkdir(mode=0o500)
    give_away(short_path)
    seen = probe(folder / "incidents.db")
    assert seen["open"][0] == "StoreError"
    assert "permission denied" in seen["open"][1]


# Damage


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


# The cache


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


# The file of last hashes


async def test_a_torn_line_in_the_heads_file_is_passed_over(path: Path) -> None:
    await fill(path, "exec-1")
    heads = path.with_name(path.name + ".heads")
    whole = heads.read_text()
    heads.write_text(whole + whole[:20])
    store = await EventLog.open(path)
    await store.append("exec-1", "inc-exec-1", progress(3))
    assert [(result.ok, result.anchored) for result in await store.verify()] == [(True, 205)]
    await store.close()
    assert all(len(line.split()) == 3 for line in heads.read_text().splitlines())


async def test_without_the_heads_file_the_chain_alone_vouches(path: Path) -> None:
    await fill(path, "exec-1")
    path.with_name(path.name + ".heads").unlink()
    store = await EventLog.open(path)
    assert [(result.ok, result.anchored) for result in await store.verify()] == [(True, 0)]
    await store.close()


async def test_the_heads_file_is_compacted_on_opening(path: Path) -> None:
    store = await EventLog.open(path)
    await store.append("exec-1", "inc-1", beginning())
    for _ in range(50):
        await store.append("exec-1", "inc-1", progress(1))
    last = await store.last("exec-1")
    await store.close()
    heads = path.with_name(path.name + ".heads")
    assert len(heads.read_text().splitlines()) == 51
    await (await EventLog.open(path)).close()
    assert heads.read_text() == f"exec-1 {last.seq} {last.hash}\n"


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


# For `doctor`


@pytest.mark.parametrize(("version", "warns"), [((3, 40, 1), True), ((3, 51, 2), True), ((3, 51, 3), False)])
def test_an_old_sqlite_is_warned_of(monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...], warns: bool) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    warning = sqlite_warning()
    assert (warning is not None) == warns
    assert warning is None or "fixed in 3.51.3" in warning


async def test_a_whole_file_passes_sqlites_own_examination(store: EventLog) -> None:
    await store.append("exec-1", "inc-1", beginning())
    assert await store.check() == ()
