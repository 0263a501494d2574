"""An incident's actor: commands in turn, whoever leaves; loaded when needed, unloaded when idle."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import engine.actor
from engine.engine import Engine
from engine.events import ENGINE, Who
from engine.follow_to_end import follow_investigation
from engine.incident import IncidentState
from engine.investigate.investigation import Investigation
from engine.log import EventLog
from engine.port import AddNote, Investigate
from engine.store.memory import MemoryRows
from primitives.errors import StoreError, UsageError

SAMPLE = Path(__file__).parents[2] / "sample_incidents" / "holmes-13b-pending"
ANN = Who(kind="person", name="ann")


def engine_in_memory() -> Engine:
    return Engine(EventLog(MemoryRows()), close_after=None)


async def investigated(engine: Engine) -> str:
    execution_id = await engine.investigate(Investigate(bundle=str(SAMPLE), confirm=False))
    async for _ in follow_investigation(engine, execution_id):
        pass
    return execution_id


async def test_commands_are_handled_in_the_order_in_which_they_came_also_when_the_mailbox_is_full() -> None:
    engine_ = engine_in_memory()
    execution_id = await investigated(engine_)
    texts = [f"note {number}" for number in range(2 * engine.actor.MAILBOX_SIZE)]
    await asyncio.gather(*(engine_.send(execution_id, AddNote(text=text), who=ANN) for text in texts))
    state = await engine_.state(execution_id)
    assert [note.text for note in state.notes.values()] == texts
    await engine_.close()


async def test_a_command_is_kept_whole_when_its_sender_is_cancelled() -> None:
    engine_ = engine_in_memory()
    execution_id = await investigated(engine_)
    sender = asyncio.create_task(engine_.send(execution_id, AddNote(text="x"), who=ANN))
    for _ in range(3):
        await asyncio.sleep(0)
    sender.cancel()
    await asyncio.gather(sender, return_exceptions=True)
    await engine_.send(execution_id, AddNote(text="y"), who=ANN)
    state, actor = await engine_.state(execution_id), engine_._actors[execution_id]
    assert [note.text for note in state.notes.values()] == ["x", "y"]
    assert actor.state.digest() == state.digest()
    await engine_.close()


async def test_a_refused_command_leaves_the_actor_serving() -> None:
    engine_ = engine_in_memory()
    execution_id = await investigated(engine_)
    with pytest.raises(UsageError):
        await engine_.send(execution_id, AddNote(text=""))
    await engine_.send(execution_id, AddNote(text="x"))
    assert len((await engine_.state(execution_id)).notes) == 1
    await engine_.close()


async def test_an_idle_actor_is_unloaded_and_loaded_again_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.actor, "IDLE_S", 0.05)
    engine_ = engine_in_memory()
    execution_id = await investigated(engine_)
    async with asyncio.timeout(10):
        while execution_id in engine_._actors:
            await asyncio.sleep(0.01)
    await engine_.send(execution_id, AddNote(text="x"))
    assert execution_id in engine_._actors
    assert len((await engine_.state(execution_id)).notes) == 1
    await engine_.close()


async def test_an_actor_whose_investigation_runs_is_never_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.actor, "IDLE_S", 0.02)
    engine_ = engine_in_memory()
    execution_id = await engine_.investigate(Investigate(bundle=str(SAMPLE), confirm=True))
    await asyncio.sleep(0.3)
    assert engine_._actors[execution_id].running
    assert [summary.running for summary in await engine_.incidents()] == [True]
    await engine_.close()


async def test_where_the_store_can_not_be_written_those_who_follow_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    engine_ = engine_in_memory()
    execution_id = await engine_.investigate(Investigate(bundle=str(SAMPLE), confirm=True))

    async def full(*_: object, **__: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(engine_.store, "append", full)
    # The investigation waits for its plan to be confirmed, and then can't write.
    sender = asyncio.create_task(engine_.send(execution_id, AddNote(text="x")))
    actor = engine_._actors[execution_id]
    actor.state.investigation.confirmed_by = ANN
    with pytest.raises(StoreError, match="full"):
        await sender
    changed, actor._changed = actor._changed, asyncio.Event()
    changed.set()
    with pytest.raises(StoreError, match="full"):
        async for _ in engine_.follow(execution_id):
            pass
    assert not engine_._actors[execution_id].running
    with pytest.raises(StoreError):
        await engine_.send(execution_id, AddNote(text="x"))
    await engine_.close()


async def test_a_failure_of_the_investigation_ends_it_and_is_told_in_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(self: Investigation) -> None:
        raise RuntimeError("no plan")

    monkeypatch.setattr(Investigation, "_plan", broken)
    engine_ = engine_in_memory()
    state = await engine_.state(await investigated(engine_))
    assert state.finished is not None
    assert (state.phase, state.finished.problem) == ("failed", "RuntimeError: no plan")
    await engine_.close()


async def test_what_is_sent_to_a_closing_engine_is_refused() -> None:
    engine_ = engine_in_memory()
    execution_id = await investigated(engine_)
    actor = engine_._actors[execution_id]
    await engine_.close()
    with pytest.raises(StoreError, match="closing"):
        await actor.send(AddNote(text="x"), ENGINE)


async def test_waiting_for_a_state_ends_when_it_is_there() -> None:
    engine_ = engine_in_memory()
    execution_id = await investigated(engine_)
    actor = await engine_._actor(execution_id)

    def noted(state: IncidentState) -> bool:
        return bool(state.notes)

    waiting = asyncio.create_task(actor.until(noted))
    await asyncio.sleep(0)
    assert not waiting.done()
    await engine_.send(execution_id, AddNote(text="x"))
    async with asyncio.timeout(5):
        await waiting
    await engine_.close()
