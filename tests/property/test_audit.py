"""Whatever single thing is done to a stored log, the audit says so."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from engine.audit import StoredRow, verify_chain
from engine.events import (
    GENESIS,
    IncidentOpened,
    PlannedStep,
    PlanProposed,
    StepFinished,
    StepProgressed,
    StepStarted,
    Who,
    event_hash,
)
from engine.log import Entry, EventLog, Head
from engine.port import AuditResult
from primitives.records import Window

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
ENGINE = Who(kind="engine", name="cloudops")
EVENTS = 12
COLUMNS = ("execution_id", "incident_id", "seq", "time", "who", "body", "previous", "hash")
EXECUTIONS = ("exec-1", "exec-2")
quick = settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])


def entries(name: str) -> list[Entry]:
    step = PlannedStep(id="S1", primitive="look", target="web", arguments={}, effect="read", reason="to see")
    bodies = [
        IncidentOpened(
            title=name, query=name, origin="recorded", detected_at=NOON, now=NOON, window=Window(start=NOON, end=NOON)
        ),
        PlanProposed(steps=(step,)),
        StepStarted(step="S1"),
        *(StepProgressed(step="S1", done=number, total=9) for number in range(EVENTS - 4)),
        StepFinished(step="S1", status="completed", summary="seen", duration_s=1.5),
    ]
    return [(NOON, ENGINE, body) for body in bodies]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed store with two executions."""
    path = tmp_path_factory.mktemp("whole") / "incidents.db"

    async def fill() -> None:
        store = await EventLog.open(path)
        for name in EXECUTIONS:
            for entry in entries(name):
                await store.append(name, f"inc-{name}", [entry])
        await store.close()

    asyncio.run(fill())
    return path


def audit(whole: Path, tmp_path: Path, change: Callable[[sqlite3.Connection], object]) -> dict[str, AuditResult]:
    """The audit of a copy of the store to which `change` was done behind its back."""
    path = tmp_path / "incidents.db"
    for suffix in ("", ".heads"):
        shutil.copy(f"{whole}{suffix}", f"{path}{suffix}")
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA synchronous = OFF")
    change(raw)
    raw.commit()
    raw.close()

    async def verify() -> dict[str, AuditResult]:
        store = await EventLog.open(path)
        try:
            return {result.execution_id: result for result in await store.verify()}
        finally:
            await store.close()

    return asyncio.run(verify())


def broken(results: dict[str, AuditResult]) -> list[str]:
    return [name for name, result in results.items() if not result.ok]


seqs = st.integers(1, EVENTS)
values = st.one_of(
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=80),
    st.binary(max_size=80),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
)


def test_an_untouched_store_passes(whole: Path, tmp_path: Path) -> None:
    results = audit(whole, tmp_path, lambda raw: None)
    assert {name: (one.ok, one.events, one.anchored) for name, one in results.items()} == dict.fromkeys(
        EXECUTIONS, (True, EVENTS, EVENTS)
    )


@quick
@given(seq=seqs, column=st.sampled_from(COLUMNS), value=values)
def test_any_changed_column_shows(whole: Path, tmp_path: Path, seq: int, column: str, value: Any) -> None:
    changed = False

    def change(raw: sqlite3.Connection) -> None:
        nonlocal changed
        at = "execution_id = 'exec-1' AND seq = ?"
        (before,) = raw.execute(f"SELECT {column} FROM events WHERE {at}", (seq,)).fetchone()
        try:
            raw.execute(f"UPDATE events SET {column} = ? WHERE {at}", (value, seq))
        except sqlite3.IntegrityError:  # another event has that place
            return
        row = raw.execute("SELECT count(*) FROM events WHERE execution_id = 'exec-1' AND seq = ?", (seq,)).fetchone()
        after = raw.execute(f"SELECT {column} FROM events WHERE {at}", (seq,)).fetchone() if row[0] else None
        changed = after is None or (type(after[0]), after[0]) != (type(before), before)

    results = audit(whole, tmp_path, change)
    assume(changed)
    assert "exec-1" in broken(results)


