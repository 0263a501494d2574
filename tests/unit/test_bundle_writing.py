"""Writing bundles: whole or not at all, never over somebody's files, and as the schemas say."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest
import yaml

from primitives.bundle import BundleParts, Manifest, files, read_bundle, write_bundle
from primitives.bundle.parse import parse_yaml
from primitives.bundle.schema import schemas, write_schemas
from primitives.errors import BundleError, UsageError
from primitives.records import ContainerLog, LogRecord, Window

ROOT = Path(__file__).parents[2]
START = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
MANIFEST = Manifest(id="a", title="A", detected_at=START, window=Window(start=START, end=START))
PARTS = BundleParts(manifest=MANIFEST, logs=(LogRecord(START, "api", "INFO", "hello", {}),))
EXPECTED_FILES = ["incident.yaml", "logs.jsonl"]


@pytest.mark.parametrize("filename", ["bundle", "bundle.incident"])
def test_nothing_is_overwritten_unasked(tmp_path: Path, filename: str) -> None:
    path = tmp_path / filename
    write_bundle(PARTS, path)
    with pytest.raises(UsageError, match="exists already"):
        write_bundle(PARTS, path)
    write_bundle(BundleParts(manifest=MANIFEST), path, overwrite=True)
    assert read_bundle(path).logs is None
    assert [one.name for one in tmp_path.iterdir() if one.name != "home"] == [filename]


def test_a_folder_that_is_no_bundle_is_never_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match="is no incident bundle"):
        write_bundle(PARTS, folder, overwrite=True)
    assert (folder / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize("filename", ["bundle", "bundle.incident"])
def test_a_failed_write_leaves_what_was_there(tmp_path: Path, filename: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / filename
    write_bundle(PARTS, path)

    replace = Path.replace

    def full(self: Path, target: Path) -> Path:
        if target == path and not self.name.endswith(".old"):
            raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(BundleError, match="can't be written: No space left on device"):
        write_bundle(BundleParts(manifest=MANIFEST), path, overwrite=True)
    monkeypatch.undo()
    assert len(read_bundle(path).logs or ()) == 1
    assert [one.name for one in tmp_path.iterdir() if one.name != "home"] == [filename]


def test_the_same_contents_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.incident", "two.incident"):
        write_bundle(PARTS, tmp_path / name)
    assert (tmp_path / "one.incident").read_bytes() == (tmp_path / "two.incident").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.incident") as archive:
        assert archive.namelist() == EXPECTED_FILES
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_times_in_yaml_are_times_to_every_reader(tmp_path: Path) -> None:
    write_bundle(PARTS, tmp_path / "bundle")
    text = (tmp_path / "bundle" / "incident.yaml").read_text()
    assert "detected_at: 2026-03-10T14:00:00Z\n" in text
    assert yaml.safe_load(text)["detected_at"] == START


def test_unknown_keys_of_the_manifest_and_unknown_files_are_kept(tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    write_bundle(PARTS, folder)
    with (folder / "incident.yaml").open("a") as stream:
        stream.write("mood: {of: the day, since: 2026-03-10T14:00:00Z}\n")
    (folder / "more").mkdir()
    (folder / "more" / "data.bin").write_bytes(b"\x00\xff")
    write_bundle(read_bundle(folder).load_all(), tmp_path / "copy.incident")
    copy = read_bundle(tmp_path / "copy.incident")
    assert copy.manifest.model_extra == {"mood": {"of": "the day", "since": "2026-03-10T14:00:00Z"}}
    assert copy.load_all().other == {"more/data.bin": b"\x00\xff"}


def test_names_that_would_leave_the_bundle_are_refused(tmp_path: Path) -> None:
    log = ContainerLog(namespace="../../x", pod="p", container="c", text="")
    for parts in (
        BundleParts(manifest=MANIFEST, kubernetes_logs=(log,)),
        BundleParts(manifest=MANIFEST, other={"../evil": b""}),
    ):
        with pytest.raises(BundleError):
            write_bundle(parts, tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


def test_what_reading_would_refuse_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("primitives.bundle.writer.MAX_FILE_BYTES", 10)
    assert files.MAX_FILE_BYTES == 512 * 1024 * 1024
    with pytest.raises(BundleError, match="nothing was written"):
        write_bundle(PARTS, tmp_path / "bundle")
    assert [one.name for one in tmp_path.iterdir()] == ["home"]


def test_the_published_schemas_are_those_of_the_models(tmp_path: Path) -> None:
    write_schemas(tmp_path / "schemas")
    generated = {path.name: path.read_text() for path in (tmp_path / "schemas").iterdir()}
    published = {path.name: path.read_text() for path in (ROOT / "docs" / "schemas").glob("*.schema.json")}
    others = published.keys() - generated.keys()
    assert generated == {name: text for name, text in published.items() if name not in others}, (
        "run: python -m primitives.bundle.schema"
    )


def test_public_bundles_agree_with_the_schemas(shared_datasets: Path) -> None:
    validators = {name: jsonschema.Draft202012Validator(schema) for name, schema in schemas().items()}
    for validator in validators.values():
        validator.check_schema(validator.schema)
    lines = {
        "changes": "change",
        "logs": "log",
        "spans": "span",
        "observations": "observation",
        "configuration": "configuration",
    }
    checked = set()
    for folder in shared_datasets.glob("[kr]*/*/"):
        for name in ("incident", "metrics", "topology", "truth"):
            path = folder / f"{name}.yaml"
            if path.exists():
                validators[name].validate(parse_yaml(path.read_bytes(), path.name).value)
                checked.add(name)
        for part, name in lines.items():
            path = folder / f"{part}.jsonl"
            for line in path.read_text().splitlines()[:20] if path.exists() else ():
                validators[name].validate(json.loads(line))
                checked.add(name)
    assert checked == {"incident", "metrics", "topology", "truth", *lines.values()}


def test_the_schemas_refuse_what_the_reader_refuses() -> None:
    validator = jsonschema.Draft202012Validator(schemas()["log"])
    good = {"time": "2026-03-10T14:00:00Z", "resource": "api", "severity": "INFO", "body": "x"}
    assert validator.is_valid(good)
    for change in ({"severity": "loud"}, {"time": "2026-03-10 14:00"}, {"body": 5}, {"attributes": [1]}):
        assert not validator.is_valid({**good, **change})
