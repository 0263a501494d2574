"""Several series in one chart: percentiles on one axis, the cause's series below, told apart without colour."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from stage import Opened, settle, shown
from story import LATENCY_DIGEST, NOW, START, StoryPort, latency
from test_what_engineers_say import notices

from cockpit.widgets.chart import Chart, Companion, chart, time_at
from cockpit.widgets.chart_companions import legend, percentiles, same_metric
from cockpit.widgets.draw import Styles, plain
from engine.incident import fold
from primitives.answers import encode_answer
from primitives.records import Metric, Series
from themes.dark import DARK


def like(series: Series, name: str, factor: float, unit: str = "s", kind: str = "latency") -> Series:
    metric = Metric.model_validate(
        {
            "name": name,
            "kind": kind,
            "unit": unit,
            "statistic": "p50" if "p50" in name else "average",
            "worse": "higher",
        }
    )
    return Series(series.resource, metric, series.times, series.values * factor)


class Richer(StoryPort):
    """The answers behind the facts hold other percentiles, and what the leading cause speaks through."""

    async def blob(self, digest: str) -> bytes:
        answer = latency(digest)
        own = answer.records[0]
        if digest == LATENCY_DIGEST:
            more = (like(own, "latency_p50", 0.4), like(own, "queries_per_request", 20.0, "{query}", "other"))
            answer = replace(answer, records=(own, *more))
        return encode_answer(answer)


async def test_percentiles_of_one_metric_share_the_chart_and_each_is_named(opened: Opened) -> None:
    async with opened(port=Richer(wait=False)) as (app, pilot):
        await settle(pilot)
        text = shown(app)
        assert "⠒⠒⠒ latency p95 1.5 s  ⠂⠂⠂ p50 601 ms" in text
        assert " p50 │" in text, "its name stands at its end"


async def test_v_brings_the_causes_series_below_then_the_chart_alone_then_the_percentiles(opened: Opened) -> None:
    async with opened(port=Richer(wait=False)) as (app, pilot):
        await pilot.press("V")
        await settle(pilot)
        text = shown(app)
        assert "api-service queries per request" in text.partition("3 api-service latency")[2]
        assert "20 queries" in text
        await pilot.press("V")
        await settle(pilot)
        assert "20 queries" not in shown(app)
        assert "⠂⠂⠂ p50" not in shown(app)
        await pilot.press("V")
        await settle(pilot)
        assert "⠂⠂⠂ p50" in shown(app)


async def test_v_says_so_where_no_other_percentile_was_recorded(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        await settle(pilot)
        await pilot.press("V", "V", "V")
        await settle(pilot)
        assert "no other percentile of this metric was recorded" in notices(app)


async def test_a_cause_whose_samples_were_not_recorded_leaves_the_chart_as_it_is(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        await settle(pilot)
        await pilot.press("V")
        for _ in range(3):
            await settle(pilot)
        text = shown(app).partition("3 api-service latency")[2]
        assert "1.5 s┤" in text
        assert "queries┤" not in text


def test_the_cursor_tells_each_value_and_a_click_means_the_same_time_with_a_lane() -> None:
    own = latency().records[0]
    other, lane = like(own, "latency_p50", 0.4), like(own, "queries_per_request", 20.0, "{query}", "other")
    what = Chart(own, START, NOW, companions=(Companion("p50", other),), lane=Companion("queries", lane))
    at_start = 0.2 + 0.012 * math.sin(START.timestamp() / 97.0)
    assert plain(legend(what, "p95", START).left) == (
        f" ⠒⠒⠒ p95 {1000 * at_start:.0f} ms  ⠂⠂⠂ p50 {400 * at_start:.1f} ms "
    )
    assert time_at(what, 80, 14, 40) == time_at(replace(what, companions=()), 80, 14, 40)
    drawn = chart(what, 80, 14, Styles(DARK))
    assert len(drawn) == 14
    assert any("queries" in strip.text for strip in drawn)
    assert not any("queries" in strip.text for strip in chart(what, 80, 8, Styles(DARK))), "no room for a lane"


def test_lines_differ_in_how_many_dots_they_have_and_not_only_in_colour() -> None:
    times = np.arange(START.timestamp(), NOW.timestamp(), 10.0)
    base = replace(latency().records[0], times=times, values=np.full(len(times), 1.0))
    level = [replace(base, values=np.full(len(times), value)) for value in (2.0, 3.0, 4.0)]
    companions = tuple(Companion(f"p{at}", series) for at, series in enumerate(level))
    drawn = chart(Chart(base, START, NOW, companions=companions), 80, 18, Styles(DARK))
    dots = [sum((ord(letter) - 0x2800).bit_count() for letter in strip.text if "⠀" < letter < "⣿") for strip in drawn]
    by_line = [count for count in dots if count]
    assert len(set(by_line)) == 4
    assert sorted(by_line) == by_line, "the higher ones, above, have fewer dots"


def test_a_companions_name_is_whole_or_not_there() -> None:
    times = np.arange(START.timestamp(), NOW.timestamp() + 1, 10.0)
    falls = np.minimum(np.linspace(16.0, 0.0, len(times)), 1.0)
    base = replace(latency().records[0], times=times, values=falls)
    other = replace(base, values=falls + 0.02)
    for rows in range(6, 20):
        drawn = chart(Chart(base, START, NOW, companions=(Companion("p99", other),)), 66, rows, Styles(DARK))
        letters = "".join(strip.text[-6:] for strip in drawn[:-2])
        assert ("p" in letters) == ("p99" in letters), rows
        assert ("9" in letters) == ("p99" in letters), rows


def test_only_other_percentiles_of_the_same_resource_and_unit_are_companions() -> None:
    fact = fold(StoryPort().log).facts["F1"].fact
    own = latency().records[0]
    assert same_metric(like(own, "latency_p50", 1), fact)
    for name, unit in (("latency_p95", "s"), ("errors_p50", "s"), ("latency_p50", "ms"), ("latency", "s")):
        assert not same_metric(like(own, name, 1, unit), fact)
    assert not same_metric(replace(like(own, "latency_p50", 1), resource="other"), fact)
    assert [each.label for each in percentiles([like(own, f"latency_p{at}", 1) for at in (99, 50, 999, 90)])] == [
        "p50", "p90", "p99",
    ]  # fmt: skip


def test_the_axis_is_that_of_the_drawn_metric_and_a_companion_beyond_it_is_left_out() -> None:
    own = latency().records[0]
    high = like(own, "latency_p99", 1.0)
    values = high.values.copy()
    values[-5] = 3600.0
    wild = Series(high.resource, high.metric, high.times, values)
    alone = chart(Chart(own, START, NOW), 60, 12, Styles(DARK))
    beside = chart(Chart(own, START, NOW, companions=(Companion("p99", wild),)), 60, 12, Styles(DARK))
    axis = [strip.text.partition("│")[0].partition("┤")[0].strip() for strip in alone]
    assert "1.5 s" in axis
    shown_axis = [strip.text.partition("│")[0].partition("┤")[0].strip() for strip in beside]
    assert not any("min" in line for line in shown_axis)
    # One that is somewhat higher has its room.
    twice = chart(Chart(own, START, NOW, companions=(Companion("p99", like(own, "latency_p99", 1.6)),)), 60, 12,
                  Styles(DARK))  # fmt: skip
    assert any(" p99" in strip.text for strip in twice)
