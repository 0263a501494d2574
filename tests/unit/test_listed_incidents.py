"""The list of stored incidents: its lines as JSON and back, and a damaged one that is no traceback."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.listings import IncidentSummary
from engine.log import EventLog
from engine.port import OPERATIONS
from engine.store.schema import INSERT_EXECUTION
from primitives.errors import StoreCorrupt

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
LINE = ("exec-1", "inc-1", "slow", "why slow", "live", NOON.isoformat(), (NOON + timedelta(hours=1)).isoformat(),
        "completed", "DEPLOYMENT_REGRESSION", "v2 made it slower", 0.8, 120, "0" * 64)  # fmt: skip


async def listed(store: Path, line: tuple[Any, ...]) -> tuple[IncidentSummary, ...]:
    log = await EventLog.open(store)
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute(INSERT_EXECUTION, line)
    try:
        return await log.incidents()
    finally:
        await log.close()


async def test_a_line_is_what_was_stored_and_survives_json(tmp_path: Path) -> None:
    (line,) = await listed(tmp_path / "i.db", LINE)
    assert (line.title, line.opened_at, line.confidence, line.events, line.running) == ("slow", NOON, 0.8, 120, False)
    assert line.document()["opened_at"] == "2026-03-10T12:00:00Z"
    codec = OPERATIONS["incidents"].codec
    assert codec.decode(json.loads(json.dumps(codec.encode((line,))))) == (line,)


@pytest.mark.parametrize(("at", "value"), [(4, "elsewhere"), (5, "yesterday"), (2, b"\xff"), (10, "sure"), (11, "x")])
async def test_a_damaged_line_is_one_clear_error(tmp_path: Path, at: int, value: object) -> None:
    line = tuple(value if number == at else each for number, each in enumerate(LINE))
    with pytest.raises((StoreCorrupt, sqlite3.IntegrityError), match=r"damaged|CHECK|datatype|constraint"):
        await listed(tmp_path / "i.db", line)
