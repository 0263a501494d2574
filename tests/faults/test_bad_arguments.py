"""Queries, resources, addresses, settings and identifiers that are none get one clear line and the right exit code."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import pytest
from bad_input import HOSTILE, STORY, Cloudops, ascii_id, complaint

pytestmark = pytest.mark.usefixtures("bounded")


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("", "no words"),
        (" \t\n", "no words"),
        ("!?…", "no words"),
        ("\x1b[31m\u202e", "no words"),
        (os.fsdecode(b"\xff\xfe"), "no words"),
        ("latency " * 15_000, "120,000 characters"),
    ],
    ids=["empty", "blank", "signs", "invisible", "binary", "long"],
)
def test_a_query_that_says_nothing_is_refused(cloudops: Cloudops, small: Path, query: str, problem: str) -> None:
    assert problem in complaint(cloudops("investigate", query, "--incident", small, "--plain"))
    assert cloudops("incidents", "--json").out == "[]\n"


def test_a_query_with_odd_bytes_and_markup_is_investigated(cloudops: Cloudops, small: Path) -> None:
    query = os.fsdecode(b"checkout \xff slow ") + HOSTILE
    told = cloudops("investigate", query, "--incident", small, "--json")
    said = json.loads(told.out)["incident"]["query"]
    assert said.startswith("checkout")
    assert said.isprintable()
    assert told.err == ""


def test_an_unknown_resource_is_answered_with_the_closest_known(cloudops: Cloudops) -> None:
    ask = ("investigate", "--incident", STORY, "--plain", "--resource")
    assert "did you mean api-service" in complaint(cloudops(*ask, "api-servise"))
    assert "no resource zzz: there are" in complaint(cloudops(*ask, "zzz"))
    for wrong in ("", "  ", HOSTILE, os.fsdecode(b"\xff"), "x" * 120_000):
        complaint(cloudops(*ask, wrong))
    assert cloudops(*ask, "API-Service").code == 0


@pytest.mark.parametrize(
    ("address", "code"),
    [("", 2), ("foo", 2), ("http://", 2), ("ftp://host", 2), ("http://host:99999", 2), ("http://[::1", 2),
     (os.fsdecode(b"http://\xff"), 2), ("http://u:s3cret@127.0.0.1:1", 3)], ids=ascii_id,
)  # fmt: skip
def test_a_prometheus_that_is_none_is_said(cloudops: Cloudops, address: str, code: int) -> None:
    line = complaint(cloudops("investigate", "slow", "--prometheus", address), code)
    assert "s3cret" not in line
    assert cloudops("doctor", "--prometheus", address).code == 3


def test_nothing_to_investigate_is_said(cloudops: Cloudops) -> None:
    assert "--incident BUNDLE or --source NAME" in complaint(cloudops("investigate", "slow"))


@pytest.mark.parametrize(
    "content",
    [b"[", b"- 1", b"store: [1]", b"unknown: 1", b"prometheus: {url: 3}", b"\xff\xfe", b'store: "a\\0b"', b"[" * 9_999],
    ids=ascii_id,
)
def test_a_bad_configuration_names_the_file(cloudops: Cloudops, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    assert "config.yaml" in complaint(cloudops("incidents", "--config", path))


def test_a_configuration_that_is_no_file_is_refused(cloudops: Cloudops, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path, tmp_path / "none"):
        complaint(cloudops("incidents", "--config", path))


@pytest.mark.parametrize(
    "arguments",
    [
        ("--nope",), ("nope",), ("investigate", "--nope"), ("investigate", "two", "queries"), ("replay",),
        ("export", "one"), ("report", "x", "--format", "pdf"), ("evaluate",), ("completion", "tcsh"),
        ("evaluate", "x", "--min-top1", "2"), ("evaluate", "x", "--min-top1", "nan"),
        ("evaluate", "x", "--min-top1", "a"),
        ("audit", "nope"), ("audit",), ("incidents", "--store", ""), ("incidents", HOSTILE),
    ],
)  # fmt: skip
def test_wrong_use_is_said_with_where_to_read_on(cloudops: Cloudops, arguments: tuple[str, ...]) -> None:
    assert "--help`" in complaint(cloudops(*arguments))


def test_a_group_without_a_command_names_its_commands(cloudops: Cloudops) -> None:
    assert "`cloudops audit` needs a command: export, show, verify" in complaint(cloudops("audit"))


@pytest.mark.parametrize(
    "name", ["nosuch", "exec-", "", "../../no/such", "x" * 100_000, os.fsdecode(b"\xff")], ids=ascii_id
)
def test_an_identifier_that_fits_no_or_many_incidents_is_refused(
    cloudops: Cloudops, store: Path, tmp_path: Path, name: str
) -> None:
    with sqlite3.connect(store) as database:  # a second execution, so that `exec-` fits two
        columns = [row[1] for row in database.execute("PRAGMA table_info(executions)")]
        other = {"number": "number + 1", "execution_id": "'exec-other'"}
        copied = ", ".join(other.get(column, column) for column in columns)
        database.execute(f"INSERT INTO executions SELECT {copied} FROM executions")
    database.close()
    for command in (("replay", "--plain"), ("report",), ("attach", "--plain"), ("audit", "verify"), ("export",)):
        target = [tmp_path / "out.incident"] if command == ("export",) else []
        told = cloudops(*command, name, *target, "--store", store)
        line = complaint(told)
        assert ("give more of it" if name == "exec-" else "there is no incident") in line
    assert not (tmp_path / "out.incident").exists()


@pytest.mark.parametrize(
    "at", ["nonsense", "", "-1", "0", "25:99", "2026-13-01", "9" * 5_000, os.fsdecode(b"\xff")], ids=ascii_id
)
def test_a_moment_that_is_none_is_refused(cloudops: Cloudops, finished: tuple[Path, str, Path], at: str) -> None:
    store, execution_id, _ = finished
    assert "--at" in complaint(cloudops("replay", execution_id, "--plain", "--at", at, "--store", store))
