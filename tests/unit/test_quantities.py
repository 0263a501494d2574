"""Quantities: read from what platforms, code and people write, and told as a person reads them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from primitives.quantities import (
    bound,
    counted,
    duration,
    moment,
    multiplied,
    parse_kubernetes,
    parse_limit,
    parse_period,
    probability,
    quantities_in,
    quantity,
    reading,
    ticks,
    times,
    unbound,
    without_quantities,
)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.5, "s", "1.5 s"),
        (0.23, "s", "230 ms"),
        (230.0, "ms", "230 ms"),
        (1500.0, "ms", "1.5 s"),
        (0.000_05, "s", "50 µs"),
        (0.0, "s", "0 s"),
        (4.2 * 1024**3, "By", "4.2 GiB"),
        (512.0, "By", "512 B"),
        (3.5, "MiBy/s", "3.5 MiB/s"),
        (95.0, "%", "95 %"),
        (5.0, "{count}", "5"),
        (0.9999, "s", "1 s"),
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
    [
        (200, 1500, " (7.5 times)"),
        (100, 299, " (+199 %)"),
        (100, 300, " (3 times)"),
        (10, 2, " (-80 %)"),
        (0, 5, ""),
        (1, 50, " (50 times)"),
        (100, 100.2, ""),
        (7315, 1, " (to under 1 %)"),
        (10, 0, " (-100 %)"),
    ],
)
def test_a_change_of_level_is_told_in_percent_and_from_three_times_on_as_a_factor(
    before: float, after: float, text: str
) -> None:
    assert times(before, after) == text


@pytest.mark.parametrize(
    ("unit", "kind", "name", "text"),
    [
        ("1", "errors", "error_rate", "12.5 %"),
        ("1", "availability", "availability", "12.5 %"),
        ("1", "other", "cache_hit_ratio", "12.5 %"),
        ("1", "other", "ratiometer_level", "0.125"),
        ("1", "other", "replicas", "0.125"),
        ("s", "latency", "latency", "125 ms"),
    ],
)
def test_a_ratio_is_read_in_percent_by_its_kind_or_its_name(unit: str, kind: str, name: str, text: str) -> None:
    assert reading(0.125, unit, kind, name) == text


@pytest.mark.parametrize(
    ("count", "noun", "text"),
    [
        (1, "dependency", "1 dependency"),
        (2, "dependency", "2 dependencies"),
        (0, "span", "0 spans"),
        (2, "class", "2 classes"),
    ],
)
def test_what_is_counted_has_its_plural(count: int, noun: str, text: str) -> None:
    assert counted(count, noun) == text


@pytest.mark.parametrize(
    ("low", "high", "most", "unit", "ratio", "labels"),
    [
        (0.0, 1.9, 4, "s", False, ["0 s", "0.5 s", "1.0 s", "1.5 s"]),
        (0.2, 0.45, 5, "s", False, ["200 ms", "300 ms", "400 ms"]),
        (0.0, 90.0, 4, "s", False, ["0 s", "25 s", "50 s", "75 s"]),
        (97.2, 103.1, 4, "%", False, ["98 %", "100 %", "102 %"]),
        (0.09, 0.38, 5, "1", True, ["10 %", "20 %", "30 %"]),
        (0.0, 4.2 * 2.0**30, 5, "By", False, ["0 GiB", "1 GiB", "2 GiB", "3 GiB", "4 GiB"]),
        (0.0, 11.8, 5, "{request}/s", False,
         ["0 requests/s", "2.5 requests/s", "5.0 requests/s", "7.5 requests/s", "10.0 requests/s"]),
        (-3.0, 3.0, 4, "1", False, ["-2", "0", "2"]),
        (1.0, 1.0, 4, "s", False, []),
    ],
)  # fmt: skip
def test_the_ticks_of_an_axis_are_round_and_their_labels_exact(
    low: float, high: float, most: int, unit: str, ratio: bool, labels: list[str]
) -> None:
    found = ticks(low, high, most, unit, ratio=ratio)
    assert [label for _, label in found] == labels
    assert all(low - 1e-9 <= value <= high + 1e-9 for value, _ in found)


@pytest.mark.parametrize(
    ("share", "text"), [(0.8, "80 %"), (0.004, "under 1 %"), (0.01, "1 %"), (0.996, "over 99 %"), (1.0, "100 %")]
)
def test_a_probability_is_never_told_as_certain_where_it_is_not(share: float, text: str) -> None:
    assert probability(share) == text


def test_a_number_stays_with_its_unit_where_a_line_breaks_and_comes_out_as_it_was() -> None:
    told = "rose from 7 315 operations/s to 1.2 GiB at 14:30 (-85 %), 3 × in 5 min"
    held = bound(told)
    assert held.split(" ") == ["rose", "from", "7\u00a0315\u00a0operations/s", "to", "1.2\u00a0GiB", "at", "14:30",
                               "(-85\u00a0%),", "3\u00a0×", "in", "5\u00a0min"]  # fmt: skip
    assert unbound(held) == told


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ and "Managing Resources"
        ("128974848", 128974848), ("129e6", 129e6), ("129M", 129e6), ("128974848000m", 128974848), ("123Mi", 128974848),
        ("0.5", 0.5), ("500m", 0.5), ("100m", 0.1), ("1.5Gi", 1.5 * 2**30), (".5", 0.5), ("2k", 2000), ("1Ei", 2**60),
        ("12e6", 12e6), (" 1 ", 1), ("-1", -1), ("250u", 250e-6), ("5n", 5e-9),
    ],
)  # fmt: skip
def test_a_quantity_of_kubernetes_is_read_as_its_documentation_says(text: str, value: float) -> None:
    assert parse_kubernetes(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "Gi", "1 Gi", "1GiB", "1gi", "ten", "1e9999", "1..5", "0x10", "1K i", "NaN"])
def test_what_is_no_quantity_of_kubernetes_is_none(text: str) -> None:
    assert parse_kubernetes(text) is None


@pytest.mark.parametrize(
    ("value", "unit", "limit"),
    [
        ("100", "{connection}", 100), (100, "1", 100), ("8Gi", "By", 8 * 2**30), ("20 GB", "By", 20e9),
        (100, "By", 100 * 2**30), (10_000_000, "By", 10_000_000), ("512MiB", "By", 512 * 2**20),
        (0, "1", None), (-3, "1", None), (True, "1", None), (None, "1", None), ("many", "1", None),
        ("5 apples", "1", None),
    ],
)  # fmt: skip
def test_a_limit_is_read_in_the_units_that_configurations_use(value: object, unit: str, limit: float | None) -> None:
    assert parse_limit(value, unit) == limit


def test_a_multiple_keeps_its_unit() -> None:
    assert (multiplied("512Mi", 2), multiplied("3Gi", 2)) == ("1024Mi", "6Gi")
    assert [multiplied(text, 2) for text in ("0.5Gi", "500M", "0Mi", "", "1Gi ")] == [None] * 5


def test_quantities_in_code_are_told_in_seconds_and_bytes() -> None:
    assert quantities_in("timeout = 30 * time.Second") == [30]
    assert quantities_in("Duration.ofMillis(200), retries=3, wait: 5m") == [0.2, 3, 300]
    assert quantities_in("heap 512MB of 2Gi, 1_000 rows, v2") == [512e6, 2 * 2**30, 1000]
    assert without_quantities("wait(30s) then 5") == "wait(#) then #"


def test_periods_go_by_their_first_letter() -> None:
    assert [parse_period(2, unit) for unit in ("s", "mins", "Hours", "d", "weeks")] == [2, 120, 7200, 172800, 1209600]
