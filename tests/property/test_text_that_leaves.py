"""A secret, an escape sequence and a bidi override in each field and file name: none leaves, in no format."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from fuzz.bases import bundle
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cockpit.cli import main
from primitives import errors
from primitives.text import safe_json

SECRET = "AKIAQ3EGRJ5TMPLANTED"
MARK = f"\x1b]0;own\x07\x1b[2J\u202ex\u2066\u009b31m password=hunter2horse {SECRET}"
UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]")


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*path, key)
            yield from _places(item, (*path, key))
    elif isinstance(value, list):
        yield from _places(value[0], (*path, 0)) if value else ()
    elif path and isinstance(path[-1], int):
        yield path


def _planted(value: Any, path: tuple[Any, ...], mark: str, *, key: bool) -> Any:
    step, *rest = path
    if isinstance(value, list):
        return [_planted(item, tuple(rest), mark, key=key) if rest else mark for item in value[:1]] + value[1:]
    if rest:
        return value | {step: _planted(value[step], tuple(rest), mark, key=key)}
    if key:
        return value | {mark: "x"}
    old = value[step]
    return value | {step: f"{old} {mark}" if isinstance(old, str) else mark}


def _documents() -> Iterator[tuple[str, Any]]:
    for name, data in bundle().items():
        if name.endswith(".jsonl"):
            yield name, json.loads(data.splitlines()[0])
        elif name.endswith(".json"):
            yield name, json.loads(data)
        elif name.endswith(".yaml") and name != "truth.yaml":
            yield name, yaml.safe_load(data)


CASES = [
    (name, path, key)
    for name, document in _documents()
    for path in _places(document)
    for key in (False, True)
    if not key or len(path) == len(set(path))
]


def _write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def _spoilt(name: str, path: tuple[Any, ...], *, key: bool) -> dict[str, bytes]:
    files = bundle()
    if name.endswith(".jsonl"):
        first, *rest = files[name].splitlines(keepends=True)
        line = json.dumps(_planted(json.loads(first), path, MARK, key=key)).encode() + b"\n"
        files[name] = line + b"".join(rest)
    elif name.endswith(".json"):
        files[name] = json.dumps(_planted(json.loads(files[name]), path, MARK, key=key)).encode()
    else:
        document = yaml.load(files[name], yaml.BaseLoader)
        files[name] = yaml.safe_dump(_planted(document, path, MARK, key=key), allow_unicode=False).encode()
    return files


def _clean(text: str, where: object) -> None:
    bad = UNSAFE.search(text)
    assert bad is None, (where, ascii(text[max(0, bad.start() - 80) : bad.end() + 80]))
    assert SECRET not in text, (where, text[max(0, text.index(SECRET) - 120) : text.index(SECRET)])


def _look(place: Path, folder: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[tuple[str, str]]:
    """All that leaves when the commands read the bundle at `place`: each stream and file with its text."""
    out = folder / "again"
    for words in (
        ["investigate", "--incident", place, "--json"],
        ["replay", "florist", "--plain"],
        ["report", "florist", "--format", "html"],
        ["attach", "florist", "--events"],
        ["export", "florist", out],
        ["evaluate", place, "--json"],
    ):
        capfd.readouterr()
        main([*map(str, words), "--store", str(folder / "incidents.db")])
        yield from zip((f"{words[0]} stdout", f"{words[0]} stderr"), capfd.readouterr(), strict=True)
    for path in out.rglob("*"):
        yield "file name", path.name
        if path.is_file():
            # The numbers of an answer follow its first line.
            data = path.read_bytes()
            yield path.name, (data.partition(b"\n")[0] if path.parent.name == "answers" else data).decode()


def _bad_files() -> Iterator[dict[str, bytes]]:
    odd = MARK.replace("/", "")
    for name in ("metrics/latency_p95.csv", "kubernetes/logs/shop_ribbon-1_app.log", "logs.jsonl"):
        head, _, tail = name.rpartition(".")
        yield bundle() | {f"{head}{odd}.{tail}": bundle()[name]}
        yield bundle() | {f"{head}{odd}.{tail}": b"\xff{"}
    kubernetes = f"kubernetes/2026-03-10T12-10-00Z/{odd}.json"
    yield bundle() | {kubernetes: b'{"items": []}'}
    yield bundle() | {f"kubernetes/{odd}/pods.json": b'{"items": []}'}
    samples = bundle()["metrics/latency_p95.csv"]
    for wrong in (
        samples.replace(b"ribbon", MARK.encode()),
        samples + f"2026-03-10T12:30:00Z,{MARK},1,1\n".encode(),
        samples + f"{MARK},1,1,1\n".encode(),
        MARK.encode(),
    ):
        yield bundle() | {"metrics/latency_p95.csv": wrong}
    for name in ("incident.yaml", "topology.yaml", "logs.jsonl", "alert.json"):
        yield bundle() | {name: bundle()[name] + f"{{{MARK}: [\n".encode()}
        yield bundle() | {name: f"*{SECRET}".encode()}
        yield bundle() | {name: f'{{"{SECRET}": 1, "{SECRET}": [}}'.encode()}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=st.sampled_from(CASES))
def test_what_stands_in_a_field_never_leaves(case: tuple[str, Any, bool], capfd: pytest.CaptureFixture[str]) -> None:
    name, path, key = case
    with TemporaryDirectory(prefix="co-") as folder:
        place = _write(Path(folder) / "b", _spoilt(name, path, key=key))
        for where, text in _look(place, Path(folder), capfd):
            _clean(text, (case, where))


@pytest.mark.parametrize("number", range(len(list(_bad_files()))))
def test_what_stands_in_a_name_or_a_broken_file_never_leaves(
    number: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    place = _write(tmp_path / "b", list(_bad_files())[number])
    for where, text in _look(place, tmp_path, capfd):
        _clean(text, where)


@pytest.mark.parametrize("kind", [errors.UsageError, errors.StoreError, errors.EngineGone, errors.PolicyError])
def test_every_error_is_safe_whatever_it_quotes(kind: type[errors.CloudopsError]) -> None:
    for error in (kind(f"no {MARK}"), errors.BundleError(MARK, MARK), errors.SourceDenied(MARK, MARK)):
        _clean(str(error), error)
        assert "\n" not in str(error)


@given(st.text())
def test_json_says_the_same_with_escapes(text: str) -> None:
    plain = json.dumps({text: [text]}, ensure_ascii=False)
    assume(max(text, default="") < "\ud800" or max(text) > "\udfff")
    assert json.loads(safe_json(plain)) == json.loads(plain)
    assert UNSAFE.search(safe_json(plain)) is None
