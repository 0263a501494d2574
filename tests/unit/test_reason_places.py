"""Outside providers, zones, closed paths, lost roles, shared pools, refusing stores, and order in time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from incident_facts import ONSET, SEEN, change, found, graph, limit, log, opened, share, shift

from engine.reason.candidates import verdict_candidate
from engine.reason.claims import Claim, HypothesisKey
from engine.reason.closed_paths import closed_paths
from engine.reason.complaints import accused
from engine.reason.fact_index import FactIndex
from engine.reason.order_in_time import OrderInTime
from engine.reason.places import by_their_places, cause_of_place
from engine.reason.ranking import rank_facts
from engine.reason.roles import lost_roles
from engine.reason.shared_pools import shared_pools
from engine.reason.weights import WEIGHTS
from primitives.analysis.announcements import announced_family
from primitives.analysis.error_families import family_of
from primitives.facts import Dependencies, Fact, LogPattern, ProbeResult, change_key
from primitives.identity import is_zone


def case_of(*facts: Fact) -> FactIndex:
    return FactIndex(opened(), None, found(*facts))


def links(kinds: dict[str, str], *edges: tuple[str, str]) -> Dependencies:
    return Dependencies(resources=kinds, edges=tuple((a, b, "calls") for a, b in edges), **SEEN)


def words(resource: str, text: str) -> LogPattern:
    return log(resource, family_of(text) or "").model_copy(update={"template": text, "example": text})


SHOP = links(
    {"till": "service", "stock": "service", "ext:fast-parcel": "external", "ext:coin-bank": "external"},
    ("till", "stock"), ("till", "ext:fast-parcel"), ("till", "ext:coin-bank"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("parcel API responded 502 Bad Gateway", ("ext:fast-parcel",)),
        ("charge refused: coin gateway returned 503 Service Unavailable", ("ext:coin-bank",)),
        ("HTTPSConnectionPool(host='api.coin-bank.example', port=443): Read timed out.", ("ext:coin-bank",)),
        ("503 Service Unavailable: worker pool draining", ()),
        ("health check answered 503 Service Unavailable", ("ext:coin-bank", "ext:fast-parcel", "stock")),
    ],
)
def test_a_complaint_uses_the_words_of_what_it_is_about(text: str, named: tuple[str, ...]) -> None:
    assert tuple(sorted(accused(case_of(SHOP), words("till", text)))) == named


@pytest.mark.parametrize(
    ("resource", "cause"),
    [
        ("ext:fast-parcel", "external_provider_failure"),
        ("eu-north-1c", "zone_failed"),
        ("europe-west4-b", "zone_failed"),
        ("use1-az4", "zone_failed"),
        ("stock", None),
        ("eu-north-1", None),
        ("orders-db-1", None),
        ("web-7c", None),
    ],
)
def test_a_place_that_nobody_here_runs_says_the_cause(resource: str, cause: str | None) -> None:
    assert cause_of_place(case_of(SHOP), resource) == cause
    assert is_zone(resource) == (cause == "zone_failed")


def test_only_what_is_seen_from_outside_is_rewritten() -> None:
    case = case_of(SHOP)
    full = HypothesisKey("rate_limited", "ext:coin-bank")
    claims = [Claim(HypothesisKey("application_error", "ext:coin-bank"), "F1", 1.0, "fails", "felt"),
              Claim(full, "F2", 1.0, "says so", "messages")]  # fmt: skip
    assert [claim.key.cause_id for claim in by_their_places(case, claims)] == [
        "external_provider_failure", "rate_limited",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "connect ETIMEDOUT 10.3.4.5:6379",
        "dial tcp 10.3.4.5:5432: i/o timeout",
        "java.net.SocketTimeoutException: connect timed out",
        "ConnectTimeoutError: timed out",
    ],
)
def test_a_connection_that_nobody_answers_is_unreachable(text: str) -> None:
    assert family_of(text) == "unreachable"


@pytest.mark.parametrize("text", ["Read timed out", "query timed out after 30 s", "request timed out"])
def test_an_answer_that_is_late_is_a_timeout(text: str) -> None:
    assert family_of(text) == "timeout"


PATH = links({"desk": "service", "ledger": "service"}, ("desk", "ledger"))
BROKEN = (PATH, shift("desk", "errors", kind="errors"), log("desk", "unreachable", points_at="ledger"))


@pytest.mark.parametrize(
    ("resource", "summary", "minutes", "blocked"),
    [
        ("bank/networkpolicy/ledger-in", "restrict ingress", 2, {"ledger"}),
        ("sg-0ab12cd34", "security group of ledger: revoke 8443", 4, {"ledger"}),
        ("bank/networkpolicy/ledger-in", "restrict ingress", 300, set()),
        ("bank/networkpolicy/mailer-in", "restrict ingress", 2, set()),
        ("ledger", "ledger 1.4 -> 1.5", 2, set()),
        ("bank/networkpolicy/ledger-in", "allow metrics port", 2, set()),
    ],
)
def test_a_network_rule_that_changed_just_before_closed_the_path(
    resource: str, summary: str, minutes: float, blocked: set[str]
) -> None:
    changed = change("c1", resource, minutes_before=minutes, kind="configuration")
    assert changed.change is not None
    changed = changed.model_copy(update={"change": changed.change.model_copy(update={"summary": summary})})
    assert {claim.key.resource for claim in closed_paths(case_of(*BROKEN, changed))} == blocked


@pytest.mark.parametrize(
    ("metric", "before", "after", "lost"),
    [
        ("mongodb_replset_my_state", 1, 2, True),
        ("etcd_server_has_leader", 1, 0, True),
        ("pg_is_in_recovery", 0, 1, True),
        ("mongodb_replset_my_state", 2, 1, False),
        ("pg_is_in_recovery", 1, 0, False),
        ("deployment_state", 1, 2, False),
    ],
)
def test_a_member_loses_its_role(metric: str, before: float, after: float, *, lost: bool) -> None:
    fact = shift("store-0", metric, kind="other", baseline=before).model_copy(update={"current": float(after)})
    assert ("store-0" in lost_roles(case_of(fact))) == lost


def level(resource: str, metric: str, before: float, now: float, kind: str = "saturation") -> Fact:
    return shift(resource, metric, kind=kind, baseline=before).model_copy(update={"current": now, "worse": True})


REFUSED = (level("scan", "throttles", 0, 90, "errors"), level("mail", "throttles", 0, 40, "errors"))


@pytest.mark.parametrize(
    ("facts", "holder"),
    [
        ((level("resize", "concurrent_executions", 3, 880), level("scan", "concurrent_executions", 9, 20), *REFUSED),
         {"resize"}),
        ((level("batch", "ConcurrentExecutions", 1, 500), *REFUSED), {"batch"}),
        ((level("resize", "concurrent_executions", 3, 880),), set()),
        ((level("resize", "concurrent_executions", 300, 400), *REFUSED), set()),
    ],
)  # fmt: skip
def test_who_takes_what_all_share(facts: tuple[Fact, ...], holder: set[str]) -> None:
    assert {claim.key.resource for claim in shared_pools(case_of(*facts)) if claim.weight > 0} == holder


STORES = links(
    {"api": "service", "kv-0": "database", "kv-1": "database"}, ("api", "kv-0"), ("api", "kv-1"),
)  # fmt: skip
REFUSAL = words("api", "ERROR: cannot execute INSERT in a read-only transaction")


@pytest.mark.parametrize(
    ("facts", "refusing"),
    [
        ((level("kv-1", "mysql_global_variables_read_only", 0, 1, "other"),), ("kv-1",)),
        ((words("kv-0", "cannot execute in a read-only transaction"),), ("kv-0",)),
        ((), ("kv-0", "kv-1")),
    ],
)
def test_a_refusal_belongs_to_the_store_that_refuses(facts: tuple[Fact, ...], refusing: tuple[str, ...]) -> None:
    assert accused(case_of(STORES, *facts, REFUSAL), REFUSAL) == refusing


def test_a_store_that_writes_to_itself_blames_nobody_else() -> None:
    own = words("kv-0", "cannot execute INSERT in a read-only transaction")
    assert accused(case_of(STORES, own), own) == ()


@pytest.mark.parametrize(
    ("target", "checked"),
    [("kv-1:5432", "kv-1"), ("kv-0.prod.svc:5432", "kv-0"), ("10.0.0.4:5432", "api"), ("elsewhere:80", "api")],
)
def test_a_check_is_of_the_host_that_it_names(target: str, checked: str) -> None:
    probe = ProbeResult(resource="api", probe="tcp_connect", target=target, result="failed", healthy=False, **SEEN)
    assert case_of(STORES, probe).checked(probe) == checked


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("Card payments: partial_outage", "outage"),
        ("We are investigating connectivity issues in a single zone", "outage"),
        ("host blade-4 hardware error, HA restart on blade-9", "host_reclaimed"),
        ("All systems operational", None),
        ("Component added to the status page", None),
    ],
)
def test_what_a_provider_tells_of_what_it_runs(text: str, family: str | None) -> None:
    assert announced_family(text) == family


@pytest.mark.parametrize(("minutes", "fills"), [(40.0, False), (18.5, False), (12.0, True), (1.0, True)])
def test_what_filled_before_a_change_is_not_its_doing(minutes: float, *, fills: bool) -> None:
    full = limit("store", "volume_used", 1.0).model_copy(update={"since": ONSET - timedelta(minutes=minutes)})
    made = change("c9", "store", minutes_before=15, kind="infrastructure")
    case = case_of(full, made)
    assert made.change is not None
    blamed = HypothesisKey("bad_configuration", "store", change_key(made.change))
    filled = verdict_candidate(
        HypothesisKey("disk_full", "store"), [Claim(HypothesisKey("disk_full", "store"), "F1", 2.0, "full", "level")],
        WEIGHTS,
    )  # fmt: skip
    assert OrderInTime(case).is_too_early(blamed, filled) != fills


@pytest.mark.parametrize("family", ["exception", "timeout", "server_error", "rate_limited"])
def test_an_outside_provider_that_only_its_callers_complain_of_is_ranked(family: str) -> None:
    topology = graph({"api": "service", "ext:parcel-rates": "external"}, ("api", "ext:parcel-rates"))
    facts = (topology, shift("api"), log("api", family, points_at="ext:parcel-rates"), share("ext:parcel-rates", 1.0))
    assert "ext:parcel-rates" in [entry.resource for entry in rank_facts(found(*facts), opened()).hypotheses]
