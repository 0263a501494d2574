"""How much memory opening and checking a large bundle takes: every part in it, up to the limit of 512 MiB."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, Final

from benchmarks.children import own_peak_mib, private_home
from benchmarks.figures import Figure, Result, Target
from benchmarks.isolated import isolated
from benchmarks.options import Options

__all__ = ["bundles"]

_TARGET: Final = Target(600)
_MANIFEST: Final = """\
format: cloudops-incident/1
id: large
title: Pages are late
query: pages are late
detected_at: 2026-03-10T12:10:00Z
window: {from: 2026-03-10T11:00:00Z, to: 2026-03-10T12:20:00Z}
"""
_SHARES: Final = {"logs": 0.24, "spans": 0.24, "metrics": 0.2, "pods": 0.13, "container": 0.13, "changes": 0.05}


def bundles(options: Options) -> Result:
    """A bundle of 496 MiB with every large part (quick: of 96 MiB)."""
    size = options.times(496, 96)
    with private_home(options.scratch) as home:
        _make(home / "bundle", size << 20)
        peak = isolated(_checked, home / "bundle")
    return Result([Figure("bundles", f"opening and checking {size} MiB, peak memory", peak, "MiB", _TARGET)])


def _checked(path: Path) -> float:
    from primitives.bundle import read_bundle

    read_bundle(path).validate()
    return own_peak_mib()


def _make(folder: Path, size: int) -> None:
    folder.mkdir()
    (folder / "incident.yaml").write_text(_MANIFEST)
    for name, lines in _parts(size).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w") as stream:
            stream.writelines(lines)


def _parts(size: int) -> dict[str, Iterator[str]]:
    bytes_of = {name: int(share * size) for name, share in _SHARES.items()}
    return {
        "logs.jsonl": _until(bytes_of["logs"], _logs()),
        "spans.jsonl": _until(bytes_of["spans"], _spans()),
        "metrics/latency.csv": _until(bytes_of["metrics"], _table()),
        "changes.jsonl": _until(bytes_of["changes"], _changes()),
        "kubernetes/2026-03-10T12-10-00Z/pods.json": _listed(_until(bytes_of["pods"], _pods())),
        "kubernetes/logs/shop_api-1_app.log": _until(bytes_of["container"], _written()),
    }


def _until(size: int, lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        size -= len(line)
        if size < 0:
            return
        yield line


def _time(number: int) -> str:
    second, millisecond = divmod(number, 1_000)
    return f"2026-03-10T{11 + second // 3_600 % 12:02}:{second // 60 % 60:02}:{second % 60:02}.{millisecond:03}Z"


def _body(number: int) -> str:
    mixed = number * 2_654_435_761 % 2**32
    return f"request {mixed:08x} of user {mixed % 99_991} took {mixed % 907} ms in queue {mixed % 17} after a retry"


def _line(**record: Any) -> str:
    return json.dumps(record) + "\n"


def _logs() -> Iterator[str]:
    for n in count():
        yield _line(
            time=_time(n), resource=f"api-{n % 40}", severity="INFO", body=_body(n), attributes={"thread": n % 16}
        )


def _spans() -> Iterator[str]:
    for n in count():
        ids = {"trace_id": f"{n * 2_654_435_761:032x}", "span_id": f"{n:016x}"}
        yield _line(**ids, resource=f"api-{n % 40}", name="GET /", start=_time(n), duration_s=0.2, status="ok",
                    attributes={"http.status_code": 200})  # fmt: skip


def _changes() -> Iterator[str]:
    for n in count():
        yield _line(time=_time(n), id=f"c{n}", resource=f"api-{n % 40}", kind="configuration", summary=_body(n),
                    before={"pool": n}, after={"pool": 5})  # fmt: skip


def _written() -> Iterator[str]:
    for n in count():
        yield f"{_time(n)} INFO {_body(n)}\n"


def _table() -> Iterator[str]:
    yield "time," + ",".join(f"api-{n}" for n in range(500)) + "\n"
    for n in count():
        yield f"{_time(n)}," + ",".join(f"{(n * 31 + column) % 997 / 7:.5f}" for column in range(500)) + "\n"


def _pods() -> Iterator[str]:
    for n in count():
        environment = [{"name": f"V{key}", "value": str(n * key)} for key in range(12)]
        pod = {
            "kind": "Pod", "metadata": {"name": f"api-{n}", "namespace": "shop", "labels": {"app": "api"}},
            "spec": {"nodeName": f"n{n % 90}", "containers": [{"name": "app", "image": "api:8", "env": environment}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
        }  # fmt: skip
        yield json.dumps(pod)


def _listed(items: Iterator[str]) -> Iterator[str]:
    yield '{"items": ['
    for number, item in enumerate(items):
        yield f"{',' * (number > 0)}\n{item}"
    yield "\n]}\n"
