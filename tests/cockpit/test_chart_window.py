"""A chart is zoomed and panned, and its samples are there as a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from stage import Opened, settle, shown
from story import NOW, START, StoryPort, latency

from cockpit.screens.samples import SamplesScreen, sample_rows
from cockpit.widgets.chart_window import LEAST_SPAN_S, ChartWindow

WHOLE = (START, NOW)


def test_zooming_in_keeps_the_middle_and_panning_stays_inside() -> None:
    window = ChartWindow()
    middle = datetime(2026, 3, 10, 14, 30, tzinfo=UTC)
    window.zoom(WHOLE, 1, middle)
    start, end = window.of(WHOLE)
    assert (end - start) == (NOW - START) / 2
    assert start <= middle <= end
    for _ in range(20):
        window.pan(WHOLE, 1)
    assert window.of(WHOLE)[1] == NOW
    for _ in range(20):
        window.pan(WHOLE, -1)
    assert window.of(WHOLE)[0] == START


def test_zooming_out_ends_at_the_whole_and_in_at_a_few_samples() -> None:
    window = ChartWindow()
    for _ in range(30):
        window.zoom(WHOLE, 1, NOW)
    start, end = window.of(WHOLE)
    assert (end - start).total_seconds() >= LEAST_SPAN_S
    for _ in range(40):
        window.zoom(WHOLE, -1, NOW)
    assert window.of(WHOLE) == WHOLE
    assert not window.zoomed


def test_the_table_has_the_charts_samples_no_more_than_it_has_rows() -> None:
    series = latency().records[0]
    rows = sample_rows(series, *WHOLE, 10)
    assert len(rows) <= 10
    assert min(row.low for row in rows) == pytest.approx(
        min(value for time, value in zip(series.times, series.values, strict=True) if time >= START.timestamp())
    )
    every = sample_rows(series, NOW - timedelta(minutes=5), NOW, 100)
    assert len(every) == 6
    assert all(row.low == row.high for row in every)


async def test_the_keys_zoom_pan_and_show_the_table(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        await pilot.press("3")
        await settle(pilot)
        before = shown(app)
        await pilot.press("z", "z")
        await settle(pilot)
        zoomed = shown(app)
        assert zoomed != before
        assert "Z zooms out" in zoomed
        await pilot.press("left_curly_bracket")
        await settle(pilot)
        assert shown(app) != zoomed
        await pilot.press("v")
        await settle(pilot)
        assert isinstance(app.screen, SamplesScreen)
        assert "200 ms" in shown(app) or "1.5 s" in shown(app)
        await pilot.press("escape")
        await settle(pilot)
        await pilot.press("Z", "Z", "Z")
        await settle(pilot)
        assert "Z zooms out" not in shown(app)
