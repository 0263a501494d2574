"""Contradicting settings: of those in trouble they speak for a cause, of those that are well hardly anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from incident_facts import SEEN, found, graph, opened, shift
from recorded_incident import RecordedIncident, at, of

from engine.reason.catalogue import causes_of_setting
from engine.reason.claims import HypothesisKey
from engine.reason.fact_index import FactIndex
from engine.reason.ranking import rank_facts
from engine.reason.setting_conflicts import conflicting_settings
from engine.reason.trouble import Trouble
from primitives.analysis.setting_edges import EDGE_RULES
from primitives.facts import Fact, SettingConflict
from primitives.records import Symptom

FAILS = Symptom(resource="till", metric="http_5xx", direction="above")


def conflict(resource: str = "till", rule: str = "keep_alive_too_short", **more: Any) -> SettingConflict:
    values = {
        "other": "front-lb",
        "path": "keepAlive",
        "value": 5,
        "why": "it closes too early",
        "basis": "AWS",
        **more,
    }
    return SettingConflict(resource=resource, rule=rule, **values, **SEEN)


def errors(resource: str) -> Fact:
    return shift(resource, "http_5xx", kind="errors", unit="1", baseline=0.001, current=0.2)


def weights(*facts: Fact) -> list[float]:
    known = FactIndex(opened(FAILS), None, found(*facts))
    return [round(claim.weight, 2) for claim in conflicting_settings(known, Trouble(known))]


def test_it_counts_in_full_where_an_end_of_it_fails_and_hardly_where_both_are_well() -> None:
    assert weights(errors("till"), conflict()) == [3.6]
    assert weights(errors("till"), conflict("shelf", other="till")) == [3.6]
    assert weights(errors("till"), conflict("shelf")) == [0.36]
    assert weights(errors("till"), conflict("shelf", recent=True)) == [3.6]


def test_what_was_so_while_all_was_well_counts_less_unless_load_or_the_calendar_brings_it_out() -> None:
    assert weights(errors("till"), conflict(rule="least_over_most", recent=False)) == [1.5]
    assert weights(errors("till"), conflict(rule="keep_alive_too_short", recent=False)) == [3.6]
    assert weights(errors("till"), conflict(rule="certificate_past", recent=False)) == [4.2]


def test_what_makes_requests_fail_makes_none_slow() -> None:
    slow = shift("till")
    assert weights(slow, conflict()) == [1.44]
    assert weights(slow, conflict(rule="nothing_cached")) == [2.0]


@pytest.mark.parametrize(
    ("rule", "resource", "cause_id"),
    [
        ("keep_alive_too_short", "till", "bad_configuration"),
        ("pools_over_connections", "stock-db", "connections_exhausted"),
        ("no_concurrency", "till", "concurrency_limited"),
        ("certificate_past", "till", "certificate_expired"),
        ("port_closed", "till", "network_policy_blocked"),
    ],
)
def test_it_speaks_for_the_cause_that_it_is(rule: str, resource: str, cause_id: str) -> None:
    facts = found(
        errors("till"),
        graph({"till": "service", "stock-db": "database"}, ("till", "stock-db")),
        conflict(resource, rule, other="till"),
    )
    first = rank_facts(facts, opened(FAILS)).hypotheses[0]
    assert HypothesisKey(first.cause_id, first.resource) == HypothesisKey(cause_id, resource)


def test_every_rule_across_edges_has_a_cause() -> None:
    named = {"egress_closed": "port_closed"}
    assert all(causes_of_setting(named.get(rule.__name__, rule.__name__)) for rule in EDGE_RULES)


def _written(minutes: float, resource: str, kind: str, document: dict[str, Any]) -> dict[str, Any]:
    return {"time": at(minutes), "resource": resource, "kind": kind, "document": document}


async def test_the_diagnostic_tells_both_ends_and_whether_it_is_new(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path)
    incident.topology(("front-lb", "till"), ("front-lb", "shelf"))
    incident.lines(
        "configuration",
        _written(-30, "front-lb", "load_balancer", {"idle_timeout_s": 60}),
        _written(-30, "till", "service", {"keepAliveTimeout": "65s"}),
        _written(5, "till", "service", {"keepAliveTimeout": "15s"}),
        _written(5, "shelf", "service", {"keepAliveTimeout": "75s"}),
    )
    told = of(await incident.facts("diff_configuration"), "setting_conflict")
    assert [(fact.rule, fact.resource, fact.other, fact.recent) for fact in told] == [
        ("keep_alive_too_short", "till", "front-lb", True)
    ]
    assert "15s against front-lb idle_timeout_s = 60" in told[0].sentence()
