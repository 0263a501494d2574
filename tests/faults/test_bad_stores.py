"""A store that can't be used gets one clear line and the right exit code, and loses nothing."""

from __future__ import annotations

import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from bad_input import NOBODY, ROOT, STORY, Cloudops, Told, complaint

pytestmark = pytest.mark.usefixtures("bounded")


def each_command(store: Path, execution_id: str, bundle: Path, target: Path) -> list[tuple[str | Path, ...]]:
    commands: list[tuple[str | Path, ...]] = [
        ("incidents",), ("incidents", "--json"), ("replay", execution_id, "--plain"), ("report", execution_id),
        ("report", execution_id, "--format", "json"), ("audit", "verify"), ("audit", "verify", execution_id, "--json"),
        ("export", execution_id, target), ("attach", execution_id, "--plain"), ("import", bundle),
        ("investigate", "--incident", STORY, "--plain"), ("investigate", "--incident", STORY, "--events"),
    ]  # fmt: skip
    return [(*command, "--store", store) for command in commands]


def garbage(store: Path) -> None:
    store.write_bytes(os.urandom(5_000))


def cut(store: Path) -> None:
    store.write_bytes(store.read_bytes()[:20_000])


def newer(store: Path) -> None:
    with sqlite3.connect(store) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()


def other_program(store: Path) -> None:
    store.unlink()
    with sqlite3.connect(store) as database:
        database.execute("CREATE TABLE holiday (photo)")
    database.close()


def store_pipe(store: Path) -> None:
    store.unlink()
    os.mkfifo(store)


def store_device(store: Path) -> None:
    store.unlink()
    store.symlink_to("/dev/zero")


SPOILT: dict[str, tuple[Callable[[Path], None], str]] = {
    "garbage": (garbage, "not a CloudOps store"),
    "cut": (cut, "damaged"),
    "newer": (newer, "newer CloudOps"),
    "another program's": (other_program, "another program's database"),
    "a pipe": (store_pipe, "a device, a pipe or a socket"),
    "a device": (store_device, "a device, a pipe or a socket"),
}


@pytest.mark.parametrize("kind", SPOILT)
def test_a_store_that_cannot_be_used_is_said_by_every_command_and_left_alone(
    cloudops: Cloudops, finished: tuple[Path, str, Path], store: Path, tmp_path: Path, kind: str
) -> None:
    spoil, problem = SPOILT[kind]
    spoil(store)
    before = store.read_bytes() if store.is_file() else b""
    for command in each_command(store, finished[1], finished[2], tmp_path / "out.incident"):
        assert problem in complaint(cloudops(*command), 3), command
    doctor = cloudops("doctor", "--json", "--store", store)
    assert doctor.code == 3
    verdict = next(check for check in json.loads(doctor.out) if check["name"] == "store")
    assert verdict["status"] == "bad"
    assert problem in verdict["detail"]
    assert (store.read_bytes() if store.is_file() else b"") == before


def test_a_folder_in_the_store_s_place_is_wrong_use(cloudops: Cloudops, tmp_path: Path) -> None:
    assert "directory" in complaint(cloudops("incidents", "--store", tmp_path))


def test_a_damaged_page_is_found_by_whoever_reads_it(
    cloudops: Cloudops, finished: tuple[Path, str, Path], store: Path, tmp_path: Path
) -> None:
    data = bytearray(store.read_bytes())
    for place in range(4_096 + 40, len(data), 977):
        data[place] ^= 0x5A
    store.write_bytes(data)
    for command in each_command(store, finished[1], finished[2], tmp_path / "out.incident"):
        told = cloudops(*command)
        if told.code == 3:
            # An investigation is printed as it goes: what it found before it met the damaged page may stand there.
            complaint(replace(told, out="") if command[0] == "investigate" else told, 3)
        else:
            assert told.code == 0 or command[:2] == ("audit", "verify")
            assert told.err == ""
    assert cloudops("audit", "verify", "--store", store).code in (1, 3)


@pytest.mark.parametrize("lost", ["seq = 1", "seq = 5"])
def test_a_log_with_a_gap_is_told_by_whoever_reads_it(
    cloudops: Cloudops, finished: tuple[Path, str, Path], store: Path, tmp_path: Path, lost: str
) -> None:
    with sqlite3.connect(store) as database:
        database.execute(f"DELETE FROM events WHERE {lost}")
    database.close()
    for command in (["replay", finished[1], "--plain"], ["export", finished[1], tmp_path / "out.incident"]):
        told = cloudops(*command, "--store", store)
        line = complaint(replace(told, out=""), 3)
        assert "audit verify" in line


