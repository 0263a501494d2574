"""What a failed machine takes along, hosts that run full together, damaged frames, silent ports, whose words count."""

from __future__ import annotations

from datetime import timedelta

import pytest
from incident_facts import ONSET, SEEN, change, found, graph, limit, log, opened, shift, state_of

from engine.hypotheses import Hypothesis
from engine.reason import rank_facts
from engine.reason.fact_index import FactIndex
from engine.reason.last_words import causes_of_words
from primitives.facts import Dependencies, Fact, LogPattern, MetricAtLimit, ProbeResult
from primitives.records import Symptom


def ranked(*facts: Fact, symptom: Symptom | None = None) -> tuple[Hypothesis, ...]:
    return rank_facts(found(*facts), opened(symptom or Symptom(resource="front"))).hypotheses


def first(*facts: Fact, symptom: Symptom | None = None) -> tuple[str, str | None]:
    best = ranked(*facts, symptom=symptom)[0]
    return best.cause_id, best.resource


def confidence(cause_id: str, resource: str | None, *facts: Fact) -> float:
    return next((known.confidence for known in ranked(*facts)
                 if (known.cause_id, known.resource) == (cause_id, resource)), 0.0)  # fmt: skip


def links(kinds: dict[str, str], *edges: tuple[str, str, str]) -> Dependencies:
    return Dependencies(resources=kinds, edges=edges, **SEEN)


def said(resource: str, text: str, family: str, *, points_at: str | None = None, count: int = 20) -> LogPattern:
    return LogPattern(resource=resource, template=text, example=text, severity="ERROR", family=family, count=count,
                      points_at=points_at, trust="reported", **SEEN)  # fmt: skip


def connecting(target: str, result: str, output: str = "", asker: str = "front") -> ProbeResult:
    return ProbeResult(resource=asker, probe="tcp_connect", target=target, result=result, healthy=result == "open",
                       output=output, **SEEN)  # fmt: skip


def event(resource: str, text: str) -> LogPattern:
    return said(resource, text, "host_reclaimed", count=1).model_copy(update={"announced": True})


# What a failed machine takes along.

MACHINE = links({"front": "service", "broker": "queue", "vm-7": "node"}, ("front", "broker", "calls"),
                ("broker", "vm-7", "hosts"))  # fmt: skip


def test_a_failed_machine_is_why_it_and_what_it_carries_cannot_be_reached() -> None:
    announced = event("vm-7", "degradation of the underlying hardware that hosts the instance")
    checks = shift("vm-7", "status_check_failed_system", kind="errors", unit="1", baseline=0, current=1)
    facts = (MACHINE, announced, checks, connecting("10.0.0.7:22", "failed", "timed out", "vm-7"),
             connecting("10.0.0.7:5672", "failed", "timed out", "broker"))  # fmt: skip
    assert first(*facts) == ("instance_failed", "vm-7")


@pytest.mark.parametrize(
    ("node", "claimant"),
    [("node/rack-2", "press/statefulset/archive"), ("node/w-9", "lab/deployment/notebook"),
     ("node/edge-1", "till/deployment/ledger")],
)  # fmt: skip
def test_a_volume_that_a_lost_node_holds_is_the_nodes(node: str, claimant: str) -> None:
    held = state_of(claimant, "MultiAttachError", message="Multi-Attach error for volume", details={"weight": "cause"})
    lost = state_of(node, "KubeletStopped", details={"weight": "cause"})
    staying = state_of(claimant, "TerminatingStuck", details={"weight": "symptom"})
    assert first(lost, held, staying)[1] == node


@pytest.mark.parametrize("missing", ["node", "pod"])
def test_without_a_lost_node_or_a_pod_that_stays_the_volume_is_the_trouble(missing: str) -> None:
    claimant = "press/statefulset/archive"
    held = state_of(claimant, "MultiAttachError", message="Multi-Attach error for volume", details={"weight": "cause"})
    lost = state_of("node/rack-2", "KubeletStopped", details={"weight": "cause"})
    staying = state_of(claimant, "TerminatingStuck", details={"weight": "symptom"})
    facts = [held, *([lost] if missing != "node" else []), *([staying] if missing != "pod" else [])]
    assert confidence("volume_mount_failed", claimant, *facts) > confidence("volume_mount_failed", claimant, held, lost,
                                                                            staying)  # fmt: skip


# Hosts that run full together.


