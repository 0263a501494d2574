"""A pool that shrinks since nothing can be opened is a victim; one that is used up is not."""

from __future__ import annotations

import pytest
from incident_facts import found, graph, limit, log, opened, shift

from engine.reason import rank_facts
from primitives.facts import Fact
from primitives.records import Symptom

KNOWN = graph({"tours": "service", "guide-db": "database"}, ("tours", "guide-db"))
ABOUT = Symptom(resource="tours", metric="errors", direction="above")
FAILS = shift("tours", "errors", kind="errors", unit="{error}", baseline=1, current=300)
EMPTY = (limit("tours", "connections", 1.0), log("tours", "too_many_connections"))


def open_connections(now: float) -> Fact:
    return shift("tours", "pool_connections_active", kind="saturation", unit="{connection}", baseline=20, current=now)


def first(*facts: Fact) -> str:
    return rank_facts(found(KNOWN, FAILS, *EMPTY, *facts), opened(ABOUT)).hypotheses[0].cause_id


@pytest.mark.parametrize(
    ("speaker", "family", "cause"),
    [
        ("guide-db", "authentication", "invalid_credentials"),
        ("tours", "authentication", "invalid_credentials"),
        ("tours", "certificate", "certificate_expired"),
    ],
)
def test_why_nothing_can_be_opened_is_why_a_shrinking_pool_runs_out(speaker: str, family: str, cause: str) -> None:
    assert first(open_connections(3), log(speaker, family)) == cause


def test_a_pool_that_is_used_up_ran_out_whoever_else_is_refused() -> None:
    assert first(open_connections(60), log("guide-db", "authentication")) == "connections_exhausted"
    # Fewer by a setting: nobody is refused.
    assert first(open_connections(3)) == "connections_exhausted"
