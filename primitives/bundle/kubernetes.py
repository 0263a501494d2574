"""`kubernetes/`: objects as the API server gave them, and the raw logs of containers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain
from typing import Any, Final, cast

from primitives.bundle.json_items import items_of
from primitives.bundle.packed import PartFile
from primitives.bundle.parse import lines_of, parse_json, parse_time, type_name
from primitives.bundle.validate import Warnings
from primitives.errors import BundleError
from primitives.patterns import lazy_pattern
from primitives.quoting import quoted
from primitives.records import ContainerLog, KubernetesDump
from primitives.sanitise import Cleaner

__all__ = ["DUMP_NAME", "LOG_NAME", "MAX_OBJECTS", "dump_name", "log_name", "read_container_log", "read_dump"]

DUMP_NAME: Final = lazy_pattern(r"kubernetes/([^/]+)/([^/]+)\.json")
LOG_NAME: Final = lazy_pattern(r"kubernetes/logs/([^/_]+)_([^/_]+)_([^/_]+?)(\.previous)?\.log")
_FOLDER_TIME: Final = lazy_pattern(r"(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)(\.\d+)?Z")


MAX_OBJECTS: Final = 150_000
"""The objects of all dumps together that are read: as many as Kubernetes is made for pods in a cluster
(https://kubernetes.io/docs/setup/best-practices/cluster-large/)."""
_WHOLE_BYTES: Final = 4 << 20
"""A dump of so many bytes is read whole; a larger one item by item."""


def read_dump(part: PartFile, cleaner: Cleaner, others: int = 0) -> KubernetesDump:
    """The objects of one kind at one time; `others` were read of other dumps. Raises `BundleError`."""
    name = part.name
    match = DUMP_NAME.fullmatch(name)
    assert match is not None, name
    time = _folder_time(match[1], name)
    kind = cleaner.name(match[2].lower())
    clean = cleaner.secret if kind == "secrets" else cleaner.mapping
    items = part.collected(clean(_object(item, name)) for item in _limited(_items(part), name, others))
    if isinstance(items, tuple):
        return KubernetesDump(time=time, kind=kind, items=items)
    # Packed items are made again when they are gone through; checking them here would unpack them all.
    return KubernetesDump.model_construct(time=time, kind=kind, items=cast("tuple[Any, ...]", items))


def _limited(items: Iterable[Any], name: str, others: int) -> Iterator[Any]:
    for count, item in enumerate(items, start=others + 1):
        if count > MAX_OBJECTS:
            problem = f"is past {MAX_OBJECTS:,} objects together; no more are read: keep the kinds of the incident"
            raise BundleError(name, problem)
        yield item


def _items(part: PartFile) -> Iterator[Any]:
    chunks = iter(part.chunks)
    begin = list[bytes]()
    for chunk in chunks:
        begin.append(chunk)
        if sum(map(len, begin)) > _WHOLE_BYTES:
            yield from items_of(chain(begin, chunks), part.name)
            return
    raw = parse_json(b"".join(begin), part.name)
    items = raw.get("items") if isinstance(raw, dict) else raw
    if not isinstance(items, list):
        raise BundleError(
            part.name, f"field 'items' is {type_name(items)}; expected a list, as kubectl get -o json gives it"
        )
    yield from items


def read_container_log(part: PartFile, cleaner: Cleaner, warnings: Warnings) -> ContainerLog:
    """The log of one container; bytes that aren't UTF-8 become U+FFFD, because containers write what they like."""
    match = LOG_NAME.fullmatch(part.name)
    assert match is not None, part.name
    namespace, pod, container = (cleaner.name(name) for name in match.group(1, 2, 3))
    text = cleaner.file(_decoded(part, warnings))
    return ContainerLog(namespace=namespace, pod=pod, container=container, previous=match[4] is not None, text=text)


def _decoded(part: PartFile, warnings: Warnings) -> Iterator[str]:
    for line in lines_of(part.chunks, part.name):
        text = line.decode(errors="replace")
        if "\ufffd" in text:
            warnings.add(part.name, "holds bytes that are not UTF-8; they show as �")
        yield text


def dump_name(dump: KubernetesDump) -> str:
    """The name of the file that holds `dump`."""
    time = dump.time.replace(tzinfo=None).isoformat().replace(":", "-")
    return f"kubernetes/{time}Z/{dump.kind}.json"


def log_name(log: ContainerLog) -> str:
    """The name of the file that holds `log`."""
    suffix = ".previous.log" if log.previous else ".log"
    return f"kubernetes/logs/{log.namespace}_{log.pod}_{log.container}{suffix}"


def _folder_time(folder: str, name: str) -> datetime:
    match = _FOLDER_TIME.fullmatch(folder)
    if match is None:
        raise BundleError(name, f"the folder '{quoted(folder)}' is no time; expected one such as 2026-11-23T03-10-00Z")
    return parse_time(f"{match[1]}T{match[2]}:{match[3]}:{match[4]}{match[5] or ''}Z", name, "folder")


def _object(item: Any, name: str) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise BundleError(name, f"an entry of 'items' is {type_name(item)}; expected an object")
    return item
