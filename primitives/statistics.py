"""Robust statistics of time series: level and spread, and what they are made of.

Levels are medians, spreads robust standard deviations: a few wild samples must neither hide a shift nor make one.

Sources. Median and MAD: Rousseeuw & Croux, Alternatives to the Median Absolute Deviation (1993); 1.4826 and 2.563 make
MAD and the range between the 10th and 90th percentile consistent with a normal distribution's standard deviation.
Spread from successive differences: von Neumann et al., The Mean Square Successive Difference (1941), with a median in
place of the mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from primitives.dataclass import dataclass

__all__ = [
    "Level",
    "Samples",
    "bent_spread",
    "first_of_each",
    "increments",
    "level_of",
    "levels_of",
    "levels_of_table",
    "median",
    "medians",
    "quantile",
    "quantiles",
    "quiet_part",
    "quiet_parts",
    "rolling_max",
    "sample_step",
    "successive_spread",
    "successive_spreads",
    "trend",
    "without_season",
]

Samples = NDArray[np.float64]

_MAD_TO_SIGMA: Final = 1.4826
_DECILES_TO_SIGMA: Final = 1 / 2.5631
# A change by less than a few times this share of the level is nothing that anybody acts on, however constant the
# series was before. It also keeps the score of a constant series finite.
RELATIVE_FLOOR: Final = 0.02
_DAY_S: Final = 86_400.0
_LONGEST_SEASON_S: Final = 3 * 3600.0
# Medians of fewer samples than this follow the noise.
_MIN_OF_HOUR: Final = 8
_SEASONAL: Final = 2 / 3
_TREND_OF: Final = 200


@dataclass(frozen=True, slots=True)
class Level:
    """Where a series normally is: median, robust standard deviation, and the number of samples that say so."""

    level: float
    spread: float
    samples: int


def levels_of(series: Sequence[Samples], *, floor: float = 0.0, origin: float = 0.0) -> list[Level]:
    """`level_of` for many series at once: those of equal length share one pass."""
    levels: list[Level | None] = [None] * len(series)
    by_length: dict[int, list[int]] = {}
    for index, values in enumerate(series):
        by_length.setdefault(len(values), []).append(index)
    for length, indices in by_length.items():
        if not length:
            for index in indices:
                levels[index] = Level(float("nan"), float("nan"), 0)
            continue
        table = np.stack([series[index] for index in indices])
        for index, level, spread in zip(indices, *levels_of_table(table, floor, origin), strict=True):
            levels[index] = Level(float(level), float(spread), length)
    return [level for level in levels if level is not None]


def level_of(values: Samples, *, floor: float = 0.0, origin: float = 0.0) -> Level:
    """The median of `values` and their robust standard deviation, NaN of an empty series.

    The spread is the larger of 1.4826 MAD and the range between the deciles / 2.563 (so that a series which is constant
    for more than half of its time still has the spread of the rest), at least 2 % of the level's distance from `origin`
    (the value at which nothing is wrong: full availability, else 0) and at least `floor`, both in the values' unit.
    """
    return levels_of([values], floor=floor, origin=origin)[0]


def levels_of_table(
    table: NDArray[np.float64], floor: Samples | float, origin: Samples | float
) -> tuple[Samples, Samples]:
    """Levels and spreads of the rows of `table` (at least one column), as `level_of` computes them."""
    ordered = np.sort(table, axis=1)
    low, level, high = (_quantile(ordered, part) for part in (0.1, 0.5, 0.9))
    mad = _quantile(np.sort(np.abs(ordered - level[:, None]), axis=1), 0.5)
    spread = np.maximum(_MAD_TO_SIGMA * mad, _DECILES_TO_SIGMA * (high - low))
    return level, np.maximum(spread, np.maximum(RELATIVE_FLOOR * np.abs(level - origin), floor))


def _quantile(ordered: NDArray[np.float64], part: float) -> Samples:
    """The quantile of each row, linear between its sorted values as numpy's own, which sorts again for each call."""
    place = part * (ordered.shape[1] - 1)
    low = int(place)
    high = min(low + 1, ordered.shape[1] - 1)
    return np.asarray(ordered[:, low] + (place - low) * (ordered[:, high] - ordered[:, low]))


