"""Names that a change took away, certificates that a check refuses, hosts of outside providers, lossy places."""

from __future__ import annotations

from typing import Any

import pytest
from incident_facts import SEEN, change, found, graph, log, opened, shift, state_of

from engine.hypotheses import Hypothesis
from engine.reason import rank_facts
from engine.reason.complaints import accused
from engine.reason.fact_index import FactIndex
from primitives.facts import Fact, LogPattern, ProbeResult, SettingConflict
from primitives.records import Symptom

KILN = graph({"kiln": "service", "ledger-db": "database", "zone.example": "other", "paycard-gw": "external"},
             ("kiln", "ledger-db"), ("kiln", "paycard-gw"))  # fmt: skip


def ranked(*facts: Fact, about: str = "kiln") -> tuple[Hypothesis, ...]:
    return rank_facts(found(KILN, *facts), opened(Symptom(resource=about))).hypotheses


def first(*facts: Fact, about: str = "kiln") -> tuple[str, str | None]:
    best = ranked(*facts, about=about)[0]
    return best.cause_id, best.resource


def said(resource: str, family: str, text: str) -> LogPattern:
    return log(resource, family).model_copy(update={"template": text, "example": text})


def check(resource: str, probe: Any, target: str, result: str = "failed", output: str = "") -> ProbeResult:
    healthy = result in ("open", "ok")
    return ProbeResult(
        resource=resource, probe=probe, target=target, result=result, healthy=healthy, output=output, **SEEN
    )


UNRESOLVED = said("kiln", "dns", "getaddrinfo ENOTFOUND writer.zone.example")


@pytest.mark.parametrize("evidence", [UNRESOLVED, check("kiln", "dns_lookup", "writer.zone.example")])
def test_a_name_that_a_change_took_away_is_the_zones_trouble(evidence: Fact) -> None:
    gone = change("z1", "zone.example", kind="infrastructure", summary="DELETE CNAME writer.zone.example")
    assert first(evidence, gone) == ("dns_resolution_failed", "zone.example")
    assert first(evidence)[1] == "kiln"


@pytest.mark.parametrize(
    "other",
    [
        change("z1", "zone.example", kind="infrastructure", summary="DELETE CNAME reader.zone.example"),
        change("z1", "zone.example", kind="infrastructure", summary="CREATE CNAME writer.zone.example"),
        change("z1", "kiln", kind="configuration", summary="delete old host, use writer.zone.example"),
        change("z1", "zone.example", minutes_before=-30, kind="infrastructure", summary="DELETE writer.zone.example"),
    ],
    ids=["another name", "it was made", "the asker's own address", "later"],
)
def test_what_only_looks_like_it_took_nothing_away(other: Fact) -> None:
    assert first(UNRESOLVED, other)[1] == "kiln"


def test_a_check_that_refuses_the_certificate_says_what_is_wrong_and_where() -> None:
    expired = check("ledger-db", "http_get", "https://ledger-db:8443/ok", output="SSL: certificate has expired")
    refusal = said("kiln", "certificate", "AuthenticationException: the remote certificate is invalid: NotTimeValid")
    assert first(expired, refusal) == ("certificate_expired", "ledger-db")
    assert first(check("ledger-db", "http_get", "https://ledger-db:8443/ok", output="502"))[0] != "certificate_expired"


@pytest.mark.parametrize(
    ("host", "meant"),
    [("api.paycard.example", "paycard-gw"), ("api.example.org", "kiln"), ("gw.example.org", "kiln")],
)
def test_a_providers_host_is_the_provider(host: str, meant: str) -> None:
    probe = check("kiln", "http_get", f"https://{host}/health")
    assert FactIndex(opened(), None, found(KILN, probe)).checked(probe) == meant


@pytest.mark.parametrize(("result", "place"), [("partly open", "wall-b"), ("open", None)])
def test_where_some_connections_get_through_packets_are_lost(result: str, place: str | None) -> None:
    facts = (check("wall-b", "tcp_connect", "login:443", result), check("wall-a", "tcp_connect", "login:443", "open"))
    known = graph({"wall-a": "other", "wall-b": "other", "login": "service"})
    lost = [best.resource for best in rank_facts(found(known, *facts), opened(Symptom(resource="login"))).hypotheses
            if best.cause_id == "network_packet_loss"]  # fmt: skip
    assert lost == ([place] if place else [])


