"""The resources of a recorded incident, and finding the one that a person named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from primitives.bundle import Bundle, BundleParts
from primitives.errors import UsageError
from primitives.records import KubernetesDump
from primitives.text import safe_line

__all__ = ["RESOURCE_LIMIT", "checked_resource", "known_resources", "meant_resource"]

RESOURCE_LIMIT = 500
"""Characters: an ARN has at most 2048 bytes in theory and some 150 in practice, a Kubernetes path fewer."""

_SHOWN = 3
_NEAR = 60


def checked_resource(given: str | None) -> str | None:
    """`given`, cleaned for storing. Raises `UsageError` when it can't be the identifier of any resource."""
    if given is None:
        return None
    name = given.strip()
    if not name or len(name) > RESOURCE_LIMIT or safe_line(name, limit=RESOURCE_LIMIT) != name:
        raise UsageError(
            f"--resource {safe_line(given, limit=60)!r} is no resource's identifier; give one as it stands"
        )
    return name


def meant_resource(name: str, known: Iterable[str]) -> str:
    """The resource of `known` called `name`, whatever its case; `name` itself where `known` is empty.

    Raises `UsageError` with the closest known ones where there is no such resource.
    """
    names = sorted(set(known))
    if not names or name in names:
        return name
    same = [resource for resource in names if resource.casefold() == name.casefold()]
    if len(same) == 1:
        return same[0]
    from rapidfuzz import fuzz, process

    near = process.extract(name, names, scorer=fuzz.WRatio, limit=_SHOWN, score_cutoff=_NEAR)
    some = ", ".join(
        safe_line(resource, limit=100) for resource in ([resource for resource, _, _ in near] or names[:_SHOWN])
    )
    hint = f"did you mean {some}?" if near else f"there are {some}{', ...' if len(names) > _SHOWN else ''}"
    raise UsageError(f"this incident knows no resource {safe_line(name, limit=100)}: {hint}")


def known_resources(bundle: Bundle) -> frozenset[str]:
    """Every identifier in any part of the bundle. Raises `BundleError`. Blocking."""
    return frozenset(_named(bundle.load_all()))


def _named(parts: BundleParts) -> Iterator[str]:
    if parts.manifest.symptom:
        yield parts.manifest.symptom.resource
    if parts.topology:
        yield from (resource.id for resource in parts.topology.resources)
        for edge in parts.topology.edges:
            yield from (edge.source, edge.target)
    recorded = (parts.changes, parts.logs, parts.spans, parts.probes, parts.observations, parts.configuration)
    for records in (parts.series, *recorded):
        yield from (record.resource for record in records or () if record.resource)
    for dump in parts.kubernetes:
        yield from _objects(dump)


def _objects(dump: KubernetesDump) -> Iterator[str]:
    """The identifiers of the objects; events are no resources."""
    from primitives.kubernetes.kinds import read_object

    if dump.kind != "events":
        yield from (item.id for raw in dump.items if (item := read_object(raw, dump.kind)) is not None)