def without_season(times: Samples, table: NDArray[np.float64], window: tuple[float, float]) -> NDArray[np.float64]:
    """The rows of `table` as they would be at the window's time of day, where they follow it; else as they are.

    A row follows the time of day when the medians of the hours take away at least a third of its spread. That can be
    seen in two days or more, and is of use for windows of a few hours. `times` and `window` are in epoch seconds.
    """
    start, end = window
    if not len(times) or times[-1] - times[0] < 2 * _DAY_S or end - start > _LONGEST_SEASON_S:
        return table
    hours = (times % _DAY_S // 3600).astype(int)
    present = [hour for hour in range(24) if np.count_nonzero(hours == hour) >= _MIN_OF_HOUR]
    now = int((start + end) / 2 % _DAY_S // 3600)
    if len(present) < 24 or any(np.ptp(times[hours == hour]) < _DAY_S - 3600 for hour in present):
        return table
    profile = np.stack([medians(table[:, hours == hour]) for hour in present], axis=1)
    rest = table - profile[:, hours]
    around = table - medians(table)[:, None]
    follows = levels_of_table(rest, 0.0, 0.0)[1] < _SEASONAL * levels_of_table(around, 0.0, 0.0)[1]
    return np.asarray(np.where(follows[:, None], rest + profile[:, now, None], table))


def sample_step(times: Samples) -> float:
    """The usual distance of samples in seconds; 0 for fewer than two."""
    return median(times[1:] - times[:-1]) if len(times) > 1 else 0.0


def median(values: Samples) -> float:
    """The median of at least one value; for short series ten times as fast as numpy's own."""
    ordered = np.sort(values)
    middle = len(ordered) // 2
    return float(ordered[middle]) if len(ordered) % 2 else float(ordered[middle - 1] + ordered[middle]) / 2


def medians(table: NDArray[np.float64]) -> Samples:
    """The median of each row of `table` (at least one column); several times as fast as numpy's own."""
    ordered = np.sort(table, axis=1)
    middle = ordered.shape[1] // 2
    return np.asarray(ordered[:, middle] if ordered.shape[1] % 2 else (ordered[:, middle - 1] + ordered[:, middle]) / 2)


def quantiles(table: NDArray[np.float64], share: float) -> Samples:
    """The quantile of each row of `table` (at least one column), linear between neighbours."""
    return _quantile(np.sort(table, axis=1), share)


def quantile(values: Samples, share: float) -> float:
    """The quantile of at least one value, linear between neighbours; for short series much faster than numpy's own."""
    ordered = np.sort(values)
    place = (len(ordered) - 1) * share
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (ordered[above] - ordered[below]) * (place - below))


def increments(times: Samples, values: NDArray[np.float64]) -> tuple[Samples, NDArray[np.float64]]:
    """A counter's growth from sample to sample (last axis), at the later sample's time; a reset counts from zero."""
    growth = np.diff(values)
    return times[1:], np.where(growth < 0, values[..., 1:], growth)


def quiet_part(values: Samples) -> int:
    """How many samples at the start belong to the level before the change: the least-squares split in two.

    At least one; all of them when there are fewer than three samples or nothing varies.
    """
    count = len(values)
    if count < 3 or np.ptp(values) == 0:
        return count
    total = np.cumsum(values - values.mean())[:-1]
    sizes = np.arange(1, count)
    gain = total**2 * count / (sizes * (count - sizes))
    return int(np.argmax(gain)) + 1


def quiet_parts(table: NDArray[np.float64]) -> NDArray[np.intp]:
    """`quiet_part` of each row of `table`."""
    rows, count = table.shape
    if count < 3:
        return np.full(rows, count, dtype=np.intp)
    total = np.cumsum(table - table.mean(axis=1)[:, None], axis=1)[:, :-1]
    sizes = np.arange(1, count)
    gain = total**2 * count / (sizes * (count - sizes))
    parts = np.argmax(gain, axis=1) + 1
    return np.asarray(np.where(np.ptp(table, axis=1) == 0, count, parts), dtype=np.intp)


def successive_spreads(table: NDArray[np.float64]) -> Samples:
    """`successive_spread` of each row of `table`."""
    if table.shape[1] < 3:
        return np.zeros(len(table))
    return np.asarray(_MAD_TO_SIGMA * medians(np.abs(np.diff(table, axis=1))) / np.sqrt(2.0))


def successive_spread(values: Samples) -> float:
    """The noise of a series that has a jump somewhere: 1.4826 median |difference of neighbours| / √2."""
    if len(values) < 3:
        return 0.0
    return float(_MAD_TO_SIGMA * median(np.abs(np.diff(values))) / np.sqrt(2.0))


def bent_spread(values: Samples) -> float:
    """The noise of a series that climbs: 1.4826 median |second difference| / √6; a straight climb has none."""
    if len(values) < 4:
        return 0.0
    return float(_MAD_TO_SIGMA * median(np.abs(np.diff(values, n=2))) / np.sqrt(6.0))


def trend(values: Samples) -> float:
    """1 where each value is higher than all before it, -1 where lower: Kendall's tau against time, of some hundred.

    H. Mann, Nonparametric Tests Against Trend (1945).
    """
    some = values[:: -(-len(values) // _TREND_OF) or 1]
    pairs = len(some) * (len(some) - 1) / 2
    return float(np.triu(np.sign(some[None, :] - some[:, None])).sum() / pairs) if pairs else 0.0


def rolling_max(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """The greatest of each `width` consecutive values (last axis); of all of them where there are fewer.

    At least one value. In linear time: M. van Herk, A Fast Algorithm for Local Minimum and Maximum Filters (1992).
    """
    *rows, count = values.shape
    if width <= 1:
        return values
    if width >= count:
        return np.asarray(values.max(axis=-1, keepdims=True))
    padded = np.full((*rows, count + -count % width), -np.inf)
    padded[..., :count] = values
    blocks = padded.reshape(*rows, -1, width)
    ahead = np.maximum.accumulate(blocks, axis=-1).reshape(padded.shape)
    behind = np.maximum.accumulate(blocks[..., ::-1], axis=-1)[..., ::-1].reshape(padded.shape)
    return np.asarray(np.maximum(behind[..., : count - width + 1], ahead[..., width - 1 : count]))


def first_of_each(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """The distinct values in order, and the first index of each. No value may be NaN.

    `np.unique(values, return_index=True)`, which loads numpy's masked arrays: a tenth of what numpy takes to load.
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    new = np.ones(len(ordered), dtype=bool)
    new[1:] = ordered[1:] != ordered[:-1]
    return ordered[new], order[new]
