"""Rules ask the catalogue for traits of a cause and know no cause by name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.reason.catalogue import Cause, cause_of_change, causes, causes_of_signal, fallback_cause
from engine.reason.causes.verdicts import FALSE_ALARM, RECOVERED, UNKNOWN
from engine.reason.chains import can_cause, is_outcome, reachable_resources
from engine.reason.claims import HypothesisKey
from engine.reason.fact_index import FactIndex
from primitives.terms import ChangeKind

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "engine" / "reason" / "causes"
# Spelled like a cause, and something else where they stand.
HOMONYMS = {
    "engine/reason/alert_words.py": {UNKNOWN, "slow_query"},  # an alert's state, a family of messages
    "engine/reason/complaints.py": {"deadlock", "slow_query", "rate_limited"},  # families of log messages
    "engine/reason/store_refusals.py": {"rate_limited", "slow_query", "replication_lag"},  # families of log messages
    "engine/reason/last_words.py": {"slow_query", "rate_limited", "missing_configuration", "incompatible_version"},
    "engine/reason/mechanisms.py": {"rate_limited"},  # families of log messages
    "engine/reason/outside_hosts.py": {"rate_limited"},  # a family of log messages
    "engine/reason/span_signs.py": {"rate_limited", "missing_configuration"},  # families of messages
    "engine/reason/sensitivity.py": {UNKNOWN},  # a fact's polarity
}
# Outside of reasoning these are words: of a query, of a state, of why an incident was closed.
WORDS = {RECOVERED, UNKNOWN}


def literals(path: Path) -> Iterator[tuple[int, str]]:
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in causes():
            yield node.lineno, node.value


def test_no_cause_stands_by_name_outside_of_the_catalogue() -> None:
    named = []
    for path in sorted((ROOT / "engine").rglob("*.py")):
        where = str(path.relative_to(ROOT))
        allowed = HOMONYMS.get(where, set()) | (set() if where.startswith("engine/reason/") else WORDS)
        if CATALOGUE not in path.parents:
            named += [f"{where}:{line} {cause_id}" for line, cause_id in literals(path) if cause_id not in allowed]
    assert named == []


@pytest.mark.parametrize("cause", causes().values(), ids=list(causes()))
def test_what_a_cause_brings_about_is_in_the_catalogue_and_not_itself(cause: Cause) -> None:
    assert set(cause.can_cause) <= causes().keys() - {cause.id}
    assert cause.source


@pytest.mark.parametrize("kind", ChangeKind.__args__)  # type: ignore[attr-defined]
def test_every_kind_of_change_is_blamed_as_one_cause(kind: ChangeKind) -> None:
    assert [cause.id for cause in causes().values() if kind in cause.blamed_for] == [cause_of_change(kind)]


@pytest.mark.parametrize("effect", ["slower", "fail", "worse"])
def test_every_effect_has_one_cause_where_nothing_says_more(effect: str) -> None:
    assert [cause.id for cause in causes().values() if effect in cause.fallback_for] == [fallback_cause(effect)]


def test_observations_have_an_order_each() -> None:
    orders = [cause.observations.order for cause in causes().values() if cause.observations]
    assert len(orders) == len(set(orders))


def test_verdicts_are_in_the_catalogue() -> None:
    assert {FALSE_ALARM, RECOVERED, UNKNOWN} <= causes().keys()


def test_a_signal_speaks_for_the_causes_that_declare_it() -> None:
    assert dict(causes_of_signal("fell silent")) == {"dependency_unavailable": 1.5, "application_crash": 0.9}


def test_a_failing_node_reaches_whatever_ran_on_it_and_a_surge_all_behind(case: FactIndex) -> None:
    node, surge = HypothesisKey("node_not_ready", "node/a"), HypothesisKey("traffic_surge", "web")
    assert can_cause(case, node, HypothesisKey("application_crash", "elsewhere"))
    assert not can_cause(case, node, HypothesisKey("slow_query", "elsewhere"))
    assert can_cause(case, surge, HypothesisKey("connections_exhausted", "db"))
    assert "db" in reachable_resources(case, surge)
    # Any other cause reaches its own resource and what that directly depends on.
    assert reachable_resources(case, HypothesisKey("slow_query", "web")) == ("web", "api")


def test_a_change_brings_about_what_is_no_matter_of_calendar_or_hardware(case: FactIndex) -> None:
    change = HypothesisKey("deployment_regression", "api", "v2")
    assert can_cause(case, change, HypothesisKey("connections_exhausted", "db"))
    for cause_id in ("certificate_expired", "token_expired", "external_provider_failure", "node_not_ready"):
        assert not can_cause(case, change, HypothesisKey(cause_id, "api"))


def test_an_outcome_says_less_of_why_than_its_cause() -> None:
    assert is_outcome(HypothesisKey("out_of_memory_killed", "a"), HypothesisKey("application_crash", "a"))
    assert is_outcome(HypothesisKey("application_crash", "a"), HypothesisKey("job_failed", "a"))
    assert not is_outcome(HypothesisKey("job_failed", "a"), HypothesisKey("application_crash", "a"))


@pytest.fixture
def case() -> FactIndex:
    from incident_facts import found, graph, opened

    edges = graph({"web": "service", "api": "service", "db": "database"}, ("web", "api"), ("api", "db"))
    return FactIndex(opened(), None, found(edges))
