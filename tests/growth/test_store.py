"""A new store: one module with a `RowStore`, its scheme in `SCHEMES`, its opener in the contract test."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.engine import Engine
from engine.follow_to_end import follow_investigation
from engine.port import Investigate
from engine.store.locations import SCHEMES, StoreLocation, parse_location
from engine.store.memory import MemoryRows, MemoryTables
from engine.store.rows import Commit, RowStore

SAMPLE = Path(__file__).parents[2] / "sample_incidents" / "api-latency-spike"


class LoudRows(MemoryRows):
    """A store of its own kind, which counts its commits."""

    commits = 0

    async def append(self, commit: Commit) -> None:
        type(self).commits += 1
        await super().append(commit)


async def open_loud(location: StoreLocation) -> RowStore:
    return LoudRows(MemoryTables(str(location)))


async def test_a_store_of_a_new_kind_is_used_by_its_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SCHEMES, "loud", open_loud)
    assert str(parse_location("loud://here")) == "loud://here"
    engine = await Engine.open("loud://here")
    try:
        execution_id = await engine.investigate(Investigate(bundle=str(SAMPLE), confirm=False))
        async for _ in follow_investigation(engine, execution_id):
            pass
        assert (await engine.state(execution_id)).hypotheses
        assert (await engine.verify(execution_id))[0].ok
        assert LoudRows.commits > 0
    finally:
        await engine.close()
