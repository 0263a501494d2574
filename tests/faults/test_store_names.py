"""One store has one lock and one record of hashes, whatever name it is opened by, and is its owner's alone."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from collections.abc import Iterator
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


@pytest.fixture
def open_to_all() -> Iterator[None]:
    """A process that takes no rights away from what it makes."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> set[tuple[str, str]]:
    """The kinds and modes of all that is in a folder, itself left out."""
    kinds = ((path, "folder" if path.is_dir() else "file") for path in folder.rglob("*"))
    return {(kind, oct(stat.S_IMODE(path.stat().st_mode))) for path, kind in kinds}


@pytest.mark.usefixtures("open_to_all")
def test_a_backup_is_its_owners_alone(store: Path, cloudops: Cloudops, tmp_path: Path) -> None:
    folder = tmp_path / "backups" / "today"
    assert cloudops("backup", folder, "--store", store).code == 0
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert modes(folder) == {("file", "0o600")}


@pytest.mark.usefixtures("open_to_all")
def test_a_backup_into_a_folder_of_others_is_closed_from_its_first_byte_on(
    store: Path, cloudops: Cloudops, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o777)
    # Whoever makes a file open and closes it at the end has let others read it meanwhile.
    monkeypatch.setattr(Path, "chmod", lambda *_, **__: None)
    monkeypatch.setattr(os, "chmod", lambda *_, **__: None)
    assert cloudops("backup", folder, "--store", store).code == 0
    assert len(list(folder.iterdir())) == 2
    assert modes(folder) == {("file", "0o600")}


@pytest.mark.parametrize("name", ["incidents.db", "incidents.db.heads"])
def test_a_backup_follows_no_link_to_nothing(store: Path, cloudops: Cloudops, tmp_path: Path, name: str) -> None:
    folder, elsewhere = tmp_path / "shared", tmp_path / "elsewhere"
    folder.mkdir()
    (folder / name).symlink_to(elsewhere)
    assert "is there already" in complaint(cloudops("backup", folder, "--store", store))
    assert not elsewhere.exists()


@pytest.mark.usefixtures("open_to_all")
@pytest.mark.parametrize("given", ["a-folder", "new/a-folder", "one.incident", "new/one.incident"])
@pytest.mark.parametrize("existing", [False, True])
def test_a_recording_is_its_owners_alone(cloudops: Cloudops, tmp_path: Path, given: str, *, existing: bool) -> None:
    """Also one that replaces a recording that others could read."""
    spans = tmp_path / "spans.jsonl"
    spans.touch()
    config = tmp_path / "c.yaml"
    config.write_text(json.dumps({"sources": {"spans": {"kind": "otlp_files", "path": str(spans)}}}))
    out = tmp_path / "out"
    out.mkdir()
    recording = out / given
    for force in ((), ("--force",))[: 2 if existing else 1]:
        assert cloudops("record", recording, *force, "--config", config).code == 0
        assert recording.exists()
        kept = [recording, *recording.rglob("*")]
        assert {oct(stat.S_IMODE(path.stat().st_mode)) for path in kept if path.is_dir()} <= {"0o700"}
        assert {oct(stat.S_IMODE(path.stat().st_mode)) for path in kept if path.is_file()} == {"0o600"}
        for path in kept:
            path.chmod(0o777 if path.is_dir() else 0o666)


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
