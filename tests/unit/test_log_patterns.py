"""Log messages as patterns: what is masked, what is counted, what is blamed."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from recorded_incident import START, RecordedIncident, at, of

from primitives.analysis.error_families import FAMILIES, family_of
from primitives.analysis.error_grammar import is_frame
from primitives.analysis.log_lines import lines_of
from primitives.analysis.log_patterns import Line, patterns
from primitives.analysis.log_templates import cluster, mask
from primitives.analysis.naming import NameFinder
from primitives.records import LogRecord


@pytest.mark.parametrize(
    ("body", "template"),
    [
        ("took 231 ms for 10.0.0.7:5432", "took <n> ms for <ip>"),
        ("order 3f2a90bc-1111-4222-8333-abcdefabcdef done", "order <uuid> done"),
        ('user "anna" not found', "user <text> not found"),
        ("open /var/lib/data/a.db failed", "open <path> failed"),
        ("GET returned 503", "GET returned 503"),
        ("at 2026-03-10T12:00:01.5Z it broke", "at <time> it broke"),
        ("ids [1, 2, 3] and [a, b, c, d]", "ids [<list>] and [<list>]"),
        ("release v2.3.1 is out", "release v2.3.1 is out"),
        ("nothing varies here", "nothing varies here"),
    ],
)
def test_what_varies_is_masked(body: str, template: str) -> None:
    assert mask(body) == template


def test_messages_that_differ_in_a_word_become_one_but_success_and_failure_never_do() -> None:
    templates = cluster(["sent a mail to anna now", "sent a mail to bert now"])
    assert set(templates.values()) == {"sent a mail to <*> now"}
    apart = cluster(["sending a mail to anna failed", "sending a mail to anna succeeded"])
    assert len(set(apart.values())) == 2


@pytest.mark.parametrize(
    ("message", "family"),
    [
        ("dial tcp 10.0.0.1:5432: connect: connection refused", "connection_refused"),
        ("getaddrinfo ENOTFOUND db.internal", "dns"),
        ("context deadline exceeded", "timeout"),
        ("x509: certificate has expired or is not yet valid", "certificate"),
        ("java.lang.OutOfMemoryError: Java heap space", "out_of_memory"),
        ("write: no space left on device", "disk_full"),
        ("FATAL: sorry, too many clients already", "too_many_connections"),
        ("ERROR: cannot execute INSERT in a read-only transaction", "read_only"),
        ("listen tcp :8080: bind: address already in use", "port_in_use"),
        ("ThrottlingException: Rate exceeded", "rate_limited"),
        ("AccessDenied: not authorized to perform s3:GetObject", "permission"),
        ('password authentication failed for user "app"', "authentication"),
        ("required env var DB_DSN is not set", "missing_configuration"),
        ('relation "orders" does not exist', "missing_object"),
        ("Deadlock found when trying to get lock", "deadlock"),
        ("panic: runtime error: index out of range [3] with length 3", "crash"),
        ("Segmentation fault (core dumped)", "crash"),
        ("http: panic serving 10.1.0.4:4711: runtime error: invalid memory address", "exception"),
        ("java.lang.NullPointerException: Cannot invoke String.length()", "exception"),
        ("Traceback (most recent call last):", "exception"),
        ("handled request", None),
    ],
)
def test_a_message_belongs_to_the_family_that_its_words_name(message: str, family: str | None) -> None:
    assert family_of(message) == family
    assert family is None or family in FAMILIES


def _log(minutes: float, body: str, resource: str = "cart", severity: str = "INFO") -> dict[str, object]:
    return {"time": at(minutes), "resource": resource, "severity": severity, "body": body}


async def test_a_new_error_comes_first_and_points_at_whom_it_names(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path)
    incident.topology(("cart", "store"))
    usual = [_log(minute, f"handled request {abs(minute)}") for minute in range(-60, 31)]
    failed = [
        _log(10 + n, f"call to store failed after {n} ms: connection refused", severity="ERROR") for n in range(5)
    ]
    incident.lines("logs", *usual, *failed)
    patterns = of(await incident.facts("analyze_logs"), "log_pattern")
    assert [one.template for one in patterns] == ["call to store failed after <n> ms: connection refused"]
    found = patterns[0]
    assert (found.resource, found.points_at, found.family) == ("cart", "store", "connection_refused")
    assert (found.count, found.baseline_count) == (5, 0)
    assert found.trust == "reported"
    assert found.first_seen is not None
    assert found.first_seen.minute == 10
    assert found.last_seen is not None
    assert found.read_until is not None
    # The newest message of all is a usual one, 15 minutes later or more.
    assert (found.read_until - found.last_seen).total_seconds() in (15 * 60, 16 * 60)


async def test_a_record_without_severity_counts_as_its_words_say(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path)
    incident.topology(("cart", "store"))
    usual = [_log(minute, f"handled request {abs(minute)}") for minute in range(-60, 31)]
    failed = [_log(10 + n, f"WARN: call to store failed after {n} ms: connection refused") for n in range(5)]
    noted = [_log(10 + n, f"WARN: queue {n} is long") for n in range(5)]
    for record in (*usual, *failed, *noted):
        del record["severity"]
    incident.lines("logs", *usual, *failed, *noted)
    patterns = of(await incident.facts("analyze_logs"), "log_pattern")
    assert {(pattern.template, pattern.severity) for pattern in patterns} == {
        ("WARN: call to store failed after <n> ms: connection refused", "ERROR"),
        ("WARN: queue <n> is long", "WARN"),
    }


async def test_the_normal_count_is_scaled_to_the_window(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path)
    # Once a minute for an hour, then six times a minute for half an hour.
    records = [_log(minute, "retrying") for minute in range(-60, 0)]
    records += [_log(minute + part / 10, "retrying") for minute in range(30) for part in range(6)]
    records += [_log(minute, f"tick {kind}") for minute in range(-60, 30) for kind in "abcdefgh"]
    incident.lines("logs", *records)
    patterns = of(await incident.facts("analyze_logs"), "log_pattern")
    assert [(one.template, one.count, one.baseline_count) for one in patterns] == [("retrying", 180, 30.0)]


async def test_a_message_that_no_longer_comes_is_told(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path)
    records = [_log(minute, "heartbeat") for minute in range(-60, 0)]
    records += [_log(minute, "handled request") for minute in range(-60, 30)]
    incident.lines("logs", *records)
    patterns = of(await incident.facts("analyze_logs"), "log_pattern")
    assert [(one.template, one.count, one.baseline_count) for one in patterns] == [("heartbeat", 0, 30.0)]


async def test_logs_as_always_are_an_absent_fact(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path)
    incident.lines("logs", *[_log(minute, "handled request") for minute in range(-60, 31)])
    facts = await incident.facts("analyze_logs")
    assert len(of(facts, "log_pattern", "absent")) == 1
    assert not of(facts, "log_pattern")


async def test_a_containers_log_is_told_under_the_workload_that_owns_its_pod(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path)
    incident.topology(("shop/deployment/cart", "shop/pod/cart-1"), kind="owns")
    incident.file("kubernetes/logs/shop_cart-1_app.log", "starting\npanic: required env var DSN is not set\n")
    incident.file("kubernetes/logs/shop_cart-1_app.previous.log", "panic: required env var DSN is not set\n")
    patterns = of(await incident.facts("analyze_logs"), "log_pattern")
    assert [(one.resource, one.severity, one.count) for one in patterns] == [("shop/deployment/cart", "FATAL", 2)]
    assert patterns[0].family == "missing_configuration"


async def test_a_containers_log_finds_its_workload_through_owner_references(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path)
    owner = {"kind": "ReplicaSet", "name": "cart-5c9d", "controller": True}
    pod = {"kind": "Pod", "metadata": {"name": "cart-5c9d-x1", "namespace": "shop", "ownerReferences": [owner]}}
    of_set = {"kind": "Deployment", "name": "cart", "controller": True}
    replica_set = {
        "kind": "ReplicaSet",
        "metadata": {"name": "cart-5c9d", "namespace": "shop", "ownerReferences": [of_set]},
    }
    deployment = {"kind": "Deployment", "metadata": {"name": "cart", "namespace": "shop"}}
    for plural, item in (("pods", pod), ("replicasets", replica_set), ("deployments", deployment)):
        stamp = at(29).replace(":", "-")
        incident.file(f"kubernetes/{stamp}/{plural}.json", json.dumps({"kind": "List", "items": [item]}))
    incident.file("kubernetes/logs/shop_cart-5c9d-x1_app.log", "ERROR cannot parse order\n")
    incident.file("kubernetes/logs/shop_gone-1_app.log", "ERROR cannot parse order\n")
    patterns = of(await incident.facts("analyze_logs"), "log_pattern")
    assert {one.resource for one in patterns} == {"shop/deployment/cart", "shop/pod/gone-1"}


async def test_no_logs_are_one_gap_for_each_question(tmp_path: Path) -> None:
    facts = await RecordedIncident(tmp_path).facts("analyze_logs")
    assert [(one.question, one.status) for one in facts] == [
        ("logs", "not_recorded"),
        ("container_logs", "not_recorded"),
    ]


@pytest.mark.parametrize(
    ("thread", "other"),
    [
        ("[io-9443-exec-1]", "[io-9443-exec-12]"),
        ("[pool-2-thread-7]", "[pool-2-thread-31]"),
        ("[ worker-1 ]", "[ worker-2 ]"),
    ],
)
def test_one_message_of_many_threads_is_one(thread: str, other: str) -> None:
    assert mask(f"ERROR {thread} Billing : no invoice") == mask(f"ERROR {other} Billing : no invoice")


@pytest.mark.parametrize("kept", ["[main] started", "[attempt 3] refused", "[gpu-node] lost"])
def test_what_stands_in_brackets_and_is_no_thread_stays(kept: str) -> None:
    assert "<thread>" not in mask(kept)


@pytest.mark.parametrize(
    "line",
    [
        "\tat com.example.Billing.charge(Billing.java:88) ~[billing.jar!/:3.1]",
        "    at async Ledger.post (/srv/app/ledger.js:14:9)",
        "   at Shop.Cart.Add(Item item) in /src/Cart.cs:line 31",
        '  File "/srv/app/ledger.py", line 14, in post',
        "\t... 44 common frames omitted",
    ],
)
def test_a_frame_of_a_stack_trace_is_no_message(line: str) -> None:
    assert is_frame(line)


@pytest.mark.parametrize(
    "line",
    [
        "at least three replicas are needed (2 of 3)",
        "Caused by: java.sql.SQLException: too many connections",
        "at 10:31:07 the primary was lost",
        "... waiting for the leader",
    ],
)
def test_a_message_that_begins_like_a_frame_is_one(line: str) -> None:
    assert not is_frame(line)


def _record(resource: str, body: str, *, previous: bool = True) -> LogRecord:
    return LogRecord(at(5), resource, "INFO", body, {"previous": True} if previous else {})


def test_what_an_ended_instance_wrote_last_counts_whatever_its_level() -> None:
    own = [_record("ledger", text) for text in ("starting", *["loading"] * 8, "Port 7070 was already in use.", "bye")]
    others = [_record("cart", "Port 7070 was already in use.", previous=False)]
    levels = {(line.resource, line.body): line.severity for line in lines_of([*own, *others], [])}
    assert levels["ledger", "Port 7070 was already in use."] == "FATAL"
    assert levels["ledger", "loading"] == "INFO"
    assert levels["cart", "Port 7070 was already in use."] == "INFO"


@pytest.mark.parametrize("between", [0, 10])
async def test_what_is_gone_has_a_last_time_where_all_was_read_until_the_window(tmp_path: Path, between: int) -> None:
    baseline = {"from": at(-60), "to": at(-between)}
    incident = RecordedIncident(tmp_path)
    manifest = json.loads((tmp_path / "incident.yaml").read_text())
    incident.file("incident.yaml", json.dumps(manifest | {"baseline": baseline}))
    before = [_log(-60 + minute, "the queue was swept") for minute in range(60)]
    incident.lines("logs", *before, *(_log(minute, "an order was taken") for minute in range(-60, 30)))
    (gone,) = [fact for fact in of(await incident.facts("analyze_logs"), "log_pattern") if not fact.count]
    assert gone.template == "the queue was swept"
    # What was written in the ten minutes between was not read, and may have been that.
    assert (gone.last_seen is None) is bool(between)
    assert ("last at 11:59" in gone.sentence()) is not bool(between)


def test_what_was_written_last_before_the_onset_is_gone() -> None:
    def lines(body: str, *minutes: int) -> list[Line]:
        return [Line(START + timedelta(minutes=minute), "cart", "INFO", body) for minute in minutes]

    before = [*lines("an order was taken", *range(-60, 0)), *lines("the cache was hit", *range(-60, 0))]
    # Normal times end two minutes before the onset, as it is known to some minutes only.
    now = [*lines("an order was taken", *range(30)), *lines("the cache was hit", 0, 1)]
    names = NameFinder([], ["cart"])
    (gone,) = patterns(now, before, names, START + timedelta(minutes=2))
    assert (gone.template, gone.count, gone.first) == ("the cache was hit", 0, None)
    assert gone.last == START + timedelta(minutes=1)
    # Thirty are expected in the half hour; it was silent for 28 of 29 minutes.
    assert gone.expected == pytest.approx(30 * 28 / 29)
    (fewer,) = patterns(now, before, names, START + timedelta(minutes=1))
    assert fewer.count == 2
    # Where it was last written late there is no time left in which it would be missed.
    late = [*lines("an order was taken", *range(30)), *lines("the cache was hit", *range(26))]
    assert patterns(late, before, names, START + timedelta(minutes=28)) == []
