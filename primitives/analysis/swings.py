"""Recordings that begin with the trouble: which of their first samples are normal, and series that always swing.

A slow climb that is split in two has half of its way in the first part, and that is no normal time.

Where a recording begins with the trouble, its first samples are all that is known of normal times. A series that leaves
their level, comes back to it and leaves it again, with no calm before that was longer than its turns, shows no shift:
nothing says that it was ever different (R. Hyndman and G. Athanasopoulos, Forecasting: Principles and Practice, 2021,
2.3: a cycle is a rise and fall that is no trend).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from primitives.statistics import Level, Samples, bent_spread, median, quiet_part, trend

__all__ = ["before_climb", "swings"]

# So many times it must have left its first level and come back.
_TURNS: Final = 2
# The first samples are a calm of their own where they last longer than so many turns.
_LONGER: Final = 2
# The normal range in spreads: 95 % of a normal distribution.
_RANGE: Final = 2.0
# What grows to a multiple and falls again is trouble that comes and goes, not a swing of normal times.
_GREATEST: Final = 2.0
# Fewer samples are not split again.
_SPLIT: Final = 4
# The first part climbs where its trend is at least this, and it came so much of the whole way: and so many times as far
# as the noise goes, since a few samples of noise often have a trend.
_CLIMBS: Final = 0.5
_OF_THE_WAY: Final = 0.1
_BEYOND_NOISE: Final = 4.0


def before_climb(values: Samples, calm: int) -> int:
    """How many of the first `calm` samples were there before these began to climb to the level of the others."""
    noise = bent_spread(values)
    while _SPLIT <= calm < len(values):
        first = quiet_part(values[:calm])
        if first == calm:
            break
        level = median(values[:first])
        risen, way = median(values[first:calm]) - level, median(values[calm:]) - level
        if risen * way <= 0 or abs(risen) < max(_OF_THE_WAY * abs(way), _BEYOND_NOISE * noise):
            break
        if trend(values[:calm]) * np.sign(way) < _CLIMBS:
            break
        calm = first
    return calm


def swings(values: Samples, calm: int, level: Level) -> bool:
    """Whether `values` leave and regain the level of their first `calm` samples again and again."""
    low, high = float(values.min()), float(values.max())
    if low <= 0 or high > _GREATEST * low:
        return False
    outside = np.abs(values - level.level) > _RANGE * level.spread
    edges = np.flatnonzero(np.diff(outside)) + 1
    runs = np.diff(np.concatenate(([0], edges, [len(values)])))
    if not len(runs) or outside[0]:
        return False
    # Each run outside that a run inside follows is a turn.
    turns = (len(runs) - 1) // 2
    return turns >= _TURNS and max(calm, int(runs[0])) <= _LONGER * int(runs[1:].max())
