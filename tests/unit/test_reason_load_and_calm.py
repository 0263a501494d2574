"""Load that a job brings, readers that stopped, what stayed calm after a release, and lags that are no false alarm."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
from incident_facts import ONSET, SEEN, change, found, graph, limit, log, opened, share, shift

from engine.hypotheses import Hypothesis
from engine.reason import attribution, rank_facts
from engine.reason.calm import stayed_calm
from engine.reason.fact_index import FactIndex
from primitives.facts import Dependencies, Fact, Observed, ProbeResult
from primitives.records import Symptom

MILL = graph({"shop": "service", "stock-db": "database"}, ("shop", "stock-db"))
LATENCY = Symptom(resource="shop", metric="latency_p95", direction="above")


def ranked(*facts: Fact, symptom: Symptom = LATENCY) -> tuple[Hypothesis, ...]:
    return rank_facts(found(*facts), opened(symptom)).hypotheses


def first(*facts: Fact, symptom: Symptom = LATENCY) -> tuple[str, str | None]:
    best = ranked(*facts, symptom=symptom)[0]
    return best.cause_id, best.resource


def confidence(cause_id: str, *facts: Fact, symptom: Symptom = LATENCY) -> float:
    return max((known.confidence for known in ranked(*facts, symptom=symptom) if known.cause_id == cause_id), default=0)


@pytest.mark.parametrize(
    ("metric", "cause_id"), [("disk_io_utilization", "io_saturated"), ("cpu_utilization", "cpu_saturated")]
)
@pytest.mark.parametrize("summary", ["nightly purge by hand", "copy for the test stage"])
def test_what_a_job_fills_is_the_cause_and_its_start_is_no_wrong_setting(
    metric: str, cause_id: str, summary: str
) -> None:
    job = change("j1", "stock-db", minutes_before=1, kind="job", summary=summary)
    facts = (MILL, job, limit("stock-db", metric, 1.0), shift("shop"), shift("stock-db"))
    best = ranked(*facts)[0]
    assert (best.cause_id, best.resource) == (cause_id, "stock-db")
    assert any(item.why.startswith("a job started: ") for item in best.evidence)


def test_a_setting_that_was_changed_is_not_told_as_a_job() -> None:
    setting = change("j1", "stock-db", minutes_before=1, kind="configuration", summary="buffers")
    facts = (MILL, setting, limit("stock-db", "cpu_utilization", 1.0), shift("shop"), shift("stock-db"))
    assert not any("a job started" in item.why for known in ranked(*facts) for item in known.evidence)


@pytest.mark.parametrize(
    ("kind", "words"),
    [("job", "Job j1 made stock-db"), ("infrastructure", "Infrastructure change j1 made stock-db"),
     ("configuration", "A wrong setting made stock-db")],
)  # fmt: skip
def test_a_change_is_called_what_it_is(kind: str, words: str) -> None:
    facts = (MILL, change("j1", "stock-db", minutes_before=1, kind=kind, summary="something"), shift("shop"),
             shift("stock-db"))  # fmt: skip
    blamed = next(known for known in ranked(*facts) if known.change == "j1")
    assert blamed.cause.startswith(words)


def queue_of(reader: str, queue: str) -> Dependencies:
    kinds = {reader: "function", queue: "queue", "shop": "service"}
    return Dependencies(resources=kinds, edges=((reader, queue, "reads"), ("shop", queue, "writes")), **SEEN)


def counted(resource: str, metric: str, baseline: float, current: float) -> Fact:
    return shift(resource, metric, kind="traffic", unit="{message}", baseline=baseline, current=current)


AGE = Symptom(resource="parcels", metric="age_of_oldest_message", direction="above")


@pytest.mark.parametrize("metric", ["messages_deleted", "messages_acknowledged", "consumed_rate"])
def test_a_reader_that_takes_nothing_any_more_has_stopped(metric: str) -> None:
    facts = (queue_of("labeller", "parcels"), shift("parcels", "age_of_oldest_message", baseline=2, current=1900),
             counted("parcels", metric, 40, 0))  # fmt: skip
    assert first(*facts, symptom=AGE) == ("consumer_stalled", "parcels")
    invoked = counted("labeller", "invocations", 40, 0)
    assert first(*facts, invoked, symptom=AGE) == ("consumer_stalled", "labeller")


@pytest.mark.parametrize(
    ("taken", "sent"),
    [
        (("messages_deleted", 40, 0), ("messages_sent", 40, 38)),  # noise
        (("records_consumed_rate", 900, 20), ("messages_in_rate", 900, 520)),  # a calmer hour
    ],
)
def test_a_small_drop_of_what_is_sent_does_not_excuse_a_reader_that_takes_nothing(
    taken: tuple[str, float, float], sent: tuple[str, float, float]
) -> None:
    facts = (queue_of("labeller", "parcels"), shift("parcels", "age_of_oldest_message", baseline=2, current=1900),
             counted("parcels", *taken), counted("parcels", *sent))  # fmt: skip
    assert first(*facts, symptom=AGE) == ("consumer_stalled", "parcels")


@pytest.mark.parametrize(
    "more",
    [
        (counted("parcels", "messages_deleted", 40, 30),),
        # Where nothing is sent there is nothing to take.
        (counted("parcels", "messages_deleted", 40, 0), counted("parcels", "messages_sent", 40, 0)),
        (counted("parcels", "records_consumed_rate", 900, 20), counted("parcels", "messages_in_rate", 900, 240)),
    ],
    ids=["takes less", "nothing is sent", "hardly anything is sent"],
)
def test_a_reader_that_still_takes_or_gets_nothing_has_not_stopped(more: tuple[Fact, ...]) -> None:
    facts = (queue_of("labeller", "parcels"), shift("parcels", "age_of_oldest_message", baseline=2, current=1900))
    whys = {item.why for known in ranked(*facts, *more, symptom=AGE) for item in known.evidence}
    assert not any("nothing is taken" in why for why in whys)


def test_who_reads_what_another_sends_is_not_where_requests_enter() -> None:
    edges = (("gate", "raw", "writes"), ("sorter", "raw", "reads"), ("sorter", "clean", "writes"))
    line = Dependencies(
        resources={"gate": "service", "sorter": "service", "raw": "topic", "clean": "topic"}, edges=edges, **SEEN
    )
    rates = [counted(name, "request_rate", 300, 480) for name in ("gate", "sorter", "raw", "clean")]
    surges = [known for known in ranked(line, *rates, symptom=Symptom(resource="clean", metric="latency_p95"))
              if known.cause_id == "traffic_surge"]  # fmt: skip
    assert surges[0].resource == "gate"


def calm_shop(*kinds: str) -> list[Fact]:
    known = {"latency": ("latency_p95", "s"), "errors": ("error_ratio", "1")}
    return [shift("shop", known[kind][0], kind=kind, unit=known[kind][1], absent=True) for kind in kinds]


RELEASE = change("r1", "shop", minutes_before=5)
WORKS = "what it changed answers as fast and as well as ever"


def test_a_release_after_which_all_answers_as_ever_is_acquitted() -> None:
    blamed = next(known for known in ranked(MILL, RELEASE, *calm_shop("latency", "errors"),
                                            symptom=Symptom(resource="shop")) if known.change == "r1")  # fmt: skip
    assert WORKS in {item.why for item in blamed.evidence}


def test_what_stayed_calm_is_worked_out_once_for_all_suspects(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[str] = []

    def counting(case: FactIndex) -> Mapping[str, str]:
        looks.append("look")
        return stayed_calm(case)

    monkeypatch.setattr(attribution, "stayed_calm", counting)
    releases = [change(f"r{number}", "shop", minutes_before=number) for number in range(1, 6)]
    ranked(MILL, *releases, *calm_shop("latency", "errors"), symptom=Symptom(resource="shop"))
    assert looks == ["look"]


@pytest.mark.parametrize(
    "more",
    [
        calm_shop("latency"),
        [*calm_shop("latency", "errors"), log("shop", "exception")],
        [shift("shop", absent=True).model_copy(update={"current": 0.31}), *calm_shop("errors")],
    ],
    ids=["errors unknown", "it logs errors", "only unclear"],
)
def test_what_is_not_measured_as_ever_acquits_no_release(more: list[Fact]) -> None:
    hypotheses = ranked(MILL, RELEASE, *more, symptom=Symptom(resource="shop"))
    assert WORKS not in {item.why for known in hypotheses for item in known.evidence}


@pytest.mark.parametrize(
    ("resource", "metric"), [("parcels", "age_of_oldest_message"), ("stock-db", "replication_lag_seconds")]
)
def test_a_lag_that_climbs_a_hundredfold_is_no_false_alarm(resource: str, metric: str) -> None:
    graph_of_it = graph({"shop": "service", "stock-db": "database", "parcels": "queue"}, ("shop", "stock-db"))
    # What climbs all the time spreads as widely as it has climbed.
    climbs = shift(resource, metric, kind="saturation", baseline=0.4, current=2200.0, score=10.0)
    calm = [fact for name in ("shop", "stock-db") for fact in (
        shift(name, absent=True), shift(name, "error_ratio", kind="errors", unit="1", absent=True),
        shift(name, "cpu_utilization", kind="saturation", unit="%", absent=True))]  # fmt: skip
    about = Symptom(resource="shop")
    assert confidence("false_alarm", graph_of_it, *calm, climbs, symptom=about) < 0.2
    little = shift(resource, metric, kind="saturation", baseline=0.4, current=0.5, score=10.0)
    assert confidence("false_alarm", graph_of_it, *calm, little, symptom=about) > 0.3


def test_who_waits_for_locks_is_not_blamed_for_waiting() -> None:
    waits = log("stock-db", "deadlock", 26)
    shares = (share("shop", 1.0), share("stock-db", 0.0).model_copy(update={"polarity": "absent", "own_excess": 0.0}))
    facts = (MILL, shift("shop"), *shares, waits)
    assert first(*facts) == ("lock_contention", "stock-db")
    assert confidence("lock_contention", MILL, shift("shop"), *shares) == 0


def told(resource: str, family: str, words: str, minutes: float) -> Observed:
    seen = SEEN | {"observed_at": ONSET + timedelta(minutes=minutes)}
    return Observed(resource=resource, kind="rds_event", subject=words, details={"family": family}, **seen)


@pytest.mark.parametrize("cluster", ["orders", "orders-1"])
def test_a_restart_within_a_failover_is_a_part_of_it(cluster: str) -> None:
    graph_of_it = graph({"shop": "service", "orders-1": "database"}, ("shop", "orders-1"))
    failover = told(cluster, "failover", "Started cross AZ failover to DB instance: orders-2", -1)
    restart = told("orders-1", "platform_maintenance", "DB instance restarted", 0)
    assert first(graph_of_it, shift("shop"), failover, restart)[0] == "database_failover"
    assert first(graph_of_it, shift("shop"), restart)[0] == "platform_maintenance"
    planned = told("orders-1", "platform_maintenance", "Applying off-line patches to DB instance", 0)
    assert first(graph_of_it, shift("shop"), failover, planned)[0] == "platform_maintenance"


def test_one_full_limit_is_not_answered_by_another_with_room() -> None:
    full, room = limit("stock-db", "disk_io_time_ratio", 1.0), limit("stock-db", "disk_busy", 0.4)
    room = room.model_copy(update={"polarity": "absent"})
    facts = (MILL, shift("shop"), shift("stock-db"), full)
    assert confidence("io_saturated", *facts, room) == confidence("io_saturated", *facts)


@pytest.mark.parametrize(
    ("pod", "workload"),
    [
        ("yard/pod/crane-7d9f8b6c5-x2k4z", "yard/deployment/crane"),
        ("yard/pod/belt-0", "yard/statefulset/belt"),
        ("yard/pod/watch-q8x2m", "yard/daemonset/watch"),
    ],
)
def test_a_check_from_a_pod_is_about_its_workload(pod: str, workload: str) -> None:
    kinds = dict.fromkeys(("yard/deployment/crane", "yard/statefulset/belt", "yard/daemonset/watch"), "workload")
    probe = ProbeResult(resource=pod, probe="dns_lookup", target="belt.yard.svc", result="failed", healthy=False,
                        **SEEN)  # fmt: skip
    known = Dependencies(resources=kinds, edges=(), **SEEN)
    assert ("dns_resolution_failed", workload) == first(known, probe, symptom=Symptom(resource=workload))


@pytest.mark.parametrize(
    ("replica", "metric", "unit", "late"),
    [("copy-2", "seconds_behind_source", "s", 900.0), ("eu-reader", "replica_lag", "ms", 45_000.0),
     ("shelf-b", "replication_delay", "min", 12.0)],
)  # fmt: skip
def test_who_reads_from_a_late_replica_fails_by_what_is_old(replica: str, metric: str, unit: str, late: float) -> None:
    reads = graph({"shop": "service", replica: "database"}, ("shop", replica))
    errors = shift("shop", "error_ratio", kind="errors", unit="1", baseline=0.002, current=0.09)
    lag = shift(replica, metric, kind="saturation", unit=unit, baseline=0.0, current=late)
    about = Symptom(resource="shop", metric="error_ratio", direction="above")
    assert first(reads, errors, lag, symptom=about) == ("replication_lag", replica)


@pytest.mark.parametrize(("late", "unit"), [(4.0, "s"), (900.0, "ms")])
def test_a_lag_of_a_few_seconds_explains_no_errors_of_its_readers(late: float, unit: str) -> None:
    reads = graph({"shop": "service", "copy-2": "database"}, ("shop", "copy-2"))
    errors = shift("shop", "error_ratio", kind="errors", unit="1", baseline=0.002, current=0.09)
    lag = shift("copy-2", "replica_lag", kind="saturation", unit=unit, baseline=0.0, current=late)
    about = Symptom(resource="shop", metric="error_ratio", direction="above")
    assert first(reads, errors, lag, symptom=about) != ("replication_lag", "copy-2")


def told_against(load: float, minutes: float, entry: str = "portal", worker: str = "claims", **at: float) -> list[str]:
    """Why the release of `worker`, so many minutes before, is doubted when `load` times as much comes in."""
    told = graph({entry: "service", worker: "service"}, (entry, worker))
    more = [shift(name, "requests", kind="traffic", baseline=20, current=20 * load, unit="{request}/s", worse=False,
                  onset=ONSET + timedelta(minutes=at.get("onset", 0.0)))
            for name in (entry, worker)]  # fmt: skip
    facts = (told, *more, shift(worker), shift(entry), share(worker, 0.9), change("r7", worker, minutes_before=minutes))
    ranking = ranked(*facts, symptom=Symptom(resource=worker, metric="latency_p95", direction="above"))
    release = next(known for known in ranking if known.change == "r7")
    return [item.why for item in release.evidence if item.weight < 0 and "more requests came in" in item.why]


@pytest.mark.parametrize(("entry", "worker"), [("portal", "claims"), ("gate", "ticketing")])
def test_a_release_long_before_its_users_send_more_is_doubted(entry: str, worker: str) -> None:
    assert told_against(3.0, 5, entry, worker)


@pytest.mark.parametrize(
    ("load", "minutes", "at"),
    [(1.1, 5, {}), (3.0, 0.5, {}), (3.0, 5, {"onset": 4.0})],
    ids=["about as many", "at the same time", "they ask again since it is slow"],
)
def test_no_more_requests_or_those_that_came_with_or_after_it_doubt_no_release(
    load: float, minutes: float, at: Mapping[str, float]
) -> None:
    assert not told_against(load, minutes, **at)


def test_who_is_asked_again_by_those_that_wait_is_not_excused() -> None:
    """More requests at the entry itself may be retries: only what lies behind it is doubted."""
    more = shift("shop", "requests", kind="traffic", baseline=20, current=60, unit="{request}/s", worse=False)
    release = next(known for known in ranked(MILL, more, shift("shop"), change("r7", "shop")) if known.change == "r7")
    assert not any("more requests came in" in item.why for item in release.evidence)
