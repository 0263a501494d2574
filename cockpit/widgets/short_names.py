"""A resource's name in little room: cut so that no other resource of the incident could be meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cockpit.widgets.draw import cells, cut, cut_middle
from cockpit.widgets.words import metric_forms
from primitives.display_names import DisplayNames
from primitives.text import ELLIPSIS

if TYPE_CHECKING:
    from primitives.display_names import NameOf

__all__ = ["LEAST_WHO", "cut_name", "whose_metric"]

LEAST_WHO = 7
"""Cells of a resource's name that still tell whose a metric is."""
LEAST_METRIC = 10
"""Cells of what was measured, at least, where its middle is cut."""
OF_WHAT = frozenset({
    "bytes", "count", "duration", "iops", "latency", "operations", "rate", "ratio", "sec", "second", "throughput",
    "time", "usage", "utilization",
})  # fmt: skip
"""Last words of a metric's name that don't say by themselves what was measured."""
LEAST_TAIL, LEAST_HEAD = 3, 3
"""Letters of a name's end, where any are kept, and of its beginning: of fewer nobody would find the name by them."""


def cut_name(name: str, width: int, names: NameOf) -> str:
    """A name in `width` cells that nobody else's fits; where there is none, in as few more as there must be.

    What tells it apart from others that share it, which stands in brackets, stays. Where the other names are not known,
    or too many to go through, its end is cut.
    """
    if cells(name) <= width:
        return name
    short, bracket, kind = name.rpartition(" (")
    if bracket and kind.endswith(")"):
        tail = f"{bracket}{kind}"
        return f"{cut(short, width - cells(tail))}{tail}" if width >= cells(tail) + LEAST_WHO else cut(name, width)
    others = names.like(name) if isinstance(names, DisplayNames) else ()
    if not others or cells(name) != len(name):
        return cut(name, width)
    sizes = range(max(width, LEAST_WHO), len(name))
    return next((form for size in sizes if (form := _clear(name, size, others))), name)


def _clear(name: str, width: int, others: tuple[str, ...]) -> str:
    """The name in exactly `width` cells with as much of its beginning as leaves it clear; empty where nothing does."""
    for tail in (0, *range(LEAST_TAIL, width - LEAST_HEAD)):
        begin, end = name[: width - 1 - tail], name[len(name) - tail :]
        if not any(other.startswith(begin) and other.endswith(end) for other in others):
            return f"{begin.rstrip()}{ELLIPSIS}{end}"
    return ""


def whose_metric(who: str, metric: str, room: int, names: NameOf) -> str:
    """Whose metric it is and of what, in `room` cells where that can be: the metric's shorter name goes first.

    `metric` is its name with blanks.
    """
    if not who:
        return metric if cells(metric) <= room or room <= 1 else f"{ELLIPSIS}{metric[1 - room :]}"
    return next((words for words in _forms(who, metric, room, names) if cells(words) <= room), cut(who, LEAST_WHO))


def _forms(who: str, metric: str, room: int, names: NameOf) -> Iterator[str]:
    shorter = metric_forms(metric)
    yield from (f"{who} {form}" for form in shorter)
    yield from (f"{cut_name(who, max(room - cells(form) - 1, LEAST_WHO), names)} {form}" for form in shorter)
    words = metric.split(" ")
    # Its last words say what it is: `…error ratio` of the upstream calls.
    least = 2 if words[-1] in OF_WHAT else 1
    ends = [f"{ELLIPSIS}{' '.join(words[count:])}" for count in range(1, len(words) - least + 1)]
    yield from (f"{cut_name(who, max(room - cells(end) - 1, LEAST_WHO), names)} {end}" for end in ends)
    name = cut_name(who, LEAST_WHO, names)
    yield f"{name} {cut_middle(metric, max(room - cells(name) - 1, LEAST_METRIC), head=0.5)}"
    # Nothing of it is clear any more: what was measured says more than a whole name.
    left = room - LEAST_WHO
    yield f"{cut(who, LEAST_WHO)}{metric[max(cells(metric) - left, 0) :]}" if left > 0 else ""
