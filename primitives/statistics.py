"""Robust statistics of time series: level and spread, shifts against a baseline, and when they began.

Levels are medians, spreads robust standard deviations: a few wild samples must neither hide a shift nor make one.

Sources. Median and MAD: Rousseeuw & Croux, Alternatives to the Median Absolute Deviation (1993); 1.4826 and 2.563 make
MAD and the range between the 10th and 90th percentile consistent with a normal distribution's standard deviation.
Spread from successive differences: von Neumann et al., The Mean Square Successive Difference (1941), with a median in
place of the mean. Onset: the scan for the segment with the greatest likelihood gain over a known level, that is the
maximum of (sum of deviations)² / length: Levin & Kline, The CUSUM Test of Homogeneity (1985), and Arias-Castro et al.
(2005); its uncertainty is the profile of that gain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Level",
    "Segment",
    "Shift",
    "increments",
    "level_of",
    "levels_of",
    "median",
    "quiet_part",
    "sample_step",
    "scan",
    "shift_of",
    "successive_spread",
]

Samples = NDArray[np.float64]

_MAD_TO_SIGMA: Final = 1.4826
_DECILES_TO_SIGMA: Final = 1 / 2.5631
# A change by less than a few times this share of the level is nothing that anybody acts on, however constant the
# series was before. It also keeps the score of a constant series finite.
RELATIVE_FLOOR: Final = 0.02
# Where the level is zero there is no share of it; then the largest deviation counts as this many spreads.
ZERO_LEVEL_SCORE: Final = 20.0
_SCORE_LIMIT: Final = 1000.0
_MIN_SCORE: Final = 3.0
# The likelihood gain, in squared spreads, that a segment must bring: one sample has to stand out by four spreads.
_MIN_GAIN: Final = 16.0
# The scan looks at every pair of ends, so longer series are first brought to this length by block medians.
_SCAN_LENGTH: Final = 256
# Twice the log likelihood's drop that bounds a 95 % interval of one parameter (chi-squared, one degree of freedom).
_PROFILE_DROP: Final = 3.84


@dataclass(frozen=True, slots=True)
class Level:
    """Where a series normally is: median, robust standard deviation, and the number of samples that say so."""

    level: float
    spread: float
    samples: int


@dataclass(frozen=True, slots=True)
class Segment:
    """The samples `first` to `last` (exclusive) that deviate most; `early` is the earliest likely first sample."""

    first: int
    last: int
    early: int
    late: int
    gain: float


@dataclass(frozen=True, slots=True)
class Shift:
    """How a window compares with the baseline.

    `moved` is the verdict, `current` the level while it lasted (or of the whole window), `score` the shift in spreads,
    `onset` seconds since the epoch, give or take `uncertainty` seconds, `strength` the likelihood gain in spreads.
    """

    moved: bool
    baseline: Level
    current: float
    peak: float
    score: float
    samples: int
    strength: float
    onset: float | None
    uncertainty: float | None


def levels_of(series: Sequence[Samples], *, floor: float = 0.0, origin: float = 0.0) -> list[Level]:
    """`level_of` for many series at once: those of equal length share one pass."""
    found: list[Level | None] = [None] * len(series)
    by_length: dict[int, list[int]] = {}
    for index, values in enumerate(series):
        by_length.setdefault(len(values), []).append(index)
    for length, indices in by_length.items():
        if not length:
            for index in indices:
                found[index] = Level(float("nan"), float("nan"), 0)
            continue
        table = np.stack([series[index] for index in indices])
        for index, level, spread in zip(indices, *_levels(table, floor, origin), strict=True):
            found[index] = Level(float(level), float(spread), length)
    return [level for level in found if level is not None]


def level_of(values: Samples, *, floor: float = 0.0, origin: float = 0.0) -> Level:
    """The median of `values` and their robust standard deviation, NaN of an empty series.

    The spread is the larger of 1.4826 MAD and the range between the deciles / 2.563 (so that a series which is constant
    for more than half of its time still has the spread of the rest), at least 2 % of the level's distance from `origin`
    (the value at which nothing is wrong: full availability, else 0) and at least `floor`, both in the values' unit.
    """
    return levels_of([values], floor=floor, origin=origin)[0]


def _levels(table: NDArray[np.float64], floor: float, origin: float) -> tuple[Samples, Samples]:
    low, level, high = np.quantile(table, [0.1, 0.5, 0.9], axis=1)
    mad = np.median(np.abs(table - level[:, None]), axis=1)
    spread = np.maximum(_MAD_TO_SIGMA * mad, _DECILES_TO_SIGMA * (high - low))
    return level, np.maximum(spread, np.maximum(RELATIVE_FLOOR * np.abs(level - origin), floor))


def sample_step(times: Samples) -> float:
    """The usual distance of samples in seconds; 0 for fewer than two."""
    return median(times[1:] - times[:-1]) if len(times) > 1 else 0.0


def median(values: Samples) -> float:
    """The median of at least one value; for short series ten times as fast as numpy's own."""
    ordered = np.sort(values)
    middle = len(ordered) // 2
    return float(ordered[middle]) if len(ordered) % 2 else float(ordered[middle - 1] + ordered[middle]) / 2


