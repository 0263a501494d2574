"""Words beside metrics: quotations, refusals, old addresses, lost packets, and what a state's message says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from incident_facts import SEEN, found, log, opened

from engine.hypotheses import Hypothesis
from engine.reason.complaints import accused, refuses_caller
from engine.reason.fact_index import FactIndex
from engine.reason.ranking import rank_facts
from primitives.analysis.error_families import family_of
from primitives.analysis.measurements import measurements
from primitives.facts import Fact, LogPattern, ProbeResult, WorkloadState
from primitives.outputs.texts import outputs
from primitives.records import Observation

NOW = datetime(2026, 4, 1, 10, 0, tzinfo=UTC)


def message(resource: str, text: str, **more: Any) -> LogPattern:
    family = family_of(text)
    return log(resource, family).model_copy(update={"template": text, "example": text, "family": family, **more})


def first(*facts: Fact, query: str = "") -> Hypothesis:
    incident = opened().model_copy(update={"query": query}) if query else opened()
    return rank_facts(found(*facts), incident).hypotheses[0]


@pytest.mark.parametrize(
    ("own", "quoting"),
    [
        ("ERROR 1114: The table 'seats' is full (errno: 135)",
         "sqlalchemy.exc.OperationalError: (1114) ERROR 1114: The table 'seats' is full (errno: 135) [SQL: INSERT]"),
        ("ORA-1654: unable to extend index LOANS.IX by 128 in tablespace LOANS",
         "java.sql.SQLException: ORA-01654: unable to extend index LOANS.IX by 128 in tablespace LOANS at Driver"),
    ],
)  # fmt: skip
def test_a_message_that_repeats_anothers_is_about_the_other(own: str, quoting: str) -> None:
    store, caller = message("store", own), message("desk", quoting)
    assert accused(FactIndex(opened(), None, found(store, caller)), caller) == ("store",)
    best = first(caller, store)
    assert (best.cause_id, best.resource) == ("disk_full", "store")


@pytest.mark.parametrize(
    ("own", "other"),
    [
        ("no space left on device: /var/lib/mail", "no space left on device: /srv/photos of album 12 and 13"),
        ("disk full", "write failed on volume nine of the archive: disk full"),
    ],
)
def test_what_two_say_of_themselves_is_no_quotation(own: str, other: str) -> None:
    facts = message("mail", own), message("photos", other)
    assert accused(FactIndex(opened(), None, found(*facts)), facts[1]) == ()


@pytest.mark.parametrize("server", ["kube-system/deployment/coredns", "kube-system/deployment/kube-dns"])
def test_names_that_nobody_resolves_are_the_name_servers(server: str) -> None:
    lost = [message(f"choir/deployment/{name}", "getaddrinfo ENOTFOUND scores.example") for name in ("bass", "alto")]
    ill = message(server, "[ERROR] plugin/errors: 2 scores.example. A: read udp: i/o timeout")
    best = first(*lost, ill)
    assert (best.cause_id, best.resource) == ("dns_resolution_failed", server)


def test_a_calm_name_server_is_not_blamed() -> None:
    lost = message("choir/deployment/bass", "getaddrinfo ENOTFOUND scores.example")
    calm = message("kube-system/deployment/coredns", "[INFO] reloading", severity="INFO", family=None)
    assert first(lost, calm).resource == "choir/deployment/bass"


@pytest.mark.parametrize(
    ("text", "refuses"),
    [
        ("rejecting caller tills: JWT exp=2026-04-01T05:00:00Z is in the past", True),
        ("denied request from ferry-web: token expired", True),
        ("upstream ledger answered 401: token rejected", False),
        ("rejecting caller tills: too many requests", False),
    ],
)
def test_who_refuses_a_caller_is_well(text: str, refuses: bool) -> None:
    assert refuses_caller(message("ledger", text)) is refuses


@pytest.mark.parametrize("text", ["rejecting caller tills: JWT exp=2026-04-01T05:00:00Z is in the past",
                                  "denied request from tills: token expired"])  # fmt: skip
def test_the_refused_caller_has_the_old_token(text: str) -> None:
    best = first(message("ledger", text, points_at="tills"))
    assert (best.cause_id, best.resource) == ("token_expired", "tills")


def check(probe: str, target: str, healthy: bool, output: str = "", asked_by: str = "importer") -> ProbeResult:
    return ProbeResult(resource=asked_by, probe=probe, target=target, result="open" if healthy else "failed",
                       healthy=healthy, output=output, **SEEN)  # type: ignore[arg-type]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "port"), [("10.1.2.3", "10.9.9.4", "22"), ("192.0.2.10", "192.0.2.77", "5432")])
def test_an_address_that_its_name_has_left_is_a_wrong_one(old: str, new: str, port: str) -> None:
    best = first(check("dns_lookup", "files.example", True, new), check("tcp_connect", f"{new}:{port}", True),
                 check("tcp_connect", f"{old}:{port}", False))  # fmt: skip
    assert (best.cause_id, best.resource) == ("wrong_address", "importer")


@pytest.mark.parametrize(
    "checks",
    [
        # Two servers of one name: one of them is down.
        (check("dns_lookup", "files.example", True, "10.1.2.3"), check("tcp_connect", "10.9.9.4:22", True)),
        # What answers is asked by somebody else, or is another service.
        (check("dns_lookup", "files.example", True, "10.9.9.4"),
         check("tcp_connect", "10.9.9.4:22", True, asked_by="other")),
        (check("dns_lookup", "files.example", True, "10.9.9.4"), check("tcp_connect", "10.9.9.4:443", True)),
    ],
)  # fmt: skip
def test_another_server_that_answers_makes_no_address_wrong(checks: tuple[ProbeResult, ...]) -> None:
    assert first(*checks, check("tcp_connect", "10.1.2.3:22", False)).cause_id != "wrong_address"


def condition(name: str, text: str) -> WorkloadState:
    return WorkloadState(object=f"choir/certificate/{name}", kind="Certificate", state="ConditionNotMet",
                         resource=f"choir/certificate/{name}", message=text, **SEEN)  # fmt: skip


def test_a_conditions_message_says_what_is_wrong() -> None:
    best = first(condition("stage-tls", "Certificate expired on Mon, 02 Feb 2026 04:00:00 UTC"))
    assert (best.cause_id, best.resource) == ("certificate_expired", "choir/certificate/stage-tls")
    assert first(condition("stage-tls", "secret quota exceeded: limit of 12")).cause_id == "quota_exceeded"


@pytest.mark.parametrize("text", ["waiting for the controller", "connection refused by 10.0.0.1:443"])
def test_a_conditions_message_that_says_nothing_of_itself_names_no_cause(text: str) -> None:
    assert first(condition("stage-tls", text)).cause_id not in ("certificate_expired", "dependency_unavailable")


def route(query: str) -> str:
    state = WorkloadState(object="harbour/ingress/berth-desk", kind="Ingress", state="IngressBackendMissing",
                          resource="harbour/ingress/berth-desk", details={"service": "berth-old", "path": "/"},
                          bearing="standing", bearing_reason="nobody is ill", **SEEN)  # fmt: skip
    return first(state, query=query).cause_id


def test_a_route_to_nothing_counts_when_the_question_names_it() -> None:
    assert route("the berth desk page answers 503") == "ingress_misrouted"
    assert route("tickets are slow") != "ingress_misrouted"
    assert route("an ingress is slow") != "ingress_misrouted"


@pytest.mark.parametrize(
    ("data", "lost"),
    [
        ({"sent": 400, "received": 340}, 0.15), ({"packets_transmitted": 100, "packets_received": 70}, 0.3),
        ({"sent": 400, "received": 399}, None), ({"sent": 5, "received": 3}, None), ({"sent": 400}, None),
        ({"sent": 10, "received": 400}, None),
    ],
)  # fmt: skip
def test_packets_that_did_not_come_back(data: dict[str, int], lost: float | None) -> None:
    stated = measurements([Observation(time=NOW, resource="link-9", kind="ping", data=data)])
    assert [round(measured.current, 4) for measured in stated] == ([] if lost is None else [lost])


def test_entries_of_a_log_are_its_lines() -> None:
    data = {"entries": ["02:10:01 CPU0 thermal trip", "02:10:02 power off"]}
    read = list(outputs(Observation(time=NOW, resource="rack-4", kind="event_log", data=data)))
    assert read[0].lines == ("02:10:01 CPU0 thermal trip", "02:10:02 power off")


FAMILIES = {
    "device_failed": ["CPU0 thermal trip", "Inlet over-temperature critical", "Power Supply 2: failure detected",
                      "disk 3: predictive failure"],
    "consumer_stopped": ["queue orders has no active consumers", "reader FARES.IN ended after an error",
                         "listener for topic seats died"],
    "crash": ["TASK 77 abended with ASRA"],
    "authentication": ["JWT exp 2026-01-01 lies in the past"],
}  # fmt: skip
CALM = [
    "temperature 31 C, fan 4200 rpm",
    "power supply 2 ok",
    "reader for lane 3 started",
    "consumer of orders is running",
]


@pytest.mark.parametrize(("family", "text"), [(family, text) for family, texts in FAMILIES.items() for text in texts])
def test_new_families(family: str, text: str) -> None:
    assert family_of(text) == family


@pytest.mark.parametrize("text", CALM)
def test_what_only_looks_like_them(text: str) -> None:
    assert family_of(text) is None


def test_a_connection_that_failed_is_no_empty_pool() -> None:
    assert family_of("Could not get connection: failed to connect to server books:636") != "too_many_connections"
    assert family_of("could not get a connection from the pool") == "too_many_connections"
