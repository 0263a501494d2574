"""When the trouble began, as the spans themselves tell, where no metric does and nobody named normal times.

For each operation, the moment after which its spans take longer, or fail more often, than before: the largest sum of
deviations of ranks (A. Pettitt, A Non-parametric Approach to the Change-point Problem, 1979). Ranks, since durations
have long tails; an operation that only some requests wait in moves its ranks as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from primitives.analysis.asking import incident_window
from primitives.analysis.traces import divided, split
from primitives.dataclass import dataclass
from primitives.diagnostics.registry import Arguments
from primitives.records import Span

__all__ = ["SpanOnset", "onset_of", "parted"]

# An operation seen less often doesn't show when it changed; so many must lie on each side.
_FEWEST: Final = 24
_EACH_SIDE: Final = 5
# The statistic that 1 of 1000 operations without a change exceeds is 1.95 (Kolmogorov's distribution); there may be
# hundreds of operations.
_CLEAR: Final = 2.2
# Slower by less than half, or a tenth more failures, is nothing that somebody would have called about.
_SLOWER: Final = 1.5
_LEAST_S: Final = 0.005
_FAILING: Final = 0.1


@dataclass(frozen=True, slots=True)
class SpanOnset:
    """The moment of the change, and how many seconds lie between the last span before it and the first one after."""

    time: datetime
    uncertainty: float


def parted(
    spans: Sequence[Span], args: Arguments, felt: Collection[str]
) -> tuple[list[Span], list[Span], SpanOnset | None]:
    """The spans of the trouble, those of normal times, and when it began where only the spans say so.

    With a baseline that somebody named, or spans from before the incident's window, these are normal times.
    """
    now, before = split(spans, incident_window(args), args.baseline)
    if before or args.baseline is not None:
        return now, before, None
    onset = onset_of(now, felt)
    return (now, [], None) if onset is None else (*divided(now, onset.time), onset)


def onset_of(spans: Sequence[Span], felt: Collection[str]) -> SpanOnset | None:
    """When operations of the resources in `felt` got slower or began to fail; where none did, any operation."""
    changes: list[tuple[bool, float, SpanOnset]] = []
    groups: dict[tuple[str, str], list[Span]] = defaultdict(list)
    for span in sorted(spans, key=lambda span: (span.start, span.trace_id, span.span_id)):
        groups[span.resource, span.name].append(span)
    for (resource, _), group in sorted(groups.items()):
        if len(group) < _FEWEST:
            continue
        seconds = np.array([span.duration_s for span in group])
        failed = np.array([span.status == "error" for span in group], dtype=np.float64)
        for values, grew in ((_ranks(seconds), _slower(seconds)), (failed, _fails(failed))):
            place, clear = _change(values)
            if clear >= _CLEAR and grew[place]:
                gap = (group[place].start - group[place - 1].start).total_seconds()
                changes.append((resource in felt, clear, SpanOnset(group[place].start, gap)))
    return max(changes, key=lambda change: change[:2], default=(False, 0.0, None))[2]


def _change(values: NDArray[np.float64]) -> tuple[int, float]:
    """The first place of the part that is higher than what came before, and how clear the change is."""
    count = len(values)
    spread = float(values.std())
    if spread <= 0:
        return 0, 0.0
    below = -np.cumsum(values - values.mean())[:-1] / (spread * count**0.5)
    below[: _EACH_SIDE - 1] = below[count - _EACH_SIDE :] = -np.inf
    place = int(np.argmax(below))
    return place + 1, float(below[place])


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    ranks = np.empty(len(values))
    ranks[np.argsort(values, kind="stable")] = np.arange(len(values))
    return ranks


def _means(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each place, the mean before it and the mean from it on; infinite where there is nothing."""
    sums = np.concatenate(([0.0], np.cumsum(values)))[:-1]
    places = np.arange(len(values))
    return sums / np.maximum(places, 1), (values.sum() - sums) / (len(values) - places)


def _slower(seconds: NDArray[np.float64]) -> NDArray[np.bool_]:
    # One span that hung must not speak for all: what lies beyond the slowest twentieth counts as that.
    before, after = _means(np.minimum(seconds, np.quantile(seconds, 0.95)))
    grew: NDArray[np.bool_] = (after > _SLOWER * before) & (after > before + _LEAST_S)
    return grew


def _fails(failed: NDArray[np.float64]) -> NDArray[np.bool_]:
    before, after = _means(failed)
    grew: NDArray[np.bool_] = after > before + _FAILING
    return grew
