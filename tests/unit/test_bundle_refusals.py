"""What is wrong in a bundle is told in one line; what is hostile is refused."""

# ruff: noqa: E501 - a row of a table stays one line

from __future__ import annotations

import gzip
import io
import os
import zipfile
import zlib
from pathlib import Path

import pytest
from small_bundles import CHANGE, LOG, MANIFEST, SPAN, Make, lines, problem

from primitives.bundle import files as bundle_files
from primitives.bundle import read_bundle

WRONG_PARTS: list[tuple[str, str | bytes, str]] = [
    ("logs.jsonl", lines(LOG, {**LOG, "severity": "loud"}), "logs.jsonl:2: field 'severity' is 'loud'; expected one of TRACE, DEBUG, INFO, WARN, ERROR, FATAL"),
    ("logs.jsonl", lines({**LOG, "body": 5}), "logs.jsonl:1: field 'body' is 5; expected text"),
    ("logs.jsonl", lines({**LOG, "time": "2026-03-10 14:30"}), "logs.jsonl:1: field 'time' is '2026-03-10 14:30'; expected a time: ISO 8601 in UTC with Z"),
    ("logs.jsonl", lines({**LOG, "time": "2026-03-10T14:30:00"}), "with Z"),
    ("logs.jsonl", lines({**LOG, "time": "2026-13-10T14:30:00Z"}), "with Z"),
    ("logs.jsonl", lines({k: v for k, v in LOG.items() if k != "resource"}), "logs.jsonl:1: field 'resource' is missing"),
    ("logs.jsonl", lines(LOG) + '{"time": "2026-03-1', "logs.jsonl:2: the last line ends in the middle"),
    ("logs.jsonl", '{"a"\n' + lines(LOG), "logs.jsonl:1: isn't JSON"),
    ("logs.jsonl", "[1]\n", "logs.jsonl:1: is a list; expected one JSON object a line"),
    ("logs.jsonl", lines(LOG).replace('"boom"', "NaN"), "NaN is no JSON value"),
    ("logs.jsonl", lines(LOG).encode() + b'{"body": "\xff"}\n', "logs.jsonl:2: byte 0xff is not UTF-8"),
    ("logs.jsonl", lines(LOG).encode("utf-16"), "UTF-16?"),
    ("logs.jsonl", lines({**LOG, "attributes": [1]}), "field 'attributes' is a list; expected an object"),
    ("logs.jsonl", lines(LOG)[:-2] + ', "attributes": ' + '{"a":' * 300 + "1" + "}" * 301 + "\n", "nested over 100 levels deep"),
    ("alert.json", "[" * 200_000, "nested too deeply"),
    ("alert.json", "", "alert.json:1: isn't JSON"),
    ("spans.jsonl", lines({**SPAN, "duration_s": "1"}), "spans.jsonl:1: field 'duration_s' is '1'; expected a number of seconds"),
    ("spans.jsonl", lines({**SPAN, "duration_s": -1}), "not negative"),
    ("spans.jsonl", lines({**SPAN, "status": "great"}), "expected one of ok, error, unset"),
    ("changes.jsonl", lines({**CHANGE, "kind": "magic"}), "changes.jsonl:1: field 'kind' is 'magic'; expected one of deployment, configuration"),
    ("changes.jsonl", lines({**CHANGE, "summary": None}), "changes.jsonl:1: field 'summary' is None; expected text"),
    ("metrics.yaml", "latency: {kind: slow, unit: s, statistic: p95, worse: higher}", "metrics.yaml:1: field 'kind' is 'slow'; expected one of latency"),
    ("metrics.yaml", "a: 1\n", "metrics.yaml:1: 'a' is a number; expected kind, unit, statistic and worse"),
    ("metrics.yaml", "a: {kind: latency, unit: s, statistic: p95, worse: higher}\na: {}\n", "metrics.yaml:2: isn't valid YAML: the key 'a' is here twice"),
    ("topology.yaml", "resources:\n  - {id: a}\n  - {id: 12}\n", "topology.yaml:3: field 'resources.1.id' is 12; expected text"),
    ("topology.yaml", "resources:\n  - {id: a}\n  - {id: a}\n", "topology.yaml:3: the resource 'a' is there twice"),
    ("topology.yaml", "resources: {a: [}\n", "topology.yaml:1: isn't valid YAML"),
    ("topology.yaml", "- a\n", "is a list; expected a mapping"),
    ("topology.yaml", "resources: !!python/object/apply:os.system ['true']\n", "isn't valid YAML"),
    ("topology.yaml", "edges: [{source: a, target: b}]\n", "field 'edges.0.from' is missing"),
    ("metrics/m.csv", "time,a\n2026-03-10T14:00:00Z,fast\n", "metrics/m.csv:2: column 'a' is 'fast'; expected a number"),
    ("metrics/m.csv", "time,a\n2026-03-10T14:00:00Z,1_000\n", "is '1_000'; expected a number"),
    ("metrics/m.csv", "time,a\n2026-03-10T14:00:00Z,1,2\n", "metrics/m.csv:2: has 3 cells, the header has 2"),
    ("metrics/m.csv", "time;a\n", "expected time,<resource>,... with commas between"),
    ("metrics/m.csv", "", "is empty; expected a first line such as time"),
    ("metrics/m.csv", "time,a,a\n", "the resource 'a' has two columns"),
    ("metrics/m.csv", "time,\n", "column 2 has no name"),
    ("metrics/m.csv", "time,a\n10/03/2026 14:00,1\n", "metrics/m.csv:2: field 'time' is '10/03/2026 14:00'; expected a time"),
    ("metrics/m.csv", 'time,a\n2026-03-10T14:00:00Z,"1\n', "isn't CSV"),
    ("kubernetes/yesterday/pods.json", "{}", "the folder 'yesterday' is no time; expected one such as 2026-11-23T03-10-00Z"),
    ("kubernetes/2026-03-10T14-30-00Z/pods.json", '{"kind": "Pod"}', "field 'items' is null; expected a list"),
    ("logs.jsonl.gz", b"plain", "logs.jsonl.gz: is named .gz but isn't gzip-compressed"),
    ("logs.jsonl.gz", gzip.compress(os.urandom(5000))[:-900], "logs.jsonl.gz: is damaged"),
    ("logs.jsonl.gz", gzip.compress(b"x" * 500)[:-8] + b"12345678", "logs.jsonl.gz: is damaged"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "message"), WRONG_PARTS, ids=[row[2][:50] for row in WRONG_PARTS])
