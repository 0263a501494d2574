"""The engine: many investigations at once, each an actor, over one store. Implements `EnginePort` in-process."""

from __future__ import annotations

import asyncio
import os
import pwd
from array import array
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any, Self, assert_never

from engine.actor import STOPPED, Actor, sources_checked
from engine.conclude import asked_on
from engine.events import Body, Event, InvestigationResumed, Who
from engine.incident import IncidentState
from engine.investigate.scenario import Scenario, open_scenario, reopen_scenario
from engine.journal import ENGINE, Journal
from engine.judge import judged, settled
from engine.log import EventLog
from engine.port import (
    AskNext,
    AuditResult,
    Cancel,
    Command,
    ConfirmPlan,
    IncidentSummary,
    Investigate,
    Judge,
)
from engine.store.locations import StoreLocation
from primitives.answers import decode_answer
from primitives.clock import RecordedClock, SystemClock, new_id
from primitives.errors import CloudopsError, StoreError, UsageError
from primitives.sources import NO_SOURCES, SourceDirectory
from primitives.telemetry import Answer

__all__ = ["Engine", "person"]

_LAST_WORDS_S = 2.0


def person(uid: int) -> Who:
    """The account of that user id, by its name; in many containers it has none."""
    try:
        return Who(kind="person", name=pwd.getpwuid(uid).pw_name)
    except KeyError:
        return Who(kind="person", name=f"uid-{uid}")


