"""The engine: supervises the actors of many incidents over one store. Implements `EnginePort` in-process."""

from __future__ import annotations

import asyncio
import os
import pwd
from array import array
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from engine.act.policy_file import PolicyFile
from engine.act.world import World
from engine.actor import Actor
from engine.alerts import AlertGroup, Quarantined
from engine.events import Event, Who
from engine.incident import IncidentState
from engine.investigate.commands import CloseAged
from engine.investigate.scenario import Scenario, open_scenario, reopen_scenario
from engine.log import EventLog
from engine.notify.delivery import Delivery
from engine.notify.holding import StoreOutbox
from engine.port import AuditResult, Command, IncidentSummary, Investigate, Watch
from engine.presence import Looking, Presence, Viewer
from engine.reason.advisor import Advisor
from engine.store.locations import StoreLocation
from primitives.clock import Clock, SystemClock, new_id
from primitives.errors import CloudopsError, StoreError, UsageError
from primitives.sources import NO_SOURCES, SourceDirectory

if TYPE_CHECKING:
    from engine.serve.desk import Desk

__all__ = ["CLOSE_AFTER", "Engine", "person"]

CLOSE_AFTER: Final = timedelta(days=30)
"""A live incident is closed when nothing has happened to it for this time since its investigation ended."""

_FIRST_SWEEP_S: Final = 2.0
"""An engine first looks for aged incidents after this time, so that a short command doesn't pay for it."""

_SWEEP_EVERY_S: Final = 3600.0

_SWEEP_REST: Final = 200
"""After closing an aged incident an engine leaves the others alone for so many times as long."""


def person(uid: int) -> Who:
    """The account of that user id, by its name if it has one (in many containers it has none)."""
    try:
        return Who(kind="person", name=pwd.getpwuid(uid).pw_name)
    except KeyError:
        return Who(kind="person", name=f"uid-{uid}")


