"""Which operation calls another one more often each time than it used to, and what that costs.

A query for each row, a cache that is no longer asked, a loop over what was one batch: the called one works no slower,
there is more for it to do. So the time of the calls that are new belongs to who makes them (M. Fowler, Patterns of
Enterprise Application Architecture, 2002, on lazy loading: ripple loading). Calls that follow failed ones are retries
(Google SRE book, chapter 22), of which the failure is the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from primitives.analysis.traces import Traces
from primitives.dataclass import dataclass

__all__ = ["Multiplied", "more_calls", "owners_of_calls"]

Operation = tuple[str, str]

# From so many times as many calls on, and so many more each time.
_TIMES: Final = 1.5
_MORE: Final = 0.5
_FEWEST: Final = 8
# Where more of the calls than this fail, the others are retries.
_RETRIED: Final = 0.1


@dataclass(frozen=True, slots=True)
class Multiplied:
    """`caller` calls `called` (resource and operation) `current` times each time, `baseline` times usually."""

    caller: Operation
    called: Operation
    baseline: float
    current: float
    samples: int


def more_calls(now: Traces, before: Traces) -> list[Multiplied]:
    """What multiplied, the most new calls first; only of callers that both times have."""
    (callers, calls, failed), (earlier, usual, _) = _counted(now), _counted(before)
    grown = []
    for (caller, called), count in sorted(calls.items()):
        if min(callers[caller], earlier[caller]) < _FEWEST or failed[caller, called] > _RETRIED * count:
            continue
        current, baseline = count / callers[caller], usual[caller, called] / earlier[caller]
        if current >= _TIMES * baseline and current - baseline >= _MORE:
            grown.append(Multiplied(caller, called, baseline, current, callers[caller]))
    return sorted(grown, key=lambda entry: (-(entry.current - entry.baseline) * entry.samples, entry.caller))


def _counted(
    traces: Traces,
) -> tuple[Counter[Operation], Counter[tuple[Operation, Operation]], Counter[tuple[Operation, Operation]]]:
    """How often each operation ran, and how often each was called by each, in all and without success."""
    names = [(span.resource, span.name) for span in traces.spans]
    calls: Counter[tuple[Operation, Operation]] = Counter()
    failed: Counter[tuple[Operation, Operation]] = Counter()
    for place, parent in enumerate(traces.parents):
        if parent >= 0 and parent != place:
            calls[names[parent], names[place]] += 1
            failed[names[parent], names[place]] += traces.spans[place].status == "error"
    return Counter(names), calls, failed


def owners_of_calls(traces: Traces, multiplied: Sequence[Multiplied]) -> dict[int, tuple[str, float]]:
    """By the place of each span below a multiplied call: whose doing it is, and the part of it that is new."""
    new = {(entry.caller, entry.called): 1.0 - entry.baseline / entry.current for entry in multiplied}
    owners: dict[int, tuple[str, float] | None] = {}
    for start in range(len(traces.spans) if new else 0):
        path, place = [], start
        while place >= 0 and place not in owners:
            path.append(place)
            owners[place] = _owner(traces, place, new)
            place = traces.parents[place] if owners[place] is None else -1
        above = owners.get(place) if place >= 0 else owners[path[-1]] if path else None
        owners.update((below, above) for below in path if owners[below] is None)
    return {place: owner for place, owner in owners.items() if owner is not None}


def _owner(traces: Traces, place: int, new: Mapping[tuple[Operation, Operation], float]) -> tuple[str, float] | None:
    parent = traces.parents[place]
    if parent < 0:
        return None
    caller, called = traces.spans[parent], traces.spans[place]
    part = new.get(((caller.resource, caller.name), (called.resource, called.name)))
    return None if part is None else (caller.resource, part)
