"""What a cluster holds at one moment: every kind listed side by side, as far as it may be read, in limited time."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from primitives.backends.kubernetes.client import METADATA_ONLY, Absent, Forbidden, KubernetesClient, ListExpired
from primitives.backends.kubernetes.discovery import Listable, find_listable
from primitives.dataclass import dataclass
from primitives.errors import SourceError
from primitives.records import KubernetesDump
from primitives.side_by_side import side_by_side

__all__ = ["Snapshot", "take_snapshot"]

WITHIN_S: Final = 20.0
MOST_OBJECTS: Final = 20_000
"""Of one kind; a cluster that has more gives the first ones, and the answer says that it is cut."""
_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The lists; `refused` are kinds that may not be read, `missing` what else isn't here, each with its reason.

    `cut` are kinds of which there is more, `expired` those whose list the server broke off twice. `namespaces` is
    where it was looked; empty is the whole cluster.
    """

    time: datetime
    dumps: tuple[KubernetesDump, ...]
    refused: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    expired: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()

    @property
    def incomplete(self) -> tuple[str, ...]:
        """The kinds of which more objects are there than were read."""
        return (*self.cut, *self.expired)

    @property
    def notes(self) -> list[str]:
        """What isn't here and why, for a person."""
        notes = [f"only in {', '.join(self.namespaces)}"] if self.namespaces else []
        if self.refused:
            notes.append(f"not allowed to read {', '.join(self.refused)}")
        notes += self.missing
        if self.cut:
            notes.append(f"only the first {MOST_OBJECTS:,} of {', '.join(self.cut)}")
        if self.expired:
            notes.append(f"only a part of {', '.join(self.expired)}: the server broke the list off twice (HTTP 410)")
        return notes


@dataclass(frozen=True, slots=True)
class _List:
    """One kind as it was read."""

    listable: Listable
    items: tuple[Mapping[str, Any], ...] = ()
    refused: bool = False
    missing: str = ""
    cut: bool = False
    expired: bool = False
    narrowed: tuple[str, ...] = ()


async def take_snapshot(
    client: KubernetesClient, time: datetime, namespaces: tuple[str, ...], kinds: Collection[str] | None = None
) -> Snapshot:
    """List everything that is listable within `WITHIN_S` seconds; a kind that takes longer is left out, and said.

    `kinds` (plural, lower case) are the only ones that are listed, where given.

    Raises `SourceError` where nothing at all could be read.
    """
    listables, silent = await find_listable(client)
    if kinds is not None:
        listables, silent = tuple(listable for listable in listables if listable.name in kinds), ()
    access = await client.access()
    own = namespaces or ((access.namespace or "default"),)
    tasks = await side_by_side((_list(client, listable, namespaces, own) for listable in listables), WITHIN_S)
    # In the order of the kinds: what was recorded must not depend on which request was faster.
    lists = [task.result() for task in tasks if task is not None]
    unanswered = [listable.plural for task, listable in zip(tasks, listables, strict=True) if task is None]
    if lists and all(entry.refused for entry in lists):
        raise Forbidden(client.source, "access to everything refused (HTTP 403): it takes the role `view` at least")
    missing = [entry.missing for entry in lists if entry.missing]
    missing += [f"no answer from the API group {group}" for group in silent]
    missing += [f"no answer for {name} within {WITHIN_S:g} s" for name in unanswered]
    # Of a large cluster the objects are checked for longer than a person should wait for a key.
    return await asyncio.to_thread(_snapshot, time, lists, missing)


def _snapshot(time: datetime, lists: Sequence[_List], missing: Sequence[str]) -> Snapshot:
    return Snapshot(
        time=time,
        dumps=tuple(
            KubernetesDump(time=time, kind=entry.listable.name, items=entry.items)
            for entry in lists if not entry.refused and not entry.missing
        ),
        refused=tuple(entry.listable.plural for entry in lists if entry.refused),
        missing=tuple(missing),
        cut=tuple(entry.listable.plural for entry in lists if entry.cut),
        expired=tuple(entry.listable.plural for entry in lists if entry.expired),
        namespaces=tuple(dict.fromkeys(name for entry in lists for name in entry.narrowed)),
    )  # fmt: skip


async def _list(
    client: KubernetesClient, listable: Listable, namespaces: tuple[str, ...], own: tuple[str, ...]
) -> _List:
    try:
        if listable.namespaced and namespaces:
            return await _read(client, listable, namespaces)
        try:
            return await _read(client, listable, ())
        except Forbidden:
            # Whoever may not read the whole cluster may read the namespaces of their own.
            if not listable.namespaced:
                raise
            return await _read(client, listable, own)
    except Forbidden:
        return _List(listable, refused=True)
    except Absent:
        return _List(listable, missing=f"no {listable.plural} here any more")
    except SourceError as error:
        return _List(listable, missing=f"{listable.plural}: {error.problem}")


async def _read(client: KubernetesClient, listable: Listable, namespaces: tuple[str, ...]) -> _List:
    items: list[Mapping[str, Any]] = []
    expired = False
    for namespace in namespaces or ("",):
        more, whole = await _read_list(client, listable, namespace, MOST_OBJECTS - len(items))
        items += more
        expired |= not whole
        if len(items) >= MOST_OBJECTS:
            return _List(listable, tuple(items[:MOST_OBJECTS]), cut=True, narrowed=namespaces)
    return _List(listable, tuple(items), expired=expired, narrowed=namespaces)


async def _read_list(
    client: KubernetesClient, listable: Listable, namespace: str, most: int
) -> tuple[list[Mapping[str, Any]], bool]:
    """The objects of a list, `most` and up to a page more; whether the server gave all that was asked of it.

    A `continue` token expires after five to fifteen minutes, or when the server's store is compacted. Whoever needs
    a list of one moment starts anew (https://kubernetes.io/docs/reference/using-api/api-concepts/). That is done once:
    a list that expires twice is longer than the server remembers.
    """
    # A Secret's values are nobody's business here: its metadata alone is asked for.
    accept = METADATA_ONLY if listable.plural == "secrets" else ""
    items: list[Mapping[str, Any]] = []
    for _ in range(2):
        items = []
        try:
            async for page in client.pages(listable.path(namespace), accept=accept):
                items += _objects(page, listable)
                if len(items) >= most:
                    break
        except ListExpired:
            continue
        return items, True
    return items, False


def _objects(page: Mapping[str, Any], listable: Listable) -> Iterable[Mapping[str, Any]]:
    """The objects of a page as `kubectl get -o json` shows them: each with its kind, without the fields' managers."""
    entries = page.get("items")
    version = f"{listable.group}/{listable.version}" if listable.group else listable.version
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict):
            yield {**entry, "apiVersion": version, "kind": listable.kind, "metadata": _metadata(entry.get("metadata"))}


def _metadata(metadata: Any) -> dict[str, Any]:
    """Without what fills half of an answer and is read by nobody: field managers, and the object as it was applied."""
    kept: dict[str, Any] = dict(metadata) if isinstance(metadata, dict) else {}
    kept.pop("managedFields", None)
    annotations = kept.get("annotations")
    if isinstance(annotations, dict) and _LAST_APPLIED in annotations:
        kept["annotations"] = {key: value for key, value in annotations.items() if key != _LAST_APPLIED}
    return kept