def full_host(host: str, minutes_after: float = 1) -> MetricAtLimit:
    at = ONSET + timedelta(minutes=minutes_after)
    return limit(host, "cpu_utilization", 1.0).model_copy(update={"since": at})


def fleet(service: str, *hosts: str) -> Dependencies:
    kinds = {"front": "service", service: "service", **dict.fromkeys(hosts, "node")}
    return links(kinds, ("front", service, "calls"), *((service, host, "hosts") for host in hosts))


@pytest.mark.parametrize(
    ("service", "hosts"), [("maps", ("n1", "n2", "n3")), ("billing", ("vm-a", "vm-b")), ("ocr", ("box-4", "box-5"))]
)
def test_hosts_that_run_full_since_their_service_was_changed_are_filled_by_it(
    service: str, hosts: tuple[str, ...]
) -> None:
    release = change("r9", service, minutes_before=2)
    facts = (fleet(service, *hosts), release, shift(service), *(full_host(host) for host in hosts))
    best = ranked(*facts)[0]
    assert (best.cause_id, best.resource, best.change) == ("deployment_regression", service, "r9")
    assert any(item.why.startswith("all that run it ran full") for item in best.evidence)


@pytest.mark.parametrize(
    "more",
    [
        [full_host("n1")],  # only one of the two
        [full_host("n1"), full_host("n2", 90)],  # the other much later
        [full_host("n1"), full_host("n2"), shift("maps", "requests", kind="traffic", unit="{request}/s",
                                                 baseline=100, current=300)],  # more is asked
    ],
)  # fmt: skip
def test_one_full_host_or_more_requests_say_nothing_of_the_change(more: list[Fact]) -> None:
    facts = (fleet("maps", "n1", "n2"), change("r9", "maps", minutes_before=2), shift("maps"), *more)
    assert not any(item.why.startswith("all hosts") for known in ranked(*facts) for item in known.evidence)


# Damaged frames.


@pytest.mark.parametrize(
    ("host", "metric"),
    [("db-2", "node_network_receive_errs_rate"), ("leaf-4", "ifInErrors"), ("nas", "rx_crc_errors_total")],
)
def test_where_frames_arrive_damaged_packets_are_lost(host: str, metric: str) -> None:
    names = {"front": "service", host: "node", "peer": "node"}
    resent = (shift(name, "tcp_retranssegs", kind="errors", unit="{segment}/s", baseline=0.8, current=60)
              for name in (host, "peer"))  # fmt: skip
    damaged = shift(host, metric, kind="errors", unit="{packet}/s", baseline=0, current=140)
    facts = (links(names, ("front", host, "hosts"), ("front", "peer", "hosts")), *resent, damaged, shift("front"))
    assert first(*facts) == ("network_packet_loss", host)


@pytest.mark.parametrize("metric", ["parser_input_errors", "http_receive_total", "transmit_queue"])
def test_other_errors_and_counters_damage_no_frames(metric: str) -> None:
    counted = shift("nas", metric, kind="other", unit="1", baseline=0, current=140)
    assert not any("damaged" in item.why for known in ranked(counted, shift("front")) for item in known.evidence)


# Ports that are silent where the host answers.

PATH = graph({"front": "service", "store": "database"}, ("front", "store"))
DROPPED = "kernel: input-drop: IN=eth0 OUT= SRC=10.1.0.4 DST=10.1.0.9 PROTO=TCP SPT=40112 DPT=5432 SYN"


def test_a_port_that_a_filter_says_it_drops_is_closed() -> None:
    checks = (connecting("store:5432", "failed", "timed out"), connecting("store:22", "open"))
    facts = (PATH, *checks, said("store", DROPPED, "", count=40).model_copy(update={"family": None}))
    assert first(*facts) == ("network_policy_blocked", "store")


@pytest.mark.parametrize(
    "checks",
    [
        (connecting("store:5432", "failed", "timed out"), connecting("store:22", "failed", "timed out")),
        (connecting("store:5432", "failed", "connection refused"), connecting("store:22", "open")),
        (connecting("store:5432", "failed", "timed out"), connecting("other:22", "open")),
    ],
)
def test_a_host_that_is_gone_or_refuses_is_not_filtered(checks: tuple[ProbeResult, ...]) -> None:
    assert first(PATH, *checks)[0] == "dependency_unavailable"