def flag(resource: str, baseline: float, current: float) -> Fact:
    return shift(resource, "mysql_global_variables_read_only", kind="other", unit="1", baseline=baseline,
                 current=current)  # fmt: skip


def test_two_stores_that_swapped_their_flags_failed_over() -> None:
    assert first(shift("kiln"), flag("db-1", 0, 1), flag("db-2", 1, 0)) == ("database_failover", "db-1")
    told = {(best.cause_id, best.resource) for best in ranked(shift("kiln"), flag("db-2", 1, 0))}
    assert ("database_read_only", "db-2") not in told


def test_a_surge_that_a_suspended_scaling_should_have_followed_is_not_the_cause() -> None:
    facts = (
        shift("kiln", "request_count", kind="traffic", unit="{request}", baseline=700, current=2_200),
        shift("ledger-db", "cpu_utilization", kind="saturation", unit="%", baseline=30, current=99),
        shift("ledger-db"),
    )
    suspended = SettingConflict(
        resource="ledger-db", rule="scaling_suspended", path="SuspendedState.DynamicScalingOutSuspended", value="true",
        why="its scaling out is suspended", basis="Application Auto Scaling", **SEEN,
    )  # fmt: skip
    scaling = [best.confidence for best in ranked(*facts, suspended) if best.cause_id == "autoscaler_not_scaling"]
    assert scaling
    assert scaling[0] > 0.3


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("database is not accepting commands that assign new XIDs to avoid wraparound data loss", "read_only"),
        ("topology_recovery: detected DeadMaster on db-1:3306", "failover"),
        ("token introspection failed: read tcp 10.0.0.1: i/o timeout", "timeout"),
        ("token introspection failed: net/http: TLS handshake timeout", "timeout"),
        ("token introspection failed: token is expired", "authentication"),
        ("x509: certificate has expired", "certificate"),
    ],
)
def test_what_a_message_says_last_is_why(text: str, meant: str) -> None:
    from primitives.analysis.error_families import family_of

    assert family_of(text) == meant


def test_a_lookup_of_what_is_known_says_nothing_of_others() -> None:
    asked = check("kiln", "dns_lookup", "other.zone.example", "ok")
    assert accused(FactIndex(opened(), None, found(KILN, asked, UNRESOLVED)), UNRESOLVED) == ()


@pytest.mark.parametrize(("kind", "cause_id"), [("deployment", "lock_contention"), ("scaling", "threads_exhausted")])
def test_a_running_migration_locks_and_more_hosts_fill(kind: str, cause_id: str) -> None:
    words = {"deployment": "db:migrate AddRefToRides", "scaling": "fleet 128 -> 160 hosts"}[kind]
    resource = {"deployment": "ledger-db", "scaling": "kiln"}[kind]
    family, text = {
        "deployment": ("deadlock", "LOG:  process 7 still waiting for AccessExclusiveLock on relation 3"),
        "scaling": ("too_many_threads", "unable to create native thread"),
    }[kind]
    facts = (change("m1", resource, minutes_before=1, kind=kind, summary=words), said(resource, family, text),
             shift(resource), shift("kiln"))  # fmt: skip
    assert first(*facts) == (cause_id, resource)


@pytest.mark.parametrize(
    ("summary", "probed"), [("livenessProbe timeoutSeconds 10 -> 1", True), ("cpu limit 500m -> 100m", False)]
)
def test_a_change_is_of_a_probe_where_it_says_so(summary: str, probed: bool) -> None:
    setting = change("c1", "kiln", minutes_before=1, kind="configuration", summary=summary)
    facts = (setting, state_of("kiln", "LivenessProbeFailed"), shift("kiln"))
    best = first(*facts)
    assert (best == ("liveness_probe_misconfigured", "kiln")) is probed
