"""Symptoms speak for the cause behind them: a Service for its workload, a workload for what refuses it."""

from __future__ import annotations

from typing import Any

from incident_facts import SEEN, found, log, opened, state_of

from engine.hypotheses import Hypothesis
from engine.reason import rank_facts
from primitives.facts import Dependencies, Fact, ProbeResult
from primitives.records import Symptom


def ranked(*facts: Fact, about: str) -> tuple[Hypothesis, ...]:
    return rank_facts(found(*facts), opened(symptom=Symptom(resource=about))).hypotheses


def first(hypotheses: tuple[Hypothesis, ...]) -> tuple[str, str | None]:
    return hypotheses[0].cause_id, hypotheses[0].resource


def fronts(service: str, workload: str) -> Dependencies:
    return Dependencies(
        resources={service: "network", workload: "workload"}, edges=((service, workload, "depends"),), **SEEN
    )


def refused(service: str) -> ProbeResult:
    return ProbeResult(
        resource=service, probe="tcp_connect", target="x:1", result="failed", healthy=False, output="", **SEEN
    )


def inactive(node: str, unit: str) -> ProbeResult:
    return ProbeResult(
        resource=node, probe="node_service", target=unit, result="inactive (dead)", healthy=False, output="", **SEEN
    )


def test_a_failed_check_of_a_shop_speaks_for_the_quota_behind_it() -> None:
    quota = state_of("shop/resourcequota/compute", "QuotaExceeded", details={"affects": ["shop/deployment/cart"]})
    ends = state_of("shop/service/cart", "NoEndpoints")
    facts = (quota, ends, refused("shop/service/cart"), fronts("shop/service/cart", "shop/deployment/cart"))
    hypotheses = ranked(*facts, about="shop/service/cart")
    assert first(hypotheses) == ("quota_exceeded", "shop/resourcequota/compute")
    assert hypotheses[0].confidence > 0.6


def test_a_failed_check_of_a_bank_speaks_for_the_crash_behind_it() -> None:
    crash = state_of("bank/statefulset/ledger", "CrashLoopBackOff")
    facts = (crash, refused("bank/service/ledger"), fronts("bank/service/ledger", "bank/statefulset/ledger"))
    assert first(ranked(*facts, about="bank/service/ledger")) == ("application_crash", "bank/statefulset/ledger")


def test_a_failed_check_of_a_clinic_speaks_for_the_claim_of_its_workload() -> None:
    claim = state_of(
        "clinic/persistentvolumeclaim/films", "StorageClassMissing", details={"used_by": ["clinic/deployment/pacs"]}
    )
    facts = (claim, refused("clinic/service/pacs"), fronts("clinic/service/pacs", "clinic/deployment/pacs"))
    best = first(ranked(*facts, about="clinic/service/pacs"))
    assert best == ("volume_claim_unbound", "clinic/persistentvolumeclaim/films")


def test_a_failed_check_with_nothing_behind_it_stands() -> None:
    facts = (refused("shop/service/cart"), fronts("shop/service/cart", "shop/deployment/cart"))
    assert first(ranked(*facts, about="shop/service/cart")) == ("dependency_unavailable", "shop/service/cart")


def test_a_failed_check_says_nothing_of_another_workload() -> None:
    elsewhere = state_of("shop/deployment/search", "NotReady")
    facts = (elsewhere, refused("shop/service/cart"), fronts("shop/service/cart", "shop/deployment/cart"))
    assert first(ranked(*facts, about="shop/service/cart")) == ("dependency_unavailable", "shop/service/cart")


def test_pods_that_nobody_schedules_speak_for_the_scheduler_that_is_down() -> None:
    waits = [state_of(f"shop/deployment/{name}", "NotScheduled") for name in ("cart", "search")]
    hypotheses = ranked(*waits, inactive("node/main", "kube-scheduler"), about="shop/deployment/cart")
    assert first(hypotheses) == ("scheduler_unavailable", "node/main")


def test_pods_that_nobody_schedules_are_all_there_is_without_a_word_of_the_scheduler() -> None:
    hypotheses = ranked(state_of("shop/deployment/cart", "NotScheduled"), about="shop/deployment/cart")
    assert first(hypotheses) == ("scheduler_unavailable", "shop/deployment/cart")


def test_names_that_nobody_resolves_speak_for_the_cluster_dns() -> None:
    dns: Any = "kube-system/deployment/coredns"
    facts = (
        state_of(dns, "ClusterDnsUnavailable"),
        log("shop/deployment/cart", "dns"),
        log("shop/deployment/pay", "dns"),
    )
    assert first(ranked(*facts, about="shop/deployment/cart")) == ("dns_resolution_failed", dns)


def test_refused_connections_to_a_service_speak_for_what_keeps_its_pods_away() -> None:
    cordon = state_of("node/w1", "NodesUnschedulable", details={"affects": ["mill/deployment/saw"]})
    refused = log("mill/deployment/desk", "connection_refused", points_at="mill/service/saw")
    facts = (cordon, refused, fronts("mill/service/saw", "mill/deployment/saw"))
    assert first(ranked(*facts, about="mill/deployment/desk")) == ("node_cordoned", "node/w1")
