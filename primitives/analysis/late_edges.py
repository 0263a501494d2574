"""A resource whose every way in and out takes as much longer, whatever is called and by whom: its network is slow.

Work gets slower by a factor that differs from one operation to the next; a way gets longer by the same seconds for
each round trip (RFC 2681). Where callers write no spans of their calls, the way there is in the caller's own time, and
the way to what writes no spans (a database, a provider) is in the span of the call.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from primitives.analysis.traces import Traces
from primitives.analysis.wire import Delay, Side
from primitives.dataclass import dataclass
from primitives.statistics import median, quantile

__all__ = ["late_edges", "without_ways"]

Pair = tuple[str, str]

_FEWEST: Final = 8
_LEAST_S: Final = 0.004
# So many ways to different ends, and they are longer by about the same: no further from their median than this share.
_ENDS: Final = 3
_ALIKE: Final = 0.35
# All but a tenth of its ways must be, and of what has no such end hardly any.
_NEARLY_ALL: Final = 0.75
_QUICK: Final = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """Seconds a call of a pair takes beside what is measured at the other end: usually, and now."""

    usual: float
    now: NDArray[np.float64]

    @property
    def longer(self) -> float:
        return median(self.now) - self.usual


def late_edges(now: Traces, before: Traces, peers: tuple[Sequence[str], Sequence[str]], since: datetime) -> list[Delay]:
    """The one resource whose ways are all longer by as much, if there is one; `peers` of the spans now and before."""
    ways = _ways(_calls(now, peers[0]), _calls(before, peers[1]))
    late = {pair for pair, way in ways.items() if way.longer > max(_LEAST_S, way.usual)}
    delayed = [delay for end in sorted({end for pair in late for end in pair})
               if (delay := _at(end, ways, late, since)) is not None]  # fmt: skip
    return delayed if len(delayed) == 1 else []


def _at(end: str, ways: Mapping[Pair, _Way], late: set[Pair], since: datetime) -> Delay | None:
    own = [pair for pair in ways if end in pair]
    slow = [pair for pair in own if pair in late]
    others = {name for pair in slow for name in pair} - {end}
    if len(others) < _ENDS or len(slow) < _NEARLY_ALL * len(own) or len(late) > len(slow) / _NEARLY_ALL:
        return None
    longer = np.array([ways[pair].longer for pair in slow])
    usual = median(longer)
    if (np.abs(longer - usual) > _ALIKE * usual).any():
        return None
    values = np.concatenate([ways[pair].now for pair in slow])
    baseline = median(np.array([ways[pair].usual for pair in slow]))
    into = sum(pair[1] == end for pair in slow)
    side: Side = "both ways" if 0 < into < len(slow) else "to it" if into else "from it"
    return Delay(
        end, side, baseline, median(values), quantile(values, _QUICK), tuple(sorted(slow)), len(own), len(values),
        since.timestamp(),
    )  # fmt: skip


def _ways(now: Mapping[Pair, list[float]], before: Mapping[Pair, list[float]]) -> dict[Pair, _Way]:
    return {
        pair: _Way(median(np.array(before[pair])), np.array(seconds))
        for pair, seconds in sorted(now.items())
        if len(seconds) >= _FEWEST and len(before.get(pair, ())) >= _FEWEST
    }


def _calls(traces: Traces, peers: Sequence[str]) -> dict[Pair, list[float]]:
    """By pair of caller and called one: the call's own time, or the caller's for each that it calls elsewhere."""
    ways: dict[Pair, list[float]] = defaultdict(list)
    for place, pair, calls in _ways_of(traces, peers):
        ways[pair].append(float(traces.own[place]) / calls)
    return ways


def _ways_of(traces: Traces, peers: Sequence[str]) -> Iterator[tuple[int, Pair, int]]:
    """The places of spans in whose own time the way to one other end lies, that pair, and how many calls it makes."""
    spans = traces.spans
    elsewhere: dict[int, list[str]] = defaultdict(list)
    for place, parent in enumerate(traces.parents):
        if parent >= 0 and spans[place].resource != spans[parent].resource:
            elsewhere[parent].append(spans[place].resource)
    for place, peer in enumerate(peers):
        called = elsewhere.get(place, [peer] if peer else [])
        # Of one that calls several it isn't known to whom its own time went.
        if len(set(called)) == 1 and called[0] != spans[place].resource:
            yield place, (spans[place].resource, called[0]), len(called)


def without_ways(traces: Traces, peers: Sequence[str], pairs: Collection[Pair]) -> Traces:
    """The same, but spans with a way of these pairs in them have no own time."""
    own = traces.own.copy()
    own[[place for place, pair, _ in _ways_of(traces, peers) if pair in pairs]] = 0.0
    return replace(traces, own=own)
