"""Levels, shifts and onsets against values computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from primitives.change_points import scan, shift_of
from primitives.statistics import (
    Level,
    first_of_each,
    increments,
    level_of,
    levels_of,
    median,
    quiet_part,
    sample_step,
    successive_spread,
)


def test_the_level_is_the_median_and_one_wild_sample_moves_neither_it_nor_the_spread() -> None:
    calm = level_of(np.array([8.0, 9, 10, 11, 12] * 4))
    wild = level_of(np.array([8.0, 9, 10, 11, 12] * 4 + [1e9]))
    assert calm.level == wild.level == 10
    # MAD of 8..12 around 10 is 1, times 1.4826; the deciles are 8 and 12, over 2.5631.
    assert calm.spread == pytest.approx(4 / 2.5631)
    assert wild.spread == pytest.approx(calm.spread)


def test_the_spread_of_a_normal_distribution_is_its_standard_deviation() -> None:
    values = np.random.default_rng(7).normal(100, 10, 20_000)
    assert level_of(values).spread == pytest.approx(10, rel=0.03)


def test_a_constant_series_has_two_percent_of_its_level_as_spread() -> None:
    assert level_of(np.full(30, 50.0)).spread == pytest.approx(1.0)
    assert level_of(np.zeros(30)).spread == 0
    assert level_of(np.zeros(30), floor=0.5).spread == 0.5


def test_many_series_at_once_give_what_each_gives_alone() -> None:
    series = [np.arange(10.0), np.array([3.0]), np.array([]), np.arange(10.0) ** 2]
    together = levels_of(series)
    alone = [level_of(one) for one in series]
    assert [one.samples for one in together] == [10, 1, 0, 10]
    for one, other in zip(together, alone, strict=True):
        assert one == other or (one.samples == other.samples == 0)


@pytest.mark.parametrize("values", [[1.0], [3.0, 1.0], [5.0, 1.0, 9.0], [4.0, 1.0, 3.0, 2.0]])
def test_the_quick_median_is_numpys(values: list[float]) -> None:
    assert median(np.array(values)) == np.median(values)


def test_a_jump_is_a_shift_with_its_onset_at_the_first_high_sample() -> None:
    times = np.arange(30) * 60.0
    values = np.array([10.0] * 20 + [40.0] * 10)
    shift = shift_of(times, values, Level(10.0, 1.0, 100), worse=1)
    assert shift.moved
    assert (shift.current, shift.peak, shift.score) == (40.0, 40.0, 30.0)
    assert shift.onset == 20 * 60.0
    assert shift.uncertainty == 60.0
    assert shift.samples == 10


def test_a_shift_that_is_over_before_the_window_ends_is_still_found() -> None:
    values = np.array([10.0] * 10 + [40.0] * 5 + [10.0] * 15)
    shift = shift_of(np.arange(30) * 60.0, values, Level(10.0, 1.0, 100))
    assert shift.moved
    assert shift.onset == 600.0
    assert (shift.current, shift.samples) == (40.0, 5)


def test_noise_is_no_shift() -> None:
    values = np.random.default_rng(3).normal(10, 1, 40)
    shift = shift_of(np.arange(40) * 60.0, values, Level(10.0, 1.0, 500))
    assert not shift.moved
    assert shift.onset is None


def test_a_level_that_normal_times_reach_too_is_no_shift() -> None:
    normal = np.array([10.0] * 90 + [40.0] * 10)
    values = np.full(5, 40.0)
    assert shift_of(np.arange(5) * 60.0, values, Level(10.0, 1.0, 100)).moved
    assert not shift_of(np.arange(5) * 60.0, values, Level(10.0, 1.0, 100), normal=normal).moved


def test_from_zero_the_score_is_finite() -> None:
    shift = shift_of(np.arange(4) * 60.0, np.array([0.0, 0, 7, 7]), Level(0.0, 0.0, 50), worse=1)
    assert shift.moved
    assert shift.score == 20.0


def test_an_alarm_lowers_the_bar_in_its_own_direction_only() -> None:
    times, values = np.arange(6) * 60.0, np.array([10.0, 10, 10, 12, 12, 12])
    level = Level(10.0, 1.0, 100)
    assert not shift_of(times, values, level).moved
    assert shift_of(times, values, level, expected=1).moved
    assert not shift_of(times, values, level, expected=-1).moved


def test_a_single_sample_can_be_judged() -> None:
    shift = shift_of(np.array([60.0]), np.array([90.0]), Level(10.0, 1.0, 1))
    assert shift.moved
    assert shift.onset == 60.0


def test_the_scan_finds_the_run_with_the_greatest_gain() -> None:
    # The sum over the run is 12, squared over three samples: 48; any longer or shorter run gains less.
    segment = scan(np.array([0.0, 0, 4, 4, 4, 0]))
    assert (segment.first, segment.last, segment.gain) == (2, 5, 48.0)


def test_a_long_series_is_scanned_in_blocks_and_its_onset_is_as_exact_as_a_block() -> None:
    values = np.concatenate((np.full(4_000, 10.0), np.full(1_000, 30.0)))
    shift = shift_of(np.arange(5_000.0), values, Level(10.0, 1.0, 100))
    assert shift.moved
    assert shift.onset is not None
    assert shift.uncertainty is not None
    assert abs(shift.onset - 4_000) <= shift.uncertainty <= 60


def test_the_quiet_part_ends_where_the_two_means_split_best() -> None:
    assert quiet_part(np.array([1.0, 1, 1, 1, 9, 9])) == 4
    assert quiet_part(np.array([1.0, 9, 9, 9, 9])) == 1
    assert quiet_part(np.array([2.0, 2, 2])) == 3
    assert quiet_part(np.array([2.0, 5])) == 2


def test_the_noise_around_a_jump_does_not_contain_the_jump() -> None:
    noise = np.random.default_rng(5).normal(0, 2, 2_000)
    jump = np.concatenate((np.zeros(1_000), np.full(1_000, 500.0)))
    assert successive_spread(noise + jump) == pytest.approx(2, rel=0.1)


def test_a_counters_reset_counts_from_zero() -> None:
    times, growth = increments(np.array([0.0, 60, 120, 180]), np.array([5.0, 8, 2, 4]))
    assert list(times) == [60, 120, 180]
    assert list(growth) == [3, 2, 2]


def test_the_sample_step_is_the_usual_distance() -> None:
    assert sample_step(np.array([0.0, 60, 120, 400])) == 60
    assert sample_step(np.array([5.0])) == 0


@given(st.lists(st.integers(-5, 5), max_size=40))
def test_the_first_of_each_value_is_what_numpy_says(values: list[int]) -> None:
    array = np.array(values, dtype=float)
    expected, where = np.unique(array, return_index=True)
    distinct, first = first_of_each(array)
    assert (distinct.tolist(), first.tolist()) == (expected.tolist(), where.tolist())
