"""What a resource waits for: late calls of two hosts, locks that it names, a host that another filled."""

from __future__ import annotations

from datetime import timedelta

import pytest
from incident_facts import ONSET, SEEN, found, log, opened, share, shift

from engine.reason import rank_facts
from primitives.facts import Dependencies, Fact, MetricAtLimit, Observed, WireDelay
from primitives.records import Symptom

HOSTS = {"red": "node", "blue": "node"}


def first(*facts: Fact, about: str = "api", metric: str = "latency_p95") -> tuple[str, str | None]:
    symptom = Symptom(resource=about, metric=metric, direction="above")
    best = rank_facts(found(*facts), opened(symptom=symptom)).hypotheses[0]
    return best.cause_id, best.resource


def ranked(*facts: Fact, about: str = "api") -> dict[tuple[str, str | None], float]:
    symptom = Symptom(resource=about, metric="latency_p95", direction="above")
    hypotheses = rank_facts(found(*facts), opened(symptom=symptom)).hypotheses
    return {(known.cause_id, known.resource): known.confidence for known in hypotheses}


def two_hosts() -> Dependencies:
    kinds = {"api": "service", "files": "service", "store": "database", **HOSTS}
    edges = (("api", "red", "hosts"), ("store", "red", "hosts"), ("files", "blue", "hosts"),
             ("api", "files", "calls"), ("files", "store", "reads"))  # fmt: skip
    return Dependencies(resources=kinds, edges=edges, **SEEN)


def late(host: str) -> WireDelay:
    return WireDelay(
        resource=host, side="both ways", baseline=0.001, current=0.09, quickest=0.088, late=2, pairs=3, calls=80,
        share=0.9, pair_names=(("api", "files"), ("files", "store")), **SEEN,
    )  # fmt: skip


@pytest.mark.parametrize(("named", "slow"), [("red", "blue"), ("blue", "red"), ("blue", "blue")])
@pytest.mark.parametrize(
    ("metric", "cause"), [("ping_rtt_ms", "network_delay"), ("tcp_retransmits_per_second", "network_packet_loss")]
)
def test_of_two_hosts_between_which_calls_are_late_the_one_with_the_slow_network_leads(
    named: str, slow: str, metric: str, cause: str
) -> None:
    measured = shift(slow, metric, kind="other", baseline=0.3, current=95, unit="ms")
    assert first(late(named), measured, shift("api"), two_hosts()) == (cause, slow)


def test_late_calls_keep_their_host_where_no_network_or_both_are_measured_slow() -> None:
    rtt = [shift(name, "ping_rtt_ms", kind="other", baseline=0.3, current=95, unit="ms") for name in HOSTS]
    assert first(late("red"), shift("api"), two_hosts()) == ("network_delay", "red")
    assert first(late("red"), *rtt, shift("api"), two_hosts()) == ("network_delay", "red")
    # The processor of the other host says nothing of its network.
    busy = shift("blue", "cpu_usage", kind="saturation", baseline=40, current=80, unit="%")
    assert first(late("red"), busy, shift("api"), two_hosts()) == ("network_delay", "red")


def idle_and_slow(name: str = "api") -> tuple[Fact, ...]:
    """It is slow, gets fewer requests, and its CPU has less to do."""
    return (
        shift(name, current=24.0),
        shift(name, "requests", kind="traffic", unit="{request}", baseline=900, current=500, score=-30),
        shift(name, "cpu_usage", kind="saturation", unit="%", baseline=40, current=12, score=-30, worse=False),
    )


def stores(*names: tuple[str, str]) -> Dependencies:
    kinds = {"api": "service"} | dict(names)
    return Dependencies(resources=kinds, edges=tuple(("api", name, "reads") for name, _ in names), **SEEN)


LOAD = {"lock": 44.0, "cpu": 3.0, "io": 2.0}


@pytest.mark.parametrize(
    "words",
    [
        "Error 1205 (HY000): Lock wait timeout exceeded; try restarting transaction",
        "process 4711 still waiting for ShareLock on transaction 99 after 1000.1 ms",
    ],
)
def test_locks_that_the_waiter_names_and_the_database_measures_beat_a_slow_network(words: str) -> None:
    said = log("api", "deadlock").model_copy(update={"template": words, "example": words})
    load = Observed(resource="ledger", kind="database_load", subject="lock 90 %", details=LOAD, **SEEN)
    later = ONSET + timedelta(minutes=5)
    piled = shift(
        "ledger", "connections", kind="saturation", unit="{connection}", baseline=90, current=500, onset=later
    )
    known = stores(("ledger", "database"), ("sessions", "cache"), ("jobs", "queue"))
    assert first(*idle_and_slow(), said, load, piled, known) == ("lock_contention", "ledger")


