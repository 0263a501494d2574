"""What the fuzz run does: makes an input in a folder, and says which commands shall read it."""

from __future__ import annotations

import json
import random
import shutil
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import orjson
from bases import ALERTS, CONFIGURATION, HOSTILE, QUERIES, bundle
from children import Ran, run
from mutations import mutate, packed
from sockets import attacked
from sources import TOUCHED, hostile_server

from engine.events import GENESIS
from engine.log import Head
from engine.log.codec import encode_event as encode_row
from engine.wire import decode_event, encode_event

__all__ = ["JOBS", "Command", "Job", "Prepared"]

Command = list[str]
Job = Callable[[random.Random, Path, "Prepared"], Iterator[Command | Ran]]
"""Yields commands that are to be run, and of what the job ran itself how that ended."""


class Prepared:
    """A finished investigation: its store, its id and its export, to be copied and spoilt."""

    def __init__(self, store: Path, execution_id: str, export: Path) -> None:
        self.store = store
        self.execution_id = execution_id
        self.export = export


def parts(rng: random.Random, folder: Path, _: Prepared) -> Iterator[Command]:
    """A bundle with one to three spoilt parts."""
    files = bundle()
    for name in rng.sample(sorted(files), rng.choice((1, 1, 2, 3))):
        data = mutate(rng, name, files.pop(name))
        if rng.random() < 0.1:
            files[_name(rng, f"{name}.gz")] = packed(rng, data)
        else:
            files[_name(rng, name)] = data
    yield from _read_by_all(rng, _written(rng, folder, files))


def alerts(rng: random.Random, folder: Path, _: Prepared) -> Iterator[Command]:
    """An alert of any provider, spoilt."""
    files = {name: data for name, data in bundle().items() if name != "alert.json" and rng.random() < 0.8}
    files["incident.yaml"] = bundle()["incident.yaml"]
    files["alert.json"] = mutate(rng, "alert.json", json.dumps(rng.choice(ALERTS)).encode())
    yield from _read_by_all(rng, _written(rng, folder, files))


def archives(rng: random.Random, folder: Path, _: Prepared) -> Iterator[Command]:
    """A ZIP whose bytes are spoilt."""
    place = _zipped(rng, folder, bundle())
    place.write_bytes(mutate(rng, "archive", place.read_bytes()))
    yield from _read_by_all(rng, place)


def exports(rng: random.Random, folder: Path, prepared: Prepared) -> Iterator[Command]:
    """An exported bundle whose log or answers are spoilt, now and then with a forged chain that holds."""
    place = folder / "export"
    shutil.copytree(prepared.export, place)
    names = [path for path in sorted(place.rglob("*")) if path.is_file()]
    log = place / "events.jsonl"
    spoilt = log if rng.random() < 0.7 else rng.choice(names)
    data = mutate(rng, spoilt.name, spoilt.read_bytes())
    spoilt.write_bytes(_forged(data) if spoilt == log and rng.random() < 0.8 else data)
    yield from _read_by_all(rng, place)
    yield from _shown(prepared.execution_id, folder)


def stores(rng: random.Random, folder: Path, prepared: Prepared) -> Iterator[Command]:
    """A store whose file, list of heads or lock is spoilt."""
    for path in prepared.store.parent.glob(prepared.store.name + "*"):
        if path.is_file():
            shutil.copy(path, folder)
    spoilt = rng.choice([path for path in sorted(folder.glob("incidents.db*")) if path.stat().st_size])
    spoilt.write_bytes(mutate(rng, "store", spoilt.read_bytes()))
    yield ["incidents"]
    yield from _shown(prepared.execution_id, folder)
    yield ["doctor"]


def words(rng: random.Random, folder: Path, prepared: Prepared) -> Iterator[Command]:
    """Queries, names, positions and statements of any form."""
    for path in prepared.store.parent.glob(prepared.store.name + "*"):
        if path.is_file():
            shutil.copy(path, folder)
    place = _written(rng, folder, bundle())
    said = _word(rng)
    yield ["investigate", said, "--incident", str(place), rng.choice(("--plain", "--json", "--events"))]
    yield ["replay", prepared.execution_id, "--plain", "--at", said]
    yield ["judge", prepared.execution_id, "--add", said, "--about", _word(rng)]
    yield ["judge", prepared.execution_id, "--exclude", said, "--because", _word(rng)]
    yield ["note", prepared.execution_id, said]
    yield ["report", rng.choice((said, prepared.execution_id))]


