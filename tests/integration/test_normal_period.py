"""Normal times are no incident: two days without a fault, cut into windows of an incident's length."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases.normal_period import QUERIES, calm, investigated, windows

from engine.engine import Engine
from engine.follow_to_end import follow_investigation
from engine.port import Investigate
from engine.report import report
from primitives.bundle.writer import write_bundle

# The period is not free of trouble: when it begins one service fails 3 % of its requests for an hour, and once the
# entry fails more than half of them for five minutes. What is right about these four windows is left open.
_LEAST = 0.95


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.usefixtures("shared_datasets")
async def test_windows_of_normal_times_are_called_no_fault_or_unknown(query: str) -> None:
    found = [await investigated(parts) for parts in windows(query)]
    assert len(found) == 147
    blamed = sorted(f"{best.cause_id} {best.resource} {best.confidence}" for best in found if not calm(best))
    assert len(blamed) <= (1 - _LEAST) * len(found), blamed


@pytest.mark.usefixtures("shared_datasets")
async def test_a_window_says_the_same_as_a_written_bundle(tmp_path: Path) -> None:
    every = list(windows("latency"))
    engine = await Engine.open(tmp_path / "incidents.db")
    try:
        for place in (12, 96):
            bundle = tmp_path / f"{place}.incident"
            write_bundle(every[place], bundle)
            execution = await engine.investigate(Investigate(bundle=str(bundle), confirm=False))
            async for _ in follow_investigation(engine, execution):
                pass
            told = report(await engine.state(execution)).likely_root_causes[0]
            best = await investigated(every[place])
            assert (told.cause_id, told.resource, told.confidence) == (best.cause_id, best.resource, best.confidence)
    finally:
        await engine.close()
