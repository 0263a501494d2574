"""What must hold of every series: units, offsets and order of normal samples don't change a verdict."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from primitives.change_points import Shift, shift_of
from primitives.statistics import Level, level_of, quiet_part, quiet_parts, successive_spread, successive_spreads

_numbers = st.integers(-1_000, 1_000).map(float)
_some = st.lists(_numbers, min_size=1, max_size=40).map(np.array)


def _shift(values: NDArray[np.float64], normal: NDArray[np.float64]) -> Shift:
    return shift_of(np.arange(len(values)) * 60.0, values, level_of(normal), normal=normal)


@given(_some, _some, st.sampled_from([0.001, 0.5, 8.0, 1024.0]))
def test_another_unit_changes_no_verdict(values: NDArray[np.float64], normal: NDArray[np.float64], unit: float) -> None:
    one, other = _shift(values, normal), _shift(values * unit, normal * unit)
    # Powers of two scale exactly; the others may tip a tie over by rounding.
    if np.log2(unit).is_integer():
        assert (one.moved, one.onset, one.samples) == (other.moved, other.onset, other.samples)
    if one.moved == other.moved and one.samples == other.samples:
        assert np.isclose(one.current * unit, other.current)
        assert np.isclose(one.score, other.score, rtol=1e-6, atol=1e-6)


@given(_some, _some, st.integers(-500, 500))
def test_a_constant_added_to_all_samples_moves_the_level_by_it_and_leaves_the_shift(
    values: NDArray[np.float64], normal: NDArray[np.float64], offset: int
) -> None:
    level = Level(level_of(normal).level, 5.0, len(normal))
    moved = Level(level.level + offset, 5.0, len(normal))
    times = np.arange(len(values)) * 60.0
    one, other = shift_of(times, values, level), shift_of(times, values + offset, moved)
    assert level_of(normal + offset).level == level_of(normal).level + offset
    assert (one.moved, one.onset, one.score) == (other.moved, other.onset, other.score)
    assert one.current + offset == other.current


@given(st.data(), _some, _some)
def test_the_order_of_normal_samples_does_not_move_their_level(
    data: st.DataObject, values: NDArray[np.float64], normal: NDArray[np.float64]
) -> None:
    shuffled = np.array(data.draw(st.permutations(list(normal))))
    assert level_of(normal) == level_of(shuffled)
    # Of enough of them runs are compared with runs, so that their order counts.
    if len(normal) < 20 or len(values) == 1:
        assert _shift(values, normal) == _shift(values, shuffled)


@given(_some, _some)
def test_a_verdict_is_always_finite_and_inside_the_samples(
    values: NDArray[np.float64], normal: NDArray[np.float64]
) -> None:
    shift = _shift(values, normal)
    assert np.isfinite([shift.current, shift.peak, shift.score, shift.strength]).all()
    assert values.min() <= shift.current <= values.max()
    assert values.min() <= shift.peak <= values.max()
    assert shift.moved == (shift.onset is not None)
    assert 1 <= quiet_part(values) <= len(values)


@given(_some)
def test_what_stays_at_its_level_has_not_moved(values: NDArray[np.float64]) -> None:
    assert not _shift(np.full(10, level_of(values).level), values).moved


@given(_some, _some)
def test_rows_of_a_table_are_judged_as_each_by_itself(values: NDArray[np.float64], others: NDArray[np.float64]) -> None:
    count = min(len(values), len(others))
    table = np.stack([values[:count], others[:count]])
    assert quiet_parts(table).tolist() == [quiet_part(row) for row in table]
    assert successive_spreads(table).tolist() == [successive_spread(row) for row in table]