def increments(times: Samples, values: Samples) -> tuple[Samples, Samples]:
    """A counter's growth from sample to sample, at the later sample's time; a reset counts from zero."""
    growth = np.diff(values)
    return times[1:], np.where(growth < 0, values[1:], growth)


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


def successive_spread(values: Samples) -> float:
    """The noise of a series that has a jump somewhere: 1.4826 median |difference of neighbours| / √2."""
    if len(values) < 3:
        return 0.0
    return float(_MAD_TO_SIGMA * np.median(np.abs(np.diff(values))) / np.sqrt(2.0))


def scan(deviations: Samples) -> Segment:
    """The run of samples that a shift explains best, given deviations from the level in spreads (at least one)."""
    count = len(deviations)
    sums = np.concatenate(([0.0], np.cumsum(deviations)))
    lengths = np.arange(count + 1)[None, :] - np.arange(count)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = np.where(lengths > 0, (sums[None, :] - sums[:count, None]) ** 2 / lengths, -1.0)
    first, last = np.unravel_index(int(np.argmax(gain)), gain.shape)
    likely = np.flatnonzero(gain[:, last] >= gain[first, last] - _PROFILE_DROP)
    near = likely[likely < last]
    return Segment(int(first), int(last), int(near.min()), int(near.max()), float(gain[first, last]))


def shift_of(
    times: Samples,
    values: Samples,
    baseline: Level,
    *,
    normal: Samples | None = None,
    worse: int = 0,
    expected: int = 0,
) -> Shift:
    """Whether `values` (at least one) left `baseline`, by how much and since when.

    `normal` are the baseline's own samples: a level that they reach now and then anyway is no shift. `worse` is +1
    when high values hurt, -1 when low ones do, 0 for either; it decides what the peak is. `expected` is +1 or -1 where
    an alarm has already said that the series left that way: then half of the evidence is enough.
    """
    spread = baseline.spread or float(np.abs(values - baseline.level).max()) / ZERO_LEVEL_SCORE
    baseline = Level(baseline.level, spread, baseline.samples)
    peak = _peak(values, baseline.level, worse)
    if spread == 0.0 or float(np.abs(values - baseline.level).max()) < _least(_MIN_SCORE, expected) * spread:
        return _still(values, baseline, peak)
    return _judged(times, values, baseline, peak, normal, expected)


def _still(values: Samples, baseline: Level, peak: float) -> Shift:
    current = median(values)
    score = (current - baseline.level) / baseline.spread if baseline.spread else 0.0
    return Shift(False, baseline, current, peak, score, len(values), 0.0, None, None)


def _least(threshold: float, expected: int) -> float:
    return threshold / 2 if expected else threshold


def _judged(
    times: Samples, values: Samples, baseline: Level, peak: float, normal: Samples | None, expected: int
) -> Shift:
    block = -(-len(values) // _SCAN_LENGTH)
    # One sample's wildness must not outweigh a lasting shift.
    deviations = np.clip((values - baseline.level) / baseline.spread, -_SCORE_LIMIT, _SCORE_LIMIT)
    segment = scan(_blocks(deviations if not expected else np.maximum(deviations * expected, 0) * expected, block))
    first, last = segment.first * block, min(segment.last * block, len(values))
    run = values[first:last]
    current = median(run)
    score = float(np.clip((current - baseline.level) / baseline.spread, -_SCORE_LIMIT, _SCORE_LIMIT))
    moved = abs(score) >= _least(_MIN_SCORE, expected) and segment.gain >= _least(_MIN_GAIN, expected)
    if not moved or _usual(current, len(run), baseline, normal):
        return _still(values, baseline, peak)
    step = max(sample_step(times), 1.0) * block
    early, late = times[segment.early * block], times[min(segment.late * block, len(times) - 1)]
    uncertainty = max(step, times[first] - early, late - times[first])
    strength = float(np.sqrt(segment.gain))
    return Shift(True, baseline, current, peak, score, len(run), strength, float(times[first]), float(uncertainty))


def _usual(current: float, length: int, baseline: Level, normal: Samples | None) -> bool:
    """Whether the normal time reaches that level too: in more than 1 % of samples, or 5 % for a lasting shift."""
    if normal is None or len(normal) < 20:
        return False
    beyond = normal >= current if current > baseline.level else normal <= current
    return float(np.mean(beyond)) > (0.01 if length == 1 else 0.05)


def _blocks(values: Samples, block: int) -> Samples:
    if block == 1:
        return values
    padded = np.pad(values, (0, -len(values) % block), mode="edge")
    return np.asarray(np.median(padded.reshape(-1, block), axis=1) * np.sqrt(block))


def _peak(values: Samples, level: float, worse: int) -> float:
    if worse > 0:
        return float(values.max())
    if worse < 0:
        return float(values.min())
    return float(values[int(np.argmax(np.abs(values - level)))])
