"""What a person has to do where no action does it, and why nothing is proposed: always told."""

from __future__ import annotations

from typing import Any

import pytest
from incident_facts import SEEN, change, graph, log, state_with

from cockpit.plain import render_text
from engine.act.by_hand import by_hand
from engine.act.proposals import no_repair_fits, proposals, withheld
from engine.hypotheses import Evidence, Hypothesis
from engine.incident import IncidentState
from primitives.facts import Fact, LogPattern, ProbeResult, SettingConflict, SpanErrors
from primitives.terms import IncidentClass


def refused(example: str, **more: Any) -> LogPattern:
    return log("api", "certificate", **more).model_copy(update={"template": "x", "example": example})


def believed(cause_id: str, resource: str = "api", confidence: float = 0.7, **more: Any) -> Hypothesis:
    return Hypothesis(
        id="H1", cause=f"{cause_id} of {resource}", cause_id=cause_id, resource=resource, confidence=confidence,
        prior=-3.0,
        **{
            "cause_class": IncidentClass.DEPENDENCY_FAILURE,
            "evidence": (Evidence(fact="F1", weight=3.0, why="it says so"),),
            **more,
        },
    )  # fmt: skip


def knows(*facts: Fact) -> IncidentState:
    state = state_with(facts)
    state.investigation.hypotheses = (believed("certificate_expired"),)
    state.remediation.proposed, state.investigation.concluded = proposals(state), True
    return state


GO = "Post x: tls: x509: certificate has expired: current time 2026-06-18T15:04:01Z is after 2026-06-18T15:04:00Z"
CHECKED = "peer check: leaf CN=pay.svc serial=0x4f notBefore=2025-06-18T15:04:00Z notAfter=2026-06-18T15:04:00Z"
OPENSSL = "verify error: subject=CN = mail.example.org notAfter=Jun 18 15:04:00 2026 GMT certificate has expired"
SHIFTED = "the certificate for shop.example.org expired at 2026-06-18T17:04:00+02:00"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (CHECKED, "renew the certificate of pay.svc, ended 2026-06-18 15:04 UTC"),
        (OPENSSL, "renew the certificate of mail.example.org, ended 2026-06-18 15:04 UTC"),
        (SHIFTED, "renew the certificate of shop.example.org, ended 2026-06-18 15:04 UTC"),
        (GO, "renew the certificate, ended 2026-06-18 15:04 UTC"),
        ("x509: certificate is after 2026-99-99T99:99", "renew the certificate"),
        ("tls handshake to ledger.svc failed: x509: certificate has expired", "renew the certificate of ledger.svc"),
    ],
)
def test_whose_certificate_it_is_and_when_it_ended_is_taken_from_the_evidence(said: str, words: str) -> None:
    state = knows(refused(said))
    assert withheld(state) == f"{words}; no command: it is done by hand"
    assert words in " ".join(render_text(state).split())


def test_what_is_done_by_hand_needs_no_look_for_a_place() -> None:
    unplaced = graph({"api": "service"}, locations={})
    assert not knows(refused(CHECKED), unplaced).actions
    unlikely = state_with((refused(CHECKED), unplaced))
    unlikely.investigation.hypotheses = (believed("certificate_expired", confidence=0.2),)
    assert [action.effect for action in proposals(unlikely)] == ["read"]


def test_spans_checks_and_settings_tell_of_certificates_too_and_the_message_names_the_server() -> None:
    seen = dict(SEEN)
    span = SpanErrors(resource="api", operation="POST /pay", errors=3, total=4, message=CHECKED, **seen)
    probe = ProbeResult(
        resource="api", probe="http_get", result="failed", healthy=False, output=OPENSSL, **{**seen, "window": None}
    )
    setting = SettingConflict(
        resource="api", rule="certificate_past", path="tls.not_after", value="2026-06-18T15:04:00Z", why="it ended",
        basis="RFC 5280", **seen,
    )  # fmt: skip
    for fact, words in (
        (span, "of pay.svc, ended"),
        (probe, "of mail.example.org, ended"),
        (setting, "certificate, ended"),
    ):
        assert words in by_hand(knows(fact), believed("certificate_expired"))
    named = refused("certificate verify failed", points_at="payments")
    assert by_hand(knows(named), believed("certificate_expired")).startswith("renew the certificate of payments;")


def test_other_causes_have_their_actions() -> None:
    assert by_hand(knows(refused(CHECKED)), believed("application_error")) == ""


def test_a_rollback_that_lacks_its_namespace_and_would_do_harm_still_tells_why() -> None:
    blind = graph({"api": "service", "db": "database"}, ("api", "db"), locations={})
    release = change("v2", "api", minutes_before=5)
    migrated = change("m7", "db", minutes_before=7, kind="job", summary="Flyway migration V7 renames a column")
    state = state_with((release, migrated, blind))
    state.investigation.hypotheses = (believed("deployment_regression", change="v2", evidence=()),)
    state.remediation.proposed = proposals(state)
    assert all(action.effect == "read" for action in state.actions)
    assert "Roll back deployment v2 of api is not recommended: a database migration came with it" in withheld(state)


def test_where_nothing_else_says_why_no_repair_is_proposed_the_want_of_one_does() -> None:
    for cause, resource, words in (
        (
            "application_error",
            "a-name-from-a-trace",
            "no repair for this cause fits what is known of a-name-from-a-trace",
        ),
        ("image_registry_unreachable", "api", "CloudOps knows no repair for this cause"),
    ):
        state = state_with((log("api", "exception"),))
        state.investigation.hypotheses = (believed(cause, resource, evidence=()),)
        state.remediation.proposed, state.investigation.concluded = proposals(state), True
        assert withheld(state) == ""
        assert no_repair_fits(state) == words
        assert words in " ".join(render_text(state).split())
