"""Two writers on one incident, in any interleaving: the second is refused by the expected head, and nothing is lost."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from engine.events import IncidentOpened, PlannedStep, PlanProposed, StepProgressed, Who
from engine.incident import fold
from engine.log import Entry, EventLog, Head
from engine.store.memory import MemoryRows, MemoryTables
from engine.store.rows import Grown, RowStore
from engine.store.sqlite import SqliteRows
from primitives.errors import HeadMoved
from primitives.records import Window

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
ENGINE = Who(kind="engine", name="cloudops")
NAME, INCIDENT = "exec-1", "inc-1"
INTERLEAVINGS = 10_000
"""On the memory store; each is a run of `STEPS` reads and appends by two writers in a drawn order."""
ON_SQLITE = 150
STEPS = 6


@dataclass(slots=True)
class Writer:
    """A writer that appends where it last read the log to end, as an actor does."""

    name: str
    log: EventLog
    head: Head
    kept: list[str] = field(default_factory=list)
    refused: int = 0
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(10**6)))

    async def read(self) -> None:
        self.head = await self.log.last(NAME)

    async def append(self, size: int) -> bool:
        notes = [f"{self.name}{next(self.numbers)}" for _ in range(size)]
        try:
            events = await self.log.append(NAME, INCIDENT, progress(notes), expected=self.head)
        except HeadMoved:
            self.refused += 1
            return False
        self.head = Head(events[-1].seq, events[-1].hash)
        self.kept += notes
        return True


def opening() -> list[Entry]:
    window = Window(start=NOON, end=NOON)
    opened = IncidentOpened(title="t", query="q", origin="recorded", detected_at=NOON, now=NOON, window=window)
    step = PlannedStep(id="S1", primitive="look", target="web", arguments={}, effect="read", reason="to see")
    return [(NOON, ENGINE, opened), (NOON, ENGINE, PlanProposed(steps=(step,)))]


def progress(notes: list[str]) -> list[Entry]:
    return [(NOON, ENGINE, StepProgressed(step="S1", done=1, total=9, note=note)) for note in notes]


async def interleave(writers: list[Writer], draw: random.Random) -> int:
    """Let the writers read and append in a drawn order, at times both at once; returns how many had to be refused.

    What must happen is known beforehand: an append is kept where nobody appended since its writer's last look.
    """
    stale: set[str] = set()
    refusals = 0
    for _ in range(STEPS):
        writer, other = draw.sample(writers, 2)
        action = draw.random()
        if action < 0.25:
            await writer.read()
            stale.discard(writer.name)
        elif action < 0.75:
            expected = writer.name not in stale
            assert await writer.append(draw.choice((1, 1, 2, 3))) == expected
            refusals += not expected
            if expected:
                stale.add(other.name)
        else:
            fresh = [each.name for each in writers if each.name not in stale]
            first, second = await asyncio.gather(writer.append(1), other.append(1))
            winners = [each.name for each, kept in ((writer, first), (other, second)) if kept]
            # Both at once: one of those that may write does, and nobody else.
            assert len(winners) == min(len(fresh), 1)
            assert set(winners) <= set(fresh)
            refusals += 2 - len(winners)
            if winners:
                stale = {each.name for each in writers} - set(winners)
    return refusals


async def examine(log: EventLog, writers: list[Writer]) -> None:
    """No event is lost, none is doubled, there is no gap and no fork."""
    events = await log.read(NAME)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert [event.previous for event in events[1:]] == [event.hash for event in events[:-1]]
    notes = [event.body.note for event in events if isinstance(event.body, StepProgressed)]
    assert sorted(notes) == sorted(note for writer in writers for note in writer.kept)
    for writer in writers:
        assert [note for note in notes if note.startswith(writer.name)] == writer.kept


async def examine_whole(log: EventLog, writers: list[Writer]) -> None:
    """The same, and that states and the audit agree with the log."""
    await examine(log, writers)
    events = await log.read(NAME)
    for writer in writers:
        assert (await writer.log.state(NAME)).digest() == fold(events).digest()
    (result,) = await log.verify(NAME)
    assert (result.ok, result.anchored, result.events) == (True, len(events), len(events))


class DeafMemory(MemoryRows):
    """Hears nothing of other writers: only the check inside the transaction can refuse it."""

    def subscribe(self, grown: Grown) -> Callable[[], None]:
        return lambda: None


class DeafSqlite(SqliteRows):
    """The same on a database."""

    def subscribe(self, grown: Grown) -> Callable[[], None]:
        return lambda: None


async def two_writers(first: RowStore, second: RowStore) -> list[Writer]:
    logs = [EventLog(first), EventLog(second)]
    events = await logs[0].append(NAME, INCIDENT, opening())
    head = Head(events[-1].seq, events[-1].hash)
    return [Writer("a", logs[0], head), Writer("b", logs[1], head)]


async def test_of_two_writers_in_memory_the_second_is_refused_and_nothing_is_lost() -> None:
    refusals = kept = 0
    for number in range(INTERLEAVINGS):
        draw, tables = random.Random(number), MemoryTables()
        kinds = [draw.choice((MemoryRows, DeafMemory)) for _ in range(2)]
        writers = await two_writers(*(kind(tables) for kind in kinds))
        refusals += await interleave(writers, draw)
        kept += sum(len(writer.kept) for writer in writers)
        await (examine if number % 50 else examine_whole)(writers[0].log, writers)
        for writer in writers:
            await writer.log.close()
    # The runs did what they are for.
    assert refusals > INTERLEAVINGS / 2
    assert kept > INTERLEAVINGS


async def test_of_two_writers_on_one_database_the_second_is_refused_by_its_transaction(tmp_path: Path) -> None:
    """One long log, because a database takes long to make; it is examined at the end."""
    rows = await SqliteRows.open(tmp_path / "incidents.db")
    # What is tested is who is refused, not what a disk keeps: waiting for it would take minutes.
    await rows.connection.script("PRAGMA synchronous = OFF")
    writers = await two_writers(rows, DeafSqlite(rows._files, rows.connection, rows._heads))
    refusals = 0
    for number in range(ON_SQLITE):
        for writer in writers:
            await writer.read()
        refusals += await interleave(writers, random.Random(number))
    await examine_whole(writers[0].log, writers)
    assert refusals > ON_SQLITE / 2
    for writer in writers:
        await writer.log.close()
