"""Queues that grow and caches that empty show what somebody else did."""

from __future__ import annotations

from datetime import timedelta

import pytest
from incident_facts import ONSET, SEEN, change, found, log, opened, share, shift

from engine.reason import rank_facts
from primitives.facts import Dependencies, Fact
from primitives.records import Symptom

_EMPTIED = "the cache that it cuts hits less since"


def ranked(*facts: Fact, about: str, metric: str = "latency_p95") -> dict[tuple[str, str | None], float]:
    symptom = Symptom(resource=about, metric=metric, direction="above")
    hypotheses = rank_facts(found(*facts), opened(symptom=symptom)).hypotheses
    return {(known.cause_id, known.resource): known.confidence for known in hypotheses}


def told(*facts: Fact, about: str) -> set[str]:
    """The reasons of all evidence."""
    hypotheses = rank_facts(found(*facts), opened(symptom=Symptom(resource=about, metric="latency_p95"))).hypotheses
    return {item.why for known in hypotheses for item in known.evidence}


def first(*facts: Fact, about: str, metric: str = "latency_p95") -> tuple[str, str | None]:
    return next(iter(ranked(*facts, about=about, metric=metric)))


def read_by(reader: str, queue: str, kind: str = "queue") -> Dependencies:
    kinds = {reader: "workload", queue: kind, "shop": "service"}
    return Dependencies(resources=kinds, edges=((reader, queue, "reads"), ("shop", queue, "writes")), **SEEN)


def growing(queue: str, metric: str = "age_of_oldest_message") -> Fact:
    return shift(queue, metric, baseline=2.0, current=1900.0)


def said(resource: str, text: str, family: str, severity: str = "ERROR", minutes: float = 0.0) -> Fact:
    return log(resource, family, 14).model_copy(
        update={
            "template": text, "example": text, "severity": severity, "family": family or None,
            "first_seen": ONSET + timedelta(minutes=minutes),
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("reader", "queue", "again", "error"),
    [
        ("invoicer", "bills.fifo", "receive id=4 receiveCount=9", "cannot parse amount: NumberFormatException"),
        ("labeller", "parcels", "redelivered=true, handling once more", "IndexError: list index out of range"),
    ],
)
def test_a_reader_that_fails_on_the_same_message_stands_still(reader: str, queue: str, again: str, error: str) -> None:
    facts = (said(reader, again, "", "INFO"), said(reader, error, "exception"), growing(queue), read_by(reader, queue))
    assert first(*facts, about=queue, metric="age_of_oldest_message") == ("consumer_stalled", reader)


@pytest.mark.parametrize(
    "facts",
    [
        # It fails once on each of many messages.
        (said("invoicer", "IndexError: list index out of range", "exception"), growing("bills")),
        # What it calls doesn't answer: the message comes again for another reason.
        (said("invoicer", "receiveCount=3", "", "INFO"), said("invoicer", "connect ETIMEDOUT", "timeout"),
         growing("bills")),
        # Failures from long after the queue began to grow.
        (said("invoicer", "receiveCount=3", "", "INFO"),
         said("invoicer", "IndexError: list index out of range", "exception", minutes=18), growing("bills")),
        # No queue grows.
        (said("invoicer", "receiveCount=3", "", "INFO"),
         said("invoicer", "IndexError: list index out of range", "exception")),
    ],
)  # fmt: skip
def test_other_failures_of_a_reader_are_no_standstill(facts: tuple[Fact, ...]) -> None:
    assert ("consumer_stalled", "invoicer") not in ranked(*facts, read_by("invoicer", "bills"), about="bills")


@pytest.mark.parametrize("kind", ["queue", "topic"])
def test_a_growing_queue_does_not_excuse_its_reader(kind: str) -> None:
    failing = shift("payer", "errors", kind="errors", unit="{error}", baseline=0.5, current=130)
    aged = growing("orders").model_copy(update={"current": 90000.0})
    facts = (failing, aged, read_by("payer", "orders", kind), change("c1", "payer", minutes_before=6))
    assert first(*facts, about="payer", metric="errors") == ("deployment_regression", "payer")
    assert "a dependency is worse as well: orders" not in told(*facts, about="payer")


def test_a_slow_database_still_excuses_its_reader() -> None:
    facts = (shift("payer"), shift("orders", "query_latency"), read_by("payer", "orders", "database"))
    assert "a dependency is worse as well: orders" in told(*facts, about="payer")


def cached(*more: Fact) -> tuple[Fact, ...]:
    """A page is slow since what makes its pictures got three times the requests, and works at its limit."""
    kinds = {"page": "gateway", "pictures": "cache", "painter": "service"}
    edges = (("page", "pictures", "reads"), ("page", "painter", "calls"))
    return (
        Dependencies(resources=kinds, edges=edges, **SEEN),
        shift("page"), shift("painter", current=1.1),
        share("painter", 0.9).model_copy(update={"symptom_resource": "page"}),
        shift("painter", "requests", kind="traffic", unit="{request}", baseline=100, current=300, worse=False),
        shift("painter", "cpu_usage", kind="saturation", unit="%", baseline=35, current=97),
        *more,
    )  # fmt: skip


def fell(metric: str, baseline: float, current: float) -> Fact:
    return shift("pictures", metric, kind="other", unit="1", baseline=baseline, current=current, score=-40)


def cut(before: object, after: object) -> Fact:
    fact = change("cfg-1", "page", kind="configuration", summary="units", after=after)
    assert fact.change is not None
    return fact.model_copy(update={"change": fact.change.model_copy(update={"before": before})})


@pytest.mark.parametrize(
    ("before", "after", "measured"),
    [
        ({"cache": {"ttl": "12h"}}, {"cache": {"ttl": 30}}, fell("cache_hit_ratio", 0.8, 0.07)),
        ({"pictures_max_age": 86400}, {"pictures_max_age": 60}, fell("cache_miss_ratio", 0.2, 0.9)),
    ],
)
def test_what_cuts_the_life_of_cached_things_explains_the_load_behind_the_cache(
    before: object, after: object, measured: Fact
) -> None:
    facts = cached(cut(before, after), measured)
    assert first(*facts, about="page") == ("bad_configuration", "page")
    assert _EMPTIED in told(*facts, about="page")


@pytest.mark.parametrize(
    ("before", "after", "measured"),
    [
        # It hits as ever; or what was cut has nothing to do with a cache; or more is kept.
        ({"cache": {"ttl": "12h"}}, {"cache": {"ttl": 30}}, fell("cache_hit_ratio", 0.8, 0.74)),
        ({"request_timeout": "20s"}, {"request_timeout": "5s"}, fell("cache_hit_ratio", 0.8, 0.07)),
        ({"cache": {"ttl": 30}}, {"cache": {"ttl": "12h"}}, fell("cache_hit_ratio", 0.8, 0.07)),
    ],
)
def test_other_settings_and_other_caches_are_not_joined(before: object, after: object, measured: Fact) -> None:
    assert _EMPTIED not in told(*cached(cut(before, after), measured), about="page")
