"""Whether an incident is still bad: by what raised the alarm, and never by another resource's number."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest

from engine.condition import condition_from, tells_condition
from engine.events import IncidentOpened, ReadingTaken, SymptomChanged
from engine.hypotheses import Judgement
from engine.incident import FoundFact
from engine.state.watch import WatchState
from primitives.facts import AlertState, Fact, MetricShift, WorkloadState
from primitives.records import Symptom, Window

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
WINDOW = Window(start=NOW - timedelta(hours=1), end=NOW)
UNWATCHED = WatchState()


def shift(**changes: Any) -> MetricShift:
    values: dict[str, Any] = {
        "resource": "basket", "metric": "latency_p95", "kind": "latency", "unit": "s", "statistic": "p95",
        "worse": True, "baseline": 0.2, "spread": 0.01, "current": 1.5, "peak": 1.7, "score": 130.0, "samples": 20,
        "baseline_samples": 60, "observed_at": NOW, "source": "metrics", "latest": 1.5, "latest_at": NOW,
    }  # fmt: skip
    return MetricShift(**values | changes)


def pod(**changes: Any) -> WorkloadState:
    values: dict[str, Any] = {
        "resource": "a/deployment/b", "object": "a/pod/b-1", "kind": "pod", "state": "CrashLoopBackOff",
        "observed_at": NOW, "source": "kubernetes", "hurt": True,
    }  # fmt: skip
    return WorkloadState(**values | changes)


def alert(state: str) -> AlertState:
    return AlertState(name="basket is slow", state=state, observed_at=NOW, source="alerts")


def opened(metric: str | None = "latency_p95") -> IncidentOpened:
    return IncidentOpened(
        title="basket is slow", query="basket is slow", origin="recorded", detected_at=NOW, now=NOW, window=WINDOW,
        symptom=Symptom(resource="basket", metric=metric, direction="above"),
    )  # fmt: skip


def of(*facts: Fact, judgements: dict[str, Judgement] | None = None, watch: WatchState = UNWATCHED) -> str:
    known = [FoundFact(f"F{number}", "S1", "", fact) for number, fact in enumerate(facts, 1)]
    telling = [each for each in known if tells_condition(each.fact, opened())]
    return condition_from(telling, judgements or {}, watch).state


def watched(*states: Literal["recovered", "returned"], read_at: datetime) -> WatchState:
    """A watch that saw the symptom change, last at `read_at`."""
    watch = WatchState().after(ReadingTaken(asked=1), read_at)
    for state in states:
        watch = watch.after(SymptomChanged(state=state, since=read_at), read_at)
    return watch


@pytest.mark.parametrize(
    ("latest", "state"), [(1.5, "bad"), (1.0, "bad"), (0.6, "recovering"), (0.22, "recovered"), (0.2, "recovered")]
)
def test_the_newest_level_of_the_metric_that_raised_the_alarm_decides(latest: float, state: str) -> None:
    assert of(shift(latest=latest)) == state


@pytest.mark.parametrize(("latest", "level"), [(0.2, 1.5), (1.5, 0.2)])
def test_where_the_newest_sample_and_the_level_differ_it_is_recovering(latest: float, level: float) -> None:
    assert of(shift(latest=latest, latest_level=level)) == "recovering"
    assert of(shift(latest=0.2, latest_level=0.21)) == "recovered"
    assert of(shift(latest=1.5, latest_level=1.4)) == "bad"


def test_an_episode_that_ended_is_recovered_and_one_that_was_not_measured_since_is_not_known() -> None:
    assert of(shift(ended=NOW)) == "recovered"
    assert of(shift(latest=None, latest_at=None)) == "unknown"


def test_a_metric_that_never_moved_is_normal() -> None:
    assert of(shift(polarity="absent", current=0.2, latest=0.2)) == "normal"


@pytest.mark.parametrize("other", [{"resource": "till"}, {"metric": "latency_p50"}])
def test_another_resources_or_metrics_level_says_nothing(other: dict[str, str]) -> None:
    assert of(shift(**other)) == "unknown"
    assert of(shift(**other, latest=0.2)) == "unknown"


def test_without_the_metric_an_alert_or_an_unhealthy_workload_says_it() -> None:
    assert of(alert("firing")) == "bad"
    assert of(alert("resolved")) == "recovered"
    assert of(alert("resolved"), pod()) == "bad"
    assert of(pod()) == "bad"
    assert of(pod(hurt=None)) == "unknown"
    assert of(pod(bearing="standing")) == "unknown"


def test_what_a_person_excluded_does_not_count() -> None:
    refuted = {"F1": Judgement(verdict="refuted", by="ann")}
    assert of(shift(), judgements=refuted) == "unknown"
    assert of(shift(), judgements={"F1": Judgement(verdict="pinned", by="ann")}) == "bad"


LATER, EARLIER = NOW + timedelta(minutes=5), NOW - timedelta(minutes=5)


def test_what_the_watch_saw_after_the_facts_decides() -> None:
    assert of(shift(), watch=watched("recovered", read_at=LATER)) == "recovered"
    assert of(pod(), watch=watched("recovered", read_at=LATER)) == "recovered"
    assert of(shift(), watch=watched("recovered", "returned", read_at=LATER)) == "returned"
    assert of(watch=watched("recovered", read_at=LATER)) == "recovered"


def test_a_watch_that_saw_no_change_says_nothing() -> None:
    assert of(shift(), watch=watched(read_at=LATER)) == "bad"


def test_a_fact_that_is_newer_than_the_last_reading_decides() -> None:
    assert of(shift(), watch=watched("recovered", read_at=EARLIER)) == "bad"
    assert of(alert("resolved"), watch=watched("recovered", "returned", read_at=EARLIER)) == "recovered"


def test_the_condition_keeps_the_metric_that_raised_the_alarm_and_is_as_old_as_the_reading() -> None:
    known = [FoundFact("F1", "S1", "", shift())]
    condition = condition_from(known, {}, watched("recovered", read_at=LATER))
    assert (condition.at, condition.shift) == (LATER, shift())
