"""The clock on the wall jumps in the life of an action: nothing is concluded from it, and nothing sent by it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cases.acting import Acting, acting
from cases.toy_platform import ToyWriter, TurnDialOperations

from engine.events import ActionMeasured
from primitives.actions.execution import Dispatch
from primitives.clock import SystemClock
from primitives.errors import PolicyError, UsageError

HOUR = timedelta(hours=1)
FAST = "  verify_seconds: 1\n  verify_within_seconds: 4\n"
AUTOMATIC = f"policy:\n  require_approval_for: [write]\n  roll_back: automatic\n{FAST}"


class Wall:
    """By how much the clock is off by now."""

    off = timedelta()


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    made = Wall()
    monkeypatch.setattr(SystemClock, "now", lambda _: datetime.now(UTC) + made.off)
    return made


def jumping_at_the_call(monkeypatch: pytest.MonkeyPatch, wall: Wall, jump: timedelta) -> None:
    send = ToyWriter.send

    async def jumps(self: ToyWriter, call: Any) -> Dispatch:
        wall.off = jump
        return await send(self, call)

    monkeypatch.setattr(ToyWriter, "send", jumps)


async def test_a_jump_ahead_does_not_prove_that_a_call_never_arrived(
    tmp_path: Path, wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []
    find_out = TurnDialOperations.find_out

    async def counted(self: Any, world: Any, arguments: Any, preview: Any, mark: str) -> Dispatch:
        looks.append(mark)
        if len(looks) < 3:
            return Dispatch(outcome="unknown", detail="the device is as it was")
        if len(looks) == 3:
            # By now it arrives: a server may take a minute over a request.
            with world.toy.locked() as document:
                document["version"] += 1
                document["dial"], document["mark"] = arguments.dial, mark
        return await find_out(self, world, arguments, preview, mark)

    monkeypatch.setattr(TurnDialOperations, "find_out", counted)
    jumping_at_the_call(monkeypatch, wall, HOUR)
    async with acting(tmp_path, faults=["drop-before"]) as world:
        await world.approve(await world.prepare())
        await world.reached("verified", "inconclusive", "not_improved", "failed")
        assert len(looks) == 3
        assert world.toy.read()["dial"] == 7
        assert (await world.run()).status != "failed"


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["ahead", "back"])
async def test_a_jump_at_the_call_sends_nothing_twice(
    tmp_path: Path, wall: Wall, monkeypatch: pytest.MonkeyPatch, jump: timedelta
) -> None:
    jumping_at_the_call(monkeypatch, wall, jump)
    async with acting(tmp_path, faults=["drop-after"]) as world:
        await world.approve(await world.prepare())
        await world.reached("verified", "inconclusive")
        assert len(world.toy.calls()) == 1


async def measured(world: Acting) -> None:
    async for batch in world.engine.follow("exec-0a0a0a0a"):
        if any(isinstance(event.body, ActionMeasured) for event in batch):
            return


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["ahead", "back"])
async def test_a_jump_while_it_is_verified_is_no_failure_and_undoes_nothing(
    tmp_path: Path, wall: Wall, jump: timedelta
) -> None:
    slow = f"{AUTOMATIC}".replace("verify_seconds: 1", "verify_seconds: 3")
    async with acting(tmp_path, policy=slow) as world:
        await world.approve(await world.prepare())
        await measured(world)
        wall.off = jump
        run = await world.reached("verified", "inconclusive", "not_improved", "rolled_back")
        # Set ahead, the samples of afterwards may still fill the time that it takes.
        assert run.status in (("inconclusive",) if jump < timedelta() else ("inconclusive", "verified"))
        assert list((await world.state()).runs) == ["R1"]


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["ahead", "back"])
async def test_a_jump_before_the_approval_voids_it(tmp_path: Path, wall: Wall, jump: timedelta) -> None:
    async with acting(tmp_path) as world:
        run = await world.prepare()
        wall.off = jump
        with pytest.raises((PolicyError, UsageError)):
            await world.approve(run)
        assert world.toy.calls() == []
