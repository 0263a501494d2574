"""What the fuzz run does: makes an input in a folder, and says which commands shall read it."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import orjson
from bases import ALERT_MAPPING, ALERTS, CONFIGURATION, HOSTILE, METRIC_MAPPING, QUERIES, bundle
from children import Ran, run
from mutations import mutate, packed
from other_sources import KINDS, source_of
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


def policies(rng: random.Random, folder: Path, _: Prepared) -> Iterator[Command]:
    """A policy file, spoilt."""
    path = folder / "policy.yaml"
    path.write_bytes(mutate(rng, path.name, _POLICY.read_bytes()))
    yield ["policy", "check", "--file", str(path)]


def alert_files(rng: random.Random, folder: Path, _: Prepared) -> Iterator[Command]:
    """An alert in a file, spoilt, for a live investigation and for the intake."""
    path = folder / "alert.json"
    path.write_bytes(mutate(rng, path.name, json.dumps(rng.choice(ALERTS)).encode()))
    yield ["investigate", "--alert", str(path), "--prometheus", "http://127.0.0.1:9", rng.choice(("--plain", "--json"))]
    yield ["intake", "try", str(path)]


def environments(rng: random.Random, folder: Path, _: Prepared) -> Iterator[Ran]:
    """Variables of the environment of any form; a terminal that isn't one."""
    place = _written(rng, folder, bundle())
    names = rng.sample(_VARIABLES, rng.choice((1, 2, 4)))
    before = dict(os.environ)
    os.environ.update({name: rng.choice((_word(rng), *_ODD_VALUES)) for name in names})
    try:
        for words in (["investigate", "--incident", str(place)], ["incidents"], ["doctor"]):
            store = [] if "CLOUDOPS_STORE" in names else ["--store", str(folder / "incidents.db")]
            yield run([*words, *store], folder)
    finally:
        os.environ.clear()
        os.environ.update(before)


def other_stores(rng: random.Random, folder: Path, prepared: Prepared) -> Iterator[Command]:
    """A file of SQLite that isn't ours, or ours with tables changed, with a log of another one beside it."""
    path = folder / "incidents.db"
    if rng.random() < 0.5:
        shutil.copy(prepared.store, path)
    with closing(sqlite3.connect(path)) as connection:
        for statement in rng.sample(_STATEMENTS, rng.choice((1, 2, 3))):
            with suppress(sqlite3.Error):
                connection.execute(statement)
        connection.commit()
    if rng.random() < 0.5:
        path.with_name("incidents.db-wal").write_bytes(mutate(rng, "wal", rng.randbytes(4_000)))
    yield ["incidents"]
    yield from _shown(prepared.execution_id, folder)
    yield ["doctor"]


_PLAYBOOK: Final = Path(__file__).parents[2] / "docs" / "playbook.example.yaml"
_POLICY: Final = Path(__file__).parents[2] / "docs" / "policy.example.yaml"
_VARIABLES: Final = (
    "CLOUDOPS_STORE",
    "CLOUDOPS_CONFIG",
    "TERM",
    "COLUMNS",
    "LINES",
    "LANG",
    "LC_ALL",
    "TZ",
    "NO_COLOR",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    "TMPDIR",
    "PAGER",
    "HTTPS_PROXY",
    "KUBECONFIG",
    "AWS_PROFILE",
    "AWS_REGION",
)
_ODD_VALUES: Final = (
    "",
    "0",
    "-1",
    "99999999999999999999",
    "/dev/full",
    "/dev/null",
    "/",
    HOSTILE,
    "xterm-\udcff",
    "../..",
)
_STATEMENTS: Final = (
    "CREATE TABLE notes (a, b)",
    "CREATE TABLE events (a, b, c)",
    "CREATE TABLE other (a)",
    "DROP TABLE events",
    "DROP TABLE executions",
    "DROP TABLE incidents",
    "ALTER TABLE events RENAME TO old_events",
    "ALTER TABLE events ADD COLUMN x",
    "UPDATE events SET seq = seq + 1",
    "UPDATE events SET body = x'00ff'",
    "UPDATE events SET body = NULL",
    "UPDATE events SET hash = 1.5",
    "DELETE FROM events WHERE seq % 3 = 1",
    "PRAGMA user_version = 99999",
    "PRAGMA user_version = -1",
    "PRAGMA application_id = 1",
    "INSERT INTO events SELECT * FROM events LIMIT 1",
    "CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM events; END",
    "CREATE VIEW v AS SELECT 1",
    "VACUUM",
    "PRAGMA journal_mode = DELETE",
    "PRAGMA encoding = 'UTF-16'",
)


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


