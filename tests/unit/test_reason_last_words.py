"""What a workload says before it ends, or while it isn't ready, is why; what others notice of it is not."""

from __future__ import annotations

import pytest
from incident_facts import SEEN, found, log, opened, state_of

from engine.reason import rank_facts
from primitives.analysis.error_families import family_of
from primitives.facts import Dependencies, Fact, ProbeResult
from primitives.kubernetes.containers import start_error
from primitives.records import Symptom

CRASH = "CrashLoopBackOff"


def first(*facts: Fact, about: str) -> tuple[str, str | None]:
    best = rank_facts(found(*facts), opened(symptom=Symptom(resource=about))).hypotheses[0]
    return best.cause_id, best.resource


def words(resource: str, text: str) -> Fact:
    return log(resource, family_of(text) or "", 1).model_copy(
        update={"template": text, "example": text, "severity": "INFO"}
    )


def around(service: str, workload: str, caller: str) -> tuple[Fact, ...]:
    """Nobody gets a connection: a failed check, and what a caller writes."""
    edges = ((service, workload, "depends"), (caller, workload, "calls"))
    known = Dependencies(resources={service: "network", workload: "service", caller: "service"}, edges=edges, **SEEN)
    check = ProbeResult(
        resource=service, probe="tcp_connect", target="x:1", result="failed", healthy=False, output="", **SEEN
    )
    return known, check, log(caller, "connection_refused", 9, points_at=workload)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("KeyError: 'LEDGER_BUCKET'", "missing_configuration"),
        ("You must specify MARIADB_ROOT_PASSWORD to a non-empty value", "missing_configuration"),
        ("error: flag provided but not defined: -listn", "bad_configuration"),
        ('unknown directive "proxy_pas" in /etc/site.conf:4', "bad_configuration"),
        ("mkdir: cannot create directory '/var/lib/store': Permission denied", "volume_permission_denied"),
        ("Fatal error: can't open the file store.db for reading: Permission denied", "volume_permission_denied"),
        ("OSError: [Errno 30] Read-only file system: '/srv/cache'", "volume_permission_denied"),
        ("bind() to 0.0.0.0:80 failed (13: Permission denied)", "permission_denied"),
        (
            'pods is forbidden: User "system:serviceaccount:bank:teller" cannot list resource "pods"',
            "permission_denied",
        ),
        ("FileNotFoundError: [Errno 2] No such file or directory: '/etc/bank/rates.yaml'", "missing_configuration"),
        ("PANIC: could not write to file: No space left on device", "disk_full"),
        ("Web server failed to start. Port 8086 was already in use.", "port_conflict"),
        ('FATAL: password authentication failed for user "teller"', "invalid_credentials"),
    ],
)
@pytest.mark.parametrize("workload", ["bank/deployment/teller", "library/statefulset/loans"])
def test_the_last_words_of_what_crashes_are_why_nobody_reaches_it(text: str, cause: str, workload: str) -> None:
    service, caller = (
        workload.replace("statefulset", "service").replace("deployment", "service"),
        "bank/deployment/hall",
    )
    facts = (state_of(workload, CRASH), words(workload, text), *around(service, workload, caller))
    assert first(*facts, about=caller) == (cause, workload)


@pytest.mark.parametrize("workload", ["bank/deployment/teller", "library/statefulset/loans"])
def test_a_crash_without_a_reason_explains_that_nobody_reaches_it(workload: str) -> None:
    facts = (state_of(workload, CRASH), *around("bank/service/x", workload, "bank/deployment/hall"))
    assert first(*facts, about="bank/deployment/hall") == ("application_crash", workload)


@pytest.mark.parametrize(
    "text", ["WRONGPASS invalid username-password pair", "Access denied for user 'app'@'10.0.0.1'"]
)
def test_what_says_itself_that_it_is_not_ready_says_why(text: str) -> None:
    workload = "bank/deployment/teller"
    facts = (
        state_of(workload, "ProbeAnsweredError"),
        words(workload, text),
        *around("bank/service/x", workload, "bank/d/h"),
    )
    assert first(*facts, about=workload) == ("invalid_credentials", workload)


def test_what_is_well_speaks_of_one_request_only() -> None:
    """The same words of a workload that runs are no reason for a crash elsewhere."""
    facts = (
        state_of("bank/deployment/teller", CRASH),
        words("bank/deployment/rates", "OSError: [Errno 30] Read-only file system: '/srv/cache'"),
        *around("bank/service/teller", "bank/deployment/teller", "bank/deployment/hall"),
    )
    assert first(*facts, about="bank/deployment/hall")[1] == "bank/deployment/teller"


def test_what_crashes_because_it_reaches_nobody_is_told_so() -> None:
    """Its own complaint is about others: the crash follows from what it calls."""
    facts = (state_of("bank/deployment/teller", CRASH), state_of("bank/deployment/teller", "DependencyUnanswered"))
    assert first(*facts, about="bank/deployment/teller") == ("dependency_unavailable", "bank/deployment/teller")


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("FileNotFoundError: [Errno 2] No such file or directory: 'rates.csv'", "missing_file"),
        ("Error: getaddrinfo ENOTFOUND vault", "dns"),
        ("disk resource limit alarm set on node rabbit@mq-0", "disk_full"),
        ("memory resource limit alarm set on node rabbit@mq-0", "out_of_memory"),
        ("disk resource limit alarm cleared on node rabbit@mq-0", None),
    ],
)
def test_families_of_messages_that_look_alike(text: str, family: str | None) -> None:
    assert family_of(text) == family


def test_a_limit_too_small_to_start_in_is_a_kill_for_memory() -> None:
    message = "unable to start container process: container init was OOM-killed (memory limit too low?): unknown"
    assert start_error(message) == "OOMKilled"
    assert start_error("unable to start container process: error mounting cgroup") == "StartError"


def checked(service: str, *, healthy: bool) -> Fact:
    name = f"yard/service/{service}"
    result = "open" if healthy else "failed"
    return ProbeResult(
        resource=name, probe="tcp_connect", target=f"{service}:7000", result=result, healthy=healthy, output="", **SEEN
    )


@pytest.mark.parametrize(
    ("text", "down", "is_port"),
    [
        ("dial tcp 10.4.0.9:7001: connection refused", (), True),
        ("com.crane.Link: Connection refused (Connection refused)", (), True),
        # Another one that was checked is down too: it may be that.
        ("dial tcp 10.4.0.9:7001: connection refused", ("tide",), False),
        ("dial tcp 127.0.0.1:9102: connection refused", (), False),
    ],
)
def test_a_refused_connection_where_everything_answers_is_a_wrong_port(
    text: str, down: tuple[str, ...], is_port: bool
) -> None:
    workload = "yard/deployment/crane"
    checks = [checked(name, healthy=name not in down) for name in ("dock", "tide", "quay", "mole")]
    best, _ = first(
        state_of(workload, CRASH), words(workload, text), checked("crane", healthy=False), *checks, about=workload
    )
    assert (best == "wrong_port") is is_port
