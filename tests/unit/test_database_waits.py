"""Load by waits: classes of four databases, and what the class with most of the load says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from incident_facts import SEEN, found, limit, opened, shift

from engine.reason import rank_facts
from primitives.analysis.database_waits import Busiest, busiest_statements, load_by_class, wait_class
from primitives.facts import Observed
from primitives.records import Observation, Symptom

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "kind", "known"),
    [("IO:DataFileRead", "", "io"), ("DataFileWrite", "IO", "io"), ("wait/io/table/sql/handler", "", "io"),
     ("PAGEIOLATCH_SH", "", "io"), ("WRITELOG", "", "io"), ("db file sequential read", "User I/O", "io"),
     ("Lock:transactionid", "", "lock"), ("LCK_M_X", "", "lock"), ("enq: TX - row lock contention", "", "lock"),
     ("wait/synch/cond/sql/MDL_context", "", "lock"), ("LWLock:BufferMapping", "", "latch"),
     ("PAGELATCH_EX", "", "latch"), ("CPU", "", "cpu"), ("SOS_SCHEDULER_YIELD", "", "cpu"),
     ("Client:ClientRead", "", "idle"), ("ASYNC_NETWORK_IO", "", "idle"), ("SomethingElse", "", "")],
)  # fmt: skip
def test_a_wait_is_of_the_class_that_its_database_documents(name: str, kind: str, known: str) -> None:
    assert wait_class(name, kind) == known


def observed(kind: str, data: dict[str, Any]) -> Observation:
    return Observation(time=NOW, resource="ledger-pg", kind=kind, data=data)


def test_load_of_statements_counts_only_where_nothing_tells_the_whole() -> None:
    statement = observed("top_sql", {"wait_events": [{"name": "CPU", "load": 3.0}, {"name": "IO:WALSync", "load": 1}]})
    assert load_by_class([statement]) == {"ledger-pg": {"cpu": 3.0, "io": 1.0}}
    whole = observed("wait_event", {"name": "Lock:tuple", "db_load_avg": 2.5})
    assert load_by_class([statement, whole]) == {"ledger-pg": {"lock": 2.5}}
    assert load_by_class([observed("wait_event", {"name": "IO:WALSync"}), observed("note", {"name": "CPU"})]) == {}


def test_the_busiest_statement_and_user_of_a_database_are_told_with_their_sessions() -> None:
    told = [
        observed("top_sql", {"statement": "SELECT 1", "db_load_avg": 2.0}),
        observed("top_sql", {"statement": "UPDATE  orders\n SET status = $1", "db_load_avg": 84.2}),
        observed("top_user", {"name": "shop", "db_load_avg": 1.0}),
        observed("top_user", {"name": "settler", "db_load_avg": 82.1}),
        observed("top_user", {"name": "", "db_load_avg": 99.0}),
        observed("top_host", {"name": "10.0.0.1", "db_load_avg": 99.0}),
        observed("top_sql", {"statement": "", "db_load_avg": 99.0}),
    ]
    assert busiest_statements(told) == {"ledger-pg": Busiest("UPDATE orders SET status = $1", 84.2, "settler", 82.1)}
    assert busiest_statements(told[2:]) == {}, "a user without a statement explains nothing"
    assert busiest_statements(told[:1]) == {"ledger-pg": Busiest("SELECT 1", 2.0)}


def load(**classes: float) -> Observed:
    return Observed(kind="database_load", subject="", resource="ledger-pg", details=classes, **SEEN)


def best(*facts: Any) -> str:
    symptom = Symptom(resource="ledger-pg", metric="cpu_utilization", direction="above")
    return rank_facts(found(*facts), opened(symptom)).hypotheses[0].cause_id


BUSY = (
    shift("ledger-pg", "cpu_utilization", kind="saturation", unit="%", baseline=20.0, current=92.0),
    limit("ledger-pg", "cpu_utilization", 0.92),
)


def test_sessions_that_wait_for_the_disk_acquit_a_busy_cpu() -> None:
    disk = shift("ledger-pg", "write_iops", kind="saturation", unit="{operation}/s", baseline=900.0, current=9000.0)
    assert best(*BUSY, disk) == "cpu_saturated"
    assert best(*BUSY, disk, load(io=6.0, latch=4.0, cpu=0.4)) == "io_saturated"


def test_sessions_that_wait_for_locks_say_so() -> None:
    late = shift("ledger-pg", "commit_latency", unit="ms", baseline=4.0, current=90.0)
    assert best(late, load(lock=9.0, io=1.0, cpu=0.5)) == "lock_contention"


def test_sessions_that_run_leave_the_cpu_to_blame() -> None:
    assert best(*BUSY, load(cpu=9.0, io=1.0)) == "cpu_saturated"


def test_hardly_any_load_says_nothing() -> None:
    assert best(*BUSY, load(lock=0.3, io=0.1)) == "cpu_saturated"
