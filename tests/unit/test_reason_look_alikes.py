"""Names, settings and messages that look like what a rule looks for, and aren't it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from incident_facts import ONSET, SEEN, change, found, graph, log, opened, shift

from engine.reason import rank_facts
from engine.reason.complaints import accused
from engine.reason.fact_index import FactIndex
from engine.reason.no_fault_verdicts import _out_of_all_proportion
from engine.reason.passed import _is_replaced
from engine.reason.stores import is_store
from primitives.analysis.announcements import announced_family
from primitives.analysis.error_families import family_of
from primitives.facts import ChangeFound, ConfigurationDifference, Dependencies, Fact, Observed, ProbeResult
from primitives.records import Symptom

SHOP = graph({"shop": "service", "stock-db": "database"}, ("shop", "stock-db"))


def reasons(*facts: Fact, about: str = "shop", metric: str = "latency_p95") -> dict[str, set[str | None]]:
    """Each reason that the ranking gives, with the resources for which it gives it."""
    told: dict[str, set[str | None]] = {}
    for known in rank_facts(found(*facts), opened(Symptom(resource=about, metric=metric))).hypotheses:
        for item in known.evidence:
            told.setdefault(item.why, set()).add(known.resource)
    return told


def told(name: str, resource: str | None, summary: str, **more: Any) -> ChangeFound:
    return change(name, resource, summary=summary, minutes_before=2, kind="configuration", **more)


@pytest.mark.parametrize(
    ("namespace", "policy", "summary", "blocked"),
    [
        ("bank", "bank/networkpolicy/all", "default-deny", True),
        ("bank", "pay/networkpolicy/all", "deny all to namespace bank", True),
        ("default", "pay/networkpolicy/all", "default-deny for pay", False),
        ("data", "pay/networkpolicy/all", "update metadata, default-deny", False),
        ("prod", "pay/networkpolicy/all", "default-deny in production", False),
        # It names another workload of the namespace.
        ("bank", "bank/networkpolicy/mailer-in", "restrict ingress", False),
    ],
)
def test_only_a_rule_for_a_whole_namespace_closes_every_path_in_it(
    namespace: str, policy: str, summary: str, blocked: bool
) -> None:
    desk, ledger = f"{namespace}/deployment/desk", f"{namespace}/deployment/ledger"
    known = graph({desk: "workload", ledger: "workload"}, (desk, ledger))
    broken = log(desk, "unreachable", points_at=ledger)
    why = "a rule of the network that names it changed, and connections fail since then"
    given = reasons(known, shift(desk), broken, told("c1", policy, summary), about=desk)
    assert (ledger in given.get(why, set())) is blocked


@pytest.mark.parametrize(
    ("resource", "path", "made"),
    [
        ("stock-db", "parameters.read_only", True),
        ("stock-db", "read_only", True),
        ("shop", "services.shop.read_only", False),
        ("stock-db", "volumes.0.read_only", False),
        ("stock-db", "spec.mounts.config.read_only", False),
    ],
)
def test_a_container_or_mount_that_is_read_only_is_no_store_without_writes(
    resource: str, path: str, made: bool
) -> None:
    setting = ConfigurationDifference(resource=resource, kind="parameters", path=path, before="0", after="1", **SEEN)
    assert ("it was set to take no writes" in reasons(SHOP, shift("shop"), setting)) is made


@pytest.mark.parametrize("metric", ["messages_deleted", "number_of_empty_receives", "messages_undelivered",
                                    "messages_not_processed", "unacknowledged", "receive_failures"])  # fmt: skip
def test_only_what_counts_messages_that_were_taken_says_that_none_are(metric: str) -> None:
    line = Dependencies(
        resources={"shop": "service", "parcels": "queue"}, edges=(("shop", "parcels", "writes"),), **SEEN
    )
    age = "age_of_oldest_message"
    facts = (line, shift("parcels", age, baseline=2, current=1900),
             shift("parcels", metric, kind="traffic", unit="{message}", baseline=40, current=0))  # fmt: skip
    given = reasons(*facts, about="parcels", metric=age)
    assert any("nothing is taken" in why for why in given) is (metric == "messages_deleted")


@pytest.mark.parametrize(
    ("summary", "is_schema"),
    [
        ("VACUUM FULL orders", True),
        ("db migration 0042: convert id to bigint", True),
        ("set autovacuum_max_workers = 10", False),
        ("vacuum_cost_delay raised", False),
        ("migrate to gp3 storage", False),
        ("migrated to the new host", False),
    ],
)
def test_a_setting_named_after_a_job_or_a_move_changes_no_schema(summary: str, is_schema: bool) -> None:
    facts = (SHOP, told("c1", "stock-db", summary), shift("shop"), log("stock-db", "deadlock", 30))
    assert any(why.startswith("the schema was changed") for why in reasons(*facts)) is is_schema


@pytest.mark.parametrize(
    ("name", "stores"),
    [("router-db", True), ("proxy-config-db", True), ("proxy-redis", True),
     ("stock-proxy", False), ("mongo-router", False), ("pgbouncer-postgres", False)],
)  # fmt: skip
def test_a_store_named_after_a_proxy_is_a_store(name: str, stores: bool) -> None:
    known = FactIndex(opened(), None, found(graph({"shop": "service", name: "database"})))
    assert is_store(known, name) is stores


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("failed: host=ledger.bank.example user=a connection refused", ("ledger",)),
        ("HTTPConnection(host='ledger.bank.example'): connection refused", ("ledger",)),
        # Of structured logs it is the writer's own host.
        ('level=error host=ip-10-0-0-1.ec2.internal msg="connection refused"', ("ledger",)),
    ],
)
def test_the_host_of_a_log_line_is_not_who_refuses(text: str, meant: tuple[str, ...]) -> None:
    refused = log("desk", "connection_refused").model_copy(update={"example": text, "template": text})
    known = FactIndex(
        opened(), None, found(graph({"desk": "service", "ledger": "service"}, ("desk", "ledger")), refused)
    )
    assert accused(known, refused) == meant


@pytest.mark.parametrize(
    ("resource", "within"),
    [("orders", True), ("orders-1", True), ("orders-instance-2", True), ("orders-instance-1-eu-west-1b", True),
     ("orders-archive", False), ("orders-archive-1", False)],
)  # fmt: skip
def test_a_database_named_alike_has_its_own_restarts(resource: str, within: bool) -> None:
    def event(of: str | None, family: str, words: str) -> Observed:
        return Observed(resource=of, kind="rds_event", subject=words, details={"family": family}, **SEEN)

    known = graph({"shop": "service", resource: "database"}, ("shop", resource))
    restart = event(resource, "platform_maintenance", "DB instance restarted")
    best = rank_facts(
        found(known, shift("shop"), event("orders", "failover", "Failover"), restart), opened()
    ).hypotheses
    restarted = any(item.fact == "F4" for one in best if one.cause_id == "database_failover" for item in one.evidence)
    assert restarted is within


@pytest.mark.parametrize(
    ("host", "place"),
    [("api.stripe.com", "ext:stripe-payments"), ("gateway.corp.example", "shop"), ("service.corp.local", "shop")],
)
def test_a_word_that_any_host_may_have_names_no_provider(host: str, place: str) -> None:
    outside = "ext:stripe-payments" if "stripe" in host else "ext:sms-gateway-service"
    known = FactIndex(opened(), None, found(graph({"shop": "service", outside: "external"}, ("shop", outside))))
    probe = ProbeResult(resource="shop", probe="tcp_connect", target=f"{host}:443", result="timeout", healthy=False,
                        **SEEN)  # fmt: skip
    assert known.checked(probe) == place


@pytest.mark.parametrize(("baseline", "current", "by_far"), [(0.4, 2200.0, True), (0.0, 10.0, False)])
def test_some_of_what_never_was_is_no_hundredfold(baseline: float, current: float, by_far: bool) -> None:
    little_clear = shift("parcels", "queue_depth", kind="saturation", unit="{message}", baseline=baseline,
                         current=current, score=10.0)  # fmt: skip
    assert _out_of_all_proportion(little_clear) is by_far


@pytest.mark.parametrize("text", ["rateLimitExceeded", "userRateLimitExceeded", "RequestLimitExceeded"])
def test_a_limit_of_a_rate_is_no_quota(text: str) -> None:
    assert announced_family(text) != "quota"
    assert announced_family("InstanceLimitExceeded") == "quota"


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("authentication failed: session timed out, please log in again", "authentication"),
        ("ERROR AuthFilter: JWT expired: session timeout", "authentication"),
        ("failed to fetch token: dial tcp 10.0.0.1:443: i/o timeout", "unreachable"),
    ],
)
def test_a_session_that_ended_is_no_call_without_an_answer(text: str, family: str) -> None:
    assert family_of(text) == family


@pytest.mark.parametrize(
    ("actor", "summary", "resource", "over"),
    [
        ("AutoScaling", "terminated i-0ab12", "i-0ab12", True),
        ("system:serviceaccount:kube-system:replicaset-controller", "deleted i-0ab12.", "i-0ab12", True),
        ("karpenter", "drained ip-10-0-0-1.ec2.internal.", "ip-10-0-0-1.ec2.internal", True),
        # Others' names, nobody's name, and persons or their pipelines.
        ("AutoScaling", "terminated i-0ab12", "i-0ab", False),
        ("AutoScaling", "terminated i-0ab12", None, False),
        ("system:admin", "deleted i-0ab12", "i-0ab12", False),
        ("system:serviceaccount:ci:deployer", "deleted i-0ab12", "i-0ab12", False),
        ("argocd-application-controller", "replaced i-0ab12", "i-0ab12", False),
    ],
)
def test_only_the_platform_replaces_what_was_ill_and_only_that(
    actor: str, summary: str, resource: str | None, over: bool
) -> None:
    gone = change("r1", "group", summary=summary, minutes_before=-5)
    assert gone.change is not None
    gone = gone.model_copy(update={"change": gone.change.model_copy(update={"actor": actor})})
    ill = shift("i-0ab12", onset=ONSET - timedelta(minutes=1)).model_copy(update={"resource": resource})
    assert _is_replaced(FactIndex(opened(), None, found(gone)), ill) is over
