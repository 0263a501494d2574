"""Secrets in objects of all shapes, in every field of every part that takes an object, and tokens in identifiers and names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fuzz.bases import bundle
from object_shapes import SHAPES, filled
from test_end_to_end import _documents, _is_read, _run, _write, _written


def secret(number: int) -> str:
    return f"Zq{number:04}xKe9Lm2Pw7{number * 7919 % 1000:03}"


def token(number: int) -> str:
    """In a vendor's form, joined here lest a scanner mistakes this file."""
    return "ghp_" + f"{number:04}" + "dHb2U9LhOS0irYkPvdRHUNL9yf4StfxD"


def _objects(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all objects."""
    items = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    inside = [inner for key, item in items for inner in _objects(item, (*path, key))]
    return [path, *inside] if isinstance(value, dict) else inside


def _with_entry(value: Any, path: tuple[Any, ...], entry: Any) -> Any:
    if not path:
        return {**value, "extra": entry}
    copied = list(value) if isinstance(value, list) else dict(value)
    copied[path[0]] = _with_entry(value[path[0]], path[1:], entry)
    return copied


def test_secrets_in_objects_of_every_part_are_in_no_byte(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, capfd: pytest.CaptureFixture[str]
) -> None:
    files, planted = bundle(), list[str]()
    tried = tmp_path_factory.mktemp("tried")
    texts = [name for name in files if name.endswith((".json", ".jsonl", ".yaml")) and name != "truth.yaml"]
    for name in texts:
        first, *rest = _documents(name, files[name])
        paths = _objects(first)
        for place, path in enumerate(paths):
            # A part with several objects has each shape in one of three.
            chosen = SHAPES[place % 3 :: 3] if len(paths) > 2 else SHAPES
            shapes = [filled(shape, secret(len(planted) + number)) for number, shape in enumerate(chosen)]
            changed = _with_entry(first, path, shapes)
            if _is_read(tried, bundle() | {name: _written(name, [changed, *rest])}):
                first = changed
                planted += [f"{name} {path} {shape}" for shape in chosen]
        files[name] = _written(name, [first, *rest])
    assert len({place.split()[0] for place in planted}) > 4
    written = _run(tmp_path, _write(tmp_path / "b", files), capfd)
    assert b"[redacted:" in written
    assert [place for number, place in enumerate(planted) if secret(number).encode() in written] == []


def test_a_token_in_an_identifier_or_a_name_is_in_no_byte(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, capfd: pytest.CaptureFixture[str]
) -> None:
    files, planted = bundle(), list[str]()
    tried = tmp_path_factory.mktemp("tried")
    for name in [name for name in files if name.endswith(".jsonl")]:
        first, *rest = _documents(name, files[name])
        for key in [key for key, value in first.items() if isinstance(value, str)]:
            changed = {**first, key: f"{first[key]}-{token(len(planted))}"}
            if _is_read(tried, bundle() | {name: _written(name, [changed, *rest])}):
                first = changed
                planted.append(f"{name} {key}")
        files[name] = _written(name, [first, *rest])
    log = next(name for name in files if name.startswith("kubernetes/logs/"))
    files[log.replace(".log", f"{token(900)}.log")] = files[log]
    assert len(planted) > 8
    written = _run(tmp_path, _write(tmp_path / f"b_{token(901)}", files), capfd)
    assert b"[redacted:github:" in written
    assert [n for n in (*range(len(planted)), 900, 901) if token(n).encode() in written] == []
