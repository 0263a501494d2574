"""What an engineer types is understood: the symptom's class, the resources, the times, the direction."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from public_alerts import ALERTS

from engine.investigate.classify import classify
from engine.investigate.time_hints import time_hints
from engine.investigate.vocabulary import COMPANIONS, VOCABULARY
from primitives.records import Alert, Symptom
from primitives.terms import IncidentClass as C

NOW = datetime(2026, 10, 14, 14, 34, tzinfo=UTC)
RESOURCES = (
    "api-service", "public-alb", "orders-db", "search-service", "PetSite", "shop/deployment/payments-api",
    "catalogue_AWS::DynamoDB::Table",
)  # fmt: skip


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("API latency spike in prod", C.PERFORMANCE_DEGRADATION),
        ("everything is slow", C.PERFORMANCE_DEGRADATION),
        ("checkout is sluggish", C.PERFORMANCE_DEGRADATION),
        ("site is down", C.AVAILABILITY_LOSS),
        ("availability drop, requests failing", C.AVAILABILITY_LOSS),
        ("lots of 5xx and exceptions", C.ERROR_RATE_INCREASE),
        ("charge error rate above 5% for 3m", C.ERROR_RATE_INCREASE),
        ("disk full on the primary", C.RESOURCE_SATURATION),
        ("too many connections", C.RESOURCE_SATURATION),
        ("rollout stalled", C.DEPLOYMENT_REGRESSION),
        ("configmap drift after terraform", C.CONFIGURATION_DRIFT),
        ("replication lag on the replica", C.DEPENDENCY_FAILURE),
        ("autoscaler not scaling", C.SCALING_FAILURE),
        ("traffic surge", C.TRAFFIC_SURGE),
        ("dns name resolution fails", C.NETWORK_FAILURE),
        ("access denied, certificate expired", C.ACCESS_FAILURE),
        ("two nodes notready, kubelet", C.INFRASTRUCTURE_FAILURE),
        ("pods in CrashLoopBackOff", C.WORKLOAD_FAILURE),
        ("queue backlog, consumer lag", C.DATA_BACKLOG),
        ("probably a false alarm", C.NO_FAULT),
    ],
)
def test_the_words_of_the_field_name_the_class(query: str, expected: C) -> None:
    assert classify(query, detected_at=NOW).classification.primary_class == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("ledger downtime since noon", C.AVAILABILITY_LOSS),
        ("search times out", C.PERFORMANCE_DEGRADATION),
        ("out of space on the database", C.RESOURCE_SATURATION),
        ("burst balance of the volume is low", C.RESOURCE_SATURATION),
        ("store has no leader", C.AVAILABILITY_LOSS),
        ("consensus lost quorum", C.AVAILABILITY_LOSS),
        ("insufficient members", C.AVAILABILITY_LOSS),
        ("readiness gate of the pod", C.WORKLOAD_FAILURE),
        ("messages in dead letter", C.DATA_BACKLOG),
        ("pods stuck in Init", C.WORKLOAD_FAILURE),
        ("the mailer keeps stopping", C.WORKLOAD_FAILURE),
        ("error budget burn on checkout", C.ERROR_RATE_INCREASE),
        ("deployment replicas mismatch", C.WORKLOAD_FAILURE),
        ("certificate outage", C.ACCESS_FAILURE),
        ("the filesystem is filling", C.RESOURCE_SATURATION),
        ("our database is slow", C.PERFORMANCE_DEGRADATION),
    ],
)
def test_the_words_for_what_happened_outweigh_those_for_what_it_happened_to(query: str, expected: C) -> None:
    assert classify(query, detected_at=NOW).classification.primary_class == expected


def test_names_of_alerts_in_public_rule_sets_are_sorted_plausibly() -> None:
    odd = {
        name: known
        for name, plausible in ALERTS.items()
        if (known := classify(name, detected_at=NOW).classification.primary_class) not in plausible
    }
    assert len(odd) <= 0.05 * len(ALERTS), odd


@pytest.mark.parametrize("word", ["filling", "hands", "stale", "relay", "tables", "spoke"])
def test_a_word_of_the_language_is_no_misspelling(word: str) -> None:
    assert classify(word, detected_at=NOW).classification.because in (
        ("no word of it names a symptom",), (f"“{word}” in the query",)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("misspelt", "right"),
    [("API latecny spike", "API latency spike"), ("chekout is slwo", "checkout is slow"),
     ("error rate incrased, exeptions", "error rate increased, exceptions"), ("disk satuartion", "disk saturation")],
)  # fmt: skip
def test_a_typo_changes_nothing(misspelt: str, right: str) -> None:
    got = classify(misspelt, detected_at=NOW).classification
    assert got.primary_class == classify(right, detected_at=NOW).classification.primary_class
    assert got.primary_class != C.UNKNOWN


def test_several_symptoms_are_primary_and_secondary_and_cost_certainty() -> None:
    one = classify("requests are slow", detected_at=NOW).classification
    both = classify("requests are slow and disk full", detected_at=NOW).classification
    assert {both.primary_class, both.secondary_classes[0]} == {C.PERFORMANCE_DEGRADATION, C.RESOURCE_SATURATION}
    assert both.confidence < one.confidence


def test_a_latency_spike_brings_its_usual_causes_along() -> None:
    known = classify("API latency spike in prod", detected_at=NOW).classification
    assert known.secondary_classes == (C.RESOURCE_SATURATION, C.DEPLOYMENT_REGRESSION)


def test_the_confidence_is_the_documented_formula() -> None:
    # "latency" 1.5 for one class; "cpu" 1.25 for another: 1.5 / (1.5 + 1.25 / 2 + 0.3)
    known = classify("latency cpu", detected_at=NOW).classification
    assert known.confidence == round(1.5 / (1.5 + 0.625 + 0.3), 2)


@pytest.mark.parametrize("query", ["", "   ", "asdf qwer zxcv", "!!! ???", "\x00\x01", "🙂🙂", "x" * 2000])
def test_nothing_to_understand_is_unknown_with_little_confidence(query: str) -> None:
    known = classify(query, detected_at=NOW, resources=RESOURCES)
    assert known.classification.primary_class == C.UNKNOWN
    assert known.classification.confidence <= 0.2
    assert known.focus == ()


def test_the_symptom_and_the_alert_speak_where_the_query_says_nothing() -> None:
    symptom = Symptom(resource="orders-db", metric="cpu_utilization", direction="above")
    assert classify("help", symptom=symptom, detected_at=NOW).classification.primary_class == C.RESOURCE_SATURATION
    alert = Alert(name="HighLatency", summary="p95 over 800 ms")
    assert classify("help", alert=alert, detected_at=NOW).classification.primary_class == C.PERFORMANCE_DEGRADATION


@pytest.mark.parametrize(
    ("query", "focus"),
    [
        ("API latency spike in prod", ("api-service",)),
        ("api service is slow", ("api-service",)),
        ("ApiService is slow", ("api-service",)),
        ("ordersdb cpu", ("orders-db",)),
        ("orders db cpu", ("orders-db",)),
        ("serch service timing out", ("search-service",)),
        ("pet site latency", ("PetSite",)),
        ("payment api errors", ("shop/deployment/payments-api",)),
        ("catalogue throttled", ("catalogue_AWS::DynamoDB::Table",)),
        ("search-service and orders-db are slow", ("search-service", "orders-db")),
        ("the weather is fine", ()),
        ("service latency", ()),
    ],
)
def test_a_resource_is_known_in_other_spelling(query: str, focus: tuple[str, ...]) -> None:
    assert classify(query, resources=RESOURCES, detected_at=NOW).focus == focus


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("slow since the 14:25 deploy", datetime(2026, 10, 14, 14, 25, tzinfo=UTC)),
        ("slow since 15:00", datetime(2026, 10, 13, 15, 0, tzinfo=UTC)),
        ("an hour ago", datetime(2026, 10, 14, 13, 34, tzinfo=UTC)),
        ("half an hour ago", datetime(2026, 10, 14, 14, 4, tzinfo=UTC)),
        ("20 minutes ago", datetime(2026, 10, 14, 14, 14, tzinfo=UTC)),
        ("above 5% for 3m", datetime(2026, 10, 14, 14, 31, tzinfo=UTC)),
        ("for the last 2 hours", datetime(2026, 10, 14, 12, 34, tzinfo=UTC)),
        ("since yesterday evening", datetime(2026, 10, 13, 18, 0, tzinfo=UTC)),
        ("since yesterday at 23:10", datetime(2026, 10, 13, 23, 10, tzinfo=UTC)),
        ("since this morning", datetime(2026, 10, 14, 6, 0, tzinfo=UTC)),
        ("at 2 pm", datetime(2026, 10, 14, 14, 0, tzinfo=UTC)),
        ("on 2026-10-12 09:30", datetime(2026, 10, 12, 9, 30, tzinfo=UTC)),
    ],
)
def test_a_time_in_words_is_a_moment(text: str, moment: datetime) -> None:
    assert [hint.moment for hint in time_hints(text, NOW)] == [moment]


@pytest.mark.parametrize(
    "text", ["", "v14.25.1", "ratio 1:200", "on 2026-99-99", "in 999999999999 weeks ago", "2027-01-01"]
)
def test_what_is_no_time_or_lies_ahead_is_none(text: str) -> None:
    assert time_hints(text, NOW) == ()


def test_the_direction_is_the_symptoms_or_the_words() -> None:
    assert classify("latency above 800 ms", detected_at=NOW).direction == "above"
    assert classify("availability dropped", detected_at=NOW).direction == "below"
    assert classify("high drop", detected_at=NOW).direction is None
    below = Symptom(resource="a", metric="free", direction="below")
    assert classify("high", symptom=below, detected_at=NOW).direction == "below"


def test_understanding_is_deterministic_and_speaks_of_its_reasons() -> None:
    first = classify("api latency and errors", resources=RESOURCES, detected_at=NOW)
    assert first == classify("api latency and errors", resources=RESOURCES[::-1], detected_at=NOW)
    assert any("latency" in reason for reason in first.classification.because)


def test_the_vocabulary_is_made_of_words_as_they_are_matched() -> None:
    for phrases in VOCABULARY.values():
        for phrase in phrases:
            assert phrase == " ".join(phrase.casefold().split())
            assert phrase.replace(" ", "").isalnum()
    assert set(VOCABULARY) | {C.UNKNOWN} == set(C)
    assert set(COMPANIONS) <= set(VOCABULARY)