class Engine:
    """One engine over one store. Open it with `Engine.open`, close it with `close`.

    `sources` are those configured in its own process; a request may bring further ones. A live incident is closed when
    nothing has happened to it for `close_after` since its investigation ended (None: never); this is checked shortly
    after the engine opens and then every hour. An `advisor` is asked by each investigation before it concludes;
    CloudOps ships none. `policies` say which actions may run (None: the shipped policy).
    """

    def __init__(
        self,
        store: EventLog,
        sources: SourceDirectory = NO_SOURCES,
        *,
        close_after: timedelta | None = CLOSE_AFTER,
        clock: Clock | None = None,
        advisor: Advisor | None = None,
        policies: PolicyFile | None = None,
    ) -> None:
        self.store = store
        self.sources = sources
        self._clock = clock or SystemClock()
        self.outbox = StoreOutbox(store.rows, self._clock)
        self._present = Presence(self._clock)
        self._advisor = advisor
        self._policies = policies or PolicyFile()
        self._actors: dict[str, Actor] = {}
        self._loading = asyncio.Lock()
        self._troubles: dict[str, asyncio.Future[StoreError]] = {}
        self._desk: Desk | None = None
        self._opening_desk = asyncio.Lock()
        self._sweep = asyncio.create_task(self._sweep_hourly(close_after)) if close_after else None

    @classmethod
    async def open(
        cls,
        location: str | Path | StoreLocation,
        sources: SourceDirectory = NO_SOURCES,
        *,
        close_after: timedelta | None = CLOSE_AFTER,
        policies: PolicyFile | None = None,
    ) -> Self:
        """Open (or create) the store that `location` names. Raises `StoreError`; `StoreBusy` when another has it."""
        return cls(await EventLog.open(location), sources, close_after=close_after, policies=policies)

    async def investigate(self, request: Investigate, *, who: Who | None = None) -> str:
        return await self.begin(await open_scenario(request, self.sources), confirm=request.confirm, who=who)

    async def begin(self, scenario: Scenario, *, confirm: bool, who: Who | None = None) -> str:
        """Investigate `scenario` and return the execution's id; `confirm` waits for a person. Raises `StoreError`."""
        execution_id = new_id("exec")
        if not scenario.recorded:
            opened = scenario.opened.model_copy(update={"store": self.store.home})
            scenario = replace(scenario, opened=opened)
        actor = self._create_actor(execution_id, scenario.incident_id, IncidentState())
        try:
            await actor.begin(scenario, who or person(os.getuid()), confirmed=not confirm)
        except CloudopsError:
            del self._actors[execution_id]
            await actor.close()
            raise
        return execution_id

    async def resume(
        self, execution_id: str, *, sources: tuple[str, ...] = (), definitions: SourceDirectory = NO_SOURCES
    ) -> bool:
        self._troubles.pop(execution_id, None)
        return await (await self._actor(execution_id)).resume(sources, definitions)

    async def send(self, execution_id: str, command: Command, *, who: Who | None = None) -> None:
        who = who or person(os.getuid())
        await (await self._actor(execution_id)).send(command, who)
        # A cockpit that only looks on says `Watch` by itself.
        if self._desk is not None and who.kind == "person" and not isinstance(command, Watch):
            with suppress(StoreError):  # what was told is done, whoever looks after it
                await self._desk.taken_by_acting(execution_id, who.name)

    async def follow(self, execution_id: str, after: int = 0, *, live: bool = True) -> AsyncIterator[tuple[Event, ...]]:
        if not live:
            async for batch in self.store.batches(execution_id, after):
                yield batch
            return
        stream = self.store.follow(execution_id, after)
        try:
            while (events := await self._next_batch(execution_id, stream)) is not None:
                yield events
        finally:
            if isinstance(stream, AsyncGenerator):
                await stream.aclose()

    async def _next_batch(
        self, execution_id: str, stream: AsyncIterator[tuple[Event, ...]]
    ) -> tuple[Event, ...] | None:
        """The next events; None at the end. Raises `StoreError` when the log can't be written any more."""
        trouble = self._troubles.setdefault(execution_id, asyncio.get_running_loop().create_future())
        batch = asyncio.ensure_future(anext(stream, None))
        either: set[asyncio.Future[Any]] = {batch, trouble}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if batch.done():
                return batch.result()
            raise trouble.result()
        finally:
            batch.cancel()
            await asyncio.wait({batch})

    def presence(self, execution_id: str, viewer: str, *, who: Who | None = None) -> AsyncIterator[tuple[Viewer, ...]]:
        return self._present.join(execution_id, viewer, who or person(os.getuid()))

    async def look(self, execution_id: str, viewer: str, looking: Looking, *, who: Who | None = None) -> None:
        self._present.look(execution_id, viewer, looking, who or person(os.getuid()))

    async def read(self, execution_id: str, after: int = 0, limit: int | None = None) -> tuple[Event, ...]:
        return await self.store.read(execution_id, after, limit)

    async def times(self, execution_id: str) -> array[float]:
        return await self.store.times(execution_id)

    async def state(self, execution_id: str, seq: int | None = None) -> IncidentState:
        return await self.store.state(execution_id, seq)

    async def resolve(self, name: str) -> str:
        return await self.store.resolve(name)

    async def incidents(self, limit: int | None = None) -> tuple[IncidentSummary, ...]:
        running = {execution_id for execution_id, actor in self._actors.items() if actor.running}
        summaries = await self.store.incidents(limit)
        if not running:
            return summaries
        return tuple(
            summary._replace(running=True) if summary.execution_id in running else summary for summary in summaries
        )

    async def blob(self, digest: str) -> bytes:
        return await self.store.get_blob(digest)

    async def verify(self, execution_id: str | None = None) -> tuple[AuditResult, ...]:
        return await self.store.verify(execution_id)

    async def alert_groups(self) -> tuple[AlertGroup, ...]:
        desk = await self.desk()
        return desk.groups if desk is not None else ()

    async def take_alert(self, name: str, *, who: Who | None = None) -> AlertGroup:
        desk = await self.desk()
        if desk is None:
            raise UsageError("no alerts came in yet: `cloudops serve` takes them")
        return await desk.take(name, (who or person(os.getuid())).name)

    async def alert_payloads(self, name: str) -> tuple[Any, ...]:
        desk = await self.desk()
        group = await desk.named(name) if desk is not None else None
        if desk is None or group is None:
            raise UsageError(f"there is no {name}; `cloudops on-call` lists what came in")
        return tuple(await desk.inbox.payloads(group.id))

    async def quarantined(self) -> tuple[Quarantined, ...]:
        desk = await self.desk()
        return tuple(await desk.inbox.quarantined()) if desk is not None else ()

    async def back_up(self, folder: str) -> tuple[str, ...]:
        from engine.serve.copying import copy_store
        from engine.store.sqlite import SqliteRows

        rows = self.store.rows
        if not isinstance(rows, SqliteRows):
            raise UsageError(f"{rows.name} is no file, so there is nothing to copy")
        desk = await self.desk()
        return tuple(map(str, await copy_store(rows, desk.inbox if desk is not None else None, Path(folder))))

    async def desk(self, *, make: bool = False) -> Desk | None:
        """What alerts came in; None where the store has no inbox, unless one is to be made. Raises `StoreError`."""
        from engine.serve.desk import Desk
        from engine.serve.inbox import inbox_path

        path = getattr(self.store.rows, "path", None)
        async with self._opening_desk:
            if self._desk is None and path is not None and (make or inbox_path(path).exists()):
                self._desk = await Desk.open(path, self._clock)
            return self._desk

    async def deliveries(self) -> tuple[Delivery, ...]:
        return await self.outbox.deliveries()

    async def retry_deliveries(self, keys: tuple[str, ...] = ()) -> int:
        return await self.outbox.retry(keys)

    async def close_aged(self, after: timedelta) -> None:
        """Close each live incident whose investigation ended and to which nothing happened for `after`.

        Between two it rests, so that thousands take less than 1 % of a processor from whoever works meanwhile. An
        incident whose log can't be read or written is skipped. Raises `StoreError` when the list can't be read.
        """
        now, rest_s = self._clock.now(), 0.0
        live = (each for each in await self.store.incidents() if each.origin == "live" and each.phase != "closed")
        for name in [each.execution_id for each in live if now - each.updated_at >= after]:
            if rest_s:
                await self._clock.sleep(rest_s)
            begun = self._clock.monotonic()
            with suppress(CloudopsError):
                await (await self._actor(name)).send(CloseAged(after))
            rest_s = _SWEEP_REST * (self._clock.monotonic() - begun)

    async def close(self) -> None:
        if self._sweep:
            self._sweep.cancel()
            await asyncio.gather(self._sweep, return_exceptions=True)
        await asyncio.gather(*(actor.close() for actor in list(self._actors.values())))
        if self._desk is not None:
            await self._desk.close()
        await self.outbox.close()
        await self.store.close()

    # For the actors (`engine.actor.Supervisor`)

    async def reopen(self, state: IncidentState, sources: tuple[str, ...], definitions: SourceDirectory) -> Scenario:
        assert state.opened is not None
        assert state.updated_at is not None
        names = sources or tuple(source.name for source in state.sources)
        return await reopen_scenario(state.opened, state.updated_at, self.sources.updated(definitions), names)

    async def open_world(self, state: IncidentState, sources: tuple[str, ...], definitions: SourceDirectory) -> World:
        scenario = await self.reopen(state, sources, definitions)
        directory = self.sources.updated(definitions)
        return World(scenario, directory, directory.choose(sources or tuple(source.name for source in state.sources)))

    def report_store_failure(self, execution_id: str, problem: StoreError) -> None:
        trouble = self._troubles.setdefault(execution_id, asyncio.get_running_loop().create_future())
        if not trouble.done():
            trouble.set_result(problem)

    def holds(self, execution_id: str) -> bool:
        """Whether the incident is loaded: somebody sent it a command lately, or something runs."""
        return execution_id in self._actors

    def unload(self, execution_id: str) -> None:
        self._actors.pop(execution_id, None)

    async def _actor(self, execution_id: str) -> Actor:
        """The incident's actor; loads it if needed. Raises `UsageError` when there is no such execution."""
        async with self._loading:
            if execution_id not in self._actors:
                state = await self.store.state(execution_id)
                self._create_actor(execution_id, state.incident_id, state)
            return self._actors[execution_id]

    def _create_actor(self, execution_id: str, incident_id: str, state: IncidentState) -> Actor:
        actor = Actor(
            self.store, self, state, execution_id, incident_id, real=self._clock, advisor=self._advisor,
            policies=self._policies,
        )  # fmt: skip
        self._actors[execution_id] = actor
        return actor

    async def _sweep_hourly(self, after: timedelta) -> None:
        """Close aged incidents for as long as the engine is open."""
        pause_s = _FIRST_SWEEP_S
        while True:
            await self._clock.sleep(pause_s)
            pause_s = _SWEEP_EVERY_S
            with suppress(StoreError):
                await self.close_aged(after)
