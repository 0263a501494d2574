"""The reasoner names the cause, says how sure it is, and why."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pytest
from incident_facts import (
    STORY,
    change,
    found,
    graph,
    limit,
    log,
    no_change,
    opened,
    share,
    shift,
    state_of,
    state_with,
)

from engine.hypotheses import Hypothesis
from engine.reason import rank, rank_facts
from engine.reason.catalogue import causes, causes_of_metric
from primitives.analysis.announcements import MAINTENANCE, OUTAGE
from primitives.analysis.error_families import FAMILIES
from primitives.diagnostics.registry import diagnostics
from primitives.facts import Fact
from primitives.kubernetes.states import STATES
from primitives.records import Symptom
from primitives.remediations.registry import remediations

CONTRACT = Path(__file__).parents[2].parent / "shared" / "INCIDENT_BUNDLE.md"


def ranked(*facts: Fact, **about: Any) -> tuple[Hypothesis, ...]:
    return rank_facts(found(*facts), opened(**about)).hypotheses


def key(one: Hypothesis) -> tuple[str, str | None, str | None]:
    return one.cause_id, one.resource, one.change


def of(hypotheses: tuple[Hypothesis, ...], cause_id: str, resource: str | None = None) -> Hypothesis:
    return next(one for one in hypotheses if one.cause_id == cause_id and one.resource == resource)


def test_the_catalogue_holds_every_cause_of_the_contract_in_its_class() -> None:
    rows = re.findall(r"^\| ([A-Z_]+) \| ([a-z_, ]+) \|$", CONTRACT.read_text(), re.MULTILINE)
    promised = {cause: name for name, listed in rows for cause in listed.split(", ")}
    assert len(promised) > 60
    assert {cause.id: str(cause.cause_class) for cause in causes().values() if cause.id in promised} == promised


def test_the_catalogue_speaks_the_vocabularies_of_its_neighbours() -> None:
    for cause in causes().values():
        assert set(cause.states) <= set(STATES)
        assert set(cause.families) <= {*FAMILIES, MAINTENANCE, OUTAGE}
        assert set(cause.remediations) <= set(remediations())
        assert cause.diagnostic in diagnostics()
        assert cause.source
        assert cause.sentence.format(resource="r", change="c", effect="slower")


@pytest.mark.parametrize(
    ("metric", "cause_id"),
    [("cpu_utilization", "cpu_saturated"), ("CPUUtilization", "cpu_saturated"),
     ("DatabaseConnections", "connections_exhausted"),
     ("db_pool_wait_seconds_p99", "connections_exhausted"), ("free_storage_space", "disk_full"),
     ("ReplicaLag", "replication_lag"), ("container_memory_working_set", "memory_exhausted"),
     ("queue_depth", "queue_backlog"), ("kafka_consumer_lag", "consumer_stalled"), ("write_iops", "io_saturated")],
)  # fmt: skip
def test_a_metric_speaks_for_the_cause_of_its_name(metric: str, cause_id: str) -> None:
    assert cause_id in causes_of_metric(metric)


def test_the_story_is_told_in_its_order() -> None:
    hypotheses = ranked(*STORY)
    assert key(hypotheses[0]) == ("deployment_regression", "api", "v2.3.1")
    assert key(hypotheses[1]) == ("connections_exhausted", "db", None)
    downstream = of(hypotheses, "dependency_slow", "search")
    assert downstream.note == "No direct evidence found"
    assert downstream.confidence < hypotheses[1].confidence < hypotheses[0].confidence


def test_the_story_keeps_its_order_when_errors_rise_as_well() -> None:
    errors = shift("api", "error_ratio", kind="errors", unit="1", baseline=0.005, current=0.02)
    assert [key(one)[:2] for one in ranked(*STORY, errors)[:2]] == [
        ("deployment_regression", "api"),
        ("connections_exhausted", "db"),
    ]


def test_confidence_is_the_logistic_of_prior_evidence_and_adjustments() -> None:
    for one in ranked(*STORY):
        log_odds = one.prior + sum(item.weight for item in (*one.evidence, *one.adjustments))
        assert one.confidence == pytest.approx(1 / (1 + math.exp(-log_odds)), abs=0.001)


def test_confidences_are_sorted_probabilities_and_evidence_cites_known_facts() -> None:
    hypotheses = ranked(*STORY)
    confidences = [one.confidence for one in hypotheses]
    assert confidences == sorted(confidences, reverse=True)
    assert all(0 <= confidence < 1 for confidence in confidences)
    known = {fact.id for fact in found(*STORY)}
    assert all(item.fact in known and item.why for one in hypotheses for item in one.evidence)


def test_a_symptom_that_a_dependency_explains_is_not_the_cause() -> None:
    edges = graph({"web": "service", "api": "service", "db": "database"}, ("web", "api"), ("api", "db"))
    hypotheses = ranked(shift("web"), shift("api"), shift("db"), edges)
    assert hypotheses[0].resource == "db"


def test_the_resource_that_explains_the_symptom_by_itself_is_blamed() -> None:
    edges = graph({"api": "service", "a": "service", "b": "service"}, ("api", "a"), ("api", "b"))
    hypotheses = ranked(
        shift("api"), shift("a"), shift("b"), edges, share("a", 0.1), share("b", 0.9), share("api", 0.0)
    )
    assert hypotheses[0].resource == "b"


def test_timing_alone_blames_nothing() -> None:
    edges = graph({"api": "service", "other": "service"})
    hypotheses = ranked(shift("api"), edges, change("innocent", "other", minutes_before=2))
    assert of(hypotheses, "deployment_regression", "other").confidence < 0.2


def test_a_change_after_the_onset_is_not_to_blame() -> None:
    before, after = (
        ranked(shift("api"), change("v1", "api")),
        ranked(shift("api"), change("v1", "api", minutes_before=-30)),
    )
    assert (
        of(after, "deployment_regression", "api").confidence
        < 0.3 * of(before, "deployment_regression", "api").confidence
    )


def test_documents_and_tests_break_nothing() -> None:
    document = {"files": ["docs/api.md", "README.md"], "diff": None}
    guilty = change("code", "api", after={"files": ["orders/repository.py"]})
    hypotheses = ranked(shift("api"), guilty, change("docs", "api", minutes_before=4, after=document))
    blamed = [one for one in hypotheses if one.change == "docs"]
    assert all(one.confidence < of(hypotheses, "deployment_regression", "api").confidence for one in blamed)
    assert hypotheses[0].change == "code"


def test_a_diff_that_touches_a_time_out_is_likelier_to_blame() -> None:
    risky = {"files": ["client.py"], "diff": "-    timeout = 5.0\n+    timeout = 0.3"}
    plain = {"files": ["view.py"], "diff": "-    title = a\n+    title = b"}
    hypotheses = ranked(shift("api"), change("risky", "api", after=risky), change("plain", "api", after=plain))
    assert hypotheses[0].change == "risky"


def test_no_change_in_the_window_is_evidence_against() -> None:
    facts = (shift("api"), share("api", 0.2), graph({"api": "service"}))
    drift = {"kind": "deployment", "path": "replicas"}
    from incident_facts import SEEN

    from primitives.facts import ConfigurationDifference

    differs = ConfigurationDifference(resource="api", before=3, after=1, **drift, **SEEN)
    without = of(ranked(*facts, differs), "bad_configuration", "api")
    answered = of(ranked(*facts, differs, no_change("configuration")), "bad_configuration", "api")
    assert answered.confidence <= without.confidence
    assert any(item.weight < 0 and "no configuration change" in item.why for item in answered.evidence)


@pytest.mark.parametrize(
    ("state", "cause_id"),
    [("OOMKilled", "out_of_memory_killed"), ("ImageNotFound", "image_not_found"),
     ("SelectorMismatch", "service_selector_mismatch"),
     ("ImageRegistryUnreachable", "image_registry_unreachable"), ("UnboundVolumeClaim", "volume_claim_unbound"),
     ("NodeSelectorMismatch", "node_selector_mismatch"), ("ConfigMapMissing", "missing_configuration"),
     ("ReadinessProbeMisconfigured", "readiness_probe_misconfigured"), ("ScaledToZero", "scaled_to_zero"),
     ("KubeletStopped", "kubelet_unavailable"), ("AutoscalerAtLimit", "autoscaler_at_limit")],
)  # fmt: skip
def test_what_kubernetes_says_is_believed(state: str, cause_id: str) -> None:
    symptom = Symptom(resource="shop/deployment/cart")
    best = ranked(state_of("shop/deployment/cart", state), symptom=symptom)[0]
    assert (best.cause_id, best.resource) == (cause_id, "shop/deployment/cart")
    assert best.confidence > 0.5


@pytest.mark.parametrize(
    "cause_id", sorted({cause.id for cause in causes().values() if max(cause.states.values(), default=0) >= 3.5})
)
def test_each_cause_with_a_telling_state_is_found_by_it(cause_id: str) -> None:
    states = causes()[cause_id].states
    state = max(states, key=lambda name: states[name])
    best = ranked(state_of("shop/deployment/cart", state), symptom=Symptom(resource="shop/deployment/cart"))[0]
    assert best.cause_id == cause_id


@pytest.mark.parametrize(
    ("family", "cause_id"),
    [("dns", "dns_resolution_failed"), ("certificate", "certificate_expired"), ("read_only", "database_read_only"),
     ("deadlock", "lock_contention"), ("disk_full", "disk_full"), ("permission", "permission_denied"),
     ("authentication", "invalid_credentials"), ("connection_refused", "dependency_unavailable")],
)  # fmt: skip
def test_new_messages_speak_for_the_cause_of_their_family(family: str, cause_id: str) -> None:
    symptom = Symptom(resource="api", metric="error_ratio")
    assert ranked(log("api", family, 50), symptom=symptom)[0].cause_id == cause_id


def test_a_message_blames_the_resource_that_it_names() -> None:
    hypotheses = ranked(
        log("api", "connection_refused", points_at="db"), graph({"api": "service", "db": "database"}, ("api", "db"))
    )
    assert key(hypotheses[0]) == ("dependency_unavailable", "db", None)


def test_errors_of_an_outside_host_clear_the_changes_and_blame_it() -> None:
    facts = (shift("api", "error_ratio", kind="errors", unit="1", baseline=0.01, current=0.6), change("v2", "api"),
             graph({"api": "service", "pay": "service"}, ("api", "pay")))  # fmt: skip
    outside = ranked(*facts, log("api", "unavailable", points_at="api.provider.example.com"))
    inside = ranked(*facts, log("api", "unavailable", points_at="pay"))
    blamed = of(outside, "deployment_regression", "api").confidence
    assert of(outside, "external_provider_failure", "api").confidence > 0.2
    assert blamed < of(inside, "deployment_regression", "api").confidence
    assert all(one.cause_id != "external_provider_failure" for one in inside)
    provider = graph({"api": "service", "pay": "external"}, ("api", "pay"))
    known = ranked(*facts[:1], provider, log("api", "unavailable", points_at="pay"))
    assert of(known, "external_provider_failure", "pay").confidence > 0.2


def test_a_level_that_kept_clear_of_its_limit_speaks_against_saturation() -> None:
    full = of(ranked(shift("api"), limit("api", "cpu_utilization", 0.97)), "cpu_saturated", "api")
    both = (shift("api"), shift("api", "cpu_utilization", kind="saturation", unit="%", baseline=20, current=30))
    clear = of(ranked(*both, limit("api", "cpu_utilization", 0.3)), "cpu_saturated", "api")
    assert full.confidence > 0.3 > clear.confidence


def test_when_nothing_is_out_of_the_ordinary_it_is_a_false_alarm() -> None:
    calm = (shift("api", absent=True), shift("api", "error_ratio", kind="errors", absent=True),
            limit("api", "cpu", 0.2),
            state_of("api", "Healthy"))  # fmt: skip
    best = ranked(*calm)[0]
    assert (best.cause_id, best.resource, best.change) == ("false_alarm", None, None)


def test_what_restarted_and_is_well_has_recovered() -> None:
    facts = (state_of("shop/deployment/cart", "Recovered"), state_of("shop/deployment/web", "Healthy"))
    assert ranked(*facts, symptom=Symptom(resource="shop/deployment/cart"))[0].cause_id == "recovered"


def test_without_facts_the_cause_is_unknown_and_verdicts_are_considered() -> None:
    hypotheses = ranked()
    assert hypotheses[0].cause_id == "unknown"
    assert {one.cause_id for one in hypotheses} == {"unknown", "false_alarm", "recovered"}


def test_facts_that_say_the_same_count_once_and_a_little() -> None:
    one = ranked(log("api", "dns"))
    many = ranked(*(log("api", "dns", 20 + number) for number in range(30)))
    gained = of(many, "dns_resolution_failed", "api").confidence - of(one, "dns_resolution_failed", "api").confidence
    weights = [item.weight for item in of(many, "dns_resolution_failed", "api").evidence if item.weight > 0]
    assert gained < 0.35
    assert sum(weights) < 2 * sum(
        item.weight for item in of(one, "dns_resolution_failed", "api").evidence if item.weight > 0
    )


def test_text_from_outside_makes_nothing_as_good_as_certain() -> None:
    assert all(one.confidence <= 0.9 for one in ranked(*(log("api", "dns", 10_000) for _ in range(3))))


def test_identifiers_last_through_rankings() -> None:
    early = state_with(STORY[:2])
    early.investigation.hypotheses = rank(early).hypotheses
    names = {key(one): one.id for one in early.hypotheses}
    late = state_with(STORY)
    late.investigation.hypotheses = early.hypotheses
    after = {key(one): one.id for one in rank(late).hypotheses}
    assert {known: after[known] for known in names} == names
    assert len(set(after.values())) == len(after)


def test_what_was_thought_of_on_the_way_takes_nothing_from_the_others() -> None:
    early, late = state_with((log("mail", "dns", 100),)), state_with(STORY)
    late.investigation.hypotheses = rank(early).hypotheses
    wanted = {key(one): one.confidence for one in ranked(*STORY)}
    now = {key(one): one for one in rank(late).hypotheses}
    assert {name: now[name].confidence for name in wanted} == wanted
    forgotten = [one for name, one in now.items() if name not in wanted]
    assert forgotten
    assert all(one.confidence == 0.0 and "nothing suggests it any more" in str(one.adjustments) for one in forgotten)


def test_the_order_of_the_facts_does_not_matter() -> None:
    def told(hypotheses: tuple[Hypothesis, ...]) -> list[tuple[Any, ...]]:
        return [(key(one), one.confidence) for one in hypotheses]

    assert told(ranked(*STORY)) == told(ranked(*reversed(STORY)))


def test_an_unrelated_healthy_resource_changes_nothing_of_the_order() -> None:
    before = [key(one) for one in ranked(*STORY)[:2]]
    assert [key(one) for one in ranked(*STORY, shift("mail", absent=True))[:2]] == before


def test_what_would_change_the_ranking_is_named() -> None:
    assert not any("topology" in line for line in rank(state_with(STORY)).would_change)
    assert any("topology" in line for line in rank(state_with(STORY[:2])).would_change)


def test_a_cycle_and_what_the_topology_does_not_know_are_no_trouble() -> None:
    circle = graph({"a": "service", "b": "service"}, ("a", "b"), ("b", "a"))
    assert ranked(shift("a"), shift("b"), circle, shift("outside"))


def test_a_symptom_by_its_short_name_is_that_of_the_resource_that_the_facts_know() -> None:
    facts = (shift("shop/deployment/api"), limit("shop/deployment/api", "cpu", 0.97), shift("shop/deployment/web"))

    by_name, by_identifier = (
        ranked(*facts, symptom=Symptom(resource=name, metric="latency_p95")) for name in ("api", "shop/deployment/api")
    )

    assert by_name == by_identifier
    assert by_name[0].cause.startswith("api ")
    assert by_name[0].resource == "shop/deployment/api"
