"""Bundles of up to 10 MB that are as costly as can be, each of one kind: processor time and memory of `investigate`.

`python -m benchmarks.hostile_inputs FOLDER [KIND ...]` writes them for a look by hand.
"""

from __future__ import annotations

import json
import random
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.children import cloudops, environment, private_home, run
from benchmarks.figures import Figure, Result, Target
from benchmarks.options import Options

__all__ = ["KINDS", "hostile_inputs", "write_kind"]

_MOST_BYTES: Final = 10_000_000
_QUICK_BYTES: Final = 1_000_000
_MOST_S: Final = 20.0
_MOST_MIB: Final = 1_024.0
_ENTRIES: Final = 9_900
_TIME: Final = "2026-03-10T14:{:02}:{:02}Z"
_DUMP: Final = "kubernetes/2026-03-10T14-10-00Z"
_MANIFEST: Final = """\
format: cloudops-incident/1
id: hostile-01
title: "High latency"
query: "latency spike"
detected_at: 2026-03-10T14:32:00Z
window: {from: 2026-03-10T14:00:00Z, to: 2026-03-10T14:45:00Z}
"""
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_SIGNS: Final = _LETTERS + _LETTERS.upper() + "0123456789"


class _Words:
    """Words and secrets drawn at random, the same in each run."""

    def __init__(self) -> None:
        self.rng = random.Random(7)

    def word(self) -> str:
        return "".join(self.rng.choices(_LETTERS, k=self.rng.randint(3, 9)))

    def words(self, count: int) -> str:
        return " ".join(self.word() for _ in range(count))

    def secret(self, length: int = 16) -> str:
        return "".join(self.rng.choices(_SIGNS, k=length))


def _log(number: int, body: str, **more: Any) -> str:
    at = _TIME.format(number % 45, number % 60)
    return json.dumps({"time": at, "resource": f"api-{number % 9}", "severity": "ERROR", "body": body, **more})


def _bodies(body: Callable[[_Words], str]) -> Iterator[str]:
    words, number = _Words(), 0
    while True:
        yield _log(number, body(words))
        number += 1


def _json_secrets(w: _Words) -> str:
    return json.dumps({
        "msg": w.words(5), w.word(): w.word(), "password": w.secret(), "api_key": w.secret(24), w.word(): w.words(2),
    })  # fmt: skip


def _hundred_secrets(w: _Words) -> str:
    return " ".join(f"{w.word()}_password={w.secret(12)}" for _ in range(100))


def _hundred_in_json(w: _Words) -> str:
    return json.dumps({f"{w.word()}_token": w.secret(20) for _ in range(100)})


def _plain_secrets(w: _Words) -> str:
    return f"{w.words(6)} password={w.secret()} {w.words(4)} token={w.secret(24)} {w.words(3)}"


def _insert(w: _Words) -> str:
    names = ["password", *(w.word() for _ in range(79))]
    values = ", ".join(f"'{w.secret(5)}'" for _ in names)
    return f"INSERT INTO {w.word()} ({', '.join(names)}) VALUES ({values})"


def _deep(w: _Words, depth: int = 90) -> str:
    return "".join(f'{{"{w.word()}": ' for _ in range(depth)) + f'"{w.secret()}"' + "}" * depth


def _deep_secret(w: _Words, depth: int = 90) -> str:
    return "".join(f'{{"{w.word()}": ' for _ in range(depth)) + f'{{"password": "{w.secret()}"}}' + "}" * depth


def _changes() -> Iterator[str]:
    w, number = _Words(), 0
    while True:
        diff = "\n".join(
            ["--- a/app.yaml", "+++ b/app.yaml", "@@ -1,9 +1,9 @@"]
            + [f"{sign}{w.word()}_{w.word()}: {w.secret(8)}" for sign in "-+ -+ -+ "]
        )
        yield json.dumps({
            "time": _TIME.format(number % 45, 5), "id": f"c{number}", "resource": f"api-{number % 50}",
            "kind": "deployment", "summary": w.words(4), "after": {"version": f"v{number}", "diff": diff},
        })  # fmt: skip
        number += 1


def _spans() -> Iterator[str]:
    w, number = _Words(), 0
    while True:
        yield json.dumps({
            "trace_id": f"{number // 9:032x}", "span_id": f"{number:016x}",
            "parent_span_id": f"{number - 1:016x}" if number % 9 else None, "resource": f"api-{number % 9}",
            "name": f"GET /{w.word()}", "start": _TIME.format(number % 45, 7), "duration_s": 0.1 * (number % 9),
            "status": "ok", "attributes": {w.word(): w.secret(10) for _ in range(6)},
        })  # fmt: skip
        number += 1


