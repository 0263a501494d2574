"""Which log groups a question is about, and how much they hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from primitives.backends.aws.fields import moment, number
from primitives.backends.aws.look import Look
from primitives.dataclass import dataclass
from primitives.identity import base_name
from primitives.records import Window

__all__ = ["LogGroup", "choose_groups", "resource_of_stream"]

_MOST_GROUPS: Final = 20
_DAY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class LogGroup:
    """A log group, the resources that write to it, and the bytes that it gets in a second."""

    name: str
    resources: tuple[str, ...]
    bytes_per_s: float = 0.0

    def bytes_in(self, window: Window) -> float:
        """About how much a look at a window has to scan."""
        return self.bytes_per_s * window.seconds


def choose_groups(
    look: Look, names: frozenset[str] | None, further: Iterable[str], listed: Mapping[str, Mapping[str, Any]]
) -> tuple[list[LogGroup], int]:
    """The groups of these resources (None: of all) that are there, and how many more there are.

    `further` are groups that the settings name; a group of which nobody knows the writer is its own resource.
    """
    writers = {**{group: {group} for group in further}, **look.log_groups}
    chosen = [
        LogGroup(group, tuple(sorted(resources)), _rate(listed[group], look.end))
        for group, resources in sorted(writers.items())
        if group in listed and (names is None or resources & names)
    ]
    # What is silent says nothing, and what is near the incident isn't known here.
    chosen.sort(key=lambda group: -group.bytes_per_s)
    return chosen[:_MOST_GROUPS], max(len(chosen) - _MOST_GROUPS, 0)


def _rate(group: Mapping[str, Any], now: datetime) -> float:
    """Bytes a second, by what is stored and for how long it has been kept."""
    made, kept = moment(group, "creationTime"), number(group, "retentionInDays")
    age = max((now - made).total_seconds(), _DAY_S) if made else _DAY_S
    return (number(group, "storedBytes") or 0.0) / (min(age, kept * _DAY_S) if kept else age)


def resource_of_stream(group: LogGroup, stream: str) -> str:
    """Who wrote it: of several resources of a group the one whose name its stream begins with."""
    if len(group.resources) == 1:
        return group.resources[0]
    named = [resource for resource in group.resources if stream.startswith(base_name(resource))]
    if len(named) == 1:
        return named[0]
    return group.resources[0] if group.resources else group.name
