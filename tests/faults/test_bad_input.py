"""A hostile or clumsy user of the command line gets one clear line and the right exit code, and loses nothing."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
import pytest

import primitives.bundle.files
from cockpit.cli import main
from engine.events import GENESIS
from engine.log import Head
from engine.log.codec import encode_event as encode_row
from engine.wire import decode_event, encode_event

ROOT = Path(__file__).parents[2]
STORY = ROOT / "sample_incidents" / "api-latency-spike"
NOBODY = 65534
MANIFEST = """\
format: cloudops-incident/1
id: small
title: Checkout is slow
query: checkout latency
detected_at: 2026-03-10T12:10:00Z
window: {from: 2026-03-10T12:00:00Z, to: 2026-03-10T12:20:00Z}
symptom: {resource: checkout}
"""
# Escape sequences, bidi overrides, zero-width characters, markup of terminals, browsers and documents.
HOSTILE = (
    "\x1b]0;owned\x07\x1b[2J[red]x[/] \u202egpj\u200b\u009b31m <script>alert(1)</script> [a](javascript:b) `c` |d|"
)


@dataclass(frozen=True)
class Told:
    """What a command said and returned."""

    code: int
    out: str
    err: str


Cloudops = Callable[..., Told]


def ascii_id(value: object) -> str:
    """A test's name that every terminal shows."""
    return ascii(value)[:30]


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    """What blocks for ever fails instead: a pipe, a device, a socket."""

    def too_long(*_: object) -> None:
        raise TimeoutError("the command hangs")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def cloudops(capfd: pytest.CaptureFixture[str]) -> Cloudops:
    """The command line, in this process; an error that nobody foresaw is raised, not told."""

    def run(*arguments: str | Path) -> Told:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        return Told(code, *capfd.readouterr())

    return run


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The smallest bundle there is."""
    bundle = tmp_path / "small"
    bundle.mkdir()
    (bundle / "incident.yaml").write_text(MANIFEST)
    return bundle


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, Path]:
    """A store with one investigation, its execution id, and its bundle as a directory. Not to be written to."""
    folder = tmp_path_factory.mktemp("finished")
    store, bundle = folder / "incidents.db", folder / "exported"
    arguments = ["investigate", "--incident", str(STORY), "--json", "--store", str(store)]
    reported = subprocess.run(
        [sys.executable, "-m", "cockpit", *arguments], cwd=ROOT, capture_output=True, check=True, timeout=60
    )
    execution_id = str(json.loads(reported.stdout)["execution_id"])
    assert main(["export", execution_id, str(bundle), "--store", str(store)]) == 0
    return store, execution_id, bundle


@pytest.fixture
def store(finished: tuple[Path, str, Path], short_path: Path) -> Path:
    """A copy of that store, to be spoilt."""
    for file in finished[0].parent.glob("incidents.db*"):
        if file.is_file():
            shutil.copy(file, short_path)
    return short_path / "incidents.db"


def complaint(told: Told, code: int = 2) -> str:
    """The one line that `told` must be, harmless on a terminal, with no result beside it."""
    assert told.out == ""
    assert told.code == code, told
    line = told.err.removesuffix("\n")
    assert line.startswith("cloudops: "), told
    assert "\n" not in line
    assert line.isprintable(), ascii(line)
    assert len(line) < 1_000
    assert "Traceback" not in line
    return line


def harmless(shown: str) -> None:
    """Nothing in it drives a terminal, or a browser where it is a document."""
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e]", shown)
    if shown.startswith(("#", "<")):
        assert not re.search(r"(?<!\\)<script", shown)


# What is no bundle


def nothing(place: Path) -> None:
    del place


def text(place: Path) -> None:
    place.write_text("hello")


def empty_file(place: Path) -> None:
    place.touch()


def pipe(place: Path) -> None:
    os.mkfifo(place)


def device(place: Path) -> None:
    place.symlink_to("/dev/zero")


def listening(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(os.path.relpath(place))


def circle(place: Path) -> None:
    place.symlink_to(place.with_name("other"))
    place.with_name("other").symlink_to(place)


def empty_zip(place: Path) -> None:
    zipfile.ZipFile(place, "w").close()


def half_a_zip(place: Path) -> None:
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("incident.yaml", MANIFEST)
    place.write_bytes(place.read_bytes()[:-40])


def climbing_zip(place: Path) -> None:
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("incident.yaml", MANIFEST)
        archive.writestr("../../etc/cron.d/owned", "x")


def bomb(place: Path) -> None:
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("incident.yaml", MANIFEST)
        archive.writestr("logs.jsonl", b"\0" * 3_000_000)


def folder_with(**files: str | bytes) -> Callable[[Path], None]:
    def make(place: Path) -> None:
        place.mkdir()
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            (place / name.replace("__", ".")).write_bytes(data)

    return make


def with_circle(place: Path) -> None:
    folder_with(incident__yaml=MANIFEST)(place)
    (place / "logs.jsonl").symlink_to("changes.jsonl")
    (place / "changes.jsonl").symlink_to("logs.jsonl")


def with_itself(place: Path) -> None:
    folder_with(incident__yaml=MANIFEST)(place)
    (place / "again").symlink_to(place)


def with_pipe(place: Path) -> None:
    folder_with(incident__yaml=MANIFEST)(place)
    os.mkfifo(place / "logs.jsonl")


def with_secret(place: Path) -> None:
    folder_with(incident__yaml=MANIFEST)(place)
    (place / "logs.jsonl").symlink_to("/etc/passwd")


NO_BUNDLES: dict[str, tuple[Callable[[Path], None], str]] = {
    "nothing": (nothing, "no such bundle"),
    "a text": (text, "neither a directory nor a ZIP"),
    "an empty file": (empty_file, "neither a directory nor a ZIP"),
    "a pipe": (pipe, "neither a directory nor a ZIP"),
    "a device without end": (device, "neither a directory nor a ZIP"),
    "a socket": (listening, "neither a directory nor a ZIP"),
    "links in a circle": (circle, "no such bundle"),
    "an empty folder": (Path.mkdir, "it is empty"),
    "an empty ZIP": (empty_zip, "it is empty"),
    "half a ZIP": (half_a_zip, "neither a directory nor a ZIP"),
    "a ZIP that climbs": (climbing_zip, "outside the bundle's directory"),
    "a ZIP bomb": (bomb, "unpacked; cut it"),
    "a circle in it": (with_circle, "in a circle"),
    "itself in it": (with_itself, "links to a directory"),
    "a pipe in it": (with_pipe, "not a regular file"),
    "a link out of it": (with_secret, "links to something outside"),
    "an empty manifest": (folder_with(incident__yaml=""), "incident.yaml"),
    "a manifest of another format": (folder_with(incident__yaml=MANIFEST.replace("/1", "/9")), "incident.yaml:1"),
    "a manifest that is a list": (folder_with(incident__yaml="[1, 2]"), "incident.yaml"),
    "a manifest that is binary": (folder_with(incident__yaml=b"\xff\xfe\0\0"), "incident.yaml"),
    "half a manifest": (folder_with(incident__yaml=MANIFEST[:90]), "incident.yaml"),
    "a wrong time": (folder_with(incident__yaml=MANIFEST.replace("12:10:00Z", "noon")), "incident.yaml:5"),
    "a wrong type": (folder_with(incident__yaml=MANIFEST, logs__jsonl='{"time": 3}\n'), "logs.jsonl:1"),
    "half a record": (folder_with(incident__yaml=MANIFEST, changes__jsonl='{"time": "2026-03-'), "changes.jsonl:1"),
    "a line of 10 MB": (folder_with(incident__yaml=MANIFEST, logs__jsonl=b"x" * 10_000_000), "logs.jsonl:1"),
    "hostile names": (folder_with(incident__yaml=MANIFEST, topology__yaml=f"resources: {HOSTILE!r}"), "topology.yaml"),
}


@pytest.mark.parametrize("kind", NO_BUNDLES)
def test_what_is_no_bundle_is_refused_by_every_command(
    cloudops: Cloudops, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(primitives.bundle.files, "MAX_FILE_BYTES", 2_000_000 if "bomb" in kind else 1 << 29)
    monkeypatch.chdir(tmp_path)
    make, problem = NO_BUNDLES[kind]
    place = tmp_path / "it.incident"
    make(place)
    for form in ("--plain", "--json", "--events"):
        assert problem in complaint(cloudops("investigate", "--incident", place, form))
    complaint(cloudops("import", place))
    complaint(cloudops("replay", place, "--plain"))
    told = cloudops("evaluate", place)
    assert (told.code, told.out) == (2, "")
    assert "Traceback" not in told.err
    listed = json.loads(cloudops("incidents", "--json").out)
    assert listed == [], "nothing was begun"


def test_a_path_with_a_bad_name_is_said(cloudops: Cloudops, small: Path) -> None:
    latin = os.fsdecode(os.fsencode(small) + b"\xff")
    shutil.copytree(small, latin)
    assert "not UTF-8" in complaint(cloudops("investigate", "--incident", latin))
    assert "there is no incident" in complaint(cloudops("replay", latin))
    assert "empty path" in complaint(cloudops("investigate", "--incident", ""))
    assert "empty path" in complaint(cloudops("evaluate", ""))
    assert "empty path" in complaint(cloudops("import", ""))
    complaint(cloudops("investigate", "--incident", f"/no/{HOSTILE}"))
    complaint(cloudops("investigate", "--incident", "x" * 5_000))


def test_text_from_a_bundle_is_harmless_wherever_it_is_shown(cloudops: Cloudops, small: Path) -> None:
    title, query = json.dumps(HOSTILE), json.dumps("latency " + HOSTILE)
    manifest = MANIFEST.replace("Checkout is slow", title).replace("checkout latency", query)
    (small / "incident.yaml").write_text(manifest)
    lines = [{"time": "2026-03-10T12:05:00Z", "resource": HOSTILE, "severity": "ERROR", "body": HOSTILE} for _ in "abc"]
    (small / "logs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    for told in (
        cloudops("investigate", "--incident", small, "--plain"),
        cloudops("incidents"),
        cloudops("replay", "small", "--plain"),
        cloudops("report", "small"),
        cloudops("report", "small", "--format", "html"),
        cloudops("audit", "verify"),
    ):
        assert told.code in (0, 1)
        assert told.out
        harmless(told.out)


# What is no query, resource, address, configuration, option, identifier


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
        ("audit", "nope"), ("incidents", "--store", ""), ("incidents", HOSTILE),
    ],
)  # fmt: skip
def test_wrong_use_is_said_with_where_to_read_on(cloudops: Cloudops, arguments: tuple[str, ...]) -> None:
    assert "--help`" in complaint(cloudops(*arguments))


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


# Bundles in and out


def test_an_export_never_harms_what_is_there(
    cloudops: Cloudops, finished: tuple[Path, str, Path], tmp_path: Path
) -> None:
    store, execution_id, _ = finished
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("years of work")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for target in (precious, tmp_path / "pipe", tmp_path / "dangling", Path("/dev/null"), Path("/dev/full"), tmp_path):
        assert "choose another name" in complaint(cloudops("export", execution_id, target, "--store", store))
    for target in (precious, tmp_path / "pipe", tmp_path):
        complaint(cloudops("export", execution_id, target, "--force", "--store", store))
    complaint(cloudops("export", execution_id, "/proc/x.incident", "--store", store))
    complaint(cloudops("export", execution_id, precious / "thesis.txt" / "x", "--store", store))
    assert (precious / "thesis.txt").read_text() == "years of work"
    odd = tmp_path / "a\x1b[31mb.incident"
    told = cloudops("export", execution_id, odd, "--store", store)
    assert (told.code, told.out) == (0, "")
    assert "\x1b" not in told.err
    assert odd.exists()


def changed(lines: list[dict[str, Any]], number: int, **values: Any) -> list[dict[str, Any]]:
    return [line | values if at == number else line for at, line in enumerate(lines)]


BROKEN: dict[str, Callable[[list[dict[str, Any]]], bytes]] = {
    "changed": lambda one: rows(changed(one, 3, time="2026-10-14T15:52:00+00:00")),
    "removed": lambda one: rows(one[:3] + one[4:]),
    "beheaded": lambda one: rows(one[1:]),
    "swapped": lambda one: rows([*one[:3], one[4], one[3], *one[5:]]),
    "two executions": lambda one: rows(changed(one, 3, execution_id="exec-other")),
    "cut in a line": lambda one: rows(one)[:2_000],
    "empty": lambda one: rows(one[:0]),
    "blank": lambda one: b" \n\n" + rows(one[:0]),
    "binary": lambda one: b"\xff\0" * 100 + rows(one[:0]),
    "deep": lambda one: b"[" * 100_000 + rows(one[:0]),
    "no objects": lambda one: b"5\nnull\n" + rows(one[:0]),
    "wrong types": lambda one: rows([dict.fromkeys(one[0], 7)]),
    "no time zone": lambda one: rows(changed(one, 0, time="2026-10-14T14:52:00")),
    "a huge number": lambda one: rows(one[:0]) + json.dumps(one[0] | {"seq": 10**30}).encode(),
    "an unknown event": lambda one: rows(changed(one, 2, body={"type": "haunted"})),
}


def rows(events: list[dict[str, Any]]) -> bytes:
    return b"".join(orjson.dumps(event) + b"\n" for event in events)


@pytest.mark.parametrize("kind", BROKEN)
def test_an_event_log_that_was_tampered_with_is_not_taken_in(
    cloudops: Cloudops, finished: tuple[Path, str, Path], tmp_path: Path, kind: str
) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(finished[2], bundle)
    log = bundle / "events.jsonl"
    log.write_bytes(BROKEN[kind]([orjson.loads(line) for line in log.read_bytes().splitlines()]))
    assert "events.jsonl" in complaint(cloudops("import", bundle))
    assert "events.jsonl" in complaint(cloudops("replay", bundle, "--plain"))
    assert cloudops("incidents", "--json").out == "[]\n"


def test_importing_twice_changes_nothing_and_a_bundle_without_events_is_said(
    cloudops: Cloudops, finished: tuple[Path, str, Path], small: Path
) -> None:
    _, execution_id, bundle = finished
    first, second = cloudops("import", bundle), cloudops("import", bundle)
    assert first == second == Told(0, f"{execution_id}\n", "")
    assert len(json.loads(cloudops("incidents", "--json").out)) == 1
    assert json.loads(cloudops("audit", "verify", "--json").out)[0]["ok"]
    assert "to be investigated, not imported" in complaint(cloudops("import", small))


def test_a_forged_log_with_whole_chain_and_hostile_text_is_harmless(
    cloudops: Cloudops, finished: tuple[Path, str, Path], tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(finished[2], bundle)
    log, head, forged = bundle / "events.jsonl", Head(0, GENESIS), []
    for line in log.read_bytes().splitlines():
        document = orjson.loads(line)
        if document["body"]["type"] == "incident_opened":
            document["body"] |= {"title": HOSTILE, "query": HOSTILE, "warnings": [HOSTILE]}
        if document["body"]["type"] == "step_finished":
            document["body"]["summary"] = HOSTILE
        document["who"]["name"] = HOSTILE
        event = decode_event(document)
        made, _ = encode_row(event.execution_id, HOSTILE, (event.time, event.who, event.body), head)
        head = Head(made.seq, made.hash)
        forged.append(encode_event(made))
    log.write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in forged))
    assert cloudops("import", bundle).code == 0
    execution_id = finished[1]
    for told in (
        cloudops("incidents"),
        cloudops("replay", execution_id, "--plain"),
        cloudops("replay", execution_id, "--plain", "--at", "20"),
        cloudops("attach", execution_id, "--plain"),
        cloudops("report", execution_id),
        cloudops("report", execution_id, "--format", "html"),
        cloudops("audit", "verify"),
    ):
        assert told.code in (0, 1)
        assert told.err == ""
        harmless(told.out)


def test_one_broken_bundle_does_not_lose_the_scores_of_the_others(
    cloudops: Cloudops, small: Path, tmp_path: Path
) -> None:
    truth = "root_causes: [{cause_id: unknown}]\nsource: made up\n"
    (small / "truth.yaml").write_text(truth)
    for name, spoilt in {"a": "truth.yaml", "b": "incident.yaml", "c": "logs.jsonl"}.items():
        shutil.copytree(small, tmp_path / name)
        (tmp_path / name / spoilt).write_text("[{")
    shutil.copytree(small, tmp_path / "unanswered")
    (tmp_path / "unanswered" / "truth.yaml").unlink()
    told = cloudops("evaluate", tmp_path, "--json")
    assert told.code == 2
    assert [case["id"] for case in json.loads(told.out)["cases"]] == ["small"]
    lines = told.err.splitlines()
    assert [line.split(": ")[1].rpartition("/")[2] for line in lines] == ["a", "b", "c"]
    assert all(line.startswith("cloudops: ") and line.endswith("left out") for line in lines)
    assert "nothing to score against" in complaint(cloudops("evaluate", tmp_path / "unanswered"))
    assert "holds no incident bundle" in complaint(cloudops("evaluate", small, tmp_path / "none"))
    assert cloudops("evaluate", small, "--min-top1", "0").code == 0
    assert cloudops("evaluate", STORY, "--min-top1", "1").code in (0, 1)


# The store


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
    monkeypatch.setattr("engine.host.connect.__kwdefaults__", {"role": "work", "clock": None, "patience_s": 0.3})
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