@quick
@given(seq=seqs, column=st.sampled_from(COLUMNS), place=st.integers(0), bit=st.integers(0, 7))
def test_any_flipped_bit_shows(whole: Path, tmp_path: Path, seq: int, column: str, place: int, bit: int) -> None:
    assume(column != "seq")

    def change(raw: sqlite3.Connection) -> None:
        at = "execution_id = 'exec-1' AND seq = ?"
        (text,) = raw.execute(f"SELECT CAST({column} AS BLOB) FROM events WHERE {at}", (seq,)).fetchone()
        flipped = bytearray(text)
        flipped[place % len(flipped)] ^= 1 << bit
        raw.execute(f"UPDATE events SET {column} = CAST(? AS TEXT) WHERE {at}", (bytes(flipped), seq))

    assert "exec-1" in broken(audit(whole, tmp_path, change))


@quick
@given(seq=seqs, column=st.sampled_from(COLUMNS[:2] + COLUMNS[3:]))
def test_a_column_of_another_type_shows(whole: Path, tmp_path: Path, seq: int, column: str) -> None:
    def change(raw: sqlite3.Connection) -> None:
        raw.execute(f"UPDATE events SET {column} = CAST({column} AS BLOB) WHERE seq = ?", (seq,))

    assert set(EXECUTIONS) <= set(broken(audit(whole, tmp_path, change)))


@quick
@given(first=seqs, count=st.integers(1, EVENTS))
def test_removed_events_show(whole: Path, tmp_path: Path, first: int, count: int) -> None:
    results = audit(
        whole,
        tmp_path,
        lambda raw: raw.execute(
            "DELETE FROM events WHERE execution_id = 'exec-1' AND seq BETWEEN ? AND ?", (first, first + count - 1)
        ),
    )
    assert broken(results) == ["exec-1"]
    assert results["exec-1"].seq == first


@quick
@given(last=st.integers(0, EVENTS - 1))
def test_a_log_that_was_cut_off_shows_even_when_its_list_was_made_to_agree(
    whole: Path, tmp_path: Path, last: int
) -> None:
    def change(raw: sqlite3.Connection) -> None:
        raw.execute("DELETE FROM events WHERE execution_id = 'exec-1' AND seq > ?", (last,))
        end = raw.execute("SELECT hash FROM events WHERE execution_id = 'exec-1' AND seq = ?", (last,)).fetchone()
        raw.execute(
            "UPDATE executions SET events = ?, hash = ? WHERE execution_id = 'exec-1'",
            (last, end[0] if end else GENESIS),
        )

    results = audit(whole, tmp_path, change)
    assert broken(results) == ["exec-1"]
    assert results["exec-1"].seq == last + 1


@quick
@given(at=st.integers(1, EVENTS + 1), source=seqs, rechain=st.booleans())
def test_an_inserted_event_shows(whole: Path, tmp_path: Path, at: int, source: int, rechain: bool) -> None:
    def change(raw: sqlite3.Connection) -> None:
        rows = raw.execute("SELECT * FROM events WHERE execution_id = 'exec-1' ORDER BY seq").fetchall()
        rows.insert(at - 1, rows[source - 1])
        rewrite(raw, rows, rechain=rechain)

    assert broken(audit(whole, tmp_path, change)) == ["exec-1"]


@quick
@given(one=seqs, other=seqs, rechain=st.booleans())
def test_events_in_another_order_show(whole: Path, tmp_path: Path, one: int, other: int, rechain: bool) -> None:
    assume(one != other)

    def change(raw: sqlite3.Connection) -> None:
        rows = raw.execute("SELECT * FROM events WHERE execution_id = 'exec-1' ORDER BY seq").fetchall()
        rows[one - 1], rows[other - 1] = rows[other - 1], rows[one - 1]
        rewrite(raw, rows, rechain=rechain)

    assert broken(audit(whole, tmp_path, change)) == ["exec-1"]


@quick
@given(seq=seqs)
def test_a_log_that_was_rewritten_with_new_hashes_shows(whole: Path, tmp_path: Path, seq: int) -> None:
    def change(raw: sqlite3.Connection) -> None:
        rows = raw.execute("SELECT * FROM events WHERE execution_id = 'exec-1' ORDER BY seq").fetchall()
        row = list(rows[seq - 1])
        row[4] = row[4].replace("cloudops", "somebody")
        rows[seq - 1] = tuple(row)
        rewrite(raw, rows, rechain=True)
        end = raw.execute("SELECT hash FROM events WHERE execution_id = 'exec-1' AND seq = ?", (EVENTS,)).fetchone()
        raw.execute("UPDATE executions SET hash = ? WHERE execution_id = 'exec-1'", end)

    results = audit(whole, tmp_path, change)
    assert broken(results) == ["exec-1"]
    assert results["exec-1"].seq == EVENTS


