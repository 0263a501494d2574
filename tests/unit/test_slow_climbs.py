"""Since when a metric is not normal: where it climbs slowly, the recording begins with it, or it always swings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from primitives.analysis.comparison import Comparison, compare
from primitives.change_points import Shift, shift_of
from primitives.diagnostics.registry import Arguments
from primitives.records import Metric, Series, Symptom, Window
from primitives.statistics import Level, level_of

MINUTE = 60.0
START = datetime(2026, 3, 10, 12, tzinfo=UTC)


def noise(count: int, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, count)


def minute_of(shift: Shift | None) -> float:
    assert shift is not None
    assert shift.moved
    assert shift.onset is not None
    return shift.onset / MINUTE


def judged(values: np.ndarray, level: float = 100.0) -> Shift:
    """Against normal times with a spread of one."""
    normal = level + noise(200, 7)
    return shift_of(MINUTE * np.arange(len(values)), values, level_of(normal), normal=normal, worse=1)


def by_itself(values: list[float] | np.ndarray, kind: str = "saturation", worse: str = "higher") -> Comparison:
    """A recording that has nothing from before it, of the metric that raised the alarm."""
    metric = Metric(name="used", kind=kind, unit="%", statistic="average", worse=worse)
    times = START.timestamp() + MINUTE * np.arange(len(values))
    window = Window(start=START, end=START + timedelta(minutes=len(values) - 1))
    series = Series(resource="shelf", metric=metric, times=times, values=np.asarray(values, dtype=float))
    symptom = Symptom(resource="shelf", metric="used", direction=None if worse == "either" else "above")
    args = Arguments(window=window, now=window.end, symptom=symptom)
    return compare([series], args)[0]


@pytest.mark.parametrize("length", [6, 12, 25])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_climb_to_a_plateau_is_dated_where_it_left_the_normal_range(length: int, sign: int) -> None:
    at = np.arange(90)
    values = 100 + sign * np.interp(at, [0, 30, 30 + length, 90], [0, 0, 70, 70]) + noise(90)
    shift = judged(values)
    # By hand: it leaves the range of two spreads in the first 2 / (70 / length) minutes, give or take the noise.
    assert 30 <= minute_of(shift) <= 32 + 2 * length / 70
    assert shift.uncertainty is not None
    assert shift.uncertainty <= 2 * MINUTE


@pytest.mark.parametrize("height", [8, 70])
def test_a_step_after_noise_keeps_its_place(height: int) -> None:
    for seed in range(8):
        assert minute_of(judged(100 + height * (np.arange(60) >= 30) + noise(60, seed))) in (29, 30)


def test_a_level_that_was_displaced_all_the_time_is_no_climb_to_a_step() -> None:
    values = 104 + 70 * (np.arange(60) >= 40) + noise(60)
    assert minute_of(judged(values)) == 40


def test_an_outlier_before_a_step_is_no_part_of_it() -> None:
    values = 100 + 70.0 * (np.arange(60) >= 40) + noise(60)
    values[[20, 37]] = 140
    assert minute_of(judged(values)) == 40


def test_what_normal_times_reach_now_and_then_is_inside_the_range() -> None:
    normal = np.tile([98.0, 99, 100, 101, 102, 100, 99, 101, 100, 108], 20)
    values = np.concatenate((np.tile([100.0, 108, 107, 106], 5), np.full(20, 180.0)))
    shift = shift_of(MINUTE * np.arange(40), values, level_of(normal), normal=normal)
    assert minute_of(shift) == 20


def test_the_range_is_counted_from_a_known_level() -> None:
    values = np.array([10.0, 10, 10, 10, 14, 18, 22, 26, 30, 30, 30, 30, 30, 30, 30, 30])
    # By hand: the range of 10 ± 2 spreads of 1 is left at the fifth sample.
    assert minute_of(shift_of(MINUTE * np.arange(16), values, Level(10.0, 1.0, 100))) == 4


@pytest.mark.parametrize(
    ("values", "baseline", "samples", "onset"),
    [
        # Two calm samples, and then only the fault: a lag and a rest.
        ([2.0, 2.1, 60, 130, 240, 360, 480, 590, 700, 800, 910, 1000], 2.05, 2, 2),
        ([90.0, 89.8, 89.6, 78, 66, 54, 42, 30, 18, 9, 5, 4, 4, 4], 89.8, 3, 3),
    ],
)
def test_normal_is_what_was_before_the_climb_and_nothing_of_it(
    values: list[float], baseline: float, samples: int, onset: int
) -> None:
    shift = by_itself(values, worse="either").shift
    assert shift is not None
    assert shift.baseline.level == pytest.approx(baseline)
    assert shift.baseline.samples == samples
    assert minute_of(shift) == START.timestamp() / MINUTE + onset


def test_the_level_before_a_long_climb_is_the_calm_one() -> None:
    at = np.arange(120)
    values = 24 + np.interp(at, [0, 70, 95, 120], [0, 0, 70, 70]) + noise(120)
    shift = by_itself(values).shift
    assert shift is not None
    assert shift.baseline.level == pytest.approx(24, abs=0.5)
    assert shift.baseline.samples <= 73
    assert 70 <= minute_of(shift) - START.timestamp() / MINUTE <= 72


WAVE = 2100 + 130 * np.sin(2 * np.pi * (np.arange(24) - 3) / 9)
"""It begins at its lowest: what comes after is a climb, and then another."""


def test_what_swings_from_the_beginning_did_not_leave_its_range() -> None:
    shift = by_itself(WAVE).shift
    assert shift is not None
    assert not shift.moved
    assert shift.onset is None
    assert shift.baseline.level == pytest.approx(float(np.median(WAVE)))


def test_what_was_calm_for_longer_than_it_swings_has_left_its_range() -> None:
    calm = 2100 - 130 + noise(40)
    shift = by_itself(np.concatenate((calm, WAVE))).shift
    assert shift is not None
    assert shift.moved
    assert minute_of(shift) - START.timestamp() / MINUTE >= 38


@pytest.mark.parametrize(("kind", "values"), [("latency", WAVE), ("saturation", np.tile(np.repeat([20.0, 90], 4), 3))])
def test_what_is_felt_or_grows_to_a_multiple_is_no_swing(kind: str, values: np.ndarray) -> None:
    shift = by_itself(values, kind).shift
    assert shift is not None
    assert shift.moved
