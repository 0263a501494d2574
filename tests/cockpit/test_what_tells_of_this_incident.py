"""Facts that no hypothesis weighs stand in the order of what they say of this incident, and noise is put aside."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from stage import Opened, settle
from story import ENGINE, NOW, ONSET, StoryPort, after_confirmation, before_confirmation, events, shift

from cockpit.widgets.draw import plain
from cockpit.widgets.fact_order import FactOrder
from cockpit.widgets.facts import FactsPane
from cockpit.widgets.words import fact_sign
from engine.events import FactFound
from engine.incident import FoundFact
from primitives.facts import Dependencies, Fact, LogPattern, MetricShift, Observed, SpanShift
from primitives.records import Symptom, Window

SEEN: dict[str, Any] = {"observed_at": NOW, "source": "metrics"}
DETECTED = ONSET + timedelta(minutes=2)
LATER = DETECTED + timedelta(minutes=3)
LATEST = NOW - timedelta(minutes=1)


CALLS = Dependencies(
    resources={"web": "service", "api": "service", "db": "database", "far": "service"},
    edges=(("web", "api", "calls"), ("api", "db", "calls")), **SEEN,
)  # fmt: skip


def take(order: FactOrder, *known: Fact) -> None:
    for number, fact in enumerate(known, 1):
        order.take(FoundFact(f"F{number}", "S1", "", fact))


def ordered(
    *known: Fact, about: str | None = None, symptom: Symptom | None = None, detected: datetime | None = DETECTED
) -> tuple[list[str], list[str]]:
    """The groups in their order, and those that are aside."""
    order = FactOrder(symptom, (), detected)
    take(order, *known)
    order.weigh({}, about)
    groups = order.groups()
    return [group.lead for group in groups], [group.lead for group in groups if order.is_aside(group)]


def grew(
    resource: str, values: tuple[float, float] = (0.2, 1.5), metric: str = "latency_p99", **more: Any
) -> MetricShift:
    return shift(metric, resource, values, "s", "0" * 64, **{"onset_uncertainty_s": 60.0, "score": 9.0} | more)


def logged(resource: str, **more: Any) -> LogPattern:
    given = {"template": "no instances", "severity": "ERROR", "count": 6, "baseline_count": 0.0, "first_seen": ONSET}
    return LogPattern.model_validate({"resource": resource, **given, **SEEN, **more})


def test_the_factor_of_a_change_counts_and_not_how_calm_its_metric_was() -> None:
    steady, grown = grew("a", (0.2, 0.3), score=1000.0), grew("b", (0.2, 2.0), score=9.0)
    assert ordered(steady, grown)[0] == ["F2", "F1"]


def test_what_calls_the_blamed_one_or_is_called_by_it_comes_before_others() -> None:
    far, web, db = grew("far", (0.2, 20.0)), grew("web", (0.2, 1.0)), grew("db", (0.2, 0.8))
    assert ordered(far, web, db, CALLS, about="api")[0][:3] == ["F2", "F3", "F1"]
    assert ordered(CALLS, far, web, db, about="api")[0][:3] == ["F3", "F4", "F2"], "whichever comes first"


def test_the_neighbours_change_with_what_is_blamed() -> None:
    calls = Dependencies(
        resources={"web": "service", "api": "service", "db": "service"}, edges=(("web", "api", "calls"),), **SEEN
    )
    order = FactOrder(None, ())
    take(order, calls, grew("far", (0.2, 20.0)), grew("web"))
    order.weigh({}, "api")
    assert [group.lead for group in order.groups()][:2] == ["F3", "F2"]
    order.weigh({}, "db")
    assert [group.lead for group in order.groups()][:2] == ["F2", "F3"]


def test_a_failure_that_was_never_logged_before_comes_before_small_shifts() -> None:
    small, new, known = grew("a", (0.2, 0.6)), logged("b"), logged("c", baseline_count=4.0)
    warned = logged("d", severity="WARN")
    assert ordered(small, new, known, warned)[0] == ["F2", "F1", "F4", "F3"]
    assert ordered(grew("a", (0.2, 9.0)), new)[0] == ["F1", "F2"], "no more than a metric of many times its level"


def test_requests_that_fail_come_before_what_is_slower() -> None:
    failing = grew("a", (100.0, 75.0), "availability", kind="availability").model_copy(update={"unit": "%"})
    assert ordered(grew("b", (0.2, 1.5)), failing)[0] == ["F2", "F1"]


def test_what_hardly_leaves_its_noise_or_was_so_from_the_start_comes_after_what_does_not() -> None:
    window = Window(start=ONSET - timedelta(minutes=10), end=NOW)
    weak = grew("a", (0.2, 20.0), score=3.4)
    before = grew("b", (0.2, 20.0), onset=window.start, window=window)
    assert ordered(weak, before, grew("c", (0.2, 0.6)), logged("d"))[0][:2] == ["F4", "F3"]


def test_what_moved_after_the_detection_or_in_one_short_sample_is_aside() -> None:
    later, lone = grew("a", (0.2, 99.0), onset=LATER), grew("b", (0.2, 99.0), samples=1, latest=0.2)
    first = grew("c", (0.2, 0.5))
    places, aside = ordered(later, lone, first)
    assert places[0] == "F3"
    assert sorted(aside) == ["F1", "F2"]
    coarse: dict[str, Any] = {"onset_uncertainty_s": 300.0}
    assert not ordered(grew("a", onset=LATER, **coarse), grew("b", samples=1, latest=0.2, **coarse))[1]
    assert not ordered(grew("b", samples=1, latest=1.5))[1], "the last sample may be the first of many"
    assert not ordered(later, detected=None)[1]


@pytest.mark.parametrize(("latest", "once"), [(0.2, True), (0.35, True), (5.0, False), (40.0, False)])
def test_once_is_said_of_what_is_about_normal_again(latest: float, once: bool) -> None:
    """0.2 s is normal and 99 s the worst: 5 s are a twentieth of that, and 25 times what is normal."""
    line = grew("b", (0.2, 99.0), samples=1, latest=latest)
    assert line.is_single_peak is once
    assert bool(ordered(line)[1]) is once


def test_what_was_over_before_the_detection_comes_after_what_was_not() -> None:
    over = grew("a", (0.2, 99.0), back_at=DETECTED - timedelta(seconds=30))
    assert ordered(over, logged("b"), grew("c", (0.2, 0.6)))[0] == ["F2", "F3", "F1"]


def test_a_lone_sample_that_hardly_weighs_does_not_come_before_new_failures() -> None:
    lone = grew("a", (0.2, 9.0), samples=1, latest=0.2)
    order = FactOrder(None, (), DETECTED)
    take(order, lone, logged("b"))
    order.weigh({"F1": 0.3}, "a")
    assert [group.lead for group in order.groups()] == ["F2", "F1"]
    order.weigh({"F1": 3.0}, "a")
    assert [group.lead for group in order.groups()] == ["F1", "F2"]


def test_what_is_called_for_the_first_time_and_fails_comes_before_the_evidence_where_the_blamed_one_calls_it() -> None:
    first = Observed(resource="db", kind="first_requests", subject="all 63 failed, from 17:37 on", **SEEN)
    order = FactOrder(None, (), DETECTED)
    take(order, CALLS, grew("api"), first)
    order.weigh({"F2": 5.0}, "api")
    assert [group.lead for group in order.groups()][:2] == ["F3", "F2"]
    order.weigh({"F2": 5.0}, "far")
    assert [group.lead for group in order.groups()][:2] == ["F2", "F3"]
    assert fact_sign(first) == ("✗", "bad")


def test_what_moved_by_so_little_that_nobody_feels_it_is_aside() -> None:
    better = grew("a", (0.79, 0.63), worse=False)
    assert sorted(ordered(better, grew("b", (0.2, 0.22)), grew("c", (0.2, 0.6)))[1]) == ["F1", "F2"]


def test_a_message_that_stopped_says_less_where_its_writer_goes_on_serving() -> None:
    gone = logged("api", count=0, baseline_count=30.0, last_seen=ONSET)
    other = grew("db", (0.2, 0.6))
    served = grew("api", (0.2, 0.21), polarity="absent", worse=False)
    for facts, first in (((gone, other, served), "F2"), ((gone, other), "F1")):
        order = FactOrder(None, (), DETECTED)
        take(order, *facts)
        order.weigh({"F1": 4.0, "F2": 3.0}, "api")
        assert order.groups()[0].lead == first


def test_what_is_the_incidents_own_or_weighed_is_never_aside() -> None:
    later = grew("shop", onset=LATER)
    assert not ordered(later, about="shop")[1]
    assert not ordered(later, symptom=Symptom(resource="shop", metric="errors"))[1]
    order = FactOrder(None, (), DETECTED)
    order.take(FoundFact("F1", "S1", "", later))
    order.weigh({"F1": 1.0})
    assert not order.is_aside(order.groups()[0])


def test_a_span_that_takes_hardly_longer_is_felt_by_nobody() -> None:
    def span(before: float, now: float) -> SpanShift:
        return SpanShift(resource="a", operation="GET /", baseline=before, current=now, score=99.0, samples=9, **SEEN)

    assert ordered(span(0.010, 0.0105), span(0.010, 0.09), grew("b", (0.2, 0.6)))[0] == ["F2", "F3", "F1"]


def test_what_users_feel_comes_first_where_nothing_measured_raised_the_alarm() -> None:
    weighed = grew("db", (0.2, 9.0), "queue_length", kind="saturation")
    once = grew("web", (0.4, 2.1), samples=1, latest=0.3)
    order = FactOrder(None, (), DETECTED)
    take(order, CALLS, weighed, once, grew("api"))
    order.weigh({"F2": 4.0}, "db")
    assert [group.lead for group in order.groups()][:2] == ["F3", "F2"]
    assert not any(order.is_aside(group) for group in order.groups())


def test_what_callers_feel_comes_second_where_load_raised_the_alarm() -> None:
    load = shift("cpu_utilization", "db", (20.0, 95.0), "%", "0" * 64, kind="saturation")
    symptom = Symptom(resource="db", metric="cpu_utilization")
    own = grew("db", (0.01, 0.2))
    assert ordered(CALLS, own, grew("api"), load, symptom=symptom)[0][:3] == ["F4", "F3", "F2"]
    hits = grew("api", (0.9, 0.4), "cache_hit_ratio", kind="availability").model_copy(update={"unit": "1"})
    assert ordered(CALLS, own, hits, load, symptom=symptom)[0][:3] == ["F4", "F2", "F3"], "only its latency is felt"
    slow = grew("db", (0.2, 9.0), "latency_p95")
    of_latency = Symptom(resource="db", metric="latency_p95")
    queue = grew("db", (1.0, 3.0), "queue_length", kind="saturation")
    told = "the alarm itself tells what is felt"
    assert ordered(CALLS, grew("api"), queue, slow, symptom=of_latency)[0][:3] == ["F4", "F3", "F2"], told


def test_a_message_that_comes_as_often_as_ever_says_nothing_new() -> None:
    usual, grown = logged("a", count=12, baseline_count=9.0), logged("b", count=40, baseline_count=9.0)
    assert ordered(usual, grew("c", (100.0, 101.0)), grown)[0] == ["F3", "F2", "F1"]


async def test_what_is_aside_is_folded_to_a_line_that_says_why(opened: Opened) -> None:
    late = [
        FactFound(id=f"F9{number}", step="S1", key=f"late-{number}", fact=grew(f"far-{number}", onset=LATEST))
        for number in range(3)
    ]
    after = after_confirmation()
    at = next(number for number, (_, _, body) in enumerate(after) if isinstance(body, FactFound))
    more = [(0.1, ENGINE, body) for body in late]
    port = StoryPort(events([*before_confirmation(), *after[:at], *more, *after[at:]]), wait=False)
    async with opened(port=port, size=(120, 36)) as (app, pilot):
        await settle(pilot)
        pane = app.screen.query_one(FactsPane)
        keys = [row.key for row in pane.rows()]
        assert "aside" in keys
        assert not {"F90", "F91", "F92"} & set(keys)
        row = next(row for row in pane.rows() if row.key == "aside")
        assert plain(pane.line(row, 60, selected=False).left).strip() == "▸ 3 less telling: moved 3 after the alert"
        pane.select("F91")
        assert "F91" in [row.key for row in pane.rows()], "unfolded before the cursor goes to it"
