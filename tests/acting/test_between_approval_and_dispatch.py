"""What changes between an approval and its dispatch: then nothing is sent, and the run says why."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from cases.acting import ACTION, ANA, BEN, EXECUTION, acting

from engine.port import PrepareAction, RejectAction
from primitives.errors import StoreError, UsageError

FREEZE = """policy:
  require_approval_for: [write, delete]
  freezes: [{name: always, time_zone: UTC, weekly: [{from: "00:00", to: "12:00"}, {from: "12:00", to: "00:00"}]}]
"""


async def approved(folder: Path) -> None:
    """A run that was approved in an engine that ended before it was sent."""
    async with acting(folder) as world:
        run = await world.prepare()
    async with acting(folder) as world:
        # No runner goes on here until somebody continues it.
        await world.approve(run)
        assert (await world.run()).status == "approved"


async def test_a_policy_that_changed_after_the_approval_voids_it(tmp_path: Path) -> None:
    await approved(tmp_path)
    async with acting(tmp_path) as world:
        world.policy.write_text("policy: {require_approval_for: [write]}\n")
        await world.go_on()
        run = await world.reached("expired")
        assert run.detail == "not sent: the policy has changed since the plan was made; ask for the action again"
        assert world.toy.calls() == []


async def test_a_policy_that_can_not_be_read_any_more_stops_it(tmp_path: Path) -> None:
    await approved(tmp_path)
    async with acting(tmp_path) as world:
        world.policy.write_text("policy: [\n")
        await world.go_on()
        assert "the policy can't be used, so nothing is changed" in (await world.reached("expired")).detail
        assert world.toy.calls() == []


async def test_a_target_that_became_ill_after_the_approval_is_left_alone(tmp_path: Path) -> None:
    await approved(tmp_path)
    async with acting(tmp_path) as world:
        world.toy.change(healthy=False)
        await world.go_on()
        assert (await world.reached("expired")).detail == "not sent: healthy: it is broken"
        assert world.toy.calls() == []


async def test_a_no_after_the_approval_and_before_the_dispatch_counts(tmp_path: Path) -> None:
    await approved(tmp_path)
    async with acting(tmp_path) as world:
        await world.engine.send(EXECUTION, RejectAction(run="R1", because="wait"), who=BEN)
        with pytest.raises(UsageError):
            await world.approve(await world.run())
        await world.go_on()
        assert (await world.run()).status == "rejected"
        assert world.toy.calls() == []


async def test_a_freeze_denies_it_and_is_named(tmp_path: Path) -> None:
    async with acting(tmp_path, policy=FREEZE) as world:
        run = await world.prepare()
        assert (run.status, run.detail) == ("expired", "denied by the policy, rule freeze always")
        assert world.toy.calls() == []


async def test_in_a_store_that_can_not_be_written_nothing_is_even_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with acting(tmp_path) as world:
        pass
    monkeypatch.setattr("engine.store.files._why_readonly", lambda _: "the file can't be written")
    async with acting(tmp_path) as world:
        with pytest.raises(StoreError, match="can't be written"):
            await world.engine.send(EXECUTION, PrepareAction(action=ACTION), who=ANA)
        assert world.toy.calls() == []


async def test_two_cockpits_that_approve_at_once_make_one_dispatch(tmp_path: Path) -> None:
    async with acting(tmp_path) as world:
        run = await world.prepare()
        answers = await asyncio.gather(
            *(world.approve(run, who) for who in (ANA, BEN, ANA, BEN)), return_exceptions=True
        )
        assert [type(answer) for answer in answers].count(type(None)) == 1
        assert all(answer is None or isinstance(answer, UsageError) for answer in answers)
        await world.reached("verified")
        assert len(world.toy.calls()) == 1
