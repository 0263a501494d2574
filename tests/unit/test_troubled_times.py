"""When a system was in trouble and when it was calm: made-up series of a ferry's booking system."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from engine.events import IncidentOpened, PeriodChosen
from engine.investigate.classify import classify
from engine.investigate.period import choose_period
from primitives.analysis.troubled_times import calm_before, episodes_of, stretches_of
from primitives.metric_names import metric_by_name
from primitives.records import Series, Window

START = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
STEP_S = 5


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def series(
    bad: Sequence[tuple[float, float]], *, until: float = 20, since: float = 0, resource: str = "booking",
    metric: str = "latency_p95", usual: float = 0.2, worst: float = 2.0,
) -> Series:  # fmt: skip
    """Samples each five seconds, bad in the given minutes, with a little noise."""
    minutes = np.arange(since * 60, until * 60, STEP_S) / 60
    values = usual * (1 + 0.05 * np.sin(minutes * 7))
    for begin, end in bad:
        values[(minutes >= begin) & (minutes < end)] = worst
    times = START.timestamp() + minutes * 60
    return Series(resource, metric_by_name(metric), times, values)


def test_each_trouble_is_an_episode_and_the_last_goes_on() -> None:
    episodes = episodes_of([series([(3, 4), (8, 9.5), (18, 20)])])
    assert [(episode.start, episode.end is None) for episode in episodes] == [
        (at(3), False), (at(8), False), (at(18), True),
    ]  # fmt: skip
    assert episodes[0].usual == pytest.approx(0.2, rel=0.1)
    assert episodes[0].worst == 2.0


@pytest.mark.parametrize(
    "calm",
    [
        series([]),
        series([(5, 5.05)]),  # one sample
        series([], worst=0.25),
        series([(minute, minute + 0.3) for minute in range(40)], until=40),  # again and again: how it is
        series([(2, 20)]),  # bad nearly always: nothing tells what is normal
        series([(3, 9)], metric="requests", usual=100, worst=300),  # more requests are no trouble by themselves
    ],
)
def test_what_is_no_episode(calm: Series) -> None:
    assert episodes_of([calm]) == []


def test_troubles_of_services_that_follow_each_other_at_once_are_one() -> None:
    both = [series([(5, 7)]), series([(5.2, 7.2)], resource="harbour"), series([(12, 13)])]
    stretches = stretches_of(episodes_of(both), at(20))
    assert [(stretch.start, stretch.over) for stretch in stretches] == [(at(5), True), (at(12), True)]
    assert {episode.resource for episode in stretches[0].episodes} == {"booking", "harbour"}


def test_the_latest_long_calm_is_normal_else_the_longest() -> None:
    known = Window(start=at(0), end=at(60))
    long = stretches_of(episodes_of([series([(15, 17), (40, 41)], until=60)]), at(60))
    calm = calm_before(long, known)
    assert calm is not None
    assert calm.end == at(60)
    short = stretches_of(episodes_of([series([(4, 5), (7, 8), (9, 10)], until=10)]), at(10))
    first = calm_before(short, Window(start=at(0), end=at(9)))
    assert first == Window(start=at(0), end=at(4))
    assert calm_before(stretches_of(episodes_of([series([(0, 5)], until=10)]), at(10)),
                       Window(start=at(0), end=at(0.1))) is None  # fmt: skip


def chosen(query: str, *found_series: Series, now: float = 20, resources: tuple[str, ...] = ()) -> PeriodChosen | None:
    window = Window(start=at(now - 60), end=at(now))
    opened = IncidentOpened(
        title=query, query=query, origin="live", detected_at=at(now), now=at(now), window=window,
        baseline=Window(start=at(now - 420), end=window.start),
    )  # fmt: skip
    understood = classify(query, resources=resources or ("booking", "harbour"), detected_at=at(now))
    return choose_period(opened, understood, found_series)


def test_the_trouble_of_now_is_what_a_question_is_about_and_the_earlier_ones_are_listed() -> None:
    period = chosen("booking latency is high", series([(6, 8), (12, 13), (18, 20)]))
    assert period is not None
    assert at(16) <= period.window.start < at(18)
    assert period.baseline is not None
    assert period.baseline.end <= at(6)
    assert period.symptom is not None
    assert (period.symptom.resource, period.symptom.metric) == ("booking", "latency_p95")
    assert [episode.start for episode in period.earlier] == [at(6), at(12)]
    assert "nothing was measured before 09:00:00 UTC" in period.because


def test_when_all_is_well_the_time_since_the_last_trouble_is_looked_at() -> None:
    period = chosen("is everything well?", series([(6, 8), (12, 13)]))
    assert period is not None
    assert at(13) <= period.window.start <= at(14)
    assert period.symptom is None
    assert len(period.earlier) == 2


def test_without_earlier_trouble_the_window_by_the_clock_stays_and_the_symptom_is_known() -> None:
    period = chosen("booking latency is high", series([(410, 420)], until=420), now=420)
    assert period is not None
    assert period.window == Window(start=at(360), end=at(420))
    assert period.symptom is not None
    assert (period.because, period.earlier) == ("", ())


def test_the_symptom_is_of_the_kind_and_the_resource_that_the_question_names() -> None:
    slow, failing = series([(15, 20)]), series([(15, 20)], metric="error_ratio", usual=0.0, worst=0.3)
    other = series([(15, 20)], resource="harbour", worst=9.0)
    about = chosen("booking returns errors", slow, failing, other)
    assert about is not None
    assert about.symptom is not None
    assert (about.symptom.resource, about.symptom.metric) == ("booking", "error_ratio")
    unnamed = chosen("everything is slow", slow, other)
    assert unnamed is not None
    assert unnamed.symptom is not None
    assert unnamed.symptom.resource == "harbour"


def test_a_resource_that_is_named_and_well_gives_no_symptom_of_another() -> None:
    period = chosen("harbour latency", series([(15, 20)]), series([], resource="harbour"))
    assert period is None or period.symptom is None


def test_where_nothing_was_measured_nothing_is_chosen() -> None:
    assert chosen("booking latency is high") is None
    assert chosen("booking latency is high", series([], until=420), now=420) is None


def test_a_service_that_is_five_minutes_old_is_told_as_such() -> None:
    young = series([(418, 420)], until=420, since=415, resource="kiosk")
    period = chosen("kiosk is slow", series([], until=420), young, now=420, resources=("kiosk", "booking"))
    assert period is not None
    assert "kiosk is measured only since 15:55:00 UTC, 5 min ago" in period.because
    old = chosen("booking is slow", series([], until=420), young, now=420, resources=("kiosk", "booking"))
    assert old is None or "measured only since" not in old.because
