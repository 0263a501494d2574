"""Secrets in every field of every part of a bundle are in no byte that CloudOps writes.

Each field gets a secret of its own, in one of the forms that logs and settings have; then everything is investigated,
replayed, reported and exported, and the store, its blobs, the exports and all that was printed are searched.
"""

from __future__ import annotations

import base64
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from fuzz.bases import bundle

from cockpit.cli import main
from primitives.bundle import read_bundle
from primitives.errors import BundleError

FORMS = (
    "password={}",
    "postgres://app:{}@db.example.com/shop",
    "Authorization: Bearer {}",
    '{{"api_key": "{}"}}',
    "curl -s -u ops:{} http://x.example.com",
    "ALTER USER ops IDENTIFIED BY '{}'",
    "the password is {}",
    "GET /a?access_token={} HTTP/1.1",
    "mysql -h db -u root -p{} shop",
    "machine git.example.com login ops password {}",
)
KNOWN = "vT7+qk/2LmR9&wZx"
# One part names it, the others have it bare, each in another encoding.
BARE = (
    KNOWN,
    quote(KNOWN, safe=""),
    base64.b64encode(KNOWN.encode()).decode(),
    KNOWN.encode().hex(),
    json.dumps(KNOWN)[1:-1].replace("&", "&amp;"),
)


def secret(number: int) -> str:
    return f"Zq{number:03}xKe9Lm2Pw7{number * 7919 % 1000:03}"


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all texts."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _places(item, (*path, key))
    if isinstance(value, str):
        yield path


def _planted(value: Any, path: tuple[Any, ...], text: str) -> Any:
    if not path:
        return f"{value} {text}"
    copied = list(value) if isinstance(value, list) else dict(value)
    copied[path[0]] = _planted(value[path[0]], path[1:], text)
    return copied


def _documents(name: str, data: bytes) -> list[Any]:
    if name.endswith(".jsonl"):
        return [json.loads(line) for line in data.splitlines()]
    return [json.loads(data) if name.endswith(".json") else yaml.load(data, yaml.BaseLoader)]


def _written(name: str, documents: list[Any]) -> bytes:
    if name.endswith(".yaml"):
        return yaml.safe_dump(documents[0]).encode()
    return b"".join(json.dumps(document).encode() + b"\n" for document in documents)


def _write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def _is_read(folder: Path, files: dict[str, bytes]) -> bool:
    try:
        read_bundle(_write(folder, files)).validate()
    except BundleError:
        return False
    return True


def _all_planted(folder: Path) -> tuple[dict[str, bytes], list[str]]:
    """The bundle with a secret in each text of its first documents that may be any text, and what was planted where."""
    files, planted = bundle(), []
    texts = [name for name in files if name.endswith((".json", ".jsonl", ".yaml")) and name != "truth.yaml"]
    for name in texts:
        first, *rest = _documents(name, files[name])
        for path in list(_places(first)):
            number = len(planted)
            tried = _planted(first, path, FORMS[number % len(FORMS)].format(secret(number)))
            if _is_read(folder, bundle() | {name: _written(name, [tried, *rest])}):
                first = tried
                planted.append(f"{name} {path}")
        files[name] = _written(name, [first, *rest])
    return files, planted


def _run(folder: Path, place: Path, capfd: pytest.CaptureFixture[str]) -> bytes:
    """Everything that the commands print and write."""
    store = str(folder / "incidents.db")
    for words in (
        ["investigate", "--incident", place, "--json"],
        ["investigate", "--incident", place, "--events"],
        ["investigate", "--incident", place, "--explain"],
        ["replay", "florist", "--plain"],
        ["report", "florist", "--format", "html"],
        ["report", "florist", "--format", "md"],
        ["attach", "florist", "--events"],
        ["export", "florist", folder / "again"],
        ["export", "florist", folder / "again.incident"],
        ["audit", "florist"],
        ["incidents", "--json"],
        ["evaluate", place, "--json"],
    ):
        main([*map(str, words), "--store", store])
    printed = capfd.readouterr()
    return (printed.out + printed.err).encode() + b"".join(_files(folder, besides=place))


def _files(folder: Path, *, besides: Path) -> Iterator[bytes]:
    for path in folder.rglob("*"):
        if not path.is_file() or path.is_relative_to(besides):
            continue
        yield path.name.encode() + path.read_bytes()
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    yield name.encode() + archive.read(name)


def test_a_secret_in_any_field_is_in_no_byte(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, capfd: pytest.CaptureFixture[str]
) -> None:
    files, planted = _all_planted(tmp_path_factory.mktemp("tried"))
    assert len(planted) > 40
    files["kubernetes/logs/shop_ribbon-1_app.log"] += f"2026-03-10T12:05:00Z pwd={secret(998)}\n".encode()
    files["notes password=" + secret(999) + ".txt"] = b"password=" + secret(997).encode()
    written = _run(tmp_path, _write(tmp_path / "b", files), capfd)
    assert b"florist" in written
    assert b"[redacted:" in written
    names = [*planted, *("another file",) * (1000 - len(planted))]
    assert [names[number] for number in range(1000) if secret(number).encode() in written] == []


def test_a_secret_that_one_part_names_is_found_in_all(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    files = bundle()
    for number, name in enumerate(("changes.jsonl", "spans.jsonl", "logs.jsonl")):
        first, *rest = _documents(name, files[name])
        path = next(path for path in _places(first) if path[-1] in ("summary", "name", "body"))
        files[name] = _written(name, [_planted(first, path, f"({BARE[number]})"), *rest])
    files["kubernetes/logs/shop_ribbon-1_app.log"] += (
        f"2026-03-10T12:05:00Z got {BARE[3]} and {BARE[4]}\n2026-03-10T12:06:00Z DB_PASSWORD='{KNOWN}'\n".encode()
    )
    written = _run(tmp_path, _write(tmp_path / "b", files), capfd)
    assert b"[redacted:known:" in written
    assert [form for form in BARE if form.encode() in written] == []
