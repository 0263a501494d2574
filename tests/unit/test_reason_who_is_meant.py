"""Of whom a message speaks that names nobody, or another than its writer: credentials, certificates, members."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from incident_facts import ONSET, SEEN, change, found, graph, limit, log, opened, shift, state_of

from engine.hypotheses import Hypothesis
from engine.reason import rank_facts
from engine.reason.complaints import accused
from engine.reason.fact_index import FactIndex
from engine.reason.last_words import causes_of_words
from primitives.facts import ChangeFound, Dependencies, Fact, LogPattern
from primitives.records import Symptom


def said(writer: str, family: str | None, text: str, count: int = 20, **more: Any) -> LogPattern:
    return log(writer, family or "", count).model_copy(
        update={"template": text, "example": text, "family": family, **more}
    )


def meant(fact: LogPattern, known: Dependencies, *others: Fact) -> tuple[str, ...]:
    return accused(FactIndex(opened(), None, found(known, fact, *others)), fact)


def best(*facts: Fact, about: str, metric: str | None = None) -> Hypothesis:
    symptom = Symptom(resource=about, metric=metric, direction="above" if metric else None)
    return rank_facts(found(*facts), opened(symptom)).hypotheses[0]


ORCHARD = graph(
    {"press": "service", "cellar": "service", "apples": "database", "barrels": "queue"},
    ("press", "apples"), ("cellar", "apples"), ("press", "barrels"), ("cellar", "barrels"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("server", "text"),
    [
        ("apples", "Access denied for user 'press'@'10.1.1.4' (using password: YES)"),
        ("apples", "SCRAM authentication failed, user: press@admin, storedKey mismatch"),
        ("barrels", "PLAIN login refused: user 'press' - invalid credentials"),
    ],
)
def test_credentials_that_a_server_refuses_are_those_of_its_only_caller_that_is_ill(server: str, text: str) -> None:
    refusal = said(server, "authentication", text)
    assert meant(refusal, ORCHARD, said("press", None, "no session")) == ("press",)
    assert best(ORCHARD, refusal, said("press", None, "no session"), about="press").resource == "press"


@pytest.mark.parametrize(
    "others",
    [
        (),
        (said("press", None, "no session"), said("cellar", None, "no session")),
    ],
    ids=["nobody else says anything", "all its callers are ill"],
)
def test_otherwise_it_is_not_known_whose_they_are(others: tuple[Fact, ...]) -> None:
    assert meant(said("apples", "authentication", "Access denied for user 'press'@'%'"), ORCHARD, *others) == ()


def test_callers_of_a_store_are_also_those_behind_its_service() -> None:
    known = Dependencies(
        resources={
            "den/deployment/fox": "workload", "den/service/burrow-mysql": "network",
            "hill/statefulset/burrow-mysql": "workload",
        },
        edges=(
            ("den/deployment/fox", "den/service/burrow-mysql", "calls"),
            ("den/service/burrow-mysql", "hill/statefulset/burrow-mysql", "depends"),
        ),
        **SEEN,
    )  # fmt: skip
    refusal = said("hill/statefulset/burrow-mysql", "authentication", "Access denied for user 'fox'@'10.1.1.1'")
    own = said("den/deployment/fox", "authentication", "SqlError 1045: Access denied for user 'fox'")
    assert meant(refusal, known, own) == ("den/deployment/fox",)


FERRY = graph({"pier": "service", "kiosk": "service", "dock": "other", "tides": "other"},
              ("pier", "dock"), ("pier", "tides"), ("kiosk", "dock"), ("kiosk", "tides"))  # fmt: skip
EXPIRED = "PKIX path validation failed: certificate expired"


@pytest.mark.parametrize("text", [EXPIRED, "smtp: STARTTLS: certificate has expired"])
def test_a_certificate_that_another_client_refuses_by_name_is_meant_by_who_names_none(text: str) -> None:
    naming = said("kiosk", "certificate", "dock:8443: certificate verify failed", points_at="dock")
    assert meant(said("pier", "certificate", text), FERRY, naming) == ("dock",)


@pytest.mark.parametrize(
    "other",
    [
        said("kiosk", "certificate", "remote error: tls: bad certificate from dock", points_at="dock"),
        said("kiosk", "timeout", "dock:8443: timed out", points_at="dock"),
        said("dock", "certificate", "certificate of dock has expired", points_at="dock"),
    ],
    ids=["the other was refused itself", "another complaint", "of itself"],
)
def test_what_another_says_otherwise_accuses_nobody_of_a_certificate(other: LogPattern) -> None:
    assert meant(said("pier", "certificate", EXPIRED), FERRY, other) == ()


SHARDS = graph({"search": "service", "shard-1": "database", "shard-2": "database", "till-db": "database"},
               ("search", "shard-1"), ("search", "shard-2"))  # fmt: skip


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("flood stage disk watermark [95%] exceeded on [shard-2]", "disk_full"),
        ("health: osd.3 on shard-2 is full", "disk_full"),
        ("member shard-2 reports: out of memory", "out_of_memory"),
    ],
)
def test_a_member_that_reports_anothers_shortage_is_well_enough_to_write(text: str, family: str) -> None:
    assert meant(said("shard-1", family, text, points_at="shard-2"), SHARDS) == ("shard-2",)


@pytest.mark.parametrize(
    ("target", "family"),
    [("search", "disk_full"), ("till-db", "disk_full"), ("shard-2", "too_many_connections")],
    ids=["its client", "a store of another cluster", "no shortage of a disk or of memory"],
)
def test_who_else_is_named_in_a_shortage_is_not_short(target: str, family: str) -> None:
    words = f"disk full while serving {target}: could not extend file"
    assert target not in meant(said("shard-1", family, words, points_at=target), SHARDS)


def test_what_a_client_hands_on_is_of_the_member_that_is_reported() -> None:
    refusal = said("search", "disk_full", "cluster_block_exception: disk usage exceeded flood-stage watermark")
    report = said("shard-1", "disk_full", "watermark exceeded on [shard-2]", points_at="shard-2")
    full = limit("shard-2", "filesystem_data_used_percent", 0.96)
    assert best(SHARDS, refusal, report, full, about="search").resource == "shard-2"


@pytest.mark.parametrize(
    ("text", "of_path"),
    [
        ("POST /orders 500: cannot execute INSERT in a read-only transaction", False),
        ("PUT /archive/7: read only", False),
        ("SQLSTATE[25006]: read only sql transaction at /app", False),
        ("open /archive/7.tmp: read-only file system", True),
        ("POST /orders failed: open /var/spool/orders: permission denied", True),
    ],
)
def test_what_is_asked_of_a_server_is_no_path(text: str, of_path: bool) -> None:
    causes = {cause_id for cause_id, _ in causes_of_words(said("press", "read_only", text))}
    assert ("volume_permission_denied" in causes) is of_path


MILL = graph({"wheel": "service", "stones-rw": "database", "stones-ro": "database"}, ("wheel", "stones-ro"))


def moved(resource: str = "wheel", minutes_before: float = 3, **values: tuple[str, str]) -> ChangeFound:
    found_change = change("c7", resource, kind="configuration", minutes_before=minutes_before)
    assert found_change.change is not None
    both = {"before": {key: old for key, (old, _) in values.items()}, "after": {key: new for key, (_, new) in
            values.items()}}  # fmt: skip
    return found_change.model_copy(update={"change": found_change.change.model_copy(update=both)})


REFUSED = said("wheel", "read_only", "The MySQL server is running with the --read-only option", first_seen=ONSET)
UNANSWERED = said("wheel", "connection_refused", "dial tcp stones-ro.mill.example:3306: connection refused",
                  first_seen=ONSET)  # fmt: skip
FROM_TO = ("stones-rw.mill.example", "stones-ro.mill.example")
URLS = ("mysql://u@stones-rw.mill.example:3306/m", "mysql://u@stones-ro.mill.example:3306/m")


@pytest.mark.parametrize("complaint", [REFUSED, UNANSWERED])
@pytest.mark.parametrize("values", [FROM_TO, URLS])
def test_who_complains_of_what_he_calls_since_his_setting_names_another_has_a_wrong_address(
    complaint: LogPattern, values: tuple[str, str]
) -> None:
    first = best(MILL, complaint, moved(DB=values), about="wheel")
    assert (first.cause_id, first.resource, first.change) == ("wrong_address", "wheel", "c7")


@pytest.mark.parametrize(
    "facts",
    [
        (UNANSWERED, moved(DB=FROM_TO), state_of("stones-ro", "OOMKilled", details={"weight": "cause"})),
        (UNANSWERED, moved(DB=FROM_TO, minutes_before=-10)),
        (UNANSWERED.model_copy(update={"baseline_count": 30.0}), moved(DB=FROM_TO)),
        (UNANSWERED, moved(VERSION=("1.2.3", "1.2.4"))),
        (UNANSWERED, moved(IMAGE=("wheel:1", "wheel:2"))),
        (said("wheel", "connection_refused", "barn.example:80 refused", points_at="barn"), moved(DB=FROM_TO)),
    ],
    ids=["the new place is ill", "later", "it always complained", "a version", "an image", "of another"],
)
def test_what_only_looks_like_it_is_no_wrong_address(facts: tuple[Fact, ...]) -> None:
    hypotheses = rank_facts(found(MILL, *facts), opened(Symptom(resource="wheel"))).hypotheses
    told = {item.why for known in hypotheses for item in known.evidence if known.cause_id == "wrong_address"}
    assert not any("since a setting was changed" in why for why in told)


def test_an_unanswered_webhook_is_refined_by_the_certificate_that_is_refused() -> None:
    hook = "validatingwebhookconfiguration/guard"
    expired = 'failed calling webhook "a.b.c": Post "https://guard.pol.svc:443/": x509: certificate has expired'
    refused = 'failed calling webhook "a.b.c": Post "https://guard.pol.svc:443/": connection refused'
    assert best(state_of(hook, "AdmissionWebhookUnavailable", message=expired), about="wheel").cause_id == (
        "certificate_expired"
    )
    assert best(state_of(hook, "AdmissionWebhookUnavailable", message=refused), about="wheel").cause_id != (
        "certificate_expired"
    )


BROKER = Dependencies(
    resources={"binder": "workload", "printer": "workload", "pages/statefulset/rabbitmq": "workload"},
    edges=(("binder", "pages/statefulset/rabbitmq", "reads"), ("printer", "pages/statefulset/rabbitmq", "writes")),
    **SEEN,
)  # fmt: skip
DEEP = shift("pages/statefulset/rabbitmq", "rabbitmq_queue_messages_ready", kind="saturation", baseline=4, current=9000)
NONE_ACKED = shift(
    "pages/statefulset/rabbitmq", "rabbitmq_queue_messages_acked_rate", kind="traffic", baseline=3, current=0
)
NONE_SENT = NONE_ACKED.model_copy(update={"metric": "rabbitmq_queue_messages_published"})
IDLE = shift("binder", "container_cpu_usage", kind="saturation", baseline=40, current=1, worse=False)


def test_of_a_broker_from_which_nothing_is_taken_the_reader_that_hardly_computes_has_stopped() -> None:
    first = best(BROKER, DEEP, NONE_ACKED, IDLE, about="printer")
    assert (first.cause_id, first.resource) == ("consumer_stalled", "binder")


@pytest.mark.parametrize(
    "facts",
    [
        (DEEP, IDLE),
        (DEEP, NONE_ACKED.model_copy(update={"current": 2.9}), IDLE),
        (NONE_ACKED, IDLE),
        (DEEP, NONE_ACKED, IDLE, NONE_SENT),
    ],
    ids=["nothing says what is taken", "most is taken", "nothing piles up", "nothing comes"],
)
def test_otherwise_the_reader_need_not_have_stopped(facts: tuple[Fact, ...]) -> None:
    first = best(BROKER, *facts, about="printer")
    assert (first.cause_id, first.resource) != ("consumer_stalled", "binder")


def test_sessions_that_run_while_the_cpu_rests_wait_for_locks_and_lack_no_threads() -> None:
    ranch = graph({"stable": "service", "hay-mysql": "database"}, ("stable", "hay-mysql"))
    sessions = shift("hay-mysql", "mysql_global_status_threads_running", kind="saturation", baseline=5, current=180)
    waiting = said("hay-mysql", "deadlock", "Waiting for table metadata lock", first_seen=ONSET + timedelta(minutes=1))
    assert best(ranch, sessions, waiting, about="stable").cause_id == "lock_contention"
    workers = shift("stable", "tomcat_threads_busy", kind="saturation", baseline=5, current=180)
    assert best(ranch, workers, about="stable").cause_id == "threads_exhausted"


def test_that_no_name_is_resolved_is_what_a_name_servers_last_words_explain() -> None:
    known = graph({"wheel": "service", "kube-system/deployment/coredns": "workload"})
    servers = "kube-system/deployment/coredns"
    lost = [
        said("wheel", "dns", f"getaddrinfo EAI_AGAIN stones-{place}", count=60, points_at=servers) for place in "abc"
    ]
    crash = state_of(servers, "CrashLoopBackOff", details={"weight": "symptom"}, bearing="active")
    down = state_of(servers, "ClusterDnsUnavailable", details={"weight": "cause"}, bearing="active")
    words = said(servers, "invalid_configuration", "Corefile:5 - Error during parsing: Unknown directive 'forwad'",
                 count=3, severity="FATAL", baseline_count=None)  # fmt: skip
    refused = said(servers, "dns", "plugin/errors: 2 stones. A: i/o timeout", count=40)
    assert best(known, *lost, crash, down, words, refused, about="wheel").cause_id == "bad_configuration"
    assert best(known, *lost, down, refused, about="wheel").cause_id == "dns_resolution_failed"
