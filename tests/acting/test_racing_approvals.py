"""However many people approve at once, a plan is dispatched once at most."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest
from cases.acting import ANA, EXECUTION, acting

from engine.events import ActionApproved, ActionDispatched, ActionDispatching, Who
from engine.port import ApproveAction, PrepareAction, RejectAction
from primitives.errors import CloudopsError

RACES = 10
RACERS = 1_000


@pytest.mark.timeout(300)
async def test_ten_thousand_racing_approvals_dispatch_each_plan_once(tmp_path: Path) -> None:
    draw = random.Random(4)
    fast = "policy:\n  require_approval_for: [write]\n  verify_seconds: 1\n  verify_within_seconds: 1\n"
    async with acting(tmp_path, policy=fast, latency=[1.5, None]) as world:
        for race in range(1, RACES + 1):
            # A call that the platform refuses: the same action may be asked for again.
            world.toy.change(faults=["conflict"])
            run = await world.prepare()
            people = [Who(kind="person", name=f"p{number}") for number in range(RACERS)]
            draw.shuffle(people)

            async def race_for(who: Who, run_id: str = run.id, digest: str = run.digest) -> str:
                command = ApproveAction(run=run_id, digest=digest)
                try:
                    await world.engine.send(EXECUTION, command, who=who)
                except CloudopsError as error:
                    return type(error).__name__
                return "approved"

            others = [world.engine.send(EXECUTION, PrepareAction(action=run.action.id), who=ANA) for _ in range(3)]
            outcomes = await asyncio.gather(*map(race_for, people), *others, return_exceptions=True)
            assert Counter(outcomes[:RACERS])["approved"] == 1
            await world.reached("failed", name=run.id, within_s=60)
            assert world.toy.calls().count(f"{EXECUTION}.{run.id}") == 1, race
        events = await world.engine.read(EXECUTION)
        for kind in (ActionApproved, ActionDispatching, ActionDispatched):
            counts = Counter(event.body.run for event in events if isinstance(event.body, kind))
            assert set(counts.values()) == {1}, kind
            assert len(counts) == RACES


async def test_a_no_that_races_with_a_yes_is_a_no_or_comes_too_late(tmp_path: Path) -> None:
    async with acting(tmp_path) as world:
        for _ in range(20):
            world.toy.change(dial=5)
            run = await world.prepare()
            before = len(world.toy.calls())
            yes = world.engine.send(EXECUTION, ApproveAction(run=run.id, digest=run.digest), who=ANA)
            no = world.engine.send(EXECUTION, RejectAction(run=run.id), who=ANA)
            answers = await asyncio.gather(no, yes, return_exceptions=True)
            assert [type(answer).__name__ for answer in answers] == ["NoneType", "UsageError"]
            assert (await world.run(run.id)).status == "rejected"
            assert len(world.toy.calls()) == before