class Engine:
    """One engine over one store. Open it with `Engine.open`, close it with `close`.

    `sources` are those that its own process has configured; a request may bring further ones.
    """

    def __init__(self, store: EventLog, sources: SourceDirectory = NO_SOURCES) -> None:
        self.store = store
        self.sources = sources
        self._actors: dict[str, Actor] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._problems: dict[str, StoreError] = {}
        # What is stored may be judged or gone on with; not both at once, or its log would have two writers.
        self._taking_up = asyncio.Lock()

    @classmethod
    async def open(cls, location: str | Path | StoreLocation, sources: SourceDirectory = NO_SOURCES) -> Self:
        """Open (or create) the store that `location` names. Raises `StoreError`; `StoreBusy` when another has it."""
        return cls(await EventLog.open(location), sources)

    async def investigate(self, request: Investigate, *, who: Who | None = None) -> str:
        return await self.begin(await open_scenario(request, self.sources), confirm=request.confirm, who=who)

    async def begin(self, scenario: Scenario, *, confirm: bool, who: Who | None = None) -> str:
        """Investigate `scenario`, with `confirm` once a person confirmed the plan; its execution's id. `StoreError`."""
        execution_id = new_id("exec")
        journal = Journal(self.store, scenario.clock, IncidentState(), execution_id, scenario.incident_id)
        opener = who or person(os.getuid())
        # In one commit: who goes on with it after a crash must find the sources' names.
        begun: list[tuple[Who, Body]] = [(opener, scenario.opened), (ENGINE, sources_checked(scenario))]
        await journal.decide_all(lambda _: begun)
        self._start(journal, scenario, confirm=not confirm, reason="")
        return execution_id

    async def resume(
        self, execution_id: str, *, sources: tuple[str, ...] = (), definitions: SourceDirectory = NO_SOURCES
    ) -> bool:
        async with self._taking_up:
            return await self._resume(execution_id, sources, definitions)

    async def _resume(self, execution_id: str, sources: tuple[str, ...], definitions: SourceDirectory) -> bool:
        if execution_id in self._actors:
            return False
        state = await self.store.state(execution_id)
        if state.ended or state.opened is None or state.updated_at is None:
            return False
        scenario = await self._reopened(state, sources, definitions)
        journal = Journal(self.store, scenario.clock, state, execution_id, state.incident_id)
        self._start(journal, scenario, confirm=state.confirmed_by is not None)
        return True

    async def send(self, execution_id: str, command: Command, *, who: Who | None = None) -> None:
        by = who or person(os.getuid())
        async with self._taking_up:
            actor = self._actors.get(execution_id)
            if actor is None:
                await self._take_up(execution_id, command, by)
                return
            if isinstance(command, Judge):
                # Not beside another's: its actor may end meanwhile, and the next would find none.
                await actor.judge(command, by)
                return
        match command:
            case ConfirmPlan():
                actor.confirm(by)
            case Cancel():
                await actor.cancel(by)
            case AskNext():
                await actor.ask_next(by)
            case _:
                assert_never(command)

    async def _take_up(self, execution_id: str, command: Command, who: Who) -> None:
        """What a person says of an investigation that does not run: it ended, or was interrupted."""
        if isinstance(command, ConfirmPlan | Cancel):
            raise UsageError(f"{execution_id} does not run now; `cloudops attach {execution_id}` goes on with it")
        state = await self.store.state(execution_id)
        if state.opened is None or state.updated_at is None:
            raise UsageError(f"{execution_id} holds no investigation")
        if isinstance(command, Judge):
            clock = RecordedClock(state.updated_at) if state.opened.origin == "recorded" else SystemClock()
            journal = Journal(self.store, clock, state, execution_id, state.incident_id)
            now = clock.now()
            await journal.decide_all(lambda state: judged(state, command, who, now))
            await journal.decide_all(settled)
            return
        if not state.ended:
            raise UsageError(f"{execution_id} was interrupted; `cloudops attach {execution_id}` goes on with it first")
        await self._ask_on(execution_id, state, who, command)

    async def _ask_on(self, execution_id: str, state: IncidentState, who: Who, command: AskNext) -> None:
        """Go on with what had ended, for one further question. Raises `UsageError` when there is none."""
        trial = state.replaced(concluded=False, cancelling=False)
        step = asked_on(trial)
        scenario = await self._reopened(state, command.sources, command.definitions)
        journal = Journal(self.store, scenario.clock, state, execution_id, state.incident_id)
        resumed = InvestigationResumed(reason=f"{who.name} asked a further question")
        await journal.decide_all(lambda _: [(who, resumed), (who, step)])
        self._start(journal, scenario, confirm=True, reason="")

    async def _reopened(self, state: IncidentState, sources: tuple[str, ...], definitions: SourceDirectory) -> Scenario:
        """The scenario of `state`'s investigation, of `sources` or else of those that its log names."""
        assert state.opened is not None
        assert state.updated_at is not None
        names = sources or tuple(source.name for source in state.sources)
        return await reopen_scenario(state.opened, state.updated_at, self.sources.updated(definitions), names)

    async def follow(self, execution_id: str, after: int = 0, *, live: bool = True) -> AsyncIterator[tuple[Event, ...]]:
        task = self._tasks.get(execution_id) if live else None
        if task is not None:
            async for batch in self._follow_running(execution_id, after, task):
                yield batch
                after = batch[-1].seq
        async for batch in self.store.batches(execution_id, after):
            yield batch
        if live and execution_id in self._problems:
            raise self._problems[execution_id]

    async def _follow_running(
        self, execution_id: str, after: int, task: asyncio.Task[None]
    ) -> AsyncIterator[tuple[Event, ...]]:
        """The log as it grows, for as long as its actor runs."""
        stream = self.store.follow(execution_id, after)
        try:
            while True:
                batch = asyncio.ensure_future(anext(stream, None))
                try:
                    await asyncio.wait({batch, task}, return_when=asyncio.FIRST_COMPLETED)
                    if not batch.done():
                        return
                    events = batch.result()
                finally:
                    batch.cancel()
                    await asyncio.wait({batch})
                if events is None:
                    return
                yield events
        finally:
            if isinstance(stream, AsyncGenerator):
                await stream.aclose()

    async def read(self, execution_id: str, after: int = 0, limit: int | None = None) -> tuple[Event, ...]:
        return await self.store.read(execution_id, after, limit)

    async def times(self, execution_id: str) -> array[float]:
        return await self.store.times(execution_id)

    async def state(self, execution_id: str, seq: int | None = None) -> IncidentState:
        return await self.store.state(execution_id, seq)

    async def resolve(self, name: str) -> str:
        return await self.store.resolve(name)

    async def incidents(self) -> tuple[IncidentSummary, ...]:
        found = await self.store.incidents()
        return tuple(one.model_copy(update={"running": one.execution_id in self._actors}) for one in found)

    async def answer(self, digest: str) -> Answer[Any]:
        return decode_answer(await self.store.get_blob(digest), digest)

    async def verify(self, execution_id: str | None = None) -> tuple[AuditResult, ...]:
        return await self.store.verify(execution_id)

    async def close(self) -> None:
        tasks = set(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            # What a person cancelled is told to its end first; should that hang, it is told when it is attached to.
            _, stuck = await asyncio.wait(tasks, timeout=_LAST_WORDS_S)
            for task in stuck:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await self.store.close()

    def _start(self, journal: Journal, scenario: Scenario, *, confirm: bool, reason: str = STOPPED) -> None:
        actor = Actor(journal, scenario, confirm=confirm, reason=reason)
        self._actors[journal.execution_id] = actor
        self._tasks[journal.execution_id] = asyncio.create_task(self._supervise(journal.execution_id, actor))

    async def _supervise(self, execution_id: str, actor: Actor) -> None:
        try:
            await actor.run()
        except* StoreError as group:
            # The store can't be written, so the log can't say it: whoever follows is told instead.
            self._problems[execution_id] = _first(group)
        except* CloudopsError as group:
            await actor.fail(_first(group))
        except* Exception as group:  # Any failure of one investigation must leave the others running.
            await actor.fail(_first(group))
        finally:
            del self._actors[execution_id]
            del self._tasks[execution_id]


def _first(group: BaseExceptionGroup[Any]) -> Any:
    """The first error of a group of groups."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
