"""Hosts with a slow network or a wrong clock, instances that fill up together, restarts of a failover, load's entry."""

from __future__ import annotations

from datetime import timedelta

import pytest
from incident_facts import NOW, ONSET, SEEN, change, found, limit, log, opened, share, shift

from engine.reason import rank_facts
from engine.reason.fact_index import FactIndex
from engine.reason.failover_restarts import failover_restarts
from engine.reason.full_together import filled_instances
from engine.reason.ill_hosts import ill_hosts
from primitives.analysis.error_families import family_of
from primitives.facts import ChangeFound, Dependencies, Fact, LogPattern, MetricShift
from primitives.records import Change, Symptom

HOSTED = (("api", "rack-7", "hosts"), ("ledger", "rack-7", "hosts"), ("quotes", "rack-9", "hosts"),
          ("api", "ledger", "calls"), ("ledger", "quotes", "calls"))  # fmt: skip
KINDS = {"api": "service", "ledger": "service", "quotes": "service", "rack-7": "node", "rack-9": "node"}


def topology(kinds: dict[str, str], *edges: tuple[str, str, str]) -> Dependencies:
    return Dependencies(resources=kinds, edges=edges, **SEEN)


def first(*facts: Fact, symptom: Symptom | None = None) -> tuple[str, str | None, str | None]:
    best = rank_facts(found(*facts), opened(symptom)).hypotheses[0]
    return best.cause_id, best.resource, best.change


def case_of(*facts: Fact) -> FactIndex:
    return FactIndex(opened(), None, found(*facts))


def rtt(host: str, now: float, metric: str = "node_tcp_rtt_avg_ms", **more: object) -> MetricShift:
    return shift(host, metric, kind="other", baseline=0.4, current=now, unit="ms", **more)


@pytest.mark.parametrize("metric", ["node_tcp_rtt_avg_ms", "ping_round_trip_ms"])
def test_what_a_host_with_a_slow_network_carries_has_no_fault(metric: str) -> None:
    facts = (shift("api"), shift("ledger", current=1.2), share("ledger", 0.9), share("api", 0.0),
             topology(KINDS, *HOSTED), rtt("rack-7", 240.0, metric), rtt("rack-9", 9.0, metric))  # fmt: skip
    assert first(*facts) == ("network_delay", "rack-7", None)


@pytest.mark.parametrize(
    "network",
    [
        (rtt("rack-7", 1.1),),
        (rtt("rack-7", 240.0), rtt("rack-9", 180.0)),
        (rtt("rack-7", 240.0, onset=ONSET - timedelta(minutes=25)),),
    ],
    ids=["a little", "both", "long before"],
)
def test_a_network_that_is_hardly_slower_or_everywhere_or_since_long_blames_no_host(
    network: tuple[MetricShift, ...],
) -> None:
    assert ill_hosts(case_of(shift("api"), shift("ledger"), topology(KINDS, *HOSTED), *network)) == {}


def clock(host: str, off: float, metric: str, unit: str) -> MetricShift:
    return shift(host, metric, kind="other", baseline=off / 1e6, current=off, unit=unit)


@pytest.mark.parametrize(
    ("metric", "off", "unit", "family"),
    [
        ("node_timex_offset_seconds", -38.0, "s", "clock"),
        ("ntp_clock_offset_ms", 71_000.0, "ms", "authentication"),
        ("chrony_tracking_system_time_seconds", 12.0, "s", "clock"),
    ],
)
def test_a_host_whose_clock_runs_away_is_why_what_it_carries_refuses_tokens(
    metric: str, off: float, unit: str, family: str
) -> None:
    errors = shift("api", "error_ratio", kind="errors", baseline=0.001, current=0.8, unit="1")
    facts = (errors, log("api", family), log("ledger", family), topology(KINDS, *HOSTED),
             clock("rack-7", off, metric, unit))  # fmt: skip
    about = Symptom(resource="api", metric="error_ratio", direction="above")
    assert first(*facts, symptom=about)[1] == "rack-7"
    # Milliseconds trouble nobody, and neither does a wrong clock what doesn't speak of times.
    assert ill_hosts(case_of(errors, log("api", family), topology(KINDS, *HOSTED),
                             clock("rack-7", off / 1e5, metric, unit))) == {}  # fmt: skip
    assert ill_hosts(case_of(errors, log("api", "timeout"), topology(KINDS, *HOSTED),
                             clock("rack-7", off, metric, unit))) == {}  # fmt: skip


def full(place: str, metric: str, *, minutes: float, baseline: float = 0.2) -> Fact:
    return limit(place, metric, 1.0, baseline).model_copy(update={"since": ONSET + timedelta(minutes=minutes)})


def instances(service: str, *names: str) -> Dependencies:
    kinds = dict.fromkeys((service, "edge", *names), "service")
    return topology(kinds, ("edge", service, "calls"), *((service, name, "owns") for name in names))


@pytest.mark.parametrize(
    ("names", "metric", "cause", "family"),
    [
        (("billing-a", "billing-b"), "hikaricp_connections_active", "connections_exhausted", "too_many_connections"),
        (("n1", "n2", "n3"), "jvm_threads_live", "threads_exhausted", "too_many_threads"),
    ],
)
def test_instances_that_fill_up_one_after_another_are_filled_by_the_new_version(
    names: tuple[str, ...], metric: str, cause: str, family: str
) -> None:
    errors = shift("edge", "error_ratio", kind="errors", baseline=0.001, current=0.4, unit="1")
    filled = [full(name, metric, minutes=2 + 3 * at) for at, name in enumerate(names)]
    said = [log(name, family) for name in names]
    about = Symptom(resource="edge", metric="error_ratio", direction="above")
    facts = (errors, *filled, *said, instances("billing", *names))
    assert first(*facts, change("v8", "billing", minutes_before=24), symptom=about) == (
        "deployment_regression", "billing", "v8",
    )  # fmt: skip
    # Without the new version it is what it is.
    assert first(*facts, symptom=about)[0] == cause


