"""Where the store lies and who has it: one clear line, and nothing lost."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from store_files import (
    HOLDER,
    beginning,
    connection_of,
    fill,
    one_line,
    progress,
)

from engine.log import EventLog
from engine.store import connection, files
from engine.store.files import file_system, network_problem
from engine.store.schema import SELECT_RAW
from primitives.errors import StoreBusy, StoreError


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


def test_a_store_held_by_a_stopped_process_is_busy_and_free_after_its_death(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        holder.send_signal(signal.SIGSTOP)
        connected: list[object] = []
        monkeypatch.setattr("aiosqlite.connect", lambda *args, **_: connected.append(args))
        with pytest.raises(StoreBusy, match=f"held by process {holder.pid}") as caught:
            asyncio.run(EventLog.open(path))
        monkeypatch.undo()
        assert not connected, "it waits for no lock of the database"
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
