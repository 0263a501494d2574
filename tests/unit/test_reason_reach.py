"""The first of two like shortages leads; a lowered limit is tied to what ran full; shared settings reach readers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from incident_facts import ONSET, SEEN, change, found, limit, opened, shift

from engine.reason.claims import HypothesisKey
from engine.reason.fact_index import FactIndex
from engine.reason.first_of_two import first_of_two
from engine.reason.ranking import rank_facts
from engine.reason.reach_of_changes import ran_full, readers
from primitives.facts import Dependencies, Fact, MetricAtLimit
from primitives.records import Symptom


def full(resource: str, metric: str, minutes: float) -> MetricAtLimit:
    return limit(resource, metric, 1.0).model_copy(update={"since": ONSET + timedelta(minutes=minutes)})


def links(kinds: dict[str, str], *edges: tuple[str, str, str]) -> Dependencies:
    return Dependencies(resources=kinds, edges=edges, **SEEN)


CALLS = links({"web": "service", "store": "database"}, ("web", "store", "calls"))


@pytest.mark.parametrize("metric", ["db_connections", "worker_threads"])
def test_the_dependency_that_ran_full_first_leads(metric: str) -> None:
    case = FactIndex(opened(), None, found(CALLS, full("web", metric, 6), full("store", metric, 0)))
    assert {(claim.key.resource, claim.weight > 0) for claim in first_of_two(case)} == {("store", True), ("web", False)}


@pytest.mark.parametrize(
    "facts",
    [
        (CALLS, full("web", "db_connections", 1), full("store", "db_connections", 0)),
        (CALLS, full("web", "db_connections", 0), full("store", "db_connections", 6)),
        (CALLS, full("web", "worker_threads", 6), full("store", "free_storage_space", 0)),
        (full("web", "db_connections", 6), full("store", "db_connections", 0)),
    ],
)
def test_within_a_sample_or_of_unlike_things_no_one_leads(facts: tuple[Fact, ...]) -> None:
    assert not list(first_of_two(FactIndex(opened(), None, found(*facts))))


def lowering(name: str, was: Any, now: Any, minutes: float = 5) -> Any:
    fact = change("c1", "api", minutes_before=minutes, kind="configuration", after={name: now})
    assert fact.change is not None
    return fact.model_copy(update={"change": fact.change.model_copy(update={"before": {name: was}})})


def _tied(fact: Any, *facts: Fact) -> bool:
    case = FactIndex(opened(), None, found(fact, *facts))
    return bool(list(ran_full(case, HypothesisKey("bad_configuration", "api", "c1"), "F1", fact.change)))


def test_a_limit_that_was_lowered_is_tied_to_what_ran_full_of_it() -> None:
    assert _tied(lowering("pool_max_size", 40, 10), full("api", "pool_in_use", 0))
    assert _tied(lowering("worker_threads_max", 200, 50), full("api", "busy_threads", 3))


def test_a_limit_is_not_tied_to_what_was_full_before_or_is_another_thing() -> None:
    assert not _tied(lowering("pool_max_size", 40, 10), full("api", "pool_in_use", -30))
    assert not _tied(lowering("pool_max_size", 40, 10), full("api", "free_storage_space", 0))
    assert not _tied(lowering("pool_max_size", 10, 40), full("api", "pool_in_use", 0))
    assert not _tied(lowering("pool_max_size", 40, 10), full("store", "pool_in_use", 0))


def test_a_shared_setting_reaches_its_readers_and_a_group_its_nodes_and_their_pods() -> None:
    group = links(
        {"workers": "other", "node/a": "node", "till": "workload"},
        ("workers", "node/a", "owns"), ("till", "node/a", "hosts"),
    )  # fmt: skip
    assert readers(FactIndex(opened(), None, found(group)), "workers") == {"node/a", "till"}
    shared = links({"params": "other", "orders": "database"}, ("orders", "params", "depends"))
    assert readers(FactIndex(opened(), None, found(shared)), "params") == {"orders"}


def test_a_service_reaches_no_more_than_before() -> None:
    assert not readers(FactIndex(opened(), None, found(CALLS)), "store")
    called = links({"mail": "other", "web": "service"}, ("web", "mail", "calls"))
    assert not readers(FactIndex(opened(), None, found(called)), "mail")


@pytest.mark.parametrize(("kind", "blamed"), [("other", True), ("database", False)])
def test_a_change_of_what_an_ill_database_is_configured_by_is_blamed(kind: str, blamed: bool) -> None:
    shared = links({"params": kind, "orders": "database", "far": "other"}, ("orders", "params", "depends"))
    alarm = Symptom(resource="orders", metric="latency_p95", direction="above")
    facts = found(shared, shift("orders"), change("p1", "params", kind="configuration"), change("p2", "far"))
    ranked = rank_facts(facts, opened(alarm)).hypotheses
    mine = next(item for item in ranked if item.change == "p1")
    place = [item for item in mine.evidence if "made or configured" in item.why]
    assert bool(place) is blamed
