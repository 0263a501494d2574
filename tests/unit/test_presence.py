"""Who looks at an incident: seen while they do, told of each change, never in the log."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from engine.events import Who
from engine.presence import Looking, Presence, Viewer
from primitives.clock import ManualClock

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
ANN, BOB = Who(kind="person", name="ann"), Who(kind="person", name="bob")


def named(viewers: tuple[Viewer, ...]) -> list[str]:
    return [viewer.name for viewer in viewers]


async def test_each_sees_who_comes_who_looks_where_and_who_leaves() -> None:
    present = Presence(ManualClock(NOON))
    ann, bob = present.join("exec-1", "view-a", ANN), present.join("exec-1", "view-b", BOB)
    assert named(await anext(ann)) == ["ann"]
    assert named(await anext(bob)) == ["ann", "bob"]
    assert named(await anext(ann)) == ["ann", "bob"]
    present.look("exec-1", "view-b", Looking(pane="facts", row="F3", cursor=NOON), BOB)
    seen = (await anext(ann))[1]
    assert (seen.looking.pane, seen.looking.row, seen.looking.cursor, seen.since) == ("facts", "F3", NOON, NOON)
    await bob.aclose()
    assert named(await anext(ann)) == ["ann"]


async def test_another_incident_has_its_own_viewers() -> None:
    present = Presence(ManualClock(NOON))
    await anext(present.join("exec-1", "view-a", ANN))
    assert named(await anext(present.join("exec-2", "view-b", BOB))) == ["bob"]


async def test_a_slow_reader_gets_the_last_of_many_changes() -> None:
    present = Presence(ManualClock(NOON))
    ann = present.join("exec-1", "view-a", ANN)
    await anext(ann)
    for row in range(100):
        present.look("exec-1", "view-a", Looking(row=f"F{row}"), ANN)
    assert (await anext(ann))[0].looking.row == "F99"
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(ann), 0.02)


async def test_nobody_moves_another_ones_view() -> None:
    present = Presence(ManualClock(NOON))
    ann = present.join("exec-1", "view-a", ANN)
    await anext(ann)
    present.look("exec-1", "view-a", Looking(row="F1"), BOB)
    present.look("exec-1", "view-x", Looking(row="F1"), ANN)
    present.look("exec-9", "view-a", Looking(row="F1"), ANN)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(ann), 0.02)


def test_what_is_sent_to_everybody_is_bounded() -> None:
    with pytest.raises(ValidationError):
        Looking(row="x" * 501)