def test_what_waits_idle_and_says_nothing_of_it_waits_for_the_network() -> None:
    other = log("api", "timeout").model_copy(update={"template": "request took too long", "example": "took too long"})
    known = stores(("ledger", "database"))
    assert first(*idle_and_slow(), known) == ("network_delay", "api")
    assert ranked(*idle_and_slow(), other, known)["network_delay", "api"] > 0.2


def test_sessions_that_pile_up_at_a_store_after_the_onset_are_nothing_against_it() -> None:
    later = ONSET + timedelta(minutes=8)
    known = stores(("ledger", "database"), ("sessions", "cache"))
    piled = shift(
        "ledger", "connections", kind="saturation", unit="{connection}", baseline=90, current=500, onset=later
    )
    full = shift("ledger", "cpu_usage", kind="saturation", unit="%", baseline=20, current=70, onset=later)
    ranking = [rank_facts(found(shift("api"), fact, known), opened()) for fact in (piled, full)]
    told = [{item.why for best in each.hypotheses for item in best.evidence} for each in ranking]
    assert "began to suffer after the symptom" not in told[0]
    assert "began to suffer after the symptom" in told[1]


def filled(host: str, metric: str, baseline: float = 30.0) -> tuple[Fact, ...]:
    limit = MetricAtLimit(
        resource=host, metric=metric, unit="%", limit=100.0, peak=99.0, baseline=baseline, ratio=0.99, since=ONSET,
        **SEEN,
    )  # fmt: skip
    return limit, shift(host, metric, kind="saturation", unit="%", baseline=baseline, current=99.0)


def on_host(*more: Fact) -> tuple[Fact, ...]:
    kinds = {"api": "gateway", "files": "storage", "red": "node"}
    edges = (("api", "files", "reads"), ("files", "red", "hosts"))
    return (
        Dependencies(resources=kinds, edges=edges, **SEEN),
        shift("api"),
        shift("files", current=1.2),
        share("files", 0.97),
        *more,
    )


@pytest.mark.parametrize(
    ("metric", "cause", "more"),
    [
        ("disk_io_utilisation", "io_saturated", ()),
        ("cpu_utilisation", "cpu_saturated", (shift("files", "cpu_seconds", kind="saturation", absent=True),)),
    ],
)
def test_a_host_that_another_filled_explains_what_is_slow_on_it(
    metric: str, cause: str, more: tuple[Fact, ...]
) -> None:
    assert first(*on_host(*filled("red", metric), *more)) == (cause, "red")


@pytest.mark.parametrize(
    "more",
    [
        # The service is asked more, or uses the CPU itself, or nobody knows.
        (shift("files", "requests", kind="traffic", unit="{request}", baseline=10, current=80, worse=False),),
        (shift("files", "cpu_seconds", kind="saturation", baseline=0.4, current=3.5),),
        (),
    ],
)
def test_a_host_that_its_service_may_have_filled_is_not_blamed_for_it(more: tuple[Fact, ...]) -> None:
    ranking = rank_facts(found(*on_host(*filled("red", "cpu_utilisation"), *more)), opened())
    host = next(known for known in ranking.hypotheses if known.resource == "red" and known.cause_id == "cpu_saturated")
    assert "what calls it fails without it" not in {item.why for item in host.evidence}


@pytest.mark.parametrize("timed", [False, True])
@pytest.mark.parametrize("metric", ["disk_io_utilisation", "cpu_utilisation"])
def test_the_time_of_a_full_store_that_nobody_times_is_not_its_callers(metric: str, timed: bool) -> None:
    known = stores(("ledger", "database"))
    facts = (shift("api"), share("api", 1.0), known, *filled("ledger", metric))
    clock = (shift("ledger", "statement_time", absent=True),) if timed else ()
    by_place = ranked(*facts, *clock)
    store = max(value for (_, place), value in by_place.items() if place == "ledger")
    caller = max(value for (_, place), value in by_place.items() if place == "api")
    assert (store > caller) is not timed
