"""Limits on what is read: nesting, sizes together, lines, columns, cells, and numbers and times that mean nothing."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_bundles import LOG, MANIFEST, SPAN, Make, lines, problem

from cockpit.configuration import parse_configuration
from primitives.bundle import files, kubernetes, parse, read_bundle, reader, samples, topology
from primitives.errors import UsageError

METRIC = "latency: {kind: latency, unit: s, statistic: p95, worse: higher}\n"


@pytest.mark.parametrize("piece", ["[", "- ", "? ", "{a: ", "[{a: "])
@pytest.mark.parametrize("name", ["incident.yaml", "metrics.yaml", "topology.yaml"])
def test_deep_yaml_is_refused_before_it_is_built(make: Make, piece: str, name: str) -> None:
    assert "nested" in problem(make({name: piece * 25_000}))


def test_yaml_may_be_as_deep_as_the_limit(make: Make) -> None:
    depth = parse.MAX_DEPTH - 2
    path = make({"incident.yaml": MANIFEST + "x: " + "[" * depth + "]" * depth + "\n"})
    read_bundle(path).validate()


@pytest.mark.parametrize("piece", ["1,", "[],", "{},", "'',"])
def test_too_many_values_of_yaml_are_refused_before_they_are_built(make: Make, piece: str) -> None:
    many = "x: [" + piece * (parse.MAX_YAML_VALUES + 1) + "1]\n"
    assert problem(make({"topology.yaml": many})).endswith("it has over 500,000 values")


def test_too_many_resources(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topology, "MAX_RESOURCES", 3)
    many = "resources: [" + ", ".join(f"{{id: r{number}, kind: service}}" for number in range(4)) + "]\n"
    assert "holds 4 resources; at most 3 are read" in problem(make({"topology.yaml": many}))


def test_too_many_objects_of_all_dumps_together(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubernetes, "MAX_OBJECTS", 5)
    dumps = {f"kubernetes/2026-03-10T14-30-00Z/{kind}.json": '{"items": [{}, {}, {}]}' for kind in ("nodes", "pods")}
    found = problem(make(dumps))
    assert found.startswith("kubernetes/2026-03-10T14-30-00Z/pods.json: is past 5 objects together")


def test_too_many_columns_of_all_tables_together(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_SERIES", 5)
    tables = {f"metrics/{name}.csv": "time,a,b,c\n2026-03-10T14:10:00Z,1,2,3\n" for name in ("errors", "latency")}
    assert "is past 5 columns of all tables together" in problem(make(tables))


@pytest.mark.parametrize("digits", [30, 4_000, 9_000])
@pytest.mark.parametrize(("name", "text"), [
    ("logs.jsonl", '{"time": NUMBER, "resource": "api", "body": "late"}\n'),
    ("spans.jsonl", lines({**SPAN, "duration_s": 4711}).replace("4711", "-NUMBER")),
    ("changes.jsonl", '{"time": "2026-03-10T14:30:00Z", "resource": "api", "kind": NUMBER, "summary": "v2"}\n'),
    ("metrics.yaml", 'latency: {kind: NUMBER, unit: s, statistic: p95, worse: higher}\n'),
    ("incident.yaml", MANIFEST.replace("2026-03-10T14:32:00Z", "NUMBER")),
    ("kubernetes/2026-03-10T14-30-00Z/pods.json", '{"items": [NUMBER]}'),
])  # fmt: skip
def test_no_error_quotes_the_digits_of_a_huge_number(make: Make, name: str, text: str, digits: int) -> None:
    message = problem(make({name: text.replace("NUMBER", "9" * digits)}))
    assert message.startswith(name)
    assert "999" not in message
    assert "set_int_max_str_digits" not in message
    assert len(message) < 250


@pytest.mark.parametrize("name", [
    "incident.yaml", "logs.jsonl", "alert.json", "truth.yaml", "metrics/latency.csv", "topology.yaml.gz",
    "kubernetes/2026-03-10T14-30-00Z/pods.json", "kubernetes/logs/shop_api_app.log",
])  # fmt: skip
@pytest.mark.parametrize("packed", [False, True])
def test_a_directory_in_the_place_of_a_file_is_said(tmp_path: Path, name: str, *, packed: bool) -> None:
    place = tmp_path / "bundle"
    (place / name).mkdir(parents=True)
    (place / "notes.txt").touch()
    if name != "incident.yaml":
        (place / "incident.yaml").write_text(MANIFEST)
    if packed:
        with zipfile.ZipFile(tmp_path / "bundle.incident", "w") as archive:
            for path in sorted(place.rglob("*")):
                archive.write(path, path.relative_to(place))
        place = tmp_path / "bundle.incident"
    assert problem(place) == f"{name}: is a directory; put the file of that name there"


@pytest.mark.parametrize("name", [b"metrics/\xff.csv", b"m\xff/a.csv", b"\xff.bin"])
def test_a_name_that_is_not_utf8_is_shown_with_its_bytes(make: Make, name: bytes) -> None:
    path = make({})
    odd = path / os.fsdecode(name)
    odd.parent.mkdir(exist_ok=True)
    odd.write_text("time,api\n")
    assert "\\xff" in problem(path)


def test_deep_configuration_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nested over 100 levels"):
        parse_configuration(tmp_path / "config.yaml", "[" * 25_000)
    with pytest.raises(UsageError, match="over 500,000 values"):
        parse_configuration(tmp_path / "config.yaml", f"[{'1,' * 500_001}]")
    with pytest.raises(UsageError, match="a number has over 4,300 digits"):
        parse_configuration(tmp_path / "config.yaml", f"close_after_days: {'9' * 5_000}")


@pytest.mark.parametrize("name", ["alert.json", "logs.jsonl", "kubernetes/2026-03-10T14-30-00Z/pods.json"])
def test_deep_json_is_refused(make: Make, name: str) -> None:
    assert problem(make({name: '{"a":' * 100_000}))


def test_files_are_too_large_together(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_TOTAL_BYTES", 5_000)
    assert "makes the bundle over" in problem(make({f"more/{number}.txt": "x" * 1_000 for number in range(5)}))


def test_an_archive_that_states_wrong_sizes_is_too_large_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bomb.incident"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("incident.yaml", MANIFEST)
        archive.writestr("logs.jsonl", lines(LOG) * 200)
        archive.writestr("spans.jsonl", lines(SPAN) * 200)
    bundle = read_bundle(path)
    monkeypatch.setattr(files, "MAX_TOTAL_BYTES", 30_000)
    with pytest.raises(Exception, match="makes the bundle over"):
        bundle.validate()


def test_unknown_files_are_read_one_at_a_time_when_asked_for(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = read_bundle(make({"more/a.bin": "a", "more/b.bin": "b"}))
    read: list[str] = []
    whole: Callable[[files.Files, str], bytes] = files.Files.read
    monkeypatch.setattr(files.Files, "read", lambda self, name: read.append(name) or whole(self, name))
    parts = bundle.load_all()
    assert not [name for name in read if name.startswith("more/")]
    assert parts.other["more/b.bin"] == b"b"
    assert read[-1] == "more/b.bin"


def test_an_archive_of_many_entries_is_opened_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "many.incident"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("incident.yaml", MANIFEST)
        for number in range(500):
            archive.writestr(f"kubernetes/logs/shop_api-{number}_app.log", "started\n")
    opened: list[Any] = []
    begin = zipfile.ZipFile.__init__
    monkeypatch.setattr(
        zipfile.ZipFile, "__init__", lambda self, *args, **named: opened.append(args) or begin(self, *args, **named)
    )
    read_bundle(path).validate()
    assert len(opened) == 1


def test_too_many_lines(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse, "MAX_LINES", 10)
    assert "has over 10 lines" in problem(make({"logs.jsonl": "\n" * 11}))


def test_too_many_columns(make: Make) -> None:
    header = "time," + ",".join(f"r{number}" for number in range(samples.MAX_COLUMNS + 1)) + "\n"
    assert "columns; at most" in problem(make({"metrics.yaml": METRIC, "metrics/latency.csv": header}))


def test_too_many_cells(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "MAX_CELLS", 8)
    rows = "".join(f"2026-03-10T14:{minute}:00Z,1,2\n" for minute in range(10, 15))
    found = problem(make({"metrics.yaml": METRIC, "metrics/latency.csv": "time,a,b\n" + rows}))
    assert found.startswith("metrics/latency.csv:5: is past 8 cells")


@pytest.mark.parametrize("value", ["1e300", "-1e308", str(2**70), "nan", "-inf"])
def test_numbers_beyond_meaning_are_dropped_and_said(make: Make, value: str) -> None:
    table = f"time,api\n2026-03-10T14:10:00Z,1\n2026-03-10T14:11:00Z,{value}\n2026-03-10T14:12:00Z,2\n"
    bundle = read_bundle(make({"metrics.yaml": METRIC, "metrics/latency.csv": table}))
    assert bundle.series_of("latency")[0].values.tolist() == [1.0, 2.0]
    assert any("1 samples are NaN, infinite or beyond 1e+20" in warning for warning in bundle.warnings)


def test_rounding_errors_are_zero(make: Make) -> None:
    table = "time,api\n2026-03-10T14:10:00Z,5e-324\n2026-03-10T14:11:00Z,-1e-40\n2026-03-10T14:12:00Z,1e-9\n"
    bundle = read_bundle(make({"metrics.yaml": METRIC, "metrics/latency.csv": table}))
    assert np.array_equal(bundle.series_of("latency")[0].values, [0.0, 0.0, 1e-9])


@pytest.mark.parametrize("year", ["0001", "1969", "2201", "9999"])
def test_times_of_unset_clocks(make: Make, year: str) -> None:
    odd = MANIFEST.replace("from: 2026", f"from: {year}")
    assert "expected a year from 1970 to 2200" in problem(make({"incident.yaml": odd}))
    log = {**LOG, "time": f"{year}-01-01T00:00:00Z"}
    bundle = read_bundle(make({"incident.yaml": MANIFEST, "logs.jsonl": lines(LOG, log)}))
    assert len(bundle.logs or ()) == 1
    assert "logs.jsonl: records with a time before 1970 or after 2200 were dropped" in bundle.warnings


def test_a_call_of_centuries_is_dropped(make: Make) -> None:
    bundle = read_bundle(make({"spans.jsonl": lines(SPAN, {**SPAN, "duration_s": 1e300})}))
    assert len(bundle.spans or ()) == 1
    assert any("over ten years" in warning for warning in bundle.warnings)
