"""No code knows a name, an id or a message of any incident's system: rules must make sense for systems never seen.

Names are read from the bundles beside the checkout when the test runs. Stages whose first sight isn't recorded yet
take no part: even "this line of ours stands in it" would be a look at them.
"""

from __future__ import annotations

import ast
import csv
import ctypes
import errno
import gzip
import io
import json
import os
import re
import socket
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib.metadata import distributions
from pathlib import Path
from pydoc_data.topics import topics
from typing import Any

import yaml

from benchmarks.sights import read_sights

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
# Products and platforms. A name that several systems have is nobody's either, and so is a plain word of the language.
_PRODUCTS = frozenset(
    {
        "amazon.com", "application-autoscaling", "awssimplesystemsmanagement", "dynamodb", "evidently", "kubernetes",
        "pgsql query", "postgres",
        "postgresql", "rabbitmq", "memcached", "simplenotificationservice", "simplesystemsmanagement",
        "stepfunctions", "www.amazon.com",
    }
)  # fmt: skip
_SHORTEST = 8
_PHRASE = 5
_WORD = re.compile(r"[A-Za-z][A-Za-z']+")
# A dump's objects are called by their owners; the rest of a dump is the platform's own words.
_NAMED = ("deployments", "statefulsets", "daemonsets", "services", "jobs", "cronjobs", "configmaps", "namespaces",
          "persistentvolumeclaims", "serviceaccounts", "ingresses")  # fmt: skip


def _bundles() -> dict[str, list[Path]]:
    """Incident bundles by the folder that they stand in: one system's, as far as anybody can tell."""
    groups: dict[str, list[Path]] = defaultdict(list)
    seen = [sight.stage for sight in read_sights(ROOT / "docs" / "first_sight.json").stages]
    for place in ("datasets", *(f"unseen/{stage}" for stage in seen)):
        for manifest in sorted(SHARED.glob(f"{place}/*/*/incident.yaml")):
            groups[str(manifest.parent.parent.relative_to(SHARED))].append(manifest.parent)
    return groups


