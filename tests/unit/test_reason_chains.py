"""Root causes, what they bring about, who only suffers from them, and two faults at once."""

from __future__ import annotations

from typing import Any

import pytest
from incident_facts import ONSET, SEEN, change, found, graph, limit, log, opened, share, shift, state_of

from engine.hypotheses import Hypothesis
from engine.reason import rank_facts
from primitives.facts import Fact, MetricMissing, SpanErrors, SpanShift
from primitives.records import Symptom

CALLS = graph({"api": "service", "db": "database", "cache": "cache"}, ("api", "db"), ("api", "cache"))


def ranked(*facts: Fact, **about: Any) -> tuple[Hypothesis, ...]:
    hypotheses = rank_facts(found(*facts), opened(**about)).hypotheses
    return tuple(sorted(hypotheses, key=lambda one: -one.confidence))


def place(hypotheses: tuple[Hypothesis, ...], cause_id: str, resource: str | None = None) -> int:
    return next(
        number for number, one in enumerate(hypotheses) if one.cause_id == cause_id and resource in (None, one.resource)
    )


def missing(resource: str, metric: str) -> MetricMissing:
    kind = "traffic" if metric == "requests" else "latency"
    return MetricMissing(resource=resource, metric=metric, kind=kind, last_seen=ONSET, **SEEN)


def test_a_change_comes_before_what_it_exhausts_and_both_are_believed() -> None:
    full = (limit("db", "connections", 0.97), log("api", "too_many_connections"))
    hypotheses = ranked(CALLS, shift("api"), share("api", 0.9), change("v2", "api"), *full)
    assert hypotheses[0].change == "v2"
    assert hypotheses[1].cause_id == "connections_exhausted"
    assert hypotheses[1].confidence > 0.2


def test_more_requests_come_before_what_they_fill() -> None:
    def traffic(resource: str) -> Fact:
        return shift(resource, "requests", kind="traffic", unit="{request}", baseline=100, current=450)

    behind = [traffic(name) for name in ("db", "cache")]
    hypotheses = ranked(CALLS, shift("api"), traffic("api"), *behind, limit("db", "cpu_usage", 0.99))
    assert (hypotheses[0].cause_id, hypotheses[0].resource) == ("traffic_surge", "api")
    assert place(hypotheses, "cpu_saturated", "db") <= 2


def test_requests_that_grow_further_in_alone_are_no_surge() -> None:
    grown = shift("db", "requests", kind="traffic", unit="{request}", baseline=100, current=450)
    hypotheses = ranked(CALLS, shift("api"), grown, limit("db", "cpu_usage", 0.99))
    assert place(hypotheses, "cpu_saturated", "db") < place(hypotheses, "traffic_surge", "db")


def test_a_job_fails_since_what_it_needs_cant_be_reached() -> None:
    failed = state_of("shop/job/report", "JobFailed")
    alone = ranked(failed, symptom=Symptom(resource="shop/job/report"))
    assert alone[0].cause_id == "job_failed"
    known = ranked(failed, log("shop/job/report", "unreachable"), symptom=Symptom(resource="shop/job/report"))
    assert known[0].cause_id == "dependency_unavailable"
    assert known[1].cause_id == "job_failed"


def test_who_cant_reach_its_dependency_is_a_victim() -> None:
    refused = log("api", "connection_refused", 200, points_at="db")
    hypotheses = ranked(CALLS, shift("api"), share("api", 1.0), refused)
    assert (hypotheses[0].cause_id, hypotheses[0].resource) == ("dependency_unavailable", "db")


def test_who_fell_silent_is_blamed_for_what_its_callers_suffer() -> None:
    silent = [missing("db", metric) for metric in ("latency_p95", "requests")]
    hypotheses = ranked(CALLS, shift("api"), share("api", 0.9), *silent)
    assert hypotheses[0].resource == "db"


def test_where_many_fall_silent_the_collection_failed() -> None:
    names = [f"s{number}" for number in range(6)]
    silent = [missing(name, metric) for name in names for metric in ("latency_p95", "requests")]
    hypotheses = ranked(CALLS, shift("api"), share("api", 0.9), *silent)
    assert hypotheses[0].resource == "api"


def test_who_answers_too_late_fails_its_callers_and_not_itself() -> None:
    symptom = Symptom(resource="api", metric="error_rate", direction="above")
    errors = shift("api", "error_rate", kind="errors", unit="1", baseline=0.0, current=0.5)
    failing = SpanErrors(resource="api", operation="GET /", errors=40, total=40, baseline_ratio=0.0, **SEEN)
    late = SpanShift(resource="db", operation="query", baseline=0.1, current=2.0, score=50.0, samples=40, **SEEN)
    assert ranked(CALLS, errors, failing, symptom=symptom)[0].resource == "api"
    assert ranked(CALLS, errors, failing, late, symptom=symptom)[0].resource == "db"


def test_two_faults_elsewhere_by_other_facts_are_both_believed() -> None:
    one, other = state_of("shop/deployment/a", "OOMKilled"), state_of("shop/deployment/b", "ImageNotFound")
    hypotheses = ranked(one, other, symptom=Symptom(resource="shop/deployment/a"))
    assert {first.resource for first in hypotheses[:2]} == {"shop/deployment/a", "shop/deployment/b"}
    assert hypotheses[1].confidence > 0.25


def test_an_expired_certificate_is_no_deployments_doing() -> None:
    expired = log("api", "certificate").model_copy(update={"template": "x509: certificate has expired"})
    hypotheses = ranked(CALLS, shift("api"), change("v2", "api"), expired)
    assert place(hypotheses, "certificate_expired") < place(hypotheses, "deployment_regression")


@pytest.mark.parametrize("lost", range(4))
def test_taking_away_what_speaks_for_the_best_never_makes_it_surer(lost: int) -> None:
    facts = [shift("api"), share("api", 0.6), log("api", "exception"), change("v2", "api")]
    numbered = found(CALLS, *facts)
    about = opened()
    best = max(rank_facts(numbered, about).hypotheses, key=lambda one: one.confidence)
    left = tuple(one for one in numbered if one.id != numbered[1 + lost].id)
    same = [one.confidence for one in rank_facts(left, about).hypotheses
            if (one.cause_id, one.resource, one.change) == (best.cause_id, best.resource, best.change)]  # fmt: skip
    assert max(same, default=0.0) <= best.confidence


def test_a_full_host_is_blamed_for_what_suffers_on_it() -> None:
    kinds = {"api": "service", "db": "database", "cache": "cache", "n1": "node"}
    hosted = (("db", "n1", "hosts"), ("cache", "n1", "hosts"))
    topology = graph(kinds, ("api", "db"), ("api", "cache"))
    on_one_host = topology.model_copy(update={"edges": (*topology.edges, *hosted)})
    facts = (shift("api"), share("db", 0.4), share("cache", 0.4), limit("n1", "node_cpu_usage", 1.0))
    assert ranked(on_one_host, *facts)[0].resource == "n1"
    apart = next(one.confidence for one in ranked(topology, *facts) if one.resource == "n1")
    assert apart < ranked(on_one_host, *facts)[0].confidence
