"""Samples that can't have been measured, and units that can't be right."""

from __future__ import annotations

import numpy as np
import pytest

from primitives.analysis.plausible import sift
from primitives.records import Metric, Series

WINDOW_S = 1200.0


def _series(values: list[float], kind: str, unit: str, resource: str = "shop") -> Series:
    metric = Metric.model_validate(
        {"name": kind, "kind": kind, "unit": unit, "statistic": "average", "worse": "either"}
    )
    return Series(resource, metric, np.arange(len(values)) * 60.0, np.array(values))


@pytest.mark.parametrize(
    ("kind", "unit", "values", "kept", "note"),
    [
        ("latency", "s", [1, 2, -1, 3], [1, 2, 3], "1 sample was negative and left out: shop latency"),
        ("latency", "ms", [5, 5, 48 * 60_000, 6], [5, 5, 6], "1 sample was longer than the window and left out"),
        ("availability", "%", [100, 250, 99, 100.5], [100, 99, 100.5], "1 sample was impossible and left out"),
        ("traffic", "{request}", [5, -5, -5], [5], "2 samples were negative and left out"),
        ("availability", "%", [-1, 100, 100], [100, 100], "1 sample was negative and left out"),
    ],
)
def test_what_cannot_be_is_left_out_and_told(
    kind: str, unit: str, values: list[float], kept: list[float], note: str
) -> None:
    found, notes = sift([_series(values, kind, unit)], WINDOW_S)
    assert found[0].values.tolist() == kept
    assert len(found[0].times) == len(kept)
    assert len(notes) == 1
    assert notes[0].startswith(note)


@pytest.mark.parametrize(
    ("kind", "unit", "values"),
    [
        ("latency", "s", [0.0, 0.2, 1100.0]),
        ("latency", "s", [900.0, 1300.0, 1100.0]),  # A job that usually takes most of the window may take longer.
        ("latency", "{step}", [1e9]),
        ("other", "s", [-5.0]),
        ("saturation", "%", [250.0]),
        ("errors", "{error}", [5_000.0]),
        ("availability", "1", [1.0, 0.0]),
    ],
)
def test_what_may_be_stays(kind: str, unit: str, values: list[float]) -> None:
    series = [_series(values, kind, unit)]
    assert sift(series, WINDOW_S) == (tuple(series), ())


@pytest.mark.parametrize(
    ("kind", "unit", "values", "true"),
    [
        ("availability", "1", [99.9, 100.0, 98.0], "%"),
        ("availability", "%", [0.999, 1.0, 0.98], "1"),
        ("errors", "1", [0.0, 12.0, 3.0], "{error}"),
    ],
)
def test_a_unit_that_the_values_contradict_is_put_right_and_told(
    kind: str, unit: str, values: list[float], true: str
) -> None:
    found, notes = sift([_series(values, kind, unit)], WINDOW_S)
    assert found[0].metric.unit == true
    assert found[0].values.tolist() == values
    assert "by its metadata" in notes[0]


def test_a_series_of_which_nothing_is_left_is_gone_and_many_are_told_in_one_line() -> None:
    bad = [_series([-1.0, -2.0], "latency", "s", f"shop-{number}") for number in range(5)]
    good = _series([1.0, 2.0], "latency", "s")
    found, notes = sift([*bad, good], WINDOW_S)
    assert found == (good,)
    assert notes == ("10 samples were negative and left out: shop-0 latency and 4 more series",)
