"""Time on the wire: what a call takes beyond the time that the called one works on it, and whose network is slow.

A call's span in its caller less the span of its handling is the way there and back: network, queues of connections, and
scheduling at both ends (B. Sigelman et al., Dapper, 2010: annotations of client and server). Durations are taken within
each process, so clocks that differ do no harm (RFC 2681 measures a round trip for the same reason). On one network the
usual time is about the same for every pair, so pairs that are rarely seen are compared with all of them together.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from primitives.analysis.traces import Traces
from primitives.dataclass import dataclass
from primitives.statistics import level_of, median, quantile

__all__ = ["Calls", "Delay", "Side", "delays", "lost_time", "wire_times"]

Samples = NDArray[np.float64]
Pair = tuple[str, str]
Side = Literal["to it", "from it", "both ways"]

# Fewer calls of a pair than this in normal times, and all pairs together say what is usual.
_FEW: Final = 5
# All pairs together need so many, or nothing is known of normal times.
_LEAST_USUAL: Final = 10
# A pair is late when it takes so many times as long, by so many spreads, and by more than a scheduler's time slice.
_TIMES: Final = 2.0
_SPREADS: Final = 4.0
_LEAST_S: Final = 0.004
_FLOOR_S: Final = 0.0005
# A resource is where the delay is when its late pairs hold most of the lost time, and most of its pairs and calls are
# late from some moment on.
_COVERED: Final = 0.6
_PURE: Final = 0.7
_HALF: Final = 0.5
_SEVERAL: Final = 2
_MORE: Final = 1.15
_QUICK: Final = 0.1
_USUAL: Final = 0.98
_MOST: Final = 2


@dataclass(frozen=True, slots=True)
class Delay:
    """Calls from or to `resource` take longer between caller and called one than usual.

    `baseline`, `current` and `quickest` (the quickest tenth) are seconds a call, the latter two `since` then (epoch
    seconds). `late` of `pairs` pairs of caller and called one are late. `share` is the part of the requests' lost time
    that is lost there.
    """

    resource: str
    side: Side
    baseline: float
    current: float
    quickest: float
    late: tuple[Pair, ...]
    pairs: int
    calls: int
    since: float
    share: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Calls:
    """When calls of a pair began (epoch seconds), oldest first, and how long they were on their way (seconds)."""

    starts: Samples
    seconds: Samples


def wire_times(traces: Traces) -> dict[Pair, Calls]:
    """The calls of each pair of caller and called one."""
    times: dict[Pair, list[tuple[float, float]]] = defaultdict(list)
    for parent, child in traces.calls:
        caller, called = traces.spans[parent], traces.spans[child]
        beyond = max(caller.duration_s - called.duration_s, 0.0)
        times[caller.resource, called.resource].append((caller.start.timestamp(), beyond))
    return {pair: Calls(*np.asarray(sorted(rows), dtype=np.float64).T) for pair, rows in times.items()}


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """A pair's calls now: which of them are late, and how many seconds each lost."""

    usual: float
    calls: Calls
    late: NDArray[np.bool_]
    lost: Samples


def delays(
    now: Mapping[Pair, Calls], before: Mapping[Pair, Calls], hosts: Mapping[str, Sequence[str]], lost: float
) -> list[Delay]:
    """Where calls are delayed, the most time lost first: a resource, or the host that all delayed ones share.

    `hosts` are those that each resource runs on; `lost` is how many seconds the requests took beyond normal in all.
    """
    if sum(len(calls.seconds) for calls in before.values()) < _LEAST_USUAL:
        return []
    pairs = _judged(now, before)
    total = sum(float(pair.lost.sum()) for pair in pairs.values())
    if total <= 0:
        return []
    ends = sorted({end for key, pair in pairs.items() if pair.late.any() for end in key})
    delayed = [delay for end in ends if (delay := _at(end, pairs)) and _covered(delay, pairs) >= _COVERED * total]
    most = max((_covered(delay, pairs) for delay in delayed), default=0.0)
    # One resource explains as much as its host; several slow ones on one host are the host's.
    if (host := _host(pairs, hosts, total)) and _covered(host, pairs) > _MORE * most:
        delayed = [host]
    best = sorted(delayed, key=lambda delay: (-_covered(delay, pairs), -len(delay.late), delay.resource))
    whole = max(lost, total)
    return [replace(delay, share=round(_covered(delay, pairs) / whole, 4)) for delay in best[:_MOST]]