def other_sources(rng: random.Random, folder: Path, _: Prepared) -> Iterator[Command]:
    """A hostile server or file where logs, traces or a cluster should be: investigated, recorded, examined."""
    with source_of(rng.choice(KINDS), rng, folder) as settings:
        path = folder / "config.yaml"
        path.write_text(json.dumps({"sources": {"prod": settings}}))
        config = ["--config", str(path)]
        yield [
            *config,
            "investigate",
            "bouquet is slow since 10 minutes",
            rng.choice(("--plain", "--json", "--events")),
        ]
        if rng.random() < 0.5:
            yield [*config, "record", str(folder / "recorded"), "--query", _word(rng)]
            yield ["investigate", "--incident", str(folder / "recorded"), "--json"]
        yield [*config, "doctor"]


def recordings(rng: random.Random, folder: Path, _: Prepared) -> Iterator[Command]:
    """A bundle recorded from a hostile Prometheus, and what is read from it."""
    with hostile_server(rng, folder) as url:
        yield ["record", str(folder / "recorded.incident"), "--prometheus", url, "--query", _word(rng)]
    if (folder / "recorded.incident").exists():
        yield from _read_by_all(rng, folder / "recorded.incident")


def mappings(rng: random.Random, folder: Path, _: Prepared) -> Iterator[Command]:
    """Files that say what names and fields mean, and playbooks, spoilt."""
    (folder / "alert.json").write_text(json.dumps(rng.choice(ALERTS)))
    for name, text in (("alerts.yaml", ALERT_MAPPING), ("metrics.yaml", METRIC_MAPPING)):
        (folder / name).write_bytes(mutate(rng, name, text.encode()))
    source = {"kind": "prometheus", "url": "http://127.0.0.1:9", "mapping": str(folder / "metrics.yaml")}
    (folder / "config.yaml").write_text(json.dumps({"sources": {"prod": source}}))
    yield ["intake", "try", str(folder / "alert.json"), "--mapping", str(folder / "alerts.yaml")]
    yield ["--config", str(folder / "config.yaml"), "doctor"]
    (folder / "playbook.yaml").write_bytes(mutate(rng, "playbook.yaml", _PLAYBOOK.read_bytes()))
    yield ["playbook", "validate", str(folder / "playbook.yaml")]


def backups(rng: random.Random, folder: Path, prepared: Prepared) -> Iterator[Command]:
    """What else reads a store, of one that is spoilt now and then."""
    for path in prepared.store.parent.glob(prepared.store.name + "*"):
        if path.is_file():
            shutil.copy(path, folder)
    if rng.random() < 0.5:
        path = folder / prepared.store.name
        path.write_bytes(mutate(rng, "store", path.read_bytes()))
    said = _word(rng)
    yield ["backup", str(folder / "copy")]
    yield ["on-call", "--json"]
    yield ["on-call", "--take", said]
    yield ["notifications", "list"]
    yield ["audit", "show", prepared.execution_id]
    yield ["audit", "export", prepared.execution_id, "--format", rng.choice(("csv", "jsonl", said))]
    yield ["remediate", "--plan-id", rng.choice((said, prepared.execution_id)), "--dry-run"]
    yield ["approve", prepared.execution_id, said]
    yield ["close", prepared.execution_id, "--because", said]


JOBS: Final[dict[str, tuple[int, Job]]] = {
    "parts": (12, parts),
    "alerts": (2, alerts),
    "archives": (1, archives),
    "exports": (4, exports),
    "stores": (2, stores),
    "words": (2, words),
    "configurations": (1, configurations),
    "policies": (1, policies),
    "alert_files": (2, alert_files),
    "environments": (2, environments),
    "other_stores": (2, other_stores),
    "sockets": (3, sockets),
    "sources": (3, sources),
    "other_sources": (6, other_sources),
    "recordings": (2, recordings),
    "mappings": (3, mappings),
    "backups": (2, backups),
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