def _settings() -> Iterator[str]:
    w, number = _Words(), 0
    while True:
        document = {f"{w.word()}.{w.word()}": w.secret(8) for _ in range(300)}
        yield json.dumps({
            "time": _TIME.format(number % 45, 9), "resource": f"api-{number % 50}", "kind": "parameters",
            "document": document,
        })  # fmt: skip
        number += 1


def _pod(w: _Words, number: int) -> str:
    return json.dumps({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": f"web-{number}", "namespace": "shop", "annotations": {"example.com/config": _deep(w)}},
        "spec": {"containers": [{"name": "web", "image": "registry.example.com/web:1"}]},
        "status": {"phase": "Running"},
    })  # fmt: skip


def _jsonl(name: str, lines: Iterator[str], most: int) -> dict[str, str]:
    kept, size = list[str](), 0
    for line in lines:
        size += len(line) + 1
        if size > most:
            break
        kept.append(line)
    return {name: "\n".join(kept) + "\n"}


def _pods(most: int) -> dict[str, str]:
    w, size, items = _Words(), 100, list[str]()
    while size < most:
        items.append(_pod(w, len(items)))
        size += len(items[-1]) + 2
    return {f"{_DUMP}/pods.json": '{"apiVersion": "v1", "kind": "List", "items": [' + ", ".join(items[:-1]) + "]}"}


def _container_logs(most: int) -> dict[str, str]:
    w = _Words()
    lines = max(1, most // _ENTRIES // 70)
    return {
        f"kubernetes/logs/shop_web-{number}_web.log": "".join(
            f"{_TIME.format(number % 45, line % 60)} {w.words(5)} {w.secret(8)}\n" for line in range(lines)
        )
        for number in range(_ENTRIES * most // _MOST_BYTES)
    }


def _logs(body: Callable[[_Words], str]) -> Callable[[int], dict[str, str]]:
    return lambda most: _jsonl("logs.jsonl", _bodies(body), most)


KINDS: Final[dict[str, Callable[[int], dict[str, str]]]] = {
    "JSON lines with two secrets": _logs(_json_secrets),
    "lines with two secrets": _logs(_plain_secrets),
    "lines with a hundred secrets": _logs(_hundred_secrets),
    "JSON lines with a hundred secrets": _logs(_hundred_in_json),
    "SQL of 80 columns": _logs(_insert),
    "open brackets": _logs(lambda w: w.word() + " " + "[" * 900),
    "JSON 90 levels deep": _logs(_deep),
    "a secret 90 levels deep": _logs(_deep_secret),
    "changes with diffs": lambda most: _jsonl("changes.jsonl", _changes(), most),
    "spans with random attributes": lambda most: _jsonl("spans.jsonl", _spans(), most),
    "settings of 300 keys": lambda most: _jsonl("configuration.jsonl", _settings(), most),
    "pods with deep annotations": _pods,
    "a ZIP of container logs": _container_logs,
}
"""What writes the files of each kind, in at most so many bytes."""


def write_kind(kind: str, folder: Path, most: int = _MOST_BYTES) -> Path:
    """The bundle of a kind in `folder`: a ZIP where it has many files."""
    files = {"incident.yaml": _MANIFEST, **KINDS[kind](most)}
    name = kind.replace(" ", "-")
    if len(files) > 9:
        path = folder / f"{name}.incident"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for entry, text in files.items():
                archive.writestr(entry, text)
        return path
    for entry, text in files.items():
        path = folder / name / entry
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / name


def hostile_inputs(options: Options) -> Result:
    """Processor time and peak memory of one `investigate` of each kind; quick: of a tenth of the bytes."""
    result = Result()
    most = options.times(_MOST_BYTES, _QUICK_BYTES)
    for kind in KINDS:
        with private_home(options.scratch) as home:
            path = write_kind(kind, home, most)
            command = (*cloudops(), "investigate", "--incident", str(path), "--json")
            child = run(command, environment(home))
        result.figures += [
            Figure("hostile inputs", f"{kind}: processor", child.cpu_s, "s", Target(_MOST_S)),
            Figure("hostile inputs", f"{kind}: peak memory", child.peak_mib, "MiB", Target(_MOST_MIB)),
        ]
    return result


if __name__ == "__main__":
    for each in sys.argv[2:] or KINDS:
        sys.stdout.write(f"{write_kind(each, Path(sys.argv[1]))}\n")
