"""Whatever is done to the record of an action, or to the file with the last hashes, the audit says so.

`mutate_audit.py` does the same ten thousand times.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from mutate_audit import EXECUTION, attempt, make, numbered, rechained, shows

from engine.log import EventLog


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    return asyncio.run(make(tmp_path / "whole"))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_any_change_of_a_row_or_of_the_outside_hashes_is_found(whole: Path, tmp_path: Path, seed: int) -> None:
    done, is_found = attempt(whole, tmp_path / "copy", random.Random(seed))
    assume(done)
    assert is_found, done


def test_a_store_that_nobody_touched_passes_again_and_again(whole: Path) -> None:
    for _ in range(3):
        assert not asyncio.run(shows(whole))


def test_an_outside_record_that_was_changed_while_the_store_was_closed_is_remembered(whole: Path) -> None:
    heads = whole.with_name("incidents.db.heads")
    begun, *_ = heads.read_text().splitlines(keepends=True)
    heads.write_text(begun)
    for _ in range(2):
        assert asyncio.run(shows(whole))


def test_an_event_that_was_added_with_hashes_that_fit_while_the_store_was_closed_is_remembered(whole: Path) -> None:
    raw = sqlite3.connect(whole)
    rows = [list(row) for row in raw.execute("SELECT * FROM events WHERE execution_id = ? ORDER BY seq", (EXECUTION,))]
    last = rechained(numbered([*rows, rows[-1]]))[-1]
    raw.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", last)
    raw.execute("UPDATE executions SET events = ?, hash = ?", (last[2], last[7]))
    raw.commit()
    raw.close()
    for _ in range(2):
        assert asyncio.run(shows(whole))


def test_a_store_that_was_killed_has_no_seal_and_still_passes(whole: Path) -> None:
    async def grown() -> None:
        log = await EventLog.open(whole)
        rows = log.rows  # closed without a seal, as after a kill
        rows._grown = False  # type: ignore[attr-defined]
        await log.close()

    asyncio.run(grown())
    assert not asyncio.run(shows(whole))
