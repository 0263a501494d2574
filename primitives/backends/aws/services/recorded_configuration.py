"""AWS Config: which resources were recorded with another configuration than before, and what of it changed.

https://docs.aws.amazon.com/config/latest/APIReference/API_SelectResourceConfig.html says which resources were recorded
lately, GetResourceConfigHistory how each was before. Where no recorder is on, nothing is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from primitives.backends.aws.fields import items, moment, parsed, text, texts
from primitives.backends.aws.look import Look

__all__ = ["read"]

_MOST_RESOURCES: Final = 25
_MOST_ITEMS: Final = 5
_MOST_PATHS: Final = 12
_MOST_USERS: Final = 5
_DEEP: Final = 6
# Counters and times of AWS itself, which differ whenever it looks.
_IDLE: Final = (
    "status", "state", "time", "date", "revisionid", "etag", "lastmodified", "itemcount", "runningcount", "sizebytes",
    "token",
)  # fmt: skip
_GONE: Final = ("ResourceDeleted", "ResourceDeletedNotRecorded")


async def read(look: Look) -> None:
    """A change of configuration for each difference between two recorded configurations of a known resource."""
    since = f"{look.since:%Y-%m-%dT%H:%M:%S.000Z}"
    query = (
        "SELECT resourceId, resourceType, resourceName, arn, configurationItemCaptureTime "
        f"WHERE configurationItemCaptureTime >= '{since}'"
    )
    answer = await look.ask("config", "SelectResourceConfig", Expression=query, Limit=100)
    lately = [parsed(row) for row in texts(answer, "Results")]
    known = [(row, resources) for row in lately if (resources := _resources(look, row))]
    known.sort(key=lambda entry: text(entry[0], "configurationItemCaptureTime"), reverse=True)
    if len(known) > _MOST_RESOURCES:
        look.notes[f"AWS Config: only the newest {_MOST_RESOURCES} changed resources were read"] = None
    await asyncio.gather(*(_history(look, row, resources) for row, resources in known[:_MOST_RESOURCES]))


def _resources(look: Look, row: Mapping[str, Any]) -> list[str]:
    """The resource itself, or those that use it: a security group's, a parameter group's."""
    names = [name for key in ("arn", "resourceName", "resourceId") if (name := text(row, key))]
    own = next((resource for name in names if (resource := look.known(name))), "")
    if own:
        return [own]
    return sorted({user for name in names for user in look.reaches.get(name, ())})[:_MOST_USERS]


async def _history(look: Look, row: Mapping[str, Any], resources: list[str]) -> None:
    answer = await look.ask(
        "config", "GetResourceConfigHistory", resourceType=text(row, "resourceType"),
        resourceId=text(row, "resourceId"), limit=_MOST_ITEMS, chronologicalOrder="Reverse",
    )  # fmt: skip
    newest_first = items(answer, "configurationItems")
    for after, before in pairwise(newest_first):
        _compare(look, row, resources, before, after)


def _compare(
    look: Look, row: Mapping[str, Any], resources: list[str], before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    time: datetime | None = moment(after, "configurationItemCaptureTime")
    kind, name = text(row, "resourceType"), text(row, "resourceName") or text(row, "resourceId")
    if text(after, "configurationItemStatus") in _GONE:
        _tell(look, time, resources, "infrastructure", f"{kind} {name} was deleted", after)
        return
    old, new = (dict(_flat(parsed(text(item, "configuration")))) for item in (before, after))
    paths = [path for path in sorted(old.keys() | new.keys()) if old.get(path) != new.get(path)][:_MOST_PATHS]
    if not paths:
        return
    summary = f"{kind} {name}: {', '.join(paths)}"
    changed = [{path: values[path] for path in paths if path in values} for values in (old, new)]
    _tell(look, time, resources, "configuration", summary, after, before=changed[0], after=changed[1])


def _tell(
    look: Look,
    time: datetime | None,
    resources: list[str],
    kind: Any,
    summary: str,
    item: Mapping[str, Any],
    **more: Any,
) -> None:
    for resource in resources:
        several = f" {resource}" if len(resources) > 1 else ""
        state = text(item, "configurationStateId")
        identifier = f"config {text(item, 'resourceId')}:{state}{several}" if state else None
        look.add_change(time, kind, summary, resource=resource, origin="config", id=identifier, **more)


def _flat(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """The values by their paths; of what is nested deeper than anybody writes nothing, nor what AWS counts itself."""
    if isinstance(value, Mapping) and depth < _DEEP:
        for key, part in value.items():
            if not str(key).casefold().endswith(_IDLE):
                yield from _flat(part, f"{path}.{key}" if path else str(key), depth + 1)
    elif isinstance(value, list) and depth < _DEEP:
        for number, part in enumerate(value):
            yield from _flat(part, f"{path}[{number}]", depth + 1)
    elif isinstance(value, str | int | float | bool):
        yield path, value
