"""The Kubernetes objects that outputs show, as dumps: then the analysis of a cluster reads them like any other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from primitives.outputs.kubectl_describe import described
from primitives.outputs.kubectl_tables import objects_in_tables
from primitives.outputs.texts import Output
from primitives.records import KubernetesDump

__all__ = ["dumps_in", "split_objects"]

# Kinds that nothing is looked up in by name: that one of them isn't shown doesn't say that it isn't there.
_SHOWN_ALONE: Final = frozenset(
    {"Pod", "Node", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Event",
     "PersistentVolumeClaim", "HorizontalPodAutoscaler", "Namespace", "APIService"}
)  # fmt: skip
_MOST: Final = 20_000

Shown = tuple[datetime, Mapping[str, Any]]


def split_objects(output: Output) -> tuple[list[Shown], list[str]]:
    """The objects that an output shows, with its time, and its other lines."""
    if output.structure is not None:
        return [(output.time, item) for item in _in_structure(output.structure)], []
    objects, rest = described(output)
    if rest:
        tabled, rest = objects_in_tables(Output(
            output.resource, output.time, output.kind, output.command, output.namespace, tuple(rest)
        ))  # fmt: skip
        objects += tabled
    return [(output.time, item) for item in objects], rest


def dumps_in(shown: Sequence[Shown], known: Collection[str]) -> list[KubernetesDump]:
    """One dump a kind, of the newest view of each object; kinds that were really dumped (`known`) are left to that.

    Where an object is described and listed, the description says more.
    """
    best: dict[tuple[str, str, str], tuple[tuple[datetime, int], Mapping[str, Any]]] = {}
    for time, item in shown[:_MOST]:
        meta = item.get("metadata")
        kind = str(item.get("kind") or "")
        if not isinstance(meta, Mapping) or kind not in _SHOWN_ALONE or kind in known:
            continue
        key = (kind, str(meta.get("namespace") or ""), str(meta.get("name") or ""))
        rank = (time, len(str(item.get("spec") or "")))
        if key not in best or rank >= best[key][0]:
            best[key] = rank, item
    by_kind: dict[str, list[tuple[datetime, Mapping[str, Any]]]] = defaultdict(list)
    for (kind, _, _), ((time, _), item) in best.items():
        by_kind[kind].append((time, item))
    return [
        KubernetesDump(
            time=max(time for time, _ in items), kind=kind.lower() + "s", items=tuple(item for _, item in items)
        )
        for kind, items in by_kind.items()
    ]


def _in_structure(structure: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """What has a kind and metadata, alone or in a list."""
    if depth > 3:
        return
    if isinstance(structure, Mapping):
        if isinstance(structure.get("items"), list):
            yield from _in_structure(structure["items"], depth + 1)
        elif isinstance(structure.get("kind"), str) and isinstance(structure.get("metadata"), Mapping):
            yield structure
    elif isinstance(structure, list):
        for item in structure[:_MOST]:
            yield from _in_structure(item, depth + 1)
