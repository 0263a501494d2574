"""A complaint accuses what its writer calls, by name, port or the only edge; its writer is the victim."""

from __future__ import annotations

import pytest
from incident_facts import SEEN, found, graph, log, opened, share, shift, state_of

from engine.hypotheses import Hypothesis
from engine.reason.complaints import accused, is_outward
from engine.reason.fact_index import FactIndex
from engine.reason.ranking import rank_facts
from primitives.facts import Fact, LogPattern, ProbeResult
from primitives.records import Symptom

SHOP = graph({"till": "service", "ledger": "service", "stock-db": "database"}, ("till", "ledger"), ("till", "stock-db"))
RADIO = graph({"mixer": "service", "archive": "storage", "node/a": "node"}, ("mixer", "archive"), ("mixer", "node/a"))


def message(resource: str, text: str, family: str) -> LogPattern:
    return log(resource, family).model_copy(update={"template": text, "example": text})


def ranked(*facts: Fact, symptom: Symptom) -> tuple[Hypothesis, ...]:
    return rank_facts(found(*facts), opened(symptom)).hypotheses


def index(*facts: Fact) -> FactIndex:
    return FactIndex(opened(), None, found(*facts))


@pytest.mark.parametrize(
    ("facts", "complaint", "targets"),
    [
        ((SHOP,), message("till", "dial tcp: lookup ledger:8000 failed: connection refused", "connection_refused"),
         ("ledger",)),
        ((SHOP, ProbeResult(resource="stock-db", probe="tcp_connect", target="stock-db:5432", result="open",
        healthy=True,
                            **SEEN)),
         message("till", "dial tcp 10.0.0.7:5432: connection refused", "connection_refused"), ("stock-db",)),
        ((RADIO,), message("mixer", "failed to call the archive of today", "call_failed"), ("archive",)),
        ((SHOP,), message("till", "rpc error: code = Unavailable", "unavailable"), ("ledger", "stock-db")),
        ((SHOP,), message("ledger", "connection refused", "connection_refused"), ()),
        ((SHOP,), message("till", "could not connect to mail.example.org:25", "unreachable"), ()),
        ((SHOP,), message("stock-db", "statement timeout after 30 s", "timeout"), ()),
        ((SHOP,), message("till", "no space left on device", "disk_full"), ()),
    ],
    ids=["name", "port", "only edge", "each of a few", "nothing known", "an unknown name", "its own timeout",
    "no complaint"],
)  # fmt: skip
def test_a_complaint_is_about_what_the_writer_calls(
    facts: tuple[Fact, ...], complaint: LogPattern, targets: tuple[str, ...]
) -> None:
    assert accused(index(*facts, complaint), complaint) == targets


@pytest.mark.parametrize(
    ("text", "family", "outward"),
    [("upstream timed out", "timeout", True), ("Client.Timeout exceeded while awaiting headers", "timeout", True),
     ("lock wait timed out", "timeout", False), ("service unavailable: warming up", "unavailable", False),
     ("broken pipe", "connection_reset", False), ("password is wrong", "authentication", False)],
)  # fmt: skip
def test_only_what_speaks_of_a_call_outward_accuses_others(text: str, family: str, outward: bool) -> None:
    assert is_outward(message("till", text, family)) is outward


def test_a_complaint_beside_one_dependency_blames_it_and_not_its_writer() -> None:
    hypotheses = ranked(RADIO, message("mixer", "failed to reach it", "unreachable"), symptom=Symptom(resource="mixer"))
    unreached = [entry.resource for entry in hypotheses if entry.cause_id == "dependency_unavailable"]
    assert unreached[0] == "archive"
    assert "mixer" not in unreached


def test_where_nothing_is_known_it_is_an_unknown_dependency_of_the_writer() -> None:
    hypotheses = ranked(message("kiosk", "failed to reach it", "unreachable"), symptom=Symptom(resource="kiosk"))
    best = next(entry for entry in hypotheses if entry.cause_id == "dependency_unavailable")
    assert best.cause == "Something that kiosk depends on can't be reached"


def test_what_is_measured_to_be_well_beats_a_complaint() -> None:
    complaint = log("till", "unavailable", points_at="ledger")
    accused_only = ranked(SHOP, complaint, symptom=Symptom(resource="till"))
    calm = (shift("ledger", absent=True), share("ledger", 0.0))
    well = ranked(SHOP, complaint, *calm, symptom=Symptom(resource="till"))

    def confidence(hypotheses: tuple[Hypothesis, ...]) -> float:
        return max(entry.confidence for entry in hypotheses if entry.resource == "ledger")

    assert confidence(well) < confidence(accused_only)


CHURCH = graph(
    {"bells/deployment/ringer": "workload", "bells/deployment/rope-winch": "workload", "bells/service/tower": "network"}
)
HOST = "failed to connect to `host=tower.bells.svc user=ro`: dial tcp 10.9.0.4:5432: connect: connection timed out"


def test_a_complaint_without_known_calls_is_about_the_host_that_it_names() -> None:
    assert accused(index(CHURCH), message("bells/deployment/ringer", HOST, "unreachable")) == ("bells/service/tower",)


@pytest.mark.parametrize(
    ("state", "words", "meant"),
    [
        ("KilledByProbe", "winch stream broken: connection refused", ("bells/deployment/rope-winch",)),
        ("CrashLoopBackOff", "lost the winch: connection refused", ("bells/deployment/rope-winch",)),
        # It doesn't name it, or that is well.
        ("KilledByProbe", "stream broken: connection refused", ()),
        ("ReplicasUnavailable", "winch stream broken: connection refused", ()),
    ],
)
def test_without_known_calls_it_is_the_one_beside_it_that_dies_and_whose_name_it_uses(
    state: str, words: str, meant: tuple[str, ...]
) -> None:
    facts = index(CHURCH, state_of("bells/deployment/rope-winch", state))
    assert accused(facts, message("bells/deployment/ringer", words, "connection_refused")) == meant


CHOIR = graph(
    {"web": "service", "choir-login": "service", "stock-db": "database"}, ("web", "choir-login"), ("web", "stock-db")
)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("https://login.choir.example/keys: certificate verify failed: certificate has expired", ("choir-login",)),
        ("choir-login:443: x509: certificate has expired or is not yet valid", ("choir-login",)),
        ("https://login.choir.example/keys: remote error: tls: certificate has expired", ()),
        ("could not load our own certificate /etc/tls/tls.crt", ()),
        ("certificate has expired", ()),
    ],
)
def test_the_certificate_that_a_client_refuses_is_the_servers(words: str, meant: tuple[str, ...]) -> None:
    assert accused(index(CHOIR), message("web", words, "certificate")) == meant


@pytest.mark.parametrize(("state", "meant"), [("FailedMount", ("bells/statefulset/peal",)), (None, ())])
def test_a_pod_that_is_not_ready_has_no_name(state: str | None, meant: tuple[str, ...]) -> None:
    known = graph({"bells/deployment/ringer": "workload", "bells/statefulset/peal": "workload"})
    ill = (state_of("bells/statefulset/peal", state),) if state else ()
    said = message("bells/deployment/ringer", "upstream=peal-1.peal:80 err=no such host", "dns")
    assert accused(index(known, *ill), said) == meant
