"""What rollouts and scalings say by themselves: two unlike cases of each rule, and two that look like it and aren't.

A made-up print shop: `desk` takes orders and asks `press`, `press` asks `ink`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from incident_facts import ONSET, change, found, graph, opened, shift, state_of

from engine.hypotheses import Hypothesis
from engine.reason import rank_facts
from primitives.facts import Fact, MetricAtLimit, OwnShare
from primitives.records import Symptom

SHOP = graph({"desk": "service", "press": "service", "ink": "service"}, ("desk", "press"), ("press", "ink"))
SLOW = Symptom(resource="press", metric="latency_p95", direction="above")
FULL = "it ran full right after it, with no more requests"
REPLACED = "another revision had taken its place before the onset"
GONE = "nothing is left of what the symptom depends on"


def ranked(*facts: Fact, symptom: Symptom = SLOW) -> tuple[Hypothesis, ...]:
    return rank_facts(found(SHOP, *facts), opened(symptom)).hypotheses


def said(of: str, *facts: Fact, symptom: Symptom = SLOW) -> set[str]:
    """What is said for and against the change `of`, or the cause of that name."""
    return {item.why for entry in ranked(*facts, symptom=symptom) if of in (entry.change, entry.cause_id)
            for item in entry.evidence}  # fmt: skip


def full(resource: str = "press", minutes_after: float = 0.0, metric: str = "connection_pool_utilization") -> Fact:
    seen = shift(resource).model_dump(include={"window", "observed_at", "source"}, by_alias=True)
    return MetricAtLimit.model_validate({
        **seen, "resource": resource, "metric": metric, "unit": "%", "limit": 100.0, "peak": 100.0, "ratio": 1.0,
        "since": ONSET + timedelta(minutes=minutes_after),
    })  # fmt: skip


def requests(resource: str = "press", current: float = 50.0, **more: Any) -> Fact:
    return shift(resource, "requests", kind="traffic", unit="{request}/s", baseline=50.0, current=current, **more)


def scaled(resource: str, replicas: int, minutes_before: float = 0.5) -> Fact:
    after = {"replicas": replicas}
    return change(f"{resource} {replicas}", resource, minutes_before=minutes_before, kind="scaling", after=after)


def rollout(name: str, minutes_before: float, resource: str = "press") -> Fact:
    return change(name, resource, minutes_before=minutes_before, after={"replica_set": name})


@pytest.mark.parametrize(
    "facts",
    [
        (rollout("r2", 0.5), full(), requests(absent=True)),
        (change("flag", "press", kind="feature_flag"), full(metric="thread_pool_utilization"), requests(current=52.0)),
    ],
)
def test_what_runs_full_after_new_code_without_more_requests_is_its_doing(facts: tuple[Fact, ...]) -> None:
    assert FULL in said("r2", shift("press"), *facts) | said("flag", shift("press"), *facts)


@pytest.mark.parametrize(
    "facts",
    [
        (full(), requests(current=150.0)),  # there are three times the requests
        (full(), requests(absent=True), shift("ink")),  # what it calls is slower: that holds them
        (full(),),  # nobody counts its requests
        (full("ink"), requests(absent=True)),  # something else is full
        (full(minutes_after=-20), requests(absent=True)),  # it was full before
    ],
)
def test_what_is_full_for_another_reason_is_not(facts: tuple[Fact, ...]) -> None:
    assert FULL not in said("r2", shift("press"), rollout("r2", 0.5), *facts)


def test_a_revision_that_another_replaced_before_the_onset_did_no_harm() -> None:
    facts = (shift("press"), rollout("r1", 3), rollout("r2", 0.5))
    assert REPLACED in said("r1", *facts)
    assert REPLACED not in said("r2", *facts)
    assert ranked(*facts)[0].change == "r2"


@pytest.mark.parametrize(
    "later",
    [
        rollout("r2", -5),  # the cure came after the onset
        rollout("r2", 0.5, resource="ink"),  # it is another workload's
        change("r2", "press", minutes_before=0.5),  # a deployment that may be of a part of it
    ],
)
def test_a_revision_that_still_ran_may_have(later: Fact) -> None:
    assert REPLACED not in said("r1", shift("press"), rollout("r1", 3), later)


def own(resource: str) -> Fact:
    seen = shift(resource).model_dump(include={"window", "observed_at", "source"}, by_alias=True)
    return OwnShare.model_validate({
        **seen, "resource": resource, "symptom_resource": "press", "metric": "error_ratio", "unit": "1",
        "own_excess": 0.9, "share": 1.0, "noise": 0.01,
    })  # fmt: skip


FAILS = shift("press", "error_ratio", kind="errors", unit="1", baseline=0.0, current=0.9)


@pytest.mark.parametrize("facts", [(scaled("ink", 0),), (scaled("ink", 0), own("press"), rollout("r9", 2))])
def test_what_was_scaled_to_zero_is_why_those_that_need_it_fail(facts: tuple[Fact, ...]) -> None:
    failing = Symptom(resource="press", metric="error_ratio", direction="above")
    best = ranked(FAILS, *facts, symptom=failing)[0]
    assert (best.cause_id, best.resource) == ("scaled_to_zero", "ink")
    assert GONE in said("scaled_to_zero", FAILS, *facts, symptom=failing)


@pytest.mark.parametrize(
    "facts",
    [
        (scaled("ink", 0, minutes_before=-5),),  # after the onset
        (scaled("ink", 1),),  # one is left
        (scaled("desk", 0),),  # the symptom's resource doesn't need it
        (scaled("ink", 0, minutes_before=4), scaled("ink", 2, minutes_before=2)),  # it is there again
    ],
)
def test_what_is_there_or_is_not_needed_is_not(facts: tuple[Fact, ...]) -> None:
    failing = Symptom(resource="press", metric="error_ratio", direction="above")
    assert GONE not in said("scaled_to_zero", FAILS, *facts, symptom=failing)


LATE_PROBE = "it was passed until there were more requests"


def probe(message: str = "Liveness probe failed: context deadline exceeded", bearing: str = "active") -> Fact:
    return state_of("press", "LivenessProbeFailed", message=message, bearing=bearing)


@pytest.mark.parametrize("facts", [(requests(current=150.0), probe()), (requests(current=90.0), probe("timeout"))])
def test_a_probe_that_times_out_under_more_load_is_right(facts: tuple[Fact, ...]) -> None:
    assert LATE_PROBE in said("liveness_probe_misconfigured", shift("press"), *facts)


@pytest.mark.parametrize(
    "facts",
    [
        (requests(absent=True), probe()),  # as many requests as ever
        (requests(current=150.0), probe("Liveness probe failed: HTTP probe failed with statuscode: 404")),
        (requests("ink", current=150.0), probe()),  # others get more
        (requests(current=150.0), probe(bearing="past")),
    ],
)
def test_a_probe_that_fails_for_another_reason_may_be_wrong(facts: tuple[Fact, ...]) -> None:
    assert LATE_PROBE not in said("liveness_probe_misconfigured", shift("press"), *facts)