def test_a_wrong_part_is_told_in_one_line(make: Make, name: str, content: str | bytes, message: str) -> None:
    assert message in problem(make({name: content}))


WRONG_MANIFESTS: list[tuple[str | bytes, str]] = [
    ("", "incident.yaml: is empty or no mapping"),
    ("- a\n", "is empty or no mapping"),
    (MANIFEST.replace("incident/1", "incident/9"), "incident.yaml:1: field 'format' is 'cloudops-incident/9'; expected cloudops-incident/1"),
    (MANIFEST.replace("id: shop-01", "id: Shop_01"), "incident.yaml:2: field 'id' is 'Shop_01'; expected only characters of [a-z0-9-]"),
    (MANIFEST.replace("id: shop-01\n", ""), "field 'id' is missing"),
    (MANIFEST.replace("14:32:00Z", "14:32:00"), "incident.yaml:5: field 'detected_at' is '2026-03-10T14:32:00'; expected a time"),
    (MANIFEST.replace("2026-03-10T14:32:00Z", "2026-03-10"), "expected a time: ISO 8601 in UTC with Z"),
    (MANIFEST.replace("2026-03-10T14:32:00Z", "1773153120"), "field 'detected_at' is 1773153120; expected a time"),
    (MANIFEST.replace("to: 2026-03-10T14:45:00Z", "to: 2026-03-10T13:45:00Z"), "incident.yaml:6: 'window' ends before it starts"),
    (MANIFEST + "baseline: {from: 2026-03-10T14:00:00Z, to: 2026-03-09T14:00:00Z}\n", "incident.yaml:7: 'baseline' ends before it starts"),
    (MANIFEST + "labels: {version: 1.10}\n", "field 'labels.version' is 1.1; expected text"),
    (MANIFEST + "platform: [cobol]\n", "field 'platform.0' is 'cobol'; expected one of aws, kubernetes, other"),
    (MANIFEST + "symptom: {resource: api, direction: sideways}\n", "expected one of above, below"),
    (MANIFEST.encode() + b"x: \xff\n", "incident.yaml:7: byte 0xff is not UTF-8"),
    ("a: &a [x, *a]\n", "contains itself"),
    ("a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(f"{b}: &{b} [{','.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)), "aliases expand to over 1,000,000 values"),
    ("[" * 5000, "incident.yaml"),
]  # fmt: skip


@pytest.mark.parametrize(("manifest", "message"), WRONG_MANIFESTS, ids=[row[1][:50] for row in WRONG_MANIFESTS])
def test_a_wrong_manifest_is_told_in_one_line(make: Make, manifest: str | bytes, message: str) -> None:
    assert message in problem(make(None, manifest))


def test_a_directory_without_a_manifest_says_so(make: Make, tmp_path: Path) -> None:
    assert "incident.yaml: is missing from bundle-0; it is empty" in problem(make(None, None))
    assert "no such bundle" in problem(tmp_path / "nowhere")
    (tmp_path / "file").write_text("text")
    assert "is neither a directory nor a ZIP" in problem(tmp_path / "file")


def test_a_part_that_is_there_twice_is_refused(make: Make) -> None:
    files: dict[str, str | bytes] = {"logs.jsonl": lines(LOG), "logs.jsonl.gz": gzip.compress(b"")}
    assert "logs.jsonl: is there both plain and gzip-compressed" in problem(make(files))


