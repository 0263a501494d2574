"""A level's line never has the time of another level beside it: fresh eyes took the two for a pair of the data."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from story import ONSET, shift

from cockpit.widgets.beginnings import Beginning, _tails
from cockpit.widgets.draw import cells, plain
from cockpit.widgets.fact_lines import fact_line
from primitives.display_names import full_name
from primitives.facts import Fact, MetricShift

LATER = ONSET + timedelta(minutes=8)


def moved(metric: str = "cpu_utilization", **more: Any) -> MetricShift:
    values = {"latest": 90.0, "peak": 91.0, "kind": "saturation"} | more
    return shift(metric, "shop", (23.7, 91.0), "%", "", **values).model_copy(update={"answers": ()})


def words_of(fact: Fact, width: int, *others: Fact) -> str:
    left, right = fact_line(fact, full_name, width, others, "shop")
    words = f"{plain(left)} |{plain(right)}"
    assert cells(words) - 2 <= width
    return words


@pytest.mark.parametrize("metric", ["cpu_utilization", "latency_p99", "latency_average"])
def test_a_level_that_was_reached_later_has_both_times(metric: str) -> None:
    line = words_of(moved(metric, level_at=LATER), 76)
    assert "23.7 → 91 %" in line
    assert line.endswith("14:30→14:38 ")


def test_in_little_room_the_level_keeps_its_own_time() -> None:
    line = words_of(moved(level_at=LATER), 38)
    assert line.startswith("cpu utilization 23.7 → 91 %")
    assert line.endswith(" by 14:38 ")
    assert "14:30" not in line


def test_a_level_that_was_there_at_once_has_the_time_of_the_onset() -> None:
    assert words_of(moved(), 76).endswith(" 14:30 ")


def test_a_climb_has_its_onset_where_the_line_says_that_it_climbs_and_else_the_time_of_its_level() -> None:
    climb = moved(current=60.0, latest=91.0, samples=9, level_at=LATER)
    assert climb.is_climbing
    wide, narrow = words_of(climb, 60), words_of(climb, 38)
    assert "91 %, climbing" in wide
    assert wide.endswith(" 14:30 ")
    assert "climbing" not in narrow
    assert narrow.endswith(" by 14:38 ")


def test_a_single_peak_has_its_own_time_and_is_told_as_one_sample() -> None:
    peak = moved("latency_p99", samples=1, latest=30.0, level_at=LATER)
    for width in (46, 76):
        line = words_of(peak, width)
        assert "23.7 → 91 % once" in line
        assert line.endswith(" 14:38 ")
        assert "14:30" not in line
    assert "once" not in words_of(moved(samples=1, latest=91.0), 76), "the last sample may be the first of many"


def test_what_is_normal_again_says_so_where_there_is_room() -> None:
    back = moved(back_at=LATER + timedelta(minutes=2))
    assert ", normal again 14:40" in words_of(back, 76)
    assert "normal" not in words_of(back, 40)


def test_a_percentile_that_began_at_another_time_is_not_told_beside_the_first_one() -> None:
    average, with_it = moved("latency_average"), moved("latency_p95")
    later = moved("latency_p99", onset=LATER)
    assert "· p95 too" in words_of(average, 76, with_it, later)
    assert "p99" not in words_of(average, 76, with_it, later)


def test_the_detail_tells_when_the_level_was_reached_and_in_little_room_that_time_alone() -> None:
    later, at_once = moved(level_at=LATER), moved()
    for beside in (None, Beginning(ONSET, exact=True)):
        assert list(_tails(later, "91 %", beside))[:2] == [" since 14:30, reached 14:38", " by 14:38"]
        assert next(_tails(at_once, "91 %", beside)) == " since 14:30"