def test_without_a_word_of_a_filter_a_silent_port_may_hang() -> None:
    checks = (connecting("store:5432", "failed", "timed out"), connecting("store:22", "open"))
    dropped = said("store", DROPPED, "", count=40).model_copy(update={"family": None})
    alone = confidence("network_policy_blocked", "store", PATH, *checks)
    assert 0 < alone < confidence("network_policy_blocked", "store", PATH, *checks, dropped)


# Whose words they are.


@pytest.mark.parametrize(
    ("store", "text", "family", "cause_id"),
    [
        (
            "lab/statefulset/samples-pg",
            "scan@samples LOG: process 81 still waiting for ShareLock",
            "deadlock",
            "lock_contention",
        ),
        (
            "depot/statefulset/mysql",
            "scan: Lock wait timeout exceeded; try restarting transaction",
            "deadlock",
            "lock_contention",
        ),
        ("depot/statefulset/mongo", "MongoServerError from scan: WriteConflict", "deadlock", "lock_contention"),
    ],
)
def test_what_a_store_says_of_its_locks_is_its_own_whoever_asked(
    store: str, text: str, family: str, cause_id: str
) -> None:
    case = FactIndex(opened(), None, found(said(store, text, family, points_at="lab/deployment/scan")))
    places = {known.resource for known in ranked(*(one.fact for one in case.facts)) if known.cause_id == cause_id}
    assert store in places
    assert "lab/deployment/scan" not in places


THROTTLED = "ProvisionedThroughputExceededException: An error occurred when calling the PutItem operation"
TABLES = graph({"intake": "function", "parcels": "database", "routes": "database"}, ("intake", "parcels"),
               ("intake", "routes"))  # fmt: skip


def throttles(table: str, current: float = 900.0) -> Fact:
    return shift(table, "write_throttle_events", kind="errors", unit="{request}", baseline=0, current=current)


def test_the_table_that_is_measured_to_throttle_is_meant() -> None:
    assert first(TABLES, said("intake", THROTTLED, "rate_limited"), throttles("parcels")) == ("rate_limited", "parcels")


def test_where_none_or_each_is_measured_who_asks_too_much_is_meant() -> None:
    words = said("intake", THROTTLED, "rate_limited")
    assert first(TABLES, words) == ("rate_limited", "intake")
    assert confidence("rate_limited", "intake", TABLES, words, throttles("parcels"), throttles("routes")) > 0


@pytest.mark.parametrize(
    ("text", "of_path"),
    [
        ("PermissionError: [Errno 13] Permission denied: '/data/in'", True),
        ("mkdir /var/lib/queue: permission denied", True),
        ("java.nio.file.AccessDeniedException: /srv/export/day.csv", True),
        ('File "/app/store.py", line 61, in put AccessDenied when calling the PutObject operation', False),
        ("AccessDenied\n    at send (/srv/app/client.js:31:7) permission denied for topic orders", False),
        ("permission denied for table orders", False),
    ],
)
def test_a_refusal_is_of_a_path_only_where_one_is_named_outside_of_the_code(text: str, of_path: bool) -> None:
    causes = {cause_id for cause_id, _ in causes_of_words(said("x", text, "permission"))}
    assert ("volume_permission_denied" in causes) is of_path


@pytest.mark.parametrize("client", ["news/deployment/indexer", "audit/deployment/shipper"])
def test_where_no_call_is_known_the_only_store_that_says_the_same_is_meant(client: str) -> None:
    full = said(client, "cluster_block_exception: disk usage exceeded flood-stage watermark", "disk_full")
    own = said("find/statefulset/opensearch", "flood stage disk watermark exceeded", "disk_full")
    assert first(full, own) == ("disk_full", "find/statefulset/opensearch")
    other = said("logs/statefulset/elastic", "flood stage disk watermark exceeded", "disk_full")
    assert confidence("disk_full", client, full, own, other) > 0


# Pods and their workloads.


def test_what_all_pods_suffer_is_told_of_the_workload_that_owns_them() -> None:
    pods = ("till/pod/fares-7-a", "till/pod/fares-7-b")
    owner = "till/deployment/fares"
    known = links({owner: "workload", **dict.fromkeys(pods, "pod")}, *((owner, pod, "owns") for pod in pods))
    full = tuple(limit(pod, "cpu_utilization", 1.0) for pod in pods)
    assert first(known, *full, shift(owner), symptom=Symptom(resource=owner)) == ("cpu_saturated", owner)
    assert not {known.resource for known in ranked(known, *full)}.intersection(pods)