def test_links_that_leave_the_bundle_are_refused(make: Make, tmp_path: Path) -> None:
    (tmp_path / "outside.jsonl").write_text(lines(LOG))
    folder = make()
    (folder / "logs.jsonl").symlink_to(tmp_path / "outside.jsonl")
    assert "logs.jsonl: links to something outside the bundle" in problem(folder)
    (folder / "logs.jsonl").unlink()
    (folder / "inside.txt").write_text(lines(LOG))
    (folder / "logs.jsonl").symlink_to("inside.txt")
    assert len(read_bundle(folder).logs or ()) == 1


def test_a_pipe_in_a_bundle_is_refused_instead_of_waited_for(make: Make) -> None:
    folder = make()
    os.mkfifo(folder / "logs.jsonl")
    assert "logs.jsonl: is not a regular file" in problem(folder)


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "C:/evil", "a\\..\\evil", "a//b", "./a"])
def test_a_zip_entry_that_would_leave_the_directory_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.incident"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("incident.yaml", MANIFEST)
        archive.writestr(zipfile.ZipInfo(name), "x")
    assert "would be unpacked outside the bundle's directory" in problem(path)


def test_hostile_zips_are_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("logs.jsonl")
    link.external_attr = 0o120777 << 16
    path = tmp_path / "x.incident"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("incident.yaml", MANIFEST)
        archive.writestr(link, "/etc/passwd")
    assert "logs.jsonl: is a link" in problem(path)
    data = bytearray(_zip(MANIFEST, lines(LOG)))
    for offset in _headers(data, b"PK\x01\x02", 8):
        data[offset] |= 1
    path.write_bytes(data)
    assert "is encrypted" in problem(path)
    data = bytearray(_zip(MANIFEST, lines(LOG)))
    data[data.index(b"boom")] ^= 1
    path.write_bytes(data)
    assert "logs.jsonl: is damaged (Bad CRC-32" in problem(path)
    path.write_bytes(bytes(_zip(MANIFEST, lines(LOG)))[:-30])
    assert "neither a directory nor a ZIP" in problem(path)


def _zip(manifest: str, logs: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("incident.yaml", manifest)
        archive.writestr("logs.jsonl", logs)
    return stream.getvalue()


def _headers(data: bytearray, magic: bytes, field: int) -> list[int]:
    found, start = [], data.find(magic)
    while start >= 0:
        found.append(start + field)
        start = data.find(magic, start + 4)
    return found


def test_a_zip_bomb_is_refused_by_what_it_says_and_by_what_it_holds(
    tmp_path: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.incident"
    data = bytearray(_zip(MANIFEST, lines(LOG)))
    size = _headers(data, b"PK\x01\x02", 24)[1]
    data[size : size + 4] = (513 * 1024 * 1024).to_bytes(4, "little")
    path.write_bytes(data)
    assert "logs.jsonl: is over 512 MiB unpacked" in problem(path)
    monkeypatch.setattr(bundle_files, "MAX_FILE_BYTES", 3 * 1024 * 1024)
    nested = gzip.compress(b"\n" * 4 * 1024 * 1024)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("incident.yaml", MANIFEST)
        archive.writestr("logs.jsonl.gz", nested)
    assert "logs.jsonl.gz: is over 3 MiB unpacked" in problem(path)
    assert "logs.jsonl.gz: is over 3 MiB unpacked" in problem(make({"logs.jsonl.gz": nested}))


def test_a_gzip_bomb_is_unpacked_in_small_steps() -> None:
    compressor = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    zeros = bytes(1 << 24)
    data = b"".join(compressor.compress(zeros) for _ in range(4)) + compressor.flush()
    steps = list(bundle_files._gunzip(io.BytesIO(data), "x"))
    assert sum(map(len, steps)) == 1 << 26
    assert max(map(len, steps)) <= 1 << 20


def test_too_many_entries_are_refused(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle_files, "MAX_ENTRIES", 3)
    assert "at most 3 are read" in problem(make({"a": "", "b": "", "c": ""}))
    with zipfile.ZipFile(tmp_path / "x.incident", "w") as archive:
        for name in ("incident.yaml", "a", "b", "c"):
            archive.writestr(name, MANIFEST)
    assert "holds 4 entries; at most 3 are read" in problem(tmp_path / "x.incident")


def test_names_in_errors_drive_no_terminal(make: Make) -> None:
    message = problem(make({"logs.jsonl": lines({**LOG, "severity": "\x1b[31mred\n\u202e"})}))
    assert "\x1b" not in message
    assert "\u202e" not in message


@pytest.mark.parametrize(
    "name", [b"metrics/late\xff.csv", b"note-\xfe.txt", b"kubernetes/logs/shop_api\xed\xa0\x80_app.log"]
)
def test_a_file_whose_name_is_not_utf8_is_refused(make: Make, name: bytes) -> None:
    path = make({"metrics/latency.csv": "time,api\n"})
    place = path / os.fsdecode(name)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"time,api\n")
    assert "has a name that is not UTF-8" in problem(path)
