"""Shifts among many series, in heavy tails, and of single samples."""

from __future__ import annotations

import numpy as np
import pytest

from primitives.change_points import shift_of, shifts_of
from primitives.statistics import Level, level_of, rolling_max, without_season

_MINUTE = 60.0
_DAY = 86_400.0


def _times(count: int, step: float = _MINUTE) -> np.ndarray:
    return np.arange(count) * step


def test_many_series_at_once_are_judged_as_each_alone() -> None:
    random = np.random.default_rng(11)
    table = random.normal(10, 1, (60, 25))
    table[::3, 10:] += random.uniform(2, 30, (20, 1))
    normal = random.standard_t(3, (60, 200)) + 10
    levels = [level_of(one) for one in normal]
    together = shifts_of(_times(25), table, levels, normals=normal, worse=[1] * 60)
    alone = [shift_of(_times(25), table[row], levels[row], normal=normal[row], worse=1) for row in range(60)]
    assert together == alone
    assert 15 <= sum(one.moved for one in together) <= 20


def test_a_peak_as_high_as_one_normal_window_in_twenty_shows_is_no_shift() -> None:
    calm = np.random.default_rng(3).normal(10, 1, 400)
    wild = calm.copy()
    wild[::100] = 40.0  # With windows of five samples: four of eighty have such a peak.
    values = np.array([10.0, 10.0, 38.0, 10.0, 10.0])
    for normal, moved in ((calm, True), (wild, False)):
        assert shift_of(_times(5, 300.0), values, level_of(normal), normal=normal).moved is moved


def test_what_goes_beyond_the_peaks_of_normal_windows_is_a_shift_with_a_score_in_their_measure() -> None:
    normal = np.tile([8.0, 9, 10, 11, 12, 10, 9, 11, 10, 30], 40)
    level = level_of(normal)
    shift = shift_of(_times(5, 300.0), np.array([10.0, 90, 90, 90, 10]), level, normal=normal)
    assert shift.moved
    # No run of three normal samples has a median over 12, so 80 above the level counts in full spreads.
    assert shift.score == pytest.approx(80 / level.spread)
    peak = shift_of(_times(5, 300.0), np.array([10.0, 10, 90, 10, 10]), level, normal=normal)
    # A single sample is compared with single samples: 20 above the level is usual and counts three spreads.
    assert peak.score == pytest.approx(80 / 20 * 3)


def test_a_lone_sample_counts_for_less_where_it_stands_for_a_moment_only() -> None:
    values = np.array([10.0, 10, 10, 15, 10, 10])
    coarse = shift_of(_times(6, 300.0), values, Level(10.0, 1.0, 100))
    fine = shift_of(_times(6, 60.0), values, Level(10.0, 1.0, 100))
    assert coarse.moved
    assert not fine.moved
    lasting = shift_of(_times(6, 60.0), np.array([10.0, 10, 10, 15, 15, 10]), Level(10.0, 1.0, 100))
    newest = shift_of(_times(6, 60.0), np.array([10.0, 10, 10, 10, 10, 15]), Level(10.0, 1.0, 100))
    assert lasting.moved
    assert newest.moved


def test_the_uncertainty_of_an_onset_grows_with_the_step_and_the_doubt() -> None:
    sharp = np.array([10.0] * 10 + [40.0] * 10)
    assert shift_of(_times(20), sharp, Level(10.0, 1.0, 100)).uncertainty == 60.0
    assert shift_of(_times(20, 300.0), sharp, Level(10.0, 1.0, 100)).uncertainty == 300.0
    creeping = np.concatenate((np.full(10, 10.0), 10 + np.arange(10) * 0.5))
    shift = shift_of(_times(20), creeping, Level(10.0, 1.0, 100))
    assert shift.onset is not None
    assert shift.uncertainty is not None
    assert shift.uncertainty > 60.0
    assert abs(shift.onset - 11 * 60.0) <= 2 * shift.uncertainty


@pytest.mark.parametrize("width", [1, 2, 3, 5, 7, 11])
def test_the_rolling_maximum_is_that_of_each_window(width: int) -> None:
    values = np.random.default_rng(width).normal(0, 1, (3, 11))
    expected = [[max(row[at : at + width]) for at in range(11 - width + 1)] for row in values.tolist()]
    assert rolling_max(values, width).tolist() == expected
    assert rolling_max(values[0], width).tolist() == expected[0]


def test_what_follows_the_time_of_day_is_compared_with_its_own_hour() -> None:
    times = np.arange(0, 3 * _DAY, 300.0)
    noise = np.random.default_rng(6).normal(0, 1, len(times))
    daily = 100 + 50 * np.sin(2 * np.pi * np.floor(times / 3600) / 24) + noise
    night = (3 * _DAY + 18 * 3600.0, 3 * _DAY + 18 * 3600.0 + 1200.0)
    adjusted = without_season(times, np.stack([daily, 100 + noise]), night)
    # At 18:00 the sine is at -1: 50, not 100, is normal then; what has no season stays as it is.
    assert level_of(adjusted[0]).level == pytest.approx(50, abs=1)
    assert level_of(adjusted[0]).spread < 2
    assert (adjusted[1] == 100 + noise).all()


def test_a_season_is_not_seen_in_one_day() -> None:
    times = np.arange(0, _DAY, 300.0)
    daily = 100 + 50 * np.sin(2 * np.pi * times / _DAY)
    assert (without_season(times, daily[None, :], (_DAY, _DAY + 1200.0)) == daily).all()
