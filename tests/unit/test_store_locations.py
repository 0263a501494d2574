"""A store is named by a URL or a path, everywhere the same way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.log import EventLog
from engine.store.locations import SCHEMES, StoreLocation, parse_location
from engine.store.memory import MemoryRows
from engine.store.sqlite import SqliteRows
from primitives.errors import UsageError

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "sample_incidents" / "api-latency-spike"


@pytest.mark.parametrize(
    ("text", "location"),
    [
        ("/data/i.db", StoreLocation("sqlite", Path("/data/i.db"))),
        ("sqlite:///data/i.db", StoreLocation("sqlite", Path("/data/i.db"))),
        ("SQLite:///data/i.db", StoreLocation("sqlite", Path("/data/i.db"))),
        ("sqlite:///data/my%20store.db", StoreLocation("sqlite", Path("/data/my store.db"))),
        ("memory://", StoreLocation("memory")),
        ("memory://night shift", StoreLocation("memory", name="night shift")),
        (Path("/data/i.db"), StoreLocation("sqlite", Path("/data/i.db"))),
    ],
)
def test_a_url_or_a_path_names_a_store(text: str | Path, location: StoreLocation) -> None:
    assert parse_location(text) == location
    assert parse_location(location) is location


def test_a_path_may_be_relative_or_below_the_home() -> None:
    assert parse_location("~/i.db").path == Path.home() / "i.db"
    assert parse_location("i.db").path == Path.cwd() / "i.db"
    assert parse_location("a:b/i.db").path == Path.cwd() / "a:b" / "i.db"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "postgres://host/db",
            "postgres://: no store of that kind is known; name a path, or one of sqlite",
        ),
        ("sqlite://relative.db", "write three slashes and an absolute path"),
        ("sqlite:///", "write three slashes and an absolute path"),
        ("", "empty path"),
        ("a\0b", "no path holds a NUL"),
        ("sqlite:///a%00b", "no path holds a NUL"),
    ],
)
def test_what_names_no_store_is_wrong_use_in_one_line(text: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem) as caught:
        parse_location(text)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_a_location_is_written_as_it_can_be_read(scheme: str) -> None:
    location = parse_location({"sqlite": "/data/i.db", "memory": "memory://night"}[scheme])
    assert parse_location(str(location)) == location


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("base://ann:hunter2@db.example/incidents", "base://ann:***@db.example/incidents"),
        ("base://ann:p%40ss%2Fw%3Ford@db.example:5432/i", "base://ann:***@db.example:5432/i"),
        ("base://db.example/i?user=ann&password=hunter2&ssl=on", "base://db.example/i?user=ann&password=***&ssl=on"),
        ("base://ann@db.example:5432/i", "base://ann@db.example:5432/i"),
        ("base://db.example:5432/i", "base://db.example:5432/i"),
    ],
)
def test_a_password_in_a_url_is_not_printed(url: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SCHEMES, "base", SCHEMES["memory"])
    location = parse_location(url)
    assert str(location) == shown
    assert "hunter2" not in repr(location)
    assert "hunter2" not in url or "hunter2" in location.name


async def test_each_scheme_opens_its_store(tmp_path: Path) -> None:
    kinds = {f"sqlite://{tmp_path}/a.db": SqliteRows, str(tmp_path / "b.db"): SqliteRows, "memory://": MemoryRows}
    for location, kind in kinds.items():
        log = await EventLog.open(location)
        assert isinstance(log.rows, kind)
        await log.close()
    assert (tmp_path / "a.db").exists()


async def test_a_named_store_in_memory_is_shared_and_one_without_a_name_is_not(tmp_path: Path) -> None:
    first, second = [await EventLog.open(f"memory://{tmp_path}") for _ in range(2)]
    digest = await first.put_blob(b"seen")
    assert await second.get_blob(digest) == b"seen"
    apart = [await EventLog.open("memory://") for _ in range(2)]
    digest = await apart[0].put_blob(b"seen")
    assert await apart[1].rows.blob(digest) is None
    for log in (first, second, *apart):
        await log.close()


def test_whether_a_store_is_there(tmp_path: Path) -> None:
    (tmp_path / "i.db").touch()
    (tmp_path / "file").touch()
    assert parse_location(tmp_path / "i.db").exists()
    assert not parse_location(tmp_path / "none.db").exists()
    assert not parse_location(tmp_path / "file" / "none.db").exists()
    assert not parse_location("memory://").exists()


# On the command line, in the environment, in the configuration


def cloudops(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cockpit", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
        env=os.environ | environment,
    )


def test_every_way_to_name_a_store_takes_a_url(tmp_path: Path) -> None:
    url = f"sqlite://{tmp_path}/incidents.db"
    done = cloudops("investigate", "--incident", str(SAMPLE), "--json", "--store", url)
    assert done.returncode == 0, done.stderr
    execution_id = json.loads(done.stdout)["execution_id"]
    configuration = tmp_path / "config.yaml"
    configuration.write_text(f"store: {url}\n")
    for listed in (
        cloudops("incidents", "--json", "--store", str(tmp_path / "incidents.db")),
        cloudops("incidents", "--json", CLOUDOPS_STORE=url),
        cloudops("incidents", "--json", "--config", str(configuration)),
    ):
        assert [row["execution_id"] for row in json.loads(listed.stdout)] == [execution_id]


def test_an_investigation_in_memory_leaves_nothing(tmp_path: Path) -> None:
    done = cloudops("investigate", "--incident", str(SAMPLE), "--json", "--store", "memory://", HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["likely_root_causes"]
    assert not list(tmp_path.rglob("*.db"))
    assert json.loads(cloudops("incidents", "--json", "--store", "memory://").stdout) == []


@pytest.mark.parametrize("way", ["option", "environment", "configuration"])
def test_a_store_of_an_unknown_kind_is_one_line_and_wrong_use(tmp_path: Path, way: str) -> None:
    configuration = tmp_path / "config.yaml"
    configuration.write_text("store: postgres://host/db\n")
    told = {
        "option": lambda: cloudops("incidents", "--store", "postgres://host/db"),
        "environment": lambda: cloudops("incidents", CLOUDOPS_STORE="postgres://host/db"),
        "configuration": lambda: cloudops("incidents", "--config", str(configuration)),
    }[way]()
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.count("\n") == 1
    assert "postgres://: no store of that kind is known" in told.stderr
    assert ("config.yaml: store: " in told.stderr) == (way == "configuration")
