"""The detail, its chart and the header: the same number is told the same way everywhere, and of the right time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from rich.cells import cell_len
from stage import Opened, settle
from story import ONSET, START, WINDOW, StoryPort

from cockpit.widgets.chart import Chart, chart
from cockpit.widgets.describe import describe_fact
from cockpit.widgets.draw import Line, Styles, plain, wrap
from cockpit.widgets.fields import fields
from cockpit.widgets.marks import Mark
from cockpit.widgets.words import levels, percent
from engine.incident import FoundFact, IncidentState
from primitives.display_names import full_name
from primitives.facts import Fact, MetricAtLimit, MetricShift, OwnShare, SpanErrors, WorkloadState
from primitives.records import Metric, Series
from themes import PALETTES

SEEN: dict[str, Any] = {"observed_at": ONSET, "source": "test", "window": WINDOW}
INK = Styles(next(iter(PALETTES.values())))
STATE = IncidentState()


def shift(**more: Any) -> MetricShift:
    values: dict[str, Any] = {
        "resource": "api", "metric": "error_rate", "kind": "errors", "unit": "1", "statistic": "average",
        "worse": True, "baseline": 0.01, "spread": 0.002, "current": 0.25, "peak": 0.4, "score": 40.0, "samples": 40,
        "baseline_samples": 60, **SEEN, **more,
    }  # fmt: skip
    return MetricShift(**values)


def text(lines: list[Line]) -> str:
    return "\n".join(plain(line.left) + plain(line.right) for line in lines)


def told(fact: Fact, width: int = 100, last: float | None = None) -> str:
    return text(describe_fact(FoundFact("F1", "S1", "key", fact), STATE, width, full_name, last))


def test_only_the_newest_sample_is_now() -> None:
    without = told(shift())
    assert "baseline 1 % ± 0.2 %   during 25 %   worst 40 %" in without
    assert "now" not in without
    assert "worst 40 %   now 2 %" in told(shift(), last=0.02)


def test_the_levels_of_a_shift_go_to_the_next_line_where_they_do_not_fit() -> None:
    lines = told(shift(), width=30, last=0.02).splitlines()
    assert any(line.strip().startswith("now 2 %") for line in lines)
    assert all(cell_len(line.rstrip()) <= 30 for line in lines)


@pytest.mark.parametrize(
    ("share", "words"), [(0.8, "80 %"), (0.0, "0 %"), (0.004, "<1 %"), (0.01, "1 %"), (0.996, ">99 %"), (1.0, "100 %")]
)
def test_what_is_not_certain_is_never_told_as_certain(share: float, words: str) -> None:
    assert percent(share) == words


def test_the_header_tells_from_where_to_where_in_percent() -> None:
    assert levels(shift()) == ("1", "25 %")


def test_a_thousands_separator_is_no_unit() -> None:
    counted = {"unit": "1", "kind": "other", "metric": "orders"}
    assert levels(shift().model_copy(update={**counted, "baseline": 1200.0, "current": 3200.0})) == ("1 200", "3 200")


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (MetricAtLimit(resource="db", metric="cpu", unit="1", limit=1.0, peak=0.96, ratio=0.96, **SEEN),
         "limit 100 % · peak 96 % · ratio 96 %"),
        (OwnShare(resource="db", symptom_resource="api", metric="error_rate", unit="1", own_excess=0.12, share=1.6,
                  noise=0.01, **SEEN), "own excess 12 percentage points · share 100 % · noise 1 percentage point"),
        (SpanErrors(resource="db", operation="GET", errors=3, total=4, baseline_ratio=0.125, **SEEN),
         "baseline ratio 12.5 %"),
    ],
)  # fmt: skip
def test_a_ratio_is_a_percentage_in_the_detail_too_and_never_over_a_hundred(fact: Fact, expected: str) -> None:
    assert expected in told(fact, 200)


def test_a_label_never_runs_into_its_value() -> None:
    for label in ("on", "ten-letter", "eleven-char", "a label of many letters"):
        first, *more = fields(label, "value " * 20, 60)
        assert plain(first.left).startswith(f" {label} ")
        assert all(cell_len(plain(line.left)) <= 60 for line in (first, *more))
        assert {len(plain(line.left)) - len(plain(line.left).lstrip()) for line in more} == {
            plain(first.left).index("value")
        }


def test_the_whole_label_is_shown() -> None:
    fact = WorkloadState(resource="shop/pod/a", object="shop/pod/a", kind="Pod", state="Unhealthy", message="",
                         details={"memory_limit": "256Mi"}, since=ONSET, **SEEN)  # fmt: skip
    assert "details    memory_limit 256Mi" in told(fact)
    assert "since 14:30:00" in told(fact)


def test_a_number_and_its_unit_stay_together_where_a_line_breaks() -> None:
    assert wrap("it took 12 ms", 10) == ["it took", "12 ms"]
    assert "\u00a0" not in "".join(wrap("it took 12 ms and 7 315 requests", 40))


def series(values: list[float], unit: str, kind: Any = "latency") -> Series:
    times = np.array([START.timestamp() + 60 * number for number in range(len(values))])
    metric = Metric(name="m", kind=kind, unit=unit, statistic="average", worse="higher")
    return Series(resource="api", metric=metric, times=times, values=np.array(values))


def drawn(what: Chart, width: int = 70, height: int = 14) -> list[str]:
    return ["".join(segment.text for segment in strip) for strip in chart(what, width, height, INK)]


def axis(lines: list[str]) -> list[str]:
    return [line.partition("┤")[0].strip() for line in lines if "┤" in line]


@pytest.mark.parametrize(
    ("values", "unit", "kind", "labels"),
    [
        ([0.01, 0.05, 0.38], "1", "errors", ["40 %", "30 %", "20 %", "10 %", "0 %"]),
        ([0.2, 1.6, 1.8], "s", "latency", ["1.5 s", "1.0 s", "0.5 s", "0 s"]),
        ([97.3, 99.0, 103.0], "%", "saturation", ["102 %", "100 %", "98 %"]),
    ],
)
def test_the_axis_is_labelled_with_round_values_in_percent_where_the_sentence_is(
    values: list[float], unit: str, kind: Any, labels: list[str]
) -> None:
    what = Chart(series(values, unit, kind), START, START + timedelta(minutes=3))
    assert axis(drawn(what)) == labels


def test_a_label_stands_in_the_row_of_its_value() -> None:
    flat = Chart(series([0.0, 100.0, 100.0, 100.0], "%", "saturation"), START, START + timedelta(minutes=3))
    row = next(line for line in drawn(flat) if line.strip().startswith("100 %"))
    assert any(0x2800 < ord(letter) < 0x2900 for letter in row)


def test_onset_and_alert_are_drawn_over_the_changes_of_the_same_moment() -> None:
    many = [Mark(ONSET, "▲", "change", f"change-{number}", 3) for number in range(30)]
    marks = [Mark(ONSET, "●", "warning", "onset", 0), *many]
    lines = drawn(Chart(series([1.0] * 30, "s"), START, START + timedelta(minutes=30), marks=marks))
    assert "●" in lines[-2]
    assert "▲" not in lines[-2]
    assert "onset" in lines[-1]


async def test_the_chart_shows_the_changes_of_what_it_shows_and_no_others(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        await settle(pilot)
        from cockpit.widgets.detail import DetailPane

        pane = app.screen.query_one(DetailPane)
        assert pane.view.state is not None
        metric = next(found for found in pane.view.state.facts.values() if found.fact.type == "metric_shift")
        names = {mark.label for mark in pane._marks(metric.fact, START)}
        assert "onset" in names
        other = metric.fact.model_copy(update={"resource": "nobody-knows"})
        assert {mark.label for mark in pane._marks(other, START)} <= {"onset", "alert"}
