"""A store whose disk is full or that can't be written: one clear line, and nothing lost."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from store_files import (
    beginning,
    connection_of,
    fill,
    give_away,
    one_line,
    probe,
    progress,
)

from engine.log import EventLog
from engine.store.rows import Commit
from primitives.errors import StoreError


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


class QuotaPassedError(StoreError):
    """As somebody else's store may raise: it is made from numbers, not from a message."""

    def __init__(self, used: int, *, limit: int) -> None:
        super().__init__(f"{used} of {limit} bytes are used")
        self.limit = limit


@pytest.mark.parametrize("waiting", [1, 3])
async def test_an_error_that_is_made_in_another_way_is_heard_and_writing_goes_on(
    store: EventLog, monkeypatch: pytest.MonkeyPatch, waiting: int
) -> None:
    await store.append("exec-1", "inc-1", beginning())

    async def over_quota(commit: Commit) -> None:
        raise QuotaPassedError(900, limit=800)

    with monkeypatch.context() as patched:
        patched.setattr(store.rows, "append", over_quota)
        appends = asyncio.gather(
            *(store.append("exec-1", "inc-1", progress(1)) for _ in range(waiting)), return_exceptions=True
        )
        errors = await asyncio.wait_for(appends, timeout=10)
    assert [(type(error), str(error)) for error in errors] == [
        (QuotaPassedError, "900 of 800 bytes are used")
    ] * waiting
    assert [error.limit for error in errors if isinstance(error, QuotaPassedError)] == [800] * waiting
    assert len({id(error) for error in errors}) == waiting
    assert (await asyncio.wait_for(store.append("exec-1", "inc-1", progress(1)), timeout=10))[0].seq == 3


def test_a_write_that_the_system_refuses_loses_nothing(short_path: Path) -> None:
    store = short_path / "incidents.db"
    asyncio.run(fill(store, "exec-1", events=2_000))
    give_away(short_path)
    seen = probe(store, "--bytes-a-file", "40000")
    assert seen["append"][0] == "StoreError"
    assert "check the disk" in seen["append"][1]
    assert seen["after"] == ["exec-1"]
    assert probe(store)["after"] == ["exec-probe", "exec-1"]


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