def test_a_pod_whose_owner_nobody_knows_stays_what_it_is() -> None:
    assert first(limit("till/pod/fares-7-a", "cpu_utilization", 1.0)) == ("cpu_saturated", "till/pod/fares-7-a")


def test_the_words_of_a_client_that_calls_stores_are_as_before() -> None:
    assert first(PATH, log("front", "connection_refused", points_at="store"))[1] == "store"


# Addresses that are handed out.

HANDED = [
    ("broker-1", "9092", "[thrd:localhost:9092/1]: Connect to ipv4#127.0.0.1:9092 failed: Connection refused"),
    ("ring-cassandra", "9042", "could not connect to cassandra node localhost/127.0.0.1:9042: refused"),
    ("docs-mongo", "27017", "MongoNetworkError: connect to mongo at 127.0.0.1:27017 failed: refused"),
]


@pytest.mark.parametrize(("member", "port", "text"), HANDED)
def test_a_member_that_sends_its_clients_to_themselves_hands_out_a_wrong_address(
    member: str, port: str, text: str
) -> None:
    clients = [said(name, text, "connection_refused") for name in ("scale", "lamp")]
    answers = connecting(f"10.3.0.8:{port}", "open", asker=member)
    assert first(*clients, answers) == ("wrong_address", member)


@pytest.mark.parametrize("kept", [("one client",), ("nobody answers",), ("another product",), ("another port",)])
def test_one_client_or_a_proxy_beside_it_is_sent_nowhere(kept: tuple[str]) -> None:
    member, port, text = HANDED[0]
    text = "proxy at localhost:9092 refused the connection" if kept == ("another product",) else text
    clients = [said(name, text, "connection_refused") for name in ("scale", "lamp")[: 1 if "one" in kept[0] else 2]]
    target = "10.3.0.8:9093" if "port" in kept[0] else f"10.3.0.8:{port}"
    answers = [] if "nobody" in kept[0] else [connecting(target, "open", asker=member)]
    assert not any("own host" in item.why for known in ranked(*clients, *answers) for item in known.evidence)


# Announced work that is over.


def maintenance(summary: str, *, checked_after: float = 60, minutes_before: float = 0) -> tuple[Fact, ...]:
    began, now = ONSET, ONSET + timedelta(hours=3)
    work = change("w", "ledger", minutes_before=minutes_before, kind="infrastructure", summary=summary)
    failing = said("front", "connection refused by ledger", "connection_refused").model_copy(
        update={"first_seen": began + timedelta(minutes=2), "last_seen": began + timedelta(minutes=40)}
    )
    seen = {**SEEN, "observed_at": began + timedelta(minutes=40 + checked_after)}
    check = ProbeResult(resource="front", probe="http_get", target="https://front.example/", result="open",
                        healthy=True, output="200", **seen)  # fmt: skip
    assert check.observed_at <= now
    return graph({"front": "service", "ledger": "database"}, ("front", "ledger")), work, failing, check


def answer_after(*facts: Fact) -> str:
    about = opened(Symptom(resource="front"), now=ONSET + timedelta(hours=3))
    return rank_facts(found(*facts), about).hypotheses[0].cause_id


@pytest.mark.parametrize(
    "summary",
    [
        "planned maintenance: patch of the operating system",
        "Geplante Wartung: Neustart",
        "maintenance window 14, reboot",
    ],
)
def test_what_failed_during_announced_work_and_was_checked_since_is_over(summary: str) -> None:
    assert answer_after(*maintenance(summary)) == "recovered"


def test_work_that_nobody_announced_or_that_nobody_checked_after_is_not_over() -> None:
    assert answer_after(*maintenance("restart of the database")) != "recovered"
    assert answer_after(*maintenance("planned maintenance", checked_after=5)) != "recovered"
    assert answer_after(*maintenance("planned maintenance", minutes_before=-30)) != "recovered"


# What a component that is down says itself.


def test_what_a_crashing_name_server_says_is_why_no_name_resolves() -> None:
    place = "kube-system/deployment/coredns"
    down = state_of(place, "ClusterDnsUnavailable", details={"weight": "cause"}, bearing="active")
    crash = state_of(place, "CrashLoopBackOff", details={"weight": "cause"}, bearing="active")
    words = said(place, "parse error: unknown directive in its settings", "invalid_configuration")
    assert first(down, crash, words) == ("bad_configuration", place)
    assert first(down, crash) == ("dns_resolution_failed", place)
