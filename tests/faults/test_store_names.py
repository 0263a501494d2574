"""One store has one lock and one record of hashes, whatever name it is opened by, and is its owner's alone."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

import pytest
from bad_input import STORY, Cloudops, complaint

from engine.store.sqlite import SqliteRows
from primitives.errors import StoreBusy, StoreError

pytestmark = pytest.mark.usefixtures("bounded")


@pytest.fixture
def store(cloudops: Cloudops, tmp_path: Path) -> Path:
    """A store with one investigation."""
    path = tmp_path / "real" / "incidents.db"
    path.parent.mkdir()
    assert cloudops("investigate", "--incident", STORY, "--json", "--store", path).code == 0
    return path


def test_a_link_to_a_store_has_the_same_lock(tmp_path: Path) -> None:
    async def both() -> None:
        real = tmp_path / "incidents.db"
        rows = await SqliteRows.open(real)
        link = tmp_path / "elsewhere" / "link.db"
        link.parent.mkdir()
        link.symlink_to(real)
        try:
            with pytest.raises(StoreBusy):
                await SqliteRows.open(link)
            assert not list(link.parent.glob("*.lock"))
        finally:
            await rows.close()

    asyncio.run(both())


def test_a_hard_link_is_refused(store: Path, cloudops: Cloudops) -> None:
    os.link(store, store.with_name("second.db"))
    assert "second name (a hard link)" in complaint(cloudops("incidents", "--store", store), code=3)


def test_a_link_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "a.db").symlink_to(tmp_path / "b.db")
    (tmp_path / "b.db").symlink_to(tmp_path / "a.db")
    with pytest.raises(StoreError):
        asyncio.run(SqliteRows.open(tmp_path / "a.db"))


@pytest.mark.parametrize("suffix", [".lock", ".heads"])
def test_a_link_in_the_place_of_our_files_is_not_followed(store: Path, cloudops: Cloudops, suffix: str) -> None:
    victim = store.parent / "victim.txt"
    victim.write_text("precious")
    beside = store.with_name(store.name + suffix)
    beside.unlink()
    beside.symlink_to(victim)
    cloudops("investigate", "--incident", STORY, "--json", "--store", store)
    assert victim.read_text() == "precious"


def test_what_others_may_read_is_closed_and_said(store: Path, cloudops: Cloudops) -> None:
    store.chmod(0o644)
    told = cloudops("incidents", "--store", store)
    assert told.code == 0
    assert told.err == f"cloudops: others could read {store}: now only you can (0600)\n"
    assert stat.S_IMODE(store.stat().st_mode) == 0o600
    assert cloudops("incidents", "--store", store).err == ""


def test_an_export_is_its_owners_alone(store: Path, cloudops: Cloudops, tmp_path: Path) -> None:
    name = cloudops("incidents", "--json", "--store", store).out.split('"execution_id": "')[1].split('"')[0]
    folder = tmp_path / "exported"
    assert cloudops("export", name, folder, "--store", store).code == 0
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*")) if path.is_dir()}
    assert modes == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()} == {0o600}


def test_a_record_of_hashes_that_is_gone_is_a_finding_that_stays(store: Path, cloudops: Cloudops) -> None:
    assert cloudops("audit", "verify", "--store", store).code == 0
    heads = store.with_name(store.name + ".heads")
    heads.unlink()
    for _ in range(2):
        told = cloudops("audit", "verify", "--store", store)
        assert told.code == 1
        assert "the outside record" in " ".join(told.out.split())


@pytest.mark.parametrize("garbage", ["\0\0\0\0\n", "hello world here\n", ""])
def test_a_garbled_record_of_hashes_is_a_finding(store: Path, cloudops: Cloudops, garbage: str) -> None:
    store.with_name(store.name + ".heads").write_text(garbage)
    for _ in range(2):
        assert cloudops("audit", "verify", "--store", store).code == 1


def test_an_investigation_after_the_loss_is_confirmed(store: Path, cloudops: Cloudops) -> None:
    store.with_name(store.name + ".heads").unlink()
    first = cloudops("incidents", "--json", "--store", store).out.split('"execution_id": "')[1].split('"')[0]
    assert cloudops("investigate", "--incident", STORY, "--json", "--store", store).code == 0
    document = cloudops("incidents", "--json", "--store", store).out
    second = next(part.split('"')[0] for part in document.split('"execution_id": "')[1:] if not part.startswith(first))
    assert cloudops("audit", "verify", second, "--store", store).code == 0
    assert cloudops("audit", "verify", first, "--store", store).code == 1