@contextmanager
def powerless() -> Iterator[None]:
    """Root may do anything whatever the permissions say; nobody may not."""
    if os.geteuid() != 0:
        yield
        return
    os.chdir("/")
    os.environ |= {"XDG_CONFIG_HOME": "/none", "XDG_DATA_HOME": "/none"}  # private_home puts them back
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.chdir(ROOT)


def test_a_store_that_can_only_be_read_is_read(
    cloudops: Cloudops, finished: tuple[Path, str, Path], store: Path, tmp_path: Path
) -> None:
    _, execution_id, bundle = finished
    shutil.copytree(bundle, store.parent / "bundle")
    out = store.parent / "out"
    out.mkdir(mode=0o777)
    out.chmod(0o777)
    for file in store.parent.glob("incidents.db*"):
        file.chmod(0o444)
    store.parent.chmod(0o555)
    try:
        with powerless():
            told = cloudops("incidents", "--json", "--store", store)
            assert (told.code, told.err) == (0, "")
            listed = json.loads(told.out)
            assert [one["execution_id"] for one in listed] == [execution_id]
            reading = each_command(store, execution_id, store.parent / "bundle", out / "out.incident")[:9]
            assert [cloudops(*command).code for command in reading] == [0] * 9
            assert cloudops("doctor", "--store", store).code == 0
            writing = each_command(store, execution_id, store.parent / "bundle", out / "x")[10:]
            for command in writing:
                assert "read-only" in complaint(cloudops(*command), 3)
    finally:
        store.parent.chmod(0o700)


def test_what_may_not_be_looked_at_is_said(cloudops: Cloudops, small: Path, short_path: Path) -> None:
    private = short_path / "private"
    shutil.copytree(small, private / "bundle")
    short_path.chmod(0o777)
    store = private / "incidents.db"
    assert cloudops("investigate", "--incident", small, "--store", store).code == 1
    private.chmod(0)
    try:
        with powerless():
            for command in (
                ("incidents",),
                ("audit", "verify"),
                ("replay", "small"),
                ("investigate", "--incident", STORY),
            ):
                assert "ermission" in complaint(cloudops(*command, "--store", store), 3)
            assert cloudops("doctor", "--store", store).code == 3
            assert "ermission" in complaint(
                cloudops("investigate", "--incident", private / "bundle", "--store", short_path / "new.db")
            )
            complaint(cloudops("incidents", "--config", private / "config.yaml"))
    finally:
        private.chmod(0o755)
    assert len(json.loads(cloudops("incidents", "--json", "--store", store).out)) == 1


@pytest.mark.parametrize("room", [20_000, 60_000, 120_000, 180_000])
def test_a_disk_that_fills_up_ends_with_one_line_and_a_store_that_opens(
    cloudops: Cloudops, short_path: Path, room: int
) -> None:
    store = short_path / "incidents.db"
    program = f"import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room})); "
    program += "from cockpit.__main__ import main; sys.exit(main())"
    assert resource.RLIM_INFINITY  # a limit on the size of files is a disk that is full for everybody
    told = subprocess.run(
        [sys.executable, "-c", program, "investigate", "--incident", STORY, "--events", "--store", store],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    complaint(Told(told.returncode, "", told.stderr), 3)
    acknowledged = [json.loads(line) for line in told.stdout.splitlines()]
    if acknowledged:
        execution_id = acknowledged[0]["execution_id"]
        assert cloudops("audit", "verify", "--store", store).code == 0
        again = cloudops("attach", execution_id, "--events", "--store", store)
        assert again.code == 0
        assert [json.loads(line) for line in again.out.splitlines()][: len(acknowledged)] == acknowledged
    else:
        assert cloudops("incidents", "--store", store).code == 0
    assert room < 100_000 or acknowledged


_STOPPED = """
import asyncio, sys, os, signal
from pathlib import Path
from engine.host import ServedEngine

async def hold():
    await ServedEngine.serve(Path(sys.argv[1]))
    print("held", flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)

asyncio.run(hold())
"""


def test_a_store_whose_holder_is_stopped_is_named_with_the_process(
    cloudops: Cloudops, store: Path, finished: tuple[Path, str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.host.connect.__kwdefaults__", {"role": "investigate", "clock": None, "patience_s": 0.3})
    with subprocess.Popen([sys.executable, "-c", _STOPPED, store], cwd=ROOT, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        try:
            for command in each_command(store, finished[1], finished[2], tmp_path / "out.incident"):
                assert f"process {holder.pid}" in complaint(cloudops(*command), 3)
            assert cloudops("doctor", "--store", store).code == 3
        finally:
            holder.kill()
    assert cloudops("audit", "verify", "--store", store).code == 0
