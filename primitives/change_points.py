"""Shifts of level against a baseline: whether a window left it, by how much, and since when; for many series at once.

A shift must stand out of the series' own noise and of what normal windows of the same length show now and then: with
thousands of series the chance that one of them strays by three spreads is one, and most series of real systems have
heavier tails than the normal distribution.

Sources. Onset: the scan for the segment with the greatest likelihood gain over a known level, that is the maximum of
(sum of deviations)² / length: Levin & Kline, The CUSUM Test of Homogeneity (1985), and Arias-Castro et al. (2005); its
uncertainty is the profile of that gain. Comparison with windows of the same length: block maxima, S. Coles, An
Introduction to Statistical Modeling of Extreme Values (2001), chapter 3, with an empirical quantile. A slow climb: the
scan dates it to about half of its way up, so the samples in a row outside of the normal range are counted back from
there, which is how a CUSUM chart dates a change (D. Montgomery, Introduction to Statistical Quality Control, 2013,
9.1.2: the sample after the last at which the sum was zero; its reference value is half of the shift to be seen).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from primitives.dataclass import dataclass
from primitives.statistics import Level, Samples, median, medians, quantile, rolling_max, sample_step, trend

__all__ = ["Segment", "Shift", "scan", "shift_of", "shifts_of"]

# Where the level is zero there is no share of it; then the largest deviation counts as this many spreads.
ZERO_LEVEL_SCORE: Final = 20.0
_SCORE_LIMIT: Final = 1000.0
_MIN_SCORE: Final = 3.0
# The least likelihood gain of a segment, in squared spreads: a single sample must differ by four spreads.
_MIN_GAIN: Final = 16.0
# The scan looks at every pair of ends, so longer series are first brought to this length by block medians.
_SCAN_LENGTH: Final = 256
# At most this many pairs of ends at once, so that thousands of series need little memory.
_SCAN_CELLS: Final = 2_000_000
# Twice the log likelihood's drop that bounds a 95 % interval of one parameter (chi-squared, one degree of freedom).
_PROFILE_DROP: Final = 3.84
# What this part of the normal windows stays below counts as no more than three spreads, however many it is.
_USUAL: Final = 0.98
# Fewer normal samples than this have no tails to speak of, and of more than this every nth is enough.
_MIN_NORMAL: Final = 20
_MOST_RUNS: Final = 600
# A single sample between normal ones counts in full only when it covers this many seconds: that is an
# average over many requests, where a sample of a short step may be one request, or a fault of the measurement.
_LONE_STEP_S: Final = 120.0
_LONE_FACTOR: Final = 0.5
# A climb is distinguished from a step in so many samples, where a bent line leaves less than this share of the squares.
_MIN_RAMP: Final = 12
_FAR_BETTER: Final = 0.4
_BENDS: Final = 48
# The normal range ends at so many spreads: half of the least shift that is seen of a single sample.
_RANGE: Final = 2.0
# What lies outside before the change is its climb where it rises: its trend (H. Mann, Nonparametric Tests Against
# Trend, 1945) is at least this. A level that was displaced all the time has none.
_CLIMBS: Final = 0.5


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
    brought down where normal windows of the same length stray as far, `onset` seconds since the epoch, give or take
    `uncertainty` seconds, `strength` the likelihood gain in spreads. `until` is its last sample's time where
    normal ones came after it.
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
    until: float | None = None


def scan(deviations: Samples) -> Segment:
    """The run of samples that a shift explains best, given deviations from the level in spreads (at least one)."""
    return _scan_all(deviations[None, :])[0]


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
    return shifts_of(times, values[None, :], [baseline], normals=[normal], worse=[worse], expected=expected)[0]


def shifts_of(
    times: Samples,
    table: NDArray[np.float64],
    baselines: Sequence[Level],
    *,
    normals: Sequence[Samples | None] | NDArray[np.float64],
    worse: Sequence[int],
    expected: int = 0,
) -> list[Shift]:
    """`shift_of` for many series with the same `times`, one a row of `table`; the rest is parallel to its rows."""
    level = np.array([baseline.level for baseline in baselines])
    spread = np.array([baseline.spread for baseline in baselines])
    strays = np.abs(table - level[:, None]).max(axis=1)
    spread = np.where(spread > 0, spread, strays / ZERO_LEVEL_SCORE)
    known = [
        baseline if baseline.spread > 0 else Level(baseline.level, width, baseline.samples)
        for baseline, width in zip(baselines, spread.tolist(), strict=True)
    ]
    shifts = _still(table, known, level, spread, _peaks(table, level, np.asarray(worse)))
    doubtful = np.flatnonzero((spread > 0) & (strays >= _least(_MIN_SCORE, expected) * spread))
    if not len(doubtful):
        return shifts
    block = -(-table.shape[1] // _SCAN_LENGTH)
    # One sample's wildness must not outweigh a lasting shift.
    deviations = (table[doubtful] - level[doubtful, None]) / spread[doubtful, None]
    deviations = np.clip(deviations, -_SCORE_LIMIT, _SCORE_LIMIT)
    if expected:
        deviations = np.maximum(deviations * expected, 0) * expected
    step = max(sample_step(times), 1.0) * block
    for row, segment in zip(doubtful.tolist(), _scan_all(_blocks(deviations, block)), strict=True):
        if segment.gain >= _least(_MIN_GAIN, expected):
            inputs = (known[row], shifts[row].peak, normals[row])
            judged = _judged(times, table[row], *inputs, expected, segment, (block, step))
            shifts[row] = judged or shifts[row]
    return shifts


def _still(
    table: NDArray[np.float64], baselines: Sequence[Level], level: Samples, spread: Samples, peaks: Samples
) -> list[Shift]:
    current = medians(table)
    scores = np.divide(current - level, spread, out=np.zeros(len(table)), where=spread > 0)
    scores = np.clip(scores, -_SCORE_LIMIT, _SCORE_LIMIT)
    rows = zip(baselines, current.tolist(), peaks.tolist(), scores.tolist(), strict=True)
    count = table.shape[1]
    return [Shift(False, known, now, peak, score, count, 0.0, None, None) for known, now, peak, score in rows]


def _peaks(table: NDArray[np.float64], level: Samples, worse: NDArray[np.int_]) -> Samples:
    farthest = np.argmax(np.abs(table - level[:, None]), axis=1)
    either = table[np.arange(len(table)), farthest]
    return np.asarray(np.where(worse > 0, table.max(axis=1), np.where(worse < 0, table.min(axis=1), either)))


def _least(threshold: float, expected: int) -> float:
    return threshold / 2 if expected else threshold


def _judged(
    times: Samples,
    values: Samples,
    baseline: Level,
    peak: float,
    normal: Samples | None,
    expected: int,
    segment: Segment,
    blocks: tuple[int, float],
) -> Shift | None:
    """The segment, of `blocks` of so many samples and seconds, as a shift; None where it is none after all."""
    block, step = blocks
    first, last = segment.first * block, min(segment.last * block, len(values))
    run = values[first:last]
    current = median(run)
    score = (current - baseline.level) / baseline.spread
    least = _least(_MIN_SCORE, expected)
    if abs(score) < least:
        return None
    usual = _usual(score, len(run), len(values), baseline, normal)
    factor = min(1.0, _MIN_SCORE / usual) * _shared(times, first, last) if usual else _shared(times, first, last)
    corrected = min(max(score * factor, -_SCORE_LIMIT), _SCORE_LIMIT)
    if abs(corrected) < least or (not expected and abs(score) <= usual):
        return None
    away = _outside(values[: first + 1], baseline, float(np.sign(score)), normal)
    left = _ramp_start(values[:last], baseline, first)
    left += int(np.argmax(away[left:] > 0))
    began = _climb_start(away[: left + 1])
    early, late = times[min(segment.early * block, left)], times[min(segment.late * block, len(times) - 1)]
    uncertainty = max(step, times[left] - early, late - times[left])
    if began < left:
        # Where it is seen to climb it didn't begin at the greatest step, but while a straight climb is in the range.
        uncertainty = step * max(1.0, (left - began) * _RANGE / (_RANGE + away[left]))
    first = began
    strength = float(np.sqrt(segment.gain) * factor)
    onset, until = float(times[first]), float(times[last - 1]) if last < len(times) else None
    return Shift(True, baseline, current, peak, corrected, len(run), strength, onset, float(uncertainty), until)


def _ramp_start(values: Samples, baseline: Level, first: int) -> int:
    """Where a climb began that a step at `first` describes badly; `first` where a step describes it well.

    Least squares of a level with a bend (a hinge), for every place of the bend, against those of the step.
    """
    deviations = values - baseline.level
    if not first or len(values) < _MIN_RAMP:
        return first
    run = deviations[first:]
    bends, hinges = _hinges(len(values), first)
    along = hinges @ deviations
    explained = along * along
    total, by_step = float(deviations @ deviations), float(run.sum() ** 2 / len(run))
    best = int(np.argmax(explained))
    left = total - float(explained[best])
    # A step that is noisy is bent a little better now and then; a climb is bent far better.
    if left > _FAR_BETTER * (total - by_step) or float(along[best]) * float(run.sum()) <= 0:
        return first
    return int(bends[best])


def _outside(values: Samples, baseline: Level, sign: float, normal: Samples | None) -> Samples:
    """How far outside of the normal range each value lies, in spreads; not positive inside of it."""
    away = sign * (values - baseline.level) / baseline.spread
    if normal is not None and len(normal) >= _MIN_NORMAL:
        # Of normal samples one in fifty lies outside, whatever tails they have.
        away /= max(quantile(sign * (normal - baseline.level), _USUAL) / (_RANGE * baseline.spread), 1.0)
    return np.asarray(away - _RANGE)


def _climb_start(outside: Samples) -> int:
    """The first sample of the climb to the last one; the last where what came before was normal, or displaced."""
    last = len(outside) - 1
    inside = np.flatnonzero(outside[:last] <= 0)
    start = int(inside[-1]) + 1 if len(inside) else 0
    climb = outside[start:last]
    if not len(climb) or outside[last] <= climb[0] or (len(climb) > 2 and trend(climb) < _CLIMBS):
        return last
    return start


@lru_cache(maxsize=64)
def _hinges(count: int, first: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Places of a bend before `first`, and for each the climb from there over `count` samples, of length one."""
    bends = np.arange(0, first, max(first // _BENDS, 1))
    hinges = np.maximum(np.arange(count, dtype=np.float64)[None, :] - bends[:, None], 0.0)
    return bends, hinges / np.sqrt((hinges * hinges).sum(axis=1))[:, None]


def _usual(score: float, length: int, window: int, baseline: Level, normal: Samples | None) -> float:
    """How many spreads normal windows stray in the score's direction: their highest run of `length` samples.

    All but one normal window in fifty stay below it. Zero where too little is known.
    """
    if normal is None or len(normal) < _MIN_NORMAL:
        return 0.0
    strayed = (normal - baseline.level) * np.sign(score)
    runs = strayed if length == 1 else _run_medians(strayed, length)
    stride = max(len(normal) // _MOST_RUNS, 1) if length > 1 else 1
    reach = quantile(rolling_max(runs, -(-(window - length + 1) // stride)), _USUAL)
    return max(reach / baseline.spread, 0.0)


def _run_medians(values: Samples, length: int) -> Samples:
    """The median of each run of `length` samples (of all where there are fewer), at most some hundred of them."""
    if len(values) <= length:
        return np.array([median(values)])
    return medians(values[_runs(len(values), length)])


@lru_cache(maxsize=32)
def _runs(count: int, length: int) -> NDArray[np.intp]:
    """The places of the samples of each run; a long run's median needs not every sample."""
    first = np.arange(0, count - length + 1, max(count // _MOST_RUNS, 1))
    return np.asarray(first[:, None] + np.arange(0, length, max(length // 64, 1)), dtype=np.intp)


def _shared(times: Samples, first: int, last: int) -> float:
    """The weight of a segment: below 1 for a single sample that covers only a short time."""
    alone = last - first == 1 and 0 < last < len(times)
    if not alone or len(times) < 4:
        return 1.0
    return _LONE_FACTOR if times[last] - times[first] < _LONE_STEP_S else 1.0


def _scan_all(deviations: NDArray[np.float64]) -> list[Segment]:
    """`scan` of each row."""
    rows, count = deviations.shape
    sums = np.concatenate((np.zeros((rows, 1)), np.cumsum(deviations, axis=1)), axis=1)
    lengths = np.arange(count + 1)[None, :] - np.arange(count)[:, None]
    weights = np.where(lengths > 0, 1.0 / np.maximum(lengths, 1), 0.0)
    backward = lengths <= 0
    step = max(_SCAN_CELLS // lengths.size, 1)
    segments: list[Segment] = []
    for low in range(0, rows, step):
        part = sums[low : low + step]
        gain = part[:, None, :] - part[:, :count, None]
        gain *= gain
        gain *= weights
        gain[:, backward] = -1.0
        segments += [_segment(row) for row in gain]
    return segments


def _segment(gain: NDArray[np.float64]) -> Segment:
    first, last = divmod(int(gain.argmax()), gain.shape[1])
    best = float(gain[first, last])
    likely = np.flatnonzero(gain[:last, last] >= best - _PROFILE_DROP)
    return Segment(first, last, int(likely[0]), int(likely[-1]), best)


def _blocks(table: NDArray[np.float64], block: int) -> NDArray[np.float64]:
    if block == 1:
        return table
    padded = np.pad(table, ((0, 0), (0, -table.shape[1] % block)), mode="edge")
    return np.asarray(medians(padded.reshape(-1, block)).reshape(len(table), -1) * np.sqrt(block))
