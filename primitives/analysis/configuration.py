"""Configuration documents as flat paths, and what differs between two of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from primitives.dataclass import dataclass
from primitives.patterns import lazy_pattern
from primitives.records import ConfigurationSnapshot

__all__ = ["Difference", "Drift", "differences", "drifts", "flatten", "snapshots_of", "weight_of"]

_MAX_DEPTH: Final = 40
_MAX_PATHS: Final = 20_000
# What platforms count up by themselves on every write: never the reason for anything.
_BOOKKEEPING: Final = frozenset(
    {"resourceversion", "generation", "observedgeneration", "managedfields", "uid", "etag", "lastmodified",
     "lasttransitiontime", "lastupdatetime", "lastprobetime", "revisionid", "updated_at", "updatedat", "lastupdated",
     "lastmodifiedtime", "modifiedat", "modified_at", "timestamp"}
)  # fmt: skip
_MISSING: Final = object()
# Documents with fewer paths in common than this share are not of the same make, whatever their kind says.
_ALIKE: Final = 0.8
_LEAST_PEERS: Final = 3
# Names of settings that decide how much, how long, or where to: what hurts first when it is wrong.
_DECISIVE: Final = lazy_pattern(
    r"time.?out|deadline|pool|max|min|limit|concurren|retr(?:y|ies)|backoff|batch|cache|ttl|buffer|threshold|interval|"
    r"quota|workers|threads|replicas|capacity|memory|heap|cpu|size|host|port|url|endpoint|address|enabled|mode|rule",
    re.IGNORECASE,
)
_DESCRIPTIVE: Final = lazy_pattern(
    r"description|comment|label|annotation|tag|owner|title|display|contact", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One path whose value is another than it was; `earlier` and `later` are the snapshots between which it changed."""

    path: str
    before: Any
    after: Any
    earlier: datetime
    later: datetime


@dataclass(frozen=True, slots=True)
class Drift:
    """A path at which a resource has another value than all its peers, which agree on `usual`, when it was recorded."""

    resource: str
    path: str
    usual: Any
    own: Any
    time: datetime


def drifts(latest: Mapping[str, ConfigurationSnapshot]) -> list[Drift]:
    """Where one of several resources of a kind differs from what all others agree on; needs three that are alike."""
    flat = {name: flatten(drift.document) for name, drift in latest.items()}
    if len(flat) < _LEAST_PEERS or not _alike(flat):
        return []
    drifting = []
    for path in sorted({path for document in flat.values() for path in document}):
        values = {name: document.get(path, _MISSING) for name, document in flat.items()}
        for name, own in values.items():
            others = [value for other, value in values.items() if other != name]
            if own != others[0] and all(value == others[0] for value in others):
                drifting.append(Drift(name, path, _plain(others[0]), _plain(own), latest[name].time))
    return sorted(drifting, key=lambda drift: (-weight_of(drift.path), drift.resource, drift.path))


def weight_of(path: str) -> int:
    """How likely a wrong setting of that name is to hurt: 0 for descriptions, 2 for what decides behaviour."""
    last = path.rpartition(".")[2]
    if _DESCRIPTIVE.search(path):
        return 0
    return 2 if _DECISIVE.search(last) else 1


def _alike(flat: Mapping[str, Mapping[str, Any]]) -> bool:
    everywhere = set.intersection(*(set(document) for document in flat.values()))
    anywhere = set.union(*(set(document) for document in flat.values()))
    return bool(anywhere) and len(everywhere) >= _ALIKE * len(anywhere)


def flatten(document: Any) -> dict[str, Any]:
    """The leaves of a document by path, such as `spec.containers[0].image`. Empty objects and lists are leaves."""
    flat: dict[str, Any] = {}
    for path, value in _leaves(document, "", 0):
        flat[path] = value
        if len(flat) >= _MAX_PATHS:
            break
    return flat


def _leaves(value: Any, path: str, depth: int) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value and depth < _MAX_DEPTH:
        for key in sorted(value, key=str):
            if str(key).casefold() not in _BOOKKEEPING:
                yield from _leaves(value[key], f"{path}.{key}" if path else str(key), depth + 1)
    elif isinstance(value, (list, tuple)) and value and depth < _MAX_DEPTH:
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}[{index}]", depth + 1)
    else:
        yield path, value


def snapshots_of(
    records: Sequence[ConfigurationSnapshot],
) -> dict[tuple[str, str], list[ConfigurationSnapshot]]:
    """The snapshots of each resource and kind, oldest first."""
    groups: dict[tuple[str, str], list[ConfigurationSnapshot]] = {}
    for snapshot in sorted(records, key=lambda snapshot: snapshot.time):
        groups.setdefault((snapshot.resource, snapshot.kind), []).append(snapshot)
    return dict(sorted(groups.items()))


def differences(snapshots: Sequence[ConfigurationSnapshot], normal_until: datetime) -> list[Difference]:
    """What the newest snapshot has other than the last one of normal times (else the oldest), what decides most first.

    A value that is missing on one side is None there.
    """
    normal = [snapshot for snapshot in snapshots if snapshot.time <= normal_until]
    reference = normal[-1] if normal and normal[-1] is not snapshots[-1] else snapshots[0]
    flat = [(snapshot.time, flatten(snapshot.document)) for snapshot in snapshots if snapshot.time >= reference.time]
    before, after = flat[0][1], flat[-1][1]
    differing = []
    for path in sorted(before.keys() | after.keys()):
        old, new = before.get(path, _MISSING), after.get(path, _MISSING)
        if old != new:
            earlier, later = _between(flat, path)
            differing.append(Difference(path, _plain(old), _plain(new), earlier, later))
    return sorted(differing, key=lambda snapshot: (-weight_of(snapshot.path), snapshot.path))


def _between(flat: Sequence[tuple[datetime, Mapping[str, Any]]], path: str) -> tuple[datetime, datetime]:
    """The last snapshot that does not have the final value yet, and the one after it."""
    final = flat[-1][1].get(path, _MISSING)
    for index in range(len(flat) - 2, -1, -1):
        if flat[index][1].get(path, _MISSING) != final:
            return flat[index][0], flat[index + 1][0]
    return flat[0][0], flat[-1][0]


def _plain(value: Any) -> Any:
    return None if value is _MISSING else value
