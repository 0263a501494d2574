"""An incident's files in memory: what every transformation takes and gives back.

Keys are names relative to the bundle, without `.gz`; values are the unpacked bytes. Nothing here changes its argument.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

Files = Mapping[str, bytes]
Transformation = Callable[[Files], "Files | None"]
Object = dict[str, Any]

DUMP = re.compile(r"kubernetes/(\d[^/]*)/([^/]+)\.json")


class _Loader(yaml.CSafeLoader):
    """Leaves times as text, so that what is written is what was read."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own attribute
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


def read_files(path: Path) -> Files:
    """The files of the bundle at `path`, a directory or a ZIP."""
    if path.is_file():
        with zipfile.ZipFile(path) as archive:
            stored = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    else:
        stored = {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}
    return {
        name.removesuffix(".gz"): gzip.decompress(data) if name.endswith(".gz") else data
        for name, data in stored.items()
    }


def write_files(files: Files, folder: Path) -> Path:
    """Write the bundle as the directory `folder`."""
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def document(files: Files, name: str) -> Any:
    """A YAML file's content; an empty mapping where there is none."""
    return yaml.load(files[name], _Loader) if name in files else {}


def with_document(files: Files, name: str, content: Any) -> Files:
    """The files with `name` written anew."""
    return {**files, name: yaml.safe_dump(content, sort_keys=False, allow_unicode=True).encode()}


def lines(files: Files, name: str) -> list[Object]:
    """The records of a `.jsonl` file."""
    return [json.loads(line) for line in files.get(name, b"").splitlines() if line.strip()]


def with_lines(files: Files, name: str, records: Iterable[Object]) -> Files:
    """The files with the records of `name` written anew."""
    return {**files, name: "".join(json.dumps(record) + "\n" for record in records).encode()}


def snapshots(files: Files) -> list[str]:
    """The times of the Kubernetes dumps, as their folders are called."""
    return sorted({match[1] for name in files if (match := DUMP.fullmatch(name))})


def objects(files: Files, kind: str, snapshot: str | None = None) -> list[Object]:
    """The dumped objects of a kind (`pods`) in one snapshot, else in the last."""
    known = snapshots(files)
    name = f"kubernetes/{snapshot or (known[-1] if known else '')}/{kind}.json"
    if name not in files:
        return []
    raw = json.loads(files[name])
    items: list[Object] = raw["items"] if isinstance(raw, dict) else raw
    return items


def with_objects(files: Files, kind: str, snapshot: str, items: Sequence[Object]) -> Files:
    """The files with the dump of a kind in one snapshot written anew."""
    content = {"apiVersion": "v1", "kind": "List", "items": list(items)}
    return {**files, f"kubernetes/{snapshot}/{kind}.json": json.dumps(content).encode()}


def dumped(files: Files, kind: str) -> list[str]:
    """The snapshots in which a kind was dumped."""
    return [snapshot for snapshot in snapshots(files) if f"kubernetes/{snapshot}/{kind}.json" in files]


def metrics(files: Files) -> list[str]:
    """The names of the files of samples."""
    return sorted(name for name in files if name.startswith("metrics/") and name.endswith(".csv"))


def table(files: Files, name: str) -> list[list[str]]:
    """The rows of a file of samples, its header first."""
    return list(csv.reader(io.StringIO(files[name].decode())))


def with_table(files: Files, name: str, rows: Iterable[Sequence[str]]) -> Files:
    """The files with one file of samples written anew."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return {**files, name: out.getvalue().encode()}


def time_of(text: str) -> datetime:
    """A time of the bundle."""
    return datetime.fromisoformat(text)


def stamp(time: datetime) -> str:
    """A time as the bundle has it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def snapshot_time(snapshot: str) -> datetime:
    """The time that a dump's folder is called after."""
    return datetime.strptime(snapshot.split(".", maxsplit=1)[0].rstrip("Z") + "+0000", "%Y-%m-%dT%H-%M-%S%z")


def manifest(files: Files) -> Any:
    """`incident.yaml`."""
    return document(files, "incident.yaml")


def detected(files: Files) -> datetime:
    """When the alarm fired."""
    return time_of(str(manifest(files)["detected_at"]))


def window(files: Files) -> tuple[datetime, datetime]:
    """What may be looked at in the incident."""
    entry = manifest(files)["window"]
    return time_of(str(entry["from"])), time_of(str(entry["to"]))


def before(files: Files) -> datetime:
    """A time well before the incident: in the baseline where there is one."""
    baseline = manifest(files).get("baseline")
    return time_of(str(baseline["from"])) if baseline else window(files)[0] - timedelta(hours=2)


def blamed(files: Files) -> set[str]:
    """The resources that the known answer or the symptom names."""
    names = {str(root["resource"]) for root in document(files, "truth.yaml")["root_causes"] if root.get("resource")}
    symptom = manifest(files).get("symptom")
    return names | ({str(symptom["resource"])} if symptom else set())


def own_name(resource: str) -> str:
    """`checkout` of `shop/deployment/checkout`."""
    return resource.rpartition("/")[2]


def bystanders(files: Files) -> list[str]:
    """Resources that were measured or logged and that nobody blames, in an order that only their names decide."""
    named = {str(entry["id"]) for entry in document(files, "topology.yaml").get("resources") or ()}
    for name in metrics(files):
        named.update(table(files, name)[0][1:])
    guilty = {own_name(name) for name in blamed(files)}
    innocent = [
        name
        for name in named
        if not any(own_name(name) == one or own_name(name).startswith(f"{one}-") for one in guilty)
    ]
    return sorted(innocent, key=lambda name: zlib.crc32(name.encode()))