def rewrite(raw: sqlite3.Connection, rows: list[tuple[Any, ...]], *, rechain: bool) -> None:
    """Put `rows` in place of the log: numbered anew, and with `rechain` hashed anew."""
    raw.execute("DELETE FROM events WHERE execution_id = 'exec-1'")
    last = GENESIS
    for seq, row in enumerate(rows, 1):
        execution_id, incident_id, _, time, who, body, *hashes = row
        if rechain:
            hashes = [last, event_hash(last, execution_id, incident_id, seq, time, who.encode(), body.encode())]
            last = hashes[1]
        raw.execute(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (execution_id, incident_id, seq, time, who, body, *hashes),
        )


def test_a_deleted_execution_shows(whole: Path, tmp_path: Path) -> None:
    def change(raw: sqlite3.Connection) -> None:
        raw.execute("DELETE FROM events WHERE execution_id = 'exec-1'")
        raw.execute("DELETE FROM executions WHERE execution_id = 'exec-1'")

    results = audit(whole, tmp_path, change)
    assert broken(results) == ["exec-1"]
    assert results["exec-1"].problem == f"all events are missing: {EVENTS} were acknowledged"


def test_an_execution_that_nobody_wrote_shows(whole: Path, tmp_path: Path) -> None:
    def change(raw: sqlite3.Connection) -> None:
        raw.execute("INSERT INTO events SELECT 'exec-3', incident_id, seq, time, who, body, previous, hash FROM events "
                    "WHERE execution_id = 'exec-1'")  # fmt: skip

    assert broken(audit(whole, tmp_path, change)) == ["exec-3"]


# The pure check, by hand


def chain(count: int) -> list[StoredRow]:
    rows, last = [], GENESIS
    for seq in range(1, count + 1):
        digest = event_hash(last, "exec-1", "inc-1", seq, "noon", b"who", b"body")
        rows.append(StoredRow(b"inc-1", seq, b"noon", b"who", b"body", last.encode(), digest.encode()))
        last = digest
    return rows


@pytest.mark.parametrize(
    ("rows", "head", "seq", "problem"),
    [
        (chain(3), None, None, ""),
        (chain(3), Head(2, chain(2)[-1].hash.decode()), None, ""),
        (chain(3)[1:], None, 1, "event 1 is missing: event 2 follows event 0"),
        ([chain(3)[0], chain(3)[2]], None, 2, "event 2 is missing: event 3 follows event 1"),
        (chain(3)[:2], Head(3, chain(3)[-1].hash.decode()), 3, "the log is cut off after event 2: 3 were acknowledged"),
        ([], Head(3, chain(3)[-1].hash.decode()), 1, "all events are missing: 3 were acknowledged"),
        (chain(3), Head(2, GENESIS), 2, "event 2 is not the one that was acknowledged: the log was rewritten"),
        ([chain(1)[0]._replace(body=b"other")], None, 1, "event 1 was changed after it was written"),
        ([chain(1)[0]._replace(time=b"\xff")], None, 1, "event 1 was changed after it was written"),
        ([chain(1)[0]._replace(typed=False)], None, 1, "event 1 was changed: a column is not of its type"),
    ],
)
def test_the_verdict_names_the_place(rows: list[StoredRow], head: Head | None, seq: int | None, problem: str) -> None:
    result = verify_chain("exec-1", rows, head)
    assert (result.seq, result.problem, result.ok) == (seq, problem, not problem)


@pytest.mark.parametrize("body", [b'{"answer_recorded"', b'["answer_recorded"]', b'{"type":"answer_recorded"}'])
def test_a_row_with_a_hash_that_fits_but_no_event_in_it_is_a_finding(body: bytes) -> None:
    (row,) = chain(1)
    digest = event_hash(GENESIS, "exec-1", "inc-1", 1, "noon", b"who", body)
    result = verify_chain("exec-1", [row._replace(body=body, hash=digest.encode())])
    said = "event 1 is no event: it was written by something else"
    assert (result.ok, result.seq, result.problem) == (False, 1, said)


def test_events_that_the_file_beside_the_database_does_not_know_yet_are_counted_apart() -> None:
    result = verify_chain("exec-1", chain(3), Head(2, chain(2)[-1].hash.decode()))
    assert (result.ok, result.events, result.anchored) == (True, 3, 2)