@pytest.mark.parametrize(
    "filled",
    [
        (full("n1", "jvm_threads_live", minutes=2),),
        (full("n1", "jvm_threads_live", minutes=2), full("n2", "jvm_threads_live", minutes=-90)),
        (full("n1", "jvm_threads_live", minutes=2), full("n2", "jvm_threads_live", minutes=4, baseline=0.9)),
    ],
    ids=["one of two", "full before", "always nearly full"],
)
def test_one_instance_or_one_that_was_full_before_is_no_doing_of_the_version(filled: tuple[Fact, ...]) -> None:
    known = (shift("edge"), instances("billing", "n1", "n2"), change("v8", "billing", minutes_before=24))
    assert filled_instances(case_of(*known, *filled)) == {}


def told(resource: str, text: str, family: str, minutes: float) -> LogPattern:
    at = ONSET + timedelta(minutes=minutes)
    return LogPattern(resource=resource, template=text, example=text, severity="WARN", family=family, count=1,
                      baseline_count=0.0, trust="reported", announced=True, first_seen=at, last_seen=NOW,
                      **SEEN)  # fmt: skip


CLUSTER = topology({"pair": "database", "pair-a": "database", "pair-b": "database"},
                   ("pair", "pair-a", "owns"), ("pair", "pair-b", "owns"))  # fmt: skip


@pytest.mark.parametrize("words", ["DB instance restarted", "Instance was rebooted"])
def test_a_restart_within_a_failover_of_its_cluster_is_part_of_it(words: str) -> None:
    restart = told("pair-a", words, "platform_maintenance", 1)
    by_message = told("pair", "Completed failover to pair-b", "failover", 0)
    event = ChangeFound(
        kinds=("infrastructure",), resource="pair-b", lead_s=0.0,
        change=Change(time=ONSET, id="e-1", resource="pair-b", kind="infrastructure", origin="aws.rds",
                      summary="Started failover to another zone"),
        **SEEN,
    )  # fmt: skip
    for failover in (by_message, event):
        claims = list(failover_restarts(case_of(CLUSTER, restart, failover)))
        assert [(claim.key.resource, claim.weight < 0) for claim in claims] == [("pair-a", True)]


@pytest.mark.parametrize(
    ("words", "place", "minutes"),
    [("Applying maintenance: restarting the instance", "pair-a", 1), ("DB instance restarted", "pair-a", 45),
     ("DB instance restarted", "reports", 1)],
)  # fmt: skip
def test_maintenance_and_restarts_of_others_or_later_are_what_they_are(words: str, place: str, minutes: float) -> None:
    restart = told(place, words, "platform_maintenance", minutes)
    failover = told("pair", "Completed failover to pair-b", "failover", 0)
    assert list(failover_restarts(case_of(CLUSTER, restart, failover))) == []


def asked(resource: str, times: float) -> MetricShift:
    return shift(resource, "request_count", kind="traffic", unit="{request}", baseline=900, current=900 * times,
                 absent=times == 1.0, worse=False)  # fmt: skip


@pytest.mark.parametrize("counted", [False, True])
def test_load_comes_in_where_requests_are_first_counted(counted: bool) -> None:
    kinds = {"cdn": "gateway", "balancer": "gateway", "web": "service", "votes": "service", "table": "database"}
    calls = topology(kinds, ("cdn", "balancer", "calls"), ("balancer", "web", "calls"), ("balancer", "votes", "calls"),
                     ("votes", "table", "calls"))  # fmt: skip
    busy = limit("votes", "cpu_utilization", 0.99, 0.2).model_copy(update={"since": ONSET + timedelta(minutes=1)})
    facts = [shift("balancer"), shift("votes", current=4.0), asked("balancer", 12.0), asked("web", 11.0),
             asked("votes", 13.0), busy, calls]  # fmt: skip
    about = Symptom(resource="balancer", metric="latency_p95", direction="above")
    # A CDN in front that is counted and sends as much as ever: then no surge comes in.
    cause = first(*facts, *([asked("cdn", 1.0)] if counted else []), symptom=about)
    assert (cause[:2] == ("traffic_surge", "balancer")) is not counted


@pytest.mark.parametrize(
    ("words", "family"),
    [
        ("You have requested more vCPU capacity than your current vCPU limit of 32 allows", "quota"),
        ("results in exceeding approved standardDSv3Family Cores quota", "quota"),
        ("InstanceLimitExceeded: your quota allows for 0 more running instance(s)", "quota"),
        ("VolumeLimitExceeded: the maximum number of volumes is in use", "quota"),
        ("RequestLimitExceeded: Request limit exceeded", "rate_limited"),
        ("userRateLimitExceeded", "rate_limited"),
        ("the job used more memory than the limit", None),
    ],
)
def test_how_much_an_account_may_have_is_a_quota_and_how_often_it_may_ask_a_rate(words: str, family: str) -> None:
    assert family_of(words) == family
