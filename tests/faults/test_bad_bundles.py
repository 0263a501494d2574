"""Whatever is given as a bundle, and whatever stands in one, gets one clear line and the right exit code."""

from __future__ import annotations

import json
import os
import shutil
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from bad_input import HOSTILE, MANIFEST, STORY, Cloudops, Told, complaint, harmless

import primitives.bundle.files
from engine.events import GENESIS
from engine.log import Head
from engine.log.codec import encode_event as encode_row
from engine.wire import decode_event, encode_event

pytestmark = pytest.mark.usefixtures("bounded")


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
    told = cloudops("import", bundle)
    assert (told.code, told.out.strip()) == (0, finished[1])
    assert "held control characters or secrets: cleaned" in told.err
    harmless(told.err)
    assert "\u202e" not in cloudops("attach", finished[1], "--events").out
    assert cloudops("import", bundle).code == 0, "importing twice changes nothing"
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
