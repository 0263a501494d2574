"""Lists of a database's sessions: statements that have run for long, and what a statement since then explains."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from incident_facts import NOW, ONSET, SEEN, found, opened, shift

from engine.reason import rank_facts
from primitives.analysis.database_sessions import LongStatements, long_statements
from primitives.facts import MetricAtLimit, Observed
from primitives.records import Observation, Symptom

AT = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)


def listed(*rows: Any, kind: str = "processlist") -> list[LongStatements]:
    return list(long_statements([Observation(time=AT, resource="ledger", kind=kind, data={"rows": list(rows)})]))


def mysql(seconds: int, **more: Any) -> dict[str, Any]:
    return {"Id": 7, "User": "report", "Command": "Query", "Time": seconds, "State": "executing",
            "Info": "SELECT a FROM b JOIN c", **more}  # fmt: skip


def postgres(seconds: int, **more: Any) -> dict[str, Any]:
    return {"pid": 9, "usename": "report", "state": "active", "query": "SELECT a FROM b ORDER BY c",
            "query_start": (AT - timedelta(seconds=seconds)).isoformat(), "wait_event_type": None, **more}  # fmt: skip


@pytest.mark.parametrize("row", [mysql, postgres])
def test_statements_that_ran_for_a_minute_are_counted_and_the_longest_is_told(row: Any) -> None:
    (told,) = listed(row(700), row(90), row(4))
    assert (told.resource, told.number, told.longest_s) == ("ledger", 2, 700.0)
    assert told.statement.startswith("SELECT a FROM b")


@pytest.mark.parametrize(
    "row",
    [
        mysql(12),
        # They wait for another's lock, sleep, or keep the database in order.
        mysql(300, State="Waiting for table metadata lock"), mysql(300, State="updating", Info="UPDATE b SET a=1"),
        mysql(300, Command="Sleep", Info=None), mysql(900_000, User="event_scheduler", Command="Daemon"),
        mysql(900_000, User="system user", Command="Connect"), mysql(900_000, User="system user"),
        postgres(12), postgres(300, wait_event_type="Lock"), postgres(300, state="idle"),
        postgres(300, state="idle in transaction"), postgres(900, query="autovacuum: VACUUM b", usename=None),
        postgres(900_000, application_name="walsender", query="START_REPLICATION"),
        # Damaged lists.
        mysql(300, Time="long"), mysql(2**64 - 1), mysql(10**400), mysql(300, Time=float("nan")),
 postgres(300, query_start="yesterday"), postgres(300, query_start=None), "row", None,
    ],
)  # fmt: skip
def test_what_is_short_waits_or_belongs_to_the_database_is_no_long_statement(row: Any) -> None:
    assert listed(row) == []


def test_numbers_may_be_written_as_text() -> None:
    (told,) = listed(mysql(300, Time="700"))
    assert told.longest_s == 700.0


def test_other_observations_list_no_sessions() -> None:
    records = [
        Observation(time=AT, resource="ledger", kind="note", data=data) for data in ("text", {"rows": 3}, [1], None)
    ]
    assert list(long_statements(records)) == []


def full(resource: str, metric: str, minutes: float = 0.0) -> tuple[MetricAtLimit, Any]:
    at = ONSET + timedelta(minutes=minutes)
    limit = MetricAtLimit(
        resource=resource, metric=metric, unit="%", limit=100.0, peak=99.0, baseline=20.0, ratio=0.99, since=at, **SEEN
    )
    return limit, shift(resource, metric, kind="saturation", unit="%", baseline=20, current=99, onset=at)


def statement(resource: str, began: datetime) -> Observed:
    seconds = (NOW - began).total_seconds()
    return Observed(resource=resource, kind="long_statement", subject="SELECT", value=seconds, unit="s", **SEEN)


def first(*facts: Any) -> str:
    about = Symptom(resource="ledger", metric="latency_p95", direction="above")
    return rank_facts(found(shift("ledger"), *facts), opened(symptom=about)).hypotheses[0].cause_id


@pytest.mark.parametrize("metric", ["cpu_usage", "disk_io_utilisation"])
@pytest.mark.parametrize("before", [0, 2])
def test_a_statement_since_the_database_ran_full_is_what_fills_it(metric: str, before: int) -> None:
    began = ONSET - timedelta(minutes=before)
    assert first(*full("ledger", metric), statement("ledger", began)) == "slow_query"


@pytest.mark.parametrize(
    "facts",
    [
        # It has run since long before, or came to a database that was full already, or to another one.
        (*full("ledger", "cpu_usage"), statement("ledger", ONSET - timedelta(hours=3))),
        (*full("ledger", "cpu_usage"), statement("ledger", ONSET + timedelta(minutes=12))),
        (*full("ledger", "cpu_usage"), statement("archive", ONSET)),
    ],
)
def test_a_statement_of_another_time_or_place_does_not_fill_it(facts: tuple[Any, ...]) -> None:
    assert first(*facts) == "cpu_saturated"
