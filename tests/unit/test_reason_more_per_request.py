"""Who asks more for each request is why what it calls is slower; who fails is asked again, and that is an effect."""

from __future__ import annotations

from datetime import timedelta

import pytest
from incident_facts import ONSET, change, found, graph, log, opened, share, shift

from engine.reason import rank_facts
from engine.reason.fact_index import FactIndex
from engine.reason.more_per_request import asked_more_per_request
from primitives.facts import Dependencies, Fact, MetricShift
from primitives.records import Symptom

ABOUT = Symptom(resource="shop", metric="latency_p95", direction="above")


def first(*facts: Fact) -> tuple[str, str | None, str | None]:
    best = rank_facts(found(*facts), opened(symptom=ABOUT)).hypotheses[0]
    return best.cause_id, best.resource, best.change


def more_of(*facts: Fact) -> dict[str, str]:
    case = FactIndex(opened(symptom=ABOUT), None, found(*facts))
    return {resource: more.by or more.caller for resource, more in asked_more_per_request(case).items()}


def requests(resource: str, times: float = 1.0, metric: str = "requests_per_second", unit: str = "{request}/s",
             late: timedelta = timedelta(0)) -> MetricShift:  # fmt: skip
    return shift(resource, metric, kind="traffic", unit=unit, baseline=50, current=50 * times, absent=times == 1.0,
                 worse=False, onset=None if times == 1.0 else ONSET + late)  # fmt: skip


def calls(middle: str, last: str, *more: tuple[str, str], kind: str = "service") -> Dependencies:
    edges = (("shop", middle), (middle, last), *more)
    return graph({name: "service" for edge in edges for name in edge} | {last: kind}, *edges)


@pytest.mark.parametrize(
    ("middle", "last", "kind", "metric", "unit", "blamed"),
    [
        ("catalogue", "stock", "feature_flag", "requests_per_second", "{request}/s", "feature_flag_regression"),
        ("ledger", "rates", "deployment", "rpc_server_calls_rate", "{call}/s", "deployment_regression"),
    ],
)
def test_the_callers_change_is_blamed_where_each_of_its_requests_asks_for_more(
    middle: str, last: str, kind: str, metric: str, unit: str, blamed: str
) -> None:
    facts = (
        shift("shop"), shift(middle), shift(last, current=0.9), share(last, 1.0), share(middle, 0.0), share("shop", 0),
        requests("shop"), requests(middle), requests(last, 9.0, metric, unit), requests(middle, 1.0, metric, unit),
        shift(last, "cpu_usage", kind="saturation", unit="%", baseline=12, current=70),
        change("new-3", middle, kind=kind, minutes_before=2),
        change("old-7", last, minutes_before=18), calls(middle, last),
    )  # fmt: skip
    assert first(*facts) == (blamed, middle, "new-3")


@pytest.mark.parametrize(
    ("metric", "unit", "before", "now"),
    [("keyspace_hit_ratio", "%", 94, 40), ("cache_evictions_per_second", "{key}/s", 3, 1900)],
)
def test_a_cache_that_answers_less_is_why_its_reader_asks_for_more(
    metric: str, unit: str, before: float, now: float
) -> None:
    cache = shift("sessions", metric, kind="other", unit=unit, baseline=before, current=now)
    below = calls("profile", "accounts", ("profile", "sessions"))
    facts = (shift("shop"), requests("profile"), requests("accounts", 6.0), below)
    assert more_of(*facts, cache) == {"accounts": "sessions"}
    assert more_of(*facts) == {"accounts": "profile"}


@pytest.mark.parametrize(
    "effect",
    [
        shift("stock", "error_ratio", kind="errors", unit="1", baseline=0.001, current=0.4),
        log("catalogue", "timeout", points_at="stock"),
        # It was slow first: who waits too long asks again.
        shift("stock", onset=ONSET - timedelta(minutes=6)),
        # All of them are asked more.
        requests("catalogue", 7.0),
    ],
    ids=["it fails", "it times out", "it was slow before", "a surge"],
)
def test_more_calls_are_an_effect_where_the_callee_fails_or_everybody_is_asked_more(effect: Fact) -> None:
    known = () if isinstance(effect, MetricShift) and effect.resource == "catalogue" else (requests("catalogue"),)
    facts = (shift("shop"), *known, requests("stock", 8.0), calls("catalogue", "stock"), effect)
    assert more_of(*facts) == {}


def test_of_two_callers_that_are_asked_as_ever_nobody_knows_which() -> None:
    both = calls("catalogue", "stock", ("orders", "stock"))
    facts = (shift("shop"), requests("catalogue"), requests("stock", 8.0))
    assert more_of(*facts, requests("orders"), both) == {}
    # What a call does is no call: rows that are read, and bytes.
    rows = requests("stock", 800.0, "rows_read_per_second", "{row}/s")
    assert more_of(shift("shop"), requests("catalogue"), rows, calls("catalogue", "stock")) == {}


def test_a_caller_whose_requests_nobody_counts_may_be_it_and_of_several_the_one_that_is_slow() -> None:
    both = calls("catalogue", "stock", ("orders", "stock"))
    more = (shift("shop"), requests("catalogue"), requests("stock", 8.0), both)
    assert more_of(*more) == {}
    assert more_of(*more, requests("orders"), shift("catalogue")) == {"stock": "catalogue"}
    assert more_of(*more, requests("orders"), shift("catalogue"), shift("orders")) == {}