def _judged(now: Mapping[Pair, Calls], before: Mapping[Pair, Calls]) -> dict[Pair, _Pair]:
    pooled = np.concatenate([calls.seconds for calls in before.values()])
    pool = level_of(pooled, floor=_FLOOR_S)
    # What one call in fifty takes anyway is nothing that a single late one proves.
    rare = quantile(pooled, _USUAL)
    judged = {}
    for key, calls in now.items():
        known = before.get(key)
        level = pool if known is None or len(known.seconds) < _FEW else level_of(known.seconds, floor=_FLOOR_S)
        least = max(_TIMES * level.level, level.level + max(_SPREADS * level.spread, _LEAST_S), rare)
        late = calls.seconds > least
        judged[key] = _Pair(level.level, calls, late, np.where(late, calls.seconds - level.level, 0.0))
    return judged


def _covered(delay: Delay, pairs: Mapping[Pair, _Pair]) -> float:
    return sum(float(pairs[key].lost.sum()) for key in delay.late)


def _at(end: str, pairs: Mapping[Pair, _Pair]) -> Delay | None:
    into = {key: pair for key, pair in pairs.items() if key[1] == end}
    out = {key: pair for key, pair in pairs.items() if key[0] == end}
    late_in = _late(into)
    # A caller of a single late one is no better an explanation than the called one.
    late_out = _late(out)
    if late_out and len(late_out[1]) < _SEVERAL:
        late_out = None
    both = into | out if late_in and late_out else into if late_in else out
    late = _late(both) if late_in and late_out else late_in or late_out
    if late is None:
        return None
    side: Side = "both ways" if late_in and late_out else "to it" if late_in else "from it"
    return _delay(end, side, both, late)


def _late(pairs: Mapping[Pair, _Pair]) -> tuple[float, tuple[Pair, ...]] | None:
    """Since when most calls of most pairs are late, and which pairs are; None where they are not."""
    if not any(pair.late.any() for pair in pairs.values()):
        return None
    starts = np.concatenate([pair.calls.starts for pair in pairs.values()])
    late = np.concatenate([pair.late for pair in pairs.values()])
    order = np.argsort(starts, kind="stable")
    # The moment after which late calls outnumber the others by most.
    ahead = np.cumsum(np.where(late[order], 1, -1)[::-1])[::-1]
    first = int(np.argmax(ahead))
    since = float(starts[order[first]])
    if ahead[first] <= 0 or late[order[first:]].mean() < _PURE:
        return None
    called = {key: pair.late[pair.calls.starts >= since] for key, pair in pairs.items()}
    called = {key: flags for key, flags in called.items() if len(flags)}
    slow = tuple(key for key, flags in called.items() if flags.mean() >= _HALF)
    if len(slow) < _PURE * len(called):
        return None
    return since, tuple(sorted(slow, key=lambda key: (-float(pairs[key].lost.sum()), key)))


def _delay(end: str, side: Side, pairs: Mapping[Pair, _Pair], late: tuple[float, tuple[Pair, ...]]) -> Delay:
    since, names = late
    parts = [pairs[key].calls.seconds[pairs[key].calls.starts >= since] for key in names]
    usual = float(np.average([pairs[key].usual for key in names], weights=[len(part) for part in parts]))
    values = np.concatenate(parts)
    return Delay(end, side, usual, median(values), quantile(values, _QUICK), names, len(pairs), len(values), since)


def _host(pairs: Mapping[Pair, _Pair], hosts: Mapping[str, Sequence[str]], total: float) -> Delay | None:
    """The host whose resources' calls to and from elsewhere are late, those of at least two of them."""
    only = {name: places[0] for name, places in hosts.items() if len(places) == 1}
    best: Delay | None = None
    for host in sorted(set(only.values())):
        crossing = {key: pair for key, pair in pairs.items() if _crosses(key, only, host)}
        late = _late(crossing)
        if late is None or len({end for key in late[1] for end in key if only.get(end) == host}) < _SEVERAL:
            continue
        delay = _delay(host, "both ways", crossing, late)
        if _covered(delay, pairs) >= _COVERED * total and (best is None or len(delay.late) > len(best.late)):
            best = delay
    return best


def _crosses(pair: Pair, only: Mapping[str, str], host: str) -> bool:
    return sum(only.get(end) == host for end in pair) == 1


def lost_time(now: Traces, before: Traces) -> float:
    """How many seconds the requests of `now` took beyond the usual ones of the same entry operation, in all."""
    usual: dict[tuple[str, str], list[float]] = defaultdict(list)
    for span, parent in zip(before.spans, before.parents, strict=True):
        if parent < 0:
            usual[span.resource, span.name].append(span.duration_s)
    levels = {key: median(np.asarray(values)) for key, values in usual.items()}
    return math.fsum(
        max(span.duration_s - levels[span.resource, span.name], 0.0)
        for span, parent in zip(now.spans, now.parents, strict=True)
        if parent < 0 and (span.resource, span.name) in levels
    )