def configurations(rng: random.Random, folder: Path, _: Prepared) -> Iterator[Command]:
    """A configuration file, spoilt."""
    path = folder / "config.yaml"
    path.write_bytes(mutate(rng, path.name, CONFIGURATION.encode()))
    yield ["--config", str(path), "incidents"]
    yield ["--config", str(path), "doctor"]


def sockets(rng: random.Random, folder: Path, prepared: Prepared) -> Iterator[Command | Ran]:
    """Hostile clients of an engine that serves a store."""
    yield from attacked(rng, folder, prepared.store, prepared.execution_id)


def sources(rng: random.Random, folder: Path, _: Prepared) -> Iterator[Command | Ran]:
    """A hostile server where Prometheus should be."""
    with hostile_server(rng, folder) as url:
        form = rng.choice(("--plain", "--json", "--events"))
        command = ["investigate", "bouquet is slow since 10 minutes", "--prometheus", url, form]
        ran = run([*command, "--store", folder / "incidents.db"], folder)
        if (folder / TOUCHED).exists():
            ran = replace(ran, err=ran.err + "this is a bug: a redirect was followed")
        yield ran
        if rng.random() < 0.3:
            path = folder / "config.yaml"
            path.write_text(f"sources:\n  prod: {{backend: prometheus, url: '{url}'}}\n")
            yield ["--config", str(path), "doctor"]


JOBS: Final[dict[str, tuple[int, Job]]] = {
    "parts": (12, parts),
    "alerts": (2, alerts),
    "archives": (1, archives),
    "exports": (4, exports),
    "stores": (2, stores),
    "words": (2, words),
    "configurations": (1, configurations),
    "sockets": (3, sockets),
    "sources": (3, sources),
}
"""Each job with its weight."""


def _read_by_all(rng: random.Random, place: Path) -> Iterator[Command]:
    yield ["investigate", "--incident", str(place), rng.choice(("--plain", "--json", "--events", "--explain"))]
    yield rng.choice((["replay", str(place), "--plain"], ["evaluate", str(place)], ["import", str(place)]))
    if rng.random() < 0.3:
        yield from _shown("florist", place.parent)


def _shown(name: str, folder: Path) -> Iterator[Command]:
    yield ["replay", name, "--plain"]
    yield ["report", name, "--format", "html"]
    yield ["export", name, str(folder / "again.incident")]
    yield ["audit", "verify"]
    yield ["incidents", "--json"]


def _name(rng: random.Random, name: str) -> str:
    if rng.random() > 0.05:
        return name
    odd = rng.choice((HOSTILE.replace("/", ""), "\udcff\udcfe", "x" * 200, "..", " ", "%s", "a\nb"))
    head, _, tail = name.rpartition(".")
    return f"{head}{odd}.{tail}"


def _word(rng: random.Random) -> str:
    text = mutate(rng, "word", rng.choice(QUERIES).encode())[:120_000]
    return "-" * (not text) + text.replace(b"\0", b"").decode("utf-8", "surrogateescape")


def _written(rng: random.Random, folder: Path, files: dict[str, bytes]) -> Path:
    if rng.random() < 0.2:
        return _zipped(rng, folder, files)
    place = folder / "case"
    for name, data in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return place


def _zipped(rng: random.Random, folder: Path, files: dict[str, bytes]) -> Path:
    place = folder / "case.incident"
    with zipfile.ZipFile(place, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        for name, data in files.items():
            archive.writestr(name.encode("utf-8", "replace").decode(), data)
    return place


def _forged(data: bytes) -> bytes:
    """The log with a hash chain that holds, as far as its lines are events."""
    head, lines = Head(0, GENESIS), []
    for line in data.splitlines():
        try:
            event = decode_event(orjson.loads(line))
            made, _ = encode_row(event.execution_id, event.incident_id, (event.time, event.who, event.body), head)
            lines.append(orjson.dumps(encode_event(made)))
            head = Head(made.seq, made.hash)
        except (ValueError, KeyError, TypeError, AttributeError):
            lines.append(line)
    return b"\n".join(lines) + b"\n"
