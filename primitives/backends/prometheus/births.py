"""When something new took over: the pods of a new ReplicaSet, the processes of another version.

Samples of a long window lie far apart. So a first look finds the parts of the window in which anything came or went,
and a second one looks at those alone, at every scrape.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

import numpy as np

from primitives.backends.prometheus.client import PrometheusClient, Reply, Row
from primitives.backends.prometheus.survey import gather_results
from primitives.dataclass import dataclass
from primitives.records import Window

__all__ = ["Birth", "Counts", "births_of", "closely", "counts_of"]

_PARTS: Final = 120
"""Into how many parts the first look divides the window."""

_MOST_LOOKS: Final = 12
"""The latest times at which something changed are looked at again; more would be a storm of questions."""

_MOST_POINTS: Final = 3_000

Owner = TypeVar("Owner", bound=Hashable)

Counts = Mapping[str, Mapping[float, float]]
"""How many there were of each generation of one owner, at each time (seconds since the epoch)."""


@dataclass(frozen=True, slots=True)
class Birth:
    """At `time` (seconds since the epoch, give or take `step`) `new` began to take the place of `old` (empty: none)."""

    time: float
    step: float
    old: str
    new: str


async def closely(
    client: PrometheusClient, expression: Callable[[int], str], window: Window, interval_s: float
) -> tuple[tuple[Row, ...], float]:
    """The rows of `expression` (given over how many seconds it looks back) around their changes, and their step.

    Their first sample is always there: it says what was so before. Raises `SourceError`.
    """
    start, end = window.start.timestamp(), window.end.timestamp()
    fine = max(math.ceil(interval_s), 1)
    wide = max(math.ceil(window.seconds / _PARTS), fine)
    first = (await client.over(expression(wide), end - wide * math.floor(window.seconds / wide), end, wide)).rows
    if wide == fine:
        return first, fine
    fine = max(fine, math.ceil(wide / _MOST_POINTS))
    parts = [(max(time - wide, start), time) for time in _changed(first)]
    looks = [client.over(expression(fine), *part, fine) for part in _joined(parts, fine * _MOST_POINTS)[-_MOST_LOOKS:]]
    near = [reply for reply in await gather_results(looks) if isinstance(reply, Reply)]
    return (*_beginnings(first), *(row for reply in near for row in reply.rows)), fine


async def births_of(
    rows: Sequence[Row], name: Callable[[Row], tuple[Owner, str] | None], step: float
) -> list[tuple[Owner, Birth]]:
    """Each birth with its owner. In a thread: of thousands of pods that come and go there is much to compare."""
    return await asyncio.to_thread(_births_of, rows, name, step)


def _births_of(
    rows: Sequence[Row], name: Callable[[Row], tuple[Owner, str] | None], step: float
) -> list[tuple[Owner, Birth]]:
    began = min((float(row.times[0]) for row in rows if len(row.times)), default=math.inf)
    return [(owner, birth) for owner, counts in counts_of(rows, name).items() for birth in _births(counts, began, step)]


def counts_of(rows: Iterable[Row], name: Callable[[Row], tuple[Owner, str] | None]) -> dict[Owner, Counts]:
    """The rows by owner and generation; `name` says whose a row is, None leaves it out."""
    counts: dict[Owner, dict[str, dict[float, float]]] = {}
    for row in rows:
        if (named := name(row)) is not None:
            owner, generation = named
            own = counts.setdefault(owner, {}).setdefault(generation, {})
            own.update(zip(row.times.tolist(), row.values.tolist(), strict=True))
    return dict(counts)


def _births(counts: Counts, began: float, step: float) -> Iterator[Birth]:
    """Each time at which another generation of one owner got its first members, also one that had been there before.

    What is there from `began` on, when anything was seen first, is no birth.
    """
    times = sorted({time for own in counts.values() for time in own})
    current, before = "", dict.fromkeys(counts, 0.0)
    for time in times:
        now = {generation: own.get(time, 0.0) for generation, own in counts.items()}
        grown = [name for name, count in now.items() if count > before[name] and name != current]
        # Of several that grow at once, which only two looks far apart can show, the one with the most members counts.
        new = max(grown, key=lambda name: (now[name], name), default=None)
        if new is not None and (not current or now[new] > before[new]):
            if current or time > began + 2 * step:
                yield Birth(time, step, current, new)
            current = new
        before = now


def _changed(rows: Iterable[Row]) -> list[float]:
    """The times at which any row's value isn't that of the time before."""
    rows = tuple(rows)
    times = sorted({time for row in rows for time in row.times.tolist()})
    changed: set[float] = set()
    for row in rows:
        own = dict(zip(row.times.tolist(), row.values.tolist(), strict=True))
        values = np.array([own.get(time, 0.0) for time in times])
        changed.update(times[place + 1] for place in np.flatnonzero(np.diff(values)).tolist())
    return sorted(changed)


def _joined(parts: Iterable[tuple[float, float]], longest: float) -> list[tuple[float, float]]:
    """The parts, those that touch as one: a rollout goes on for several."""
    joined: list[tuple[float, float]] = []
    for start, end in parts:
        if joined and start <= joined[-1][1] and end - joined[-1][0] <= longest:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _beginnings(rows: Iterable[Row]) -> Iterator[Row]:
    """What the rows say of the earliest time that any of them knows."""
    rows = [row for row in rows if len(row.times)]
    earliest = min((float(row.times[0]) for row in rows), default=0.0)
    return (Row(row.labels, row.times[:1], row.values[:1]) for row in rows if row.times[0] == earliest)
