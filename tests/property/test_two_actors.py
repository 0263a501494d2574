"""Two engines' actors on one incident, in any interleaving: a decision on an old state is refused, nothing is lost."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime

import pytest

from engine.actor import Actor
from engine.deciders import AnyCommand, decide
from engine.events import Event, IncidentOpened, SourcesChecked, Who
from engine.incident import IncidentState, fold
from engine.investigate.commands import FinishInvestigation, OpenIncident
from engine.investigate.scenario import Scenario
from engine.log import EventLog
from engine.port import AddFact, AddNote, Judge, PinFact
from engine.store.memory import MemoryRows, MemoryTables
from primitives.errors import HeadMoved, StoreError
from primitives.records import Window
from primitives.sources import SourceDirectory

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
ANN, BOB = Who(kind="person", name="ann"), Who(kind="person", name="bob")
INTERLEAVINGS = 10_000
COMMANDS = 4


class Alone:
    """An engine around an actor that needs none."""

    async def reopen(self, state: IncidentState, sources: tuple[str, ...], definitions: SourceDirectory) -> Scenario:
        raise AssertionError

    def report_store_failure(self, execution_id: str, problem: StoreError) -> None:
        raise AssertionError

    def unload(self, execution_id: str) -> None:
        raise AssertionError


async def ended_incident(log: EventLog, execution_id: str) -> None:
    window = Window(start=NOON, end=NOON)
    opened = IncidentOpened(title="t", query="q", origin="recorded", detected_at=NOON, now=NOON, window=window)
    state = IncidentState()
    for command in (OpenIncident(opened, SourcesChecked(sources=())), FinishInvestigation(1.0)):
        entries = [(NOON, who, body) for who, body in decide(state, command, ANN, NOON).events]
        for event in await log.append(execution_id, "inc-1", entries):
            state.apply(event)


async def drawn_sends(actor: Actor, who: Who, draw: random.Random, notes: list[str]) -> tuple[int, int]:
    """Send a few commands with drawn breaks between them; how many were kept and how many refused.

    A command that was refused because another writer was first is sent once more, as a person would.
    """
    kept = refused = 0
    for number in range(draw.randrange(1, COMMANDS)):
        for _ in range(draw.randrange(4)):
            await asyncio.sleep(0)
        text = f"{who.name} {number}"
        command: AnyCommand = AddNote(text=text)
        try:
            await actor.send(command, who)
        except HeadMoved:
            refused += 1
            try:
                await actor.send(command, who)
            except HeadMoved:
                refused += 1
                continue
        kept += 1
        notes.append(text)
    return kept, refused


@pytest.mark.timeout(500)
async def test_in_10_000_interleavings_a_second_writer_is_refused_and_every_accepted_note_is_there_once() -> None:
    draw = random.Random(8)
    tables = MemoryTables()
    logs = [EventLog(MemoryRows(tables)) for _ in range(2)]
    refusals = accepted = 0
    for number in range(INTERLEAVINGS):
        name = f"exec-{number}"
        await ended_incident(logs[0], name)
        states = [await log.state(name) for log in logs]
        actors = [Actor(log, Alone(), state, name, "inc-1") for log, state in zip(logs, states, strict=True)]
        notes: list[str] = []
        results = await asyncio.gather(
            drawn_sends(actors[0], ANN, draw, notes), drawn_sends(actors[1], BOB, draw, notes)
        )
        stored = await logs[0].state(name)
        assert sorted(note.text for note in stored.notes.values()) == sorted(notes)
        assert list(stored.notes) == [f"N{place}" for place in range(1, len(notes) + 1)]
        assert stored.seq == 3 + sum(kept for kept, _ in results)
        refusals += sum(refused for _, refused in results)
        accepted += len(notes)
        for actor in actors:
            await actor.close()
        # Memory stays small: what was checked is let go.
        events: list[Event] = list(await logs[0].read(name))
        assert fold(events).digest() == stored.digest()
        tables.events.pop(name)
    assert refusals > INTERLEAVINGS / 4
    assert accepted > INTERLEAVINGS
    for log in logs:
        await log.close()


async def test_after_a_refusal_an_actor_decides_on_what_the_other_wrote() -> None:
    tables = MemoryTables()
    first, second = EventLog(MemoryRows(tables)), EventLog(MemoryRows(tables))
    await ended_incident(first, "exec-1")
    ann = Actor(first, Alone(), await first.state("exec-1"), "exec-1", "inc-1")
    bob = Actor(second, Alone(), await second.state("exec-1"), "exec-1", "inc-1")
    said = Judge(statements=(AddFact(text="a node was drained"),))
    await ann.send(said, ANN)
    with pytest.raises(HeadMoved, match="another writer was first"):
        await bob.send(said, BOB)
    await bob.send(Judge(statements=(PinFact(fact="F1"),)), BOB)
    assert bob.state.judgements["F1"].by == "bob"
    with pytest.raises(HeadMoved):
        await ann.send(AddNote(text="x"), ANN)
    assert ann.state.digest() == bob.state.digest() == fold(list(await first.read("exec-1"))).digest()
    for actor, log in ((ann, first), (bob, second)):
        await actor.close()
        await log.close()