def _read(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def _records(bundle: Path, name: str) -> Iterator[dict[str, Any]]:
    for path in bundle.glob(f"{name}.jsonl*"):
        yield from (json.loads(line) for line in _read(path).splitlines() if line.strip())


def _resources(bundle: Path) -> Iterator[str]:
    for path in bundle.glob("topology.yaml*"):
        document = yaml.load(_read(path), yaml.CSafeLoader)
        yield from (str(resource["id"]) for resource in document["resources"] or [])
    for path in bundle.glob("metrics/*.csv*"):
        yield from next(csv.reader(io.StringIO(_read(path).partition(b"\n")[0].decode())), [])[1:]
    for path in bundle.glob("truth.yaml*"):
        for root in yaml.load(_read(path), yaml.CSafeLoader)["root_causes"]:
            yield from (str(root[key]) for key in ("resource", "change") if root.get(key))
    for record in _records(bundle, "changes"):
        yield from (str(record[key]) for key in ("id", "resource", "actor") if record.get(key))
    yield bundle.name


def _objects(bundle: Path) -> Iterator[str]:
    for path in bundle.glob("kubernetes/*/*.json*"):
        if path.name.partition(".")[0] in _NAMED:
            raw = json.loads(_read(path))
            items = raw.get("items") or () if isinstance(raw, dict) else raw
            yield from (str(item["metadata"]["name"]) for item in items)


def _names(bundle: Path) -> Iterator[str]:
    """What of the identifiers would betray that code was fitted to them."""
    for resource in {*_resources(bundle), *_objects(bundle)}:
        own = re.sub(r"_(?:AWS|Database)::.*|_remote$|_client$", "", resource)
        name = own.rpartition("/")[2].casefold()
        # Kubernetes reserves the prefix for itself.
        if len(name) >= _SHORTEST and "::" not in name and not name.startswith("kube-"):
            yield name


def _phrases(text: str) -> Iterator[tuple[str, ...]]:
    words = [word.casefold() for word in _WORD.findall(text)]
    yield from zip(*(words[start:] for start in range(_PHRASE)), strict=False)


def _messages(bundle: Path) -> Iterator[str]:
    """What the system's own programs and people wrote; events and conditions are the platform's words."""
    yield from {str(record.get("body") or "")[:500] for record in _records(bundle, "logs")}
    yield from (str(record.get("summary") or "") for record in _records(bundle, "changes"))


def _of_the_system() -> set[tuple[str, ...]]:
    """Phrases of the operating system's own messages (strerror, gai_strerror), which every program passes on."""
    of_names = ctypes.CDLL(None).gai_strerror
    of_names.restype = ctypes.c_char_p
    failures = {getattr(socket, name) for name in dir(socket) if name.startswith("EAI_")}
    texts = [*map(os.strerror, errno.errorcode), *(of_names(code).decode() for code in failures)]
    return {phrase for text in texts for phrase in _phrases(text)}


def _of_one_system(known: Mapping[str, set[Any]]) -> dict[str, set[Any]]:
    """Without what stands in the bundles of two or more groups: that is the trade's word, or the platform's."""
    return {
        group: own - set().union(*(other for name, other in known.items() if name != group))
        for group, own in known.items()
    }


def _language() -> set[str]:
    """Plain words: those of Python's manual, of our design and of the descriptions of the packages installed."""
    design = (SHARED / "ARCHITECTURE.md").read_text(encoding="utf-8")
    texts = [design, *topics.values(), *(package.read_text("METADATA") or "" for package in distributions())]
    return {word.casefold() for text in texts for word in re.findall(r"[A-Za-z]+", text)}


def _ours() -> set[str]:
    """Names of the incident that we made up ourselves: examples in the code use them."""
    return {name.casefold() for name in _resources(ROOT / "sample_incidents" / "api-latency-spike")}


def _code() -> list[Path]:
    patterns = [f"{package}/*.py" for package in ("primitives", "engine", "cockpit")]
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *patterns, "*.yaml", "*.toml", ":!tests/", ":!sample_incidents/"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_code_knows_a_name_from_any_incident(shared_datasets: Path) -> None:
    names = _of_one_system({group: {*_each(_names, paths)} for group, paths in _bundles().items()})
    assert sum(map(len, names.values())) > 100
    common, used = _language() | _PRODUCTS | _ours(), _used()
    betrayed = [
        f"{used[name]} ({group}): {name}"
        for group, own in names.items()
        for name in sorted((own - common) & used.keys())
    ]
    assert betrayed == []


def test_no_code_holds_the_words_of_any_incident_s_messages(shared_datasets: Path) -> None:
    phrases = _of_one_system(
        {group: {phrase for text in _each(_messages, paths) for phrase in _phrases(text)}
         for group, paths in _bundles().items()}
    )  # fmt: skip
    passed_on = _of_the_system()
    betrayed = []
    for path in _code():
        if path.suffix == ".py":
            for number, text in _literals(path):
                own = set(_phrases(text)) - passed_on
                betrayed += [
                    f"{path.relative_to(ROOT)}:{number} ({group}): {' '.join(hit)}"
                    for group, known in phrases.items()
                    for hit in sorted(own & known)[:1]
                ]
    assert betrayed == []


def _used() -> dict[str, str]:
    """Every name-like piece of our files, and where it stands first."""
    used: dict[str, str] = {}
    for path in _code():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for piece in re.findall(r"[\w.-]+", line.casefold()):
                used.setdefault(piece.strip(".-_"), f"{path.relative_to(ROOT)}:{number}")
    return used


def _each(read: Any, paths: list[Path]) -> Iterator[Any]:
    for path in paths:
        yield from read(path)


def _literals(path: Path) -> Iterator[tuple[int, str]]:
    """The strings of a module that are no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.lineno, node.value
