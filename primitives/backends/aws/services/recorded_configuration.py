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
from primitives.metric_names import metric_words
from primitives.redact.structure.words import KEY_TYPES, STRIPPED, holds_a_name, holds_a_value, is_container, is_whole

__all__ = ["read"]

_MOST_ROWS: Final = 100
_MOST_RESOURCES: Final = 25
_MOST_ITEMS: Final = 5
_MOST_PATHS: Final = 12
_MOST_USERS: Final = 5
_DEEP: Final = 6
# Counters and times of AWS itself, which differ whenever it looks.
_IDLE: Final = frozenset({
    "revisionid", "etag", "lastmodified", "laststatus", "lastupdatestatus", "itemcount", "runningcount", "pendingcount",
    "tablesizebytes", "indexsizebytes",
})  # fmt: skip
_TIMES: Final = frozenset({"time", "date", "at", "timestamp"})
_OF_ITS_OWN: Final = frozenset({
    "last", "latest", "earliest", "create", "created", "creation", "update", "updated", "modified", "transition",
    "transitioned", "launch", "attach",
})  # fmt: skip
_STATES: Final = frozenset({"status", "state"})
# What somebody switches; any other state is what AWS is just doing (`updating`, `running`).
_SWITCHED: Final = frozenset({"enabled", "disabled", "active", "inactive", "suspended"})
# A pair has a name, a value and hardly more: a type, a version.
_MOST_OF_A_PAIR: Final = 10
_GONE: Final = ("ResourceDeleted", "ResourceDeletedNotRecorded")


async def read(look: Look) -> None:
    """A change of configuration for each difference between two recorded configurations of a known resource."""
    since = f"{look.since:%Y-%m-%dT%H:%M:%S.000Z}"
    query = (
        "SELECT resourceId, resourceType, resourceName, arn, configurationItemCaptureTime "
        f"WHERE configurationItemCaptureTime >= '{since}' ORDER BY configurationItemCaptureTime DESC"
    )
    answer = await look.ask("config", "SelectResourceConfig", Expression=query, Limit=_MOST_ROWS)
    lately = [parsed(row) for row in texts(answer, "Results")]
    known = [(row, resources) for row in lately if (resources := _resources(look, row))]
    known.sort(key=lambda entry: text(entry[0], "configurationItemCaptureTime"), reverse=True)
    if text(answer, "NextToken"):
        look.notes[f"AWS Config: only the newest {len(lately)} changed resources of the account were looked at"] = None
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
    paths = [path for path in sorted(old.keys() | new.keys()) if _differs(path, old.get(path), new.get(path))]
    paths = paths[:_MOST_PATHS]
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


def _differs(path: str, old: Any, new: Any) -> bool:
    """Whether somebody changed a value; a state that AWS passes through isn't somebody's."""
    if old == new:
        return False
    words = _words(path)
    if not words or words[-1] not in _STATES:
        return True
    return all(value is None or str(value).casefold() in _SWITCHED for value in (old, new))


def _flat(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """The values by their paths; of what is nested deeper than anybody writes nothing, nor what AWS counts itself.

    A value stays with the name beside it, an argument with those before it, and what is under a key like `secrets` with
    that key: they tell the redactor that it is a secret.
    """
    if isinstance(value, Mapping) and _is_pair(value):
        yield path or "configuration", {key: part for key, part in value.items() if not _is_idle(str(key), part)}
    elif isinstance(value, Mapping) and depth < _DEEP:
        for key, part in value.items():
            below = f"{path}.{key}" if path else str(key)
            if _holds_secrets(str(key)) and isinstance(part, Mapping | list):
                yield below, {key: part}
            elif not _is_idle(str(key), part):
                yield from _flat(part, below, depth + 1)
    elif isinstance(value, list) and depth < _DEEP:
        if value and all(isinstance(part, str | int | float) for part in value):
            yield path, value
            return
        for number, part in enumerate(value):
            yield from _flat(part, f"{path}[{number}]", depth + 1)
    elif isinstance(value, str | int | float | bool):
        yield path, value


def _holds_secrets(key: str) -> bool:
    return is_container(key) or is_whole(_stripped(key))


def _is_pair(value: Mapping[str, Any]) -> bool:
    """Whether an object is a name and its value (`name` and `value`, `parameterKey` and `parameterValue`)."""
    keys = [_stripped(str(key)) for key in value]
    names = [key for key in keys if holds_a_name(key) or key in KEY_TYPES]
    values = [key for key in keys if holds_a_value(key)]
    return bool(names and values) and 1 < len(keys) <= _MOST_OF_A_PAIR


def _stripped(key: str) -> str:
    return key.casefold().translate(STRIPPED)


def _words(name: str) -> list[str]:
    """The words of a name in camel case; a metric's name is written so too."""
    return metric_words(name).split()


def _is_idle(key: str, value: Any) -> bool:
    """Whether AWS itself changes what is under a key: by whole words, for `runtime` is no time."""
    words = _words(key)
    if not words or "".join(words) in _IDLE or words[-1] == "token":
        return bool(words)
    if words[-1] in _TIMES:
        return not _OF_ITS_OWN.isdisjoint(words[:-1])
    return words[-1] in _STATES and not isinstance(value, str)
