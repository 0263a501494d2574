"""What has been as usual for a while is over; what may come back, or still says that it is ill, isn't."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from incident_facts import ONSET, SEEN, change, found, graph, limit, log, opened, shift, state_of

from engine.reason import rank_facts
from primitives.facts import ChangeFound, Fact, MetricShift, ProbeResult
from primitives.records import Symptom, Window

LATER = ONSET + timedelta(minutes=50)


def back(fact: MetricShift, to: float | None = None) -> MetricShift:
    """The same shift, with its last sample where it was before, or at `to`."""
    return fact.model_copy(update={"latest": fact.baseline if to is None else to, "latest_at": LATER})


def errors(resource: str, minutes: float) -> Fact:
    at = ONSET + timedelta(minutes=minutes)
    return log(resource, "unavailable").model_copy(update={"first_seen": ONSET, "last_seen": at})


def answers(*facts: Fact, now: Any = LATER, about: str = "api", metric: str = "latency_p95") -> list[str]:
    window = Window(start=ONSET - timedelta(minutes=10), end=now)
    case = opened(symptom=Symptom(resource=about, metric=metric, direction="above"), now=now, window=window)
    return [known.cause_id for known in rank_facts(found(*facts), case).hypotheses]


def slow_for_a_while() -> tuple[Fact, ...]:
    """A query slowed a shop's database and what reads it."""
    cpu = shift("db", "cpu_usage", kind="saturation", unit="%", baseline=30, current=98)
    known = graph({"api": "service", "db": "database"}, ("api", "db"))
    return back(shift("api")), back(cpu, 33.0), limit("db", "cpu_usage", 0.98), errors("api", 8), known


def failed_for_a_while() -> tuple[Fact, ...]:
    """A library's search answered with errors after a release, and stopped to by itself."""
    failing = shift("search", "errors", kind="errors", unit="{error}", baseline=1, current=400)
    known = graph({"search": "service"})
    return back(failing, 3.0), errors("search", 11), change("r-7", "search"), known


def test_what_has_been_as_usual_for_a_while_is_over() -> None:
    assert answers(*slow_for_a_while())[0] == "recovered"
    assert answers(*failed_for_a_while(), about="search", metric="errors")[0] == "recovered"


@pytest.mark.parametrize(
    "more",
    [
        # Another part of it is still slow, errors still come, a check fails, or a container dies now.
        (back(shift("db", "query_time"), 1.5),),
        (errors("db", 45),),
        (ProbeResult(resource="api", probe="tcp_connect", target="db:5432", result="refused", healthy=False, output="",
                     **SEEN),),
        (state_of("api", "CrashLoopBackOff"),),
        # Nobody knows what it is now: no last sample, or one of long ago.
        (shift("db", "query_time"),),
        (back(shift("db", "query_time")).model_copy(update={"latest_at": ONSET + timedelta(minutes=9)}),),
        # Full, and never said to be less full.
        (limit("db", "disk_used", 0.99),),
    ],
)  # fmt: skip
def test_what_is_wrong_somewhere_is_not_over(more: tuple[Fact, ...]) -> None:
    assert answers(*slow_for_a_while(), *more)[0] != "recovered"


@pytest.mark.parametrize("minutes", [5, 15])
def test_a_lull_of_minutes_is_no_recovery(minutes: int) -> None:
    now = ONSET + timedelta(minutes=minutes)
    facts = [
        fact.model_copy(update={"latest_at": now}) if isinstance(fact, MetricShift) else fact
        for fact in slow_for_a_while()
    ]
    assert answers(*facts, now=now)[0] != "recovered"


def test_what_is_still_so_is_not_over_however_late() -> None:
    facts = [back(fact, fact.current) if isinstance(fact, MetricShift) else fact for fact in slow_for_a_while()]
    assert answers(*facts)[0] != "recovered"


def test_what_somebody_cured_has_a_cause_to_be_told() -> None:
    undone = change("r-6", "search", minutes_before=-20)
    assert answers(*failed_for_a_while(), undone, about="search", metric="errors")[0] != "recovered"
    # What was changed before is no cure.
    earlier = change("r-5", "search", minutes_before=90)
    assert answers(*failed_for_a_while(), earlier, about="search", metric="errors")[0] == "recovered"


def test_the_record_that_announced_work_is_over_is_no_cure_and_more_work_than_before_no_trouble() -> None:
    work = change("w-1", "search", minutes_before=3, kind="infrastructure", summary="w-1 planned maintenance of search")
    closed = change(
        "w-1c", "search", minutes_before=-14, kind="infrastructure", summary="w-1 finished, all checks passed"
    )
    busier = shift("search", "requests", kind="traffic", baseline=70, current=120)
    facts = (*failed_for_a_while()[:2], work, closed, back(busier, 121.0), failed_for_a_while()[3])
    assert answers(*facts, about="search", metric="errors")[0] == "recovered"
    # A release that was finished then is a change like others, and so is work that nobody announced.
    released = change("r-8", "search", minutes_before=-14, summary="rollout of r-8 finished")
    assert answers(*failed_for_a_while(), released, about="search", metric="errors")[0] != "recovered"
    # Fewer requests than before are missed by somebody.
    fewer = shift("search", "requests", kind="traffic", baseline=120, current=50)
    assert answers(*failed_for_a_while(), back(fewer, 50.0), about="search", metric="errors")[0] != "recovered"


def repaired(actor: str, summary: str) -> Fact:
    by_itself = change("a-1", "search", minutes_before=-5, kind="scaling", summary=summary)
    assert isinstance(by_itself, ChangeFound)
    assert by_itself.change is not None
    return by_itself.model_copy(update={"change": by_itself.change.model_copy(update={"actor": actor})})


@pytest.mark.parametrize("actor", ["autoscaling.amazonaws.com", "system:serviceaccount:kube-system:karpenter"])
def test_what_the_platform_replaced_by_itself_is_over(actor: str) -> None:
    facts = failed_for_a_while()
    instance = back(shift("i-77", "status_check_failed", kind="errors", unit="{check}", baseline=0, current=1), 1.0)
    gone = instance.model_copy(update={"latest_at": ONSET + timedelta(minutes=4)})
    swap = repaired(actor, "Terminating instance i-77: it failed a health check; launching i-78")
    assert answers(*facts, gone, swap, about="search", metric="errors")[0] == "recovered"
    # Nobody says that it was replaced, or a person did it.
    assert answers(*facts, gone, about="search", metric="errors")[0] != "recovered"
    by_hand = repaired("ann", "Terminating instance i-77: it failed a health check; launching i-78")
    assert answers(*facts, gone, by_hand, about="search", metric="errors")[0] != "recovered"
