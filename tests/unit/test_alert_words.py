"""An alert's name and texts are reported evidence; the alarmed metric is the question and no mechanism."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from incident_facts import SEEN, found, log, opened
from recorded_incident import RecordedIncident, at, of

from engine.hypotheses import Hypothesis
from engine.reason.alert_words import alert_words
from engine.reason.fact_index import FactIndex
from engine.reason.ranking import rank_facts
from primitives.facts import AlertState, Fact
from primitives.records import Symptom


def alert(resource: str | None, *families: str, state: str = "firing", points_at: str | None = None) -> AlertState:
    return AlertState(resource=resource, name="Watch", state=state, families=families, points_at=points_at, **SEEN)


def claimed(fact: Fact, symptom: Symptom | None = None) -> set[tuple[str, str | None]]:
    claims = alert_words(FactIndex(opened(symptom), None, found(fact)))
    return {(claim.key.cause_id, claim.key.resource) for claim in claims}


def first(*facts: Fact, symptom: Symptom) -> Hypothesis:
    return rank_facts(found(*facts), opened(symptom)).hypotheses[0]


@pytest.mark.parametrize(
    ("fact", "cause"),
    [
        (alert("turbine-log", "disk_full"), ("disk_full", "turbine-log")),
        (alert("ticket-gate", "certificate", points_at="fare-ledger"), ("certificate_expired", "ticket-gate")),
        (alert("ticket-gate", "unavailable", points_at="fare-ledger"), ("dependency_unavailable", "fare-ledger")),
    ],
    ids=["disk", "certificate", "the one that it blames"],
)
def test_what_an_alert_says_of_a_resource_speaks_for_the_cause_there(fact: Fact, cause: tuple[str, str]) -> None:
    assert cause in claimed(fact)


@pytest.mark.parametrize(
    ("fact", "symptom"),
    [
        (alert("turbine-log", "unavailable", "timeout", "server_error"), None),
        (alert("turbine-log", "disk_full", state="resolved"), None),
        (alert(None, "disk_full"), None),
        (alert("turbine-log", "disk_full"), Symptom(resource="turbine-log", metric="disk_used_percent")),
    ],
    ids=["a symptom", "resolved", "about nothing known", "the alarmed metric"],
)
def test_a_symptom_or_the_question_itself_names_no_mechanism(fact: Fact, symptom: Symptom | None) -> None:
    assert claimed(fact, symptom) == set()


def test_a_log_line_beats_an_alert_of_another_kind() -> None:
    symptom = Symptom(resource="turbine-log", metric="errors")
    answer = first(alert("turbine-log", "certificate"), log("turbine-log", "disk_full"), symptom=symptom)
    assert answer.cause_id == "disk_full"


@pytest.mark.parametrize(
    ("name", "texts", "families"),
    [
        ("TurbineLogVolume", {"summary": "No space left on device /var/turbine"}, ("disk_full",)),
        ("PostgresTooManyConnections", {"summary": "look here"}, ("too_many_connections",)),
        ("FareErrors", {"description": "It fails. Sample: x509: certificate has expired"}, ("certificate",)),
        ("FareLatency", {"summary": "p99 above 800 ms for 3 min", "description": "timeout: 30s is configured"}, ()),
        ("Watchdog", {"summary": "0 errors in the last hour"}, ()),
    ],
)
async def test_each_sentence_of_an_alert_is_read_as_a_message(
    tmp_path: Path, name: str, texts: dict[str, str], families: tuple[str, ...]
) -> None:
    incident = RecordedIncident(tmp_path)
    incident.topology(("turnstile", "farebox"))
    incident.file("alert.json", json.dumps({"monitor": name, "service": "turnstile", "fired_at": at(5), **texts}))
    (fact,) = of(await incident.facts("read_alerts"), "alert")
    assert (fact.resource, fact.trust, fact.state, fact.families) == ("turnstile", "reported", "firing", families)
