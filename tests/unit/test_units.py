"""Numbers as a person reads them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from primitives.units import duration, moment, quantity, times


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.5, "s", "1.5 s"),
        (0.23, "s", "230 ms"),
        (230.0, "ms", "230 ms"),
        (1500.0, "ms", "1.5 s"),
        (0.000_05, "s", "50 µs"),
        (0.0, "s", "0 s"),
        (4.2 * 1024**3, "By", "4.2 GiBy"),
        (95.0, "%", "95 %"),
        (0.0194, "1", "0.0194"),
        (1.0, "{request}", "1 request"),
        (475.0, "{connection}", "475 connections"),
        (43_871.0, "{query}", "43 871 queries"),
        (2.0, "{process}/s", "2 processes/s"),
        (float("nan"), "s", "no value"),
    ],
)
def test_a_quantity_has_the_unit_that_a_person_would_choose(value: float, unit: str, text: str) -> None:
    assert quantity(value, unit).replace(" ", " ") == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(45, "45 s"), (300, "5 min"), (5400, "90 min"), (86_400, "24 h"), (3 * 86_400, "3 days")]
)
def test_a_duration_has_its_largest_fitting_unit(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_moment_shows_its_seconds_only_where_it_has_some() -> None:
    assert moment(datetime(2026, 3, 10, 14, 30, tzinfo=UTC)) == "14:30"
    assert moment(datetime(2026, 3, 10, 14, 30, 7, tzinfo=UTC)) == "14:30:07"


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [(200, 1500, " (+650 %)"), (10, 2, " (-80 %)"), (0, 5, ""), (1, 50, " (50 times)"), (100, 100.2, "")],
)
def test_a_change_of_level_is_told_in_percent_or_times(before: float, after: float, text: str) -> None:
    assert times(before, after) == text
