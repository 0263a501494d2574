"""The actor of one incident: its single writer, with one mailbox for people and the engine.

Each command is decided on the current state when its turn comes (`engine.deciders`), and its events are stored before
the next command is handled. The investigation is a child task that sends commands too; the actor starts and stops it.

A second writer is kept out twice: another process can't open the store (a file lock, `StoreBusy`), and an append names
the head that it expects (`HeadMoved`, see `Actor._append`).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar

from engine.act.commands import ApproveUnder, PrepareIn
from engine.act.policy_file import CurrentPolicy, PolicyFile
from engine.act.runner import ActionRunner, stop_run
from engine.act.world import World
from engine.deciders import WEIGHING, AnyCommand, Decision, NeedsScenario, decide, precondition
from engine.events import ENGINE, Who, in_real_time
from engine.incident import IncidentState, with_period
from engine.investigate.commands import AskAgain, FailInvestigation, OpenIncident, ResumeInvestigation, StopWatch
from engine.investigate.investigation import Investigation, sources_checked
from engine.investigate.recorder import AnswerRecorder
from engine.investigate.scenario import Scenario
from engine.investigate.watch import Watcher
from engine.log import EventLog, head_of
from engine.port import ApproveAction, ContinueAction, PrepareAction, Watch
from engine.reason.advisor import Advisor
from primitives.clock import Clock, SystemClock
from primitives.dataclass import dataclass
from primitives.errors import CloudopsError, HeadMoved, StoreError, UsageError
from primitives.sources import SourceDirectory
from primitives.text import safe_line

__all__ = ["Actor", "Supervisor"]

T = TypeVar("T")

MAILBOX_SIZE: Final = 256
"""Commands that may wait; the sender of one more waits until there is room."""

IDLE_S: Final = 60.0
"""An actor is unloaded after this time without work."""

_CANCEL_TIMEOUT_S: Final = 2.0
"""Time limit for a cancelled investigation to write its conclusion when the engine closes."""


class Supervisor(Protocol):
    """What an actor needs of the engine around it."""

    async def reopen(self, state: IncidentState, sources: tuple[str, ...], definitions: SourceDirectory) -> Scenario:
        """Open the scenario of a stored investigation again. Raises `CloudopsError`."""
        ...

    async def open_world(self, state: IncidentState, sources: tuple[str, ...], definitions: SourceDirectory) -> World:
        """What a run of an action asks and changes. Raises `CloudopsError`."""
        ...

    def report_store_failure(self, execution_id: str, problem: StoreError) -> None:
        """Report that an investigation stopped because its log can't be written."""
        ...

    def unload(self, execution_id: str) -> None:
        """Forget an idle actor."""
        ...


@dataclass(frozen=True, slots=True)
class _Item:
    """Something to do in turn, and whoever waits for its result."""

    work: Callable[[], Coroutine[Any, Any, Any]]
    done: asyncio.Future[Any]


class Actor:
    """Serves one incident until it is idle or closed.

    `state` is folded from everything that is stored. Events carry the investigation's time, statements of people real
    time.
    """

    def __init__(
        self,
        log: EventLog,
        supervisor: Supervisor,
        state: IncidentState,
        execution_id: str,
        incident_id: str,
        *,
        real: Clock | None = None,
        advisor: Advisor | None = None,
        policies: PolicyFile | None = None,
    ) -> None:
        self.state = state
        self.execution_id = execution_id
        self._incident_id = incident_id
        self._log = log
        self._supervisor = supervisor
        self._real = real or SystemClock()
        self._advisor = advisor
        self._clock: Clock | None = None
        self._investigation: Investigation | None = None
        self._child: asyncio.Task[None] | None = None
        self._policies = policies or PolicyFile()
        self._acting: asyncio.Task[None] | None = None
        self._watcher: Watcher | None = None
        self._watching: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._closing = False
        self._mailbox: asyncio.Queue[_Item | None] = asyncio.Queue(MAILBOX_SIZE)
        self._serving = asyncio.create_task(self._serve())

    @property
    def running(self) -> bool:
        """Whether the investigation runs here."""
        return self._child is not None

    @property
    def policy(self) -> CurrentPolicy:
        """The policy that holds now."""
        return self._policies.current()

    async def send(self, command: AnyCommand, who: Who = ENGINE) -> None:
        """Handle `command` in its turn; returns when its events are stored.

        It is handled even when the sender is cancelled meanwhile. Raises `UsageError` when it makes no sense now,
        `StoreError`.
        """
        await self._in_turn(lambda: self._handle(command, who))

    async def begin(self, scenario: Scenario, who: Who, *, confirmed: bool) -> None:
        """Open the incident and start its investigation. Raises `StoreError`."""
        command = OpenIncident(scenario.opened, sources_checked(scenario))
        await self._in_turn(lambda: self._handle_with(scenario, command, who, confirmed=confirmed))

    async def resume(self, sources: tuple[str, ...], definitions: SourceDirectory) -> bool:
        """Resume an interrupted investigation; False when there is nothing to resume. Raises `CloudopsError`."""
        return await self._in_turn(lambda: self._resume(sources, definitions))

    async def until(self, condition: Callable[[IncidentState], bool]) -> None:
        """Wait until the state fulfils `condition`."""
        while not condition(self.state):
            await self._changed.wait()

    async def close(self) -> None:
        """Stop the investigation (it can be resumed later), handle the commands that wait, and end."""
        await self._stop()
        if not self._closing:
            self._closing = True
            await self._mailbox.put(None)
        await self._serving
        # A command that waited may have started the investigation again.
        await self._stop()

    async def _stop(self) -> None:
        if (acting := self._acting) is not None:
            # A call that is under way may go unanswered: that is read from the target when the run is continued.
            acting.cancel()
            await asyncio.gather(acting, return_exceptions=True)
        if (watching := self._watching) is not None:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        if (child := self._child) is None:
            return
        child.cancel()
        # A cancelled investigation writes its conclusion first; if that hangs, it does so when it is resumed.
        _, stuck = await asyncio.wait({child}, timeout=_CANCEL_TIMEOUT_S)
        for task in stuck:
            task.cancel()
        await asyncio.gather(child, return_exceptions=True)

    async def _in_turn(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if self._closing:
            raise StoreError("the engine is closing: nothing more can be written")
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        await self._mailbox.put(_Item(work, done))
        return await done

    async def _serve(self) -> None:
        while (item := await self._next()) is not None:
            try:
                result = await item.work()
            except Exception as error:  # A failure goes to the sender of the command; the next commands are served.
                if not item.done.done():
                    item.done.set_exception(error)
            else:
                if not item.done.done():
                    item.done.set_result(result)

    async def _next(self) -> _Item | None:
        while True:
            try:
                async with asyncio.timeout(IDLE_S):
                    return await self._mailbox.get()
            except TimeoutError:
                if self._mailbox.empty() and self._child is None and self._acting is None and self._watcher is None:
                    self._closing = True
                    self._supervisor.unload(self.execution_id)
                    return None

    async def _handle(self, command: AnyCommand, who: Who) -> None:
        if self.state.ended and self._child is not None:
            # It is only closing its sources.
            await asyncio.wait({self._child})
        wish = command
        if isinstance(command, PrepareAction):
            command = PrepareIn(command, self._log.home)
        elif isinstance(command, ApproveAction):
            command = ApproveUnder(command, self.policy)
        needed = precondition(self.state, command)
        decision = await self._decide(command, who)
        if isinstance(needed, NeedsScenario) and self._child is None:
            scenario = await self._supervisor.reopen(self.state, needed.sources, needed.definitions)
            if isinstance(command, AskAgain):
                scenario = replace(scenario, opened=with_period(scenario.opened, command.period))
            await self._start(scenario, decision, confirmed=True)
            return
        if needed == "running" and self._child is None:
            name = self.execution_id
            raise UsageError(f"{name} does not run now; `cloudops attach {name}` goes on with it")
        if needed == "resting" and self._child is not None:
            raise UsageError(f"{self.execution_id} is being investigated; cancel it, or wait for its end")
        if isinstance(command, Watch):
            await self._watch(command, decision)
            return
        await self._write(decision)
        if isinstance(wish, PrepareAction | ContinueAction):
            self._act(wish.sources, wish.definitions)

    async def _watch(self, command: Watch, decision: Decision) -> None:
        """Begin to watch, or go on with it."""
        if self._watcher is not None:
            self._watcher.wanted()
            return
        scenario = await self._supervisor.reopen(self.state, command.sources, command.definitions)
        await self._write(decision)
        self._watcher = Watcher(self, scenario, command)
        self._watching = asyncio.create_task(self._keep_watching(self._watcher))

    async def _keep_watching(self, watcher: Watcher) -> None:
        try:
            await watcher.run()
        except StoreError as error:
            self._supervisor.report_store_failure(self.execution_id, error)
        except Exception as error:  # Any failure ends this watch; who looks on begins another one.
            with suppress(CloudopsError):
                await self.send(StopWatch("failed", safe_line(f"{type(error).__name__}: {error}")))
        finally:
            self._watcher = self._watching = None

    def _act(self, sources: tuple[str, ...], definitions: SourceDirectory) -> None:
        """Carry out the runs that go on, unless that is being done."""
        if self._acting is None and self.state.remediation.unfinished is not None:
            self._acting = asyncio.create_task(self._perform(sources, definitions))

    async def _perform(self, sources: tuple[str, ...], definitions: SourceDirectory) -> None:
        try:
            await self._run_actions(sources, definitions)
        finally:
            self._acting = None
        # Another one may have been asked for while the last one's connections were closed.
        if (run := self.state.remediation.unfinished) is not None and run.status == "requested":
            self._act(sources, definitions)

    async def _run_actions(self, sources: tuple[str, ...], definitions: SourceDirectory) -> None:
        try:
            world = await self._supervisor.open_world(self.state, sources, definitions)
        except CloudopsError as error:
            await stop_run(self, str(error))
            return
        telemetry = world.scenario.telemetry(AnswerRecorder(self))
        try:
            await ActionRunner(self, world, telemetry, self._real, alone=os.getuid() == 0).run()
        except StoreError as error:
            self._supervisor.report_store_failure(self.execution_id, error)
        except Exception as error:  # A failure ends this run where nothing was sent; else it can be continued.
            await stop_run(self, safe_line(f"{type(error).__name__}: {error}"))
        finally:
            await asyncio.gather(telemetry.close(), world.close(), return_exceptions=True)

    async def _handle_with(self, scenario: Scenario, command: AnyCommand, who: Who, *, confirmed: bool) -> None:
        await self._start(scenario, await self._decide(command, who), confirmed=confirmed)

    async def _resume(self, sources: tuple[str, ...], definitions: SourceDirectory) -> bool:
        if self._child is not None or self.state.ended or self.state.closed is not None:
            return False
        scenario = await self._supervisor.reopen(self.state, sources, definitions)
        command = ResumeInvestigation(sources_checked(scenario))
        await self._handle_with(scenario, command, ENGINE, confirmed=self.state.confirmed_by is not None)
        return True

    async def _start(self, scenario: Scenario, decision: Decision, *, confirmed: bool) -> None:
        """Write `decision` in the scenario's time, then start the investigation."""
        self._clock = scenario.clock
        try:
            await self._write(decision)
        except BaseException:
            self._clock = None
            await asyncio.gather(*(backend.close() for backend in scenario.backends), return_exceptions=True)
            raise
        self._investigation = Investigation(self, scenario, confirmed=confirmed, advisor=self._advisor)
        self._child = asyncio.create_task(self._supervise(self._investigation))

    async def _write(self, decision: Decision) -> None:
        while True:
            await self._append(decision)
            if self._investigation and self.state.cancelling:
                self._investigation.stop()
            if decision.then is None:
                return
            decision = await self._decide(decision.then, ENGINE)

    async def _decide(self, command: AnyCommand, who: Who) -> Decision:
        """The decision on `command`; the loop serves the others while hypotheses are weighed."""
        if isinstance(command, WEIGHING):
            return await asyncio.to_thread(decide, self.state, command, who, self._real.now())
        return decide(self.state, command, who, self._real.now())

    async def _append(self, decision: Decision) -> None:
        if not decision.events:
            return
        real, now = self._real.now(), self._now()
        entries = [(real if in_real_time(body) else now, who, body) for who, body in decision.events]
        try:
            events = await self._log.append(
                self.execution_id, self._incident_id, entries, expected=head_of(self.state), blobs=decision.blobs
            )
        except HeadMoved:
            # Another engine wrote: this decision was made on an old state.
            with suppress(CloudopsError):
                self.state = await self._log.state(self.execution_id)
            raise
        for event in events:
            self.state.apply(event)
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _now(self) -> datetime:
        """The investigation's time. In a recorded incident it doesn't move while no investigation runs."""
        if self._clock is not None:
            return self._clock.now()
        return self._real.now() if self.state.live or self.state.updated_at is None else self.state.updated_at

    async def _supervise(self, investigation: Investigation) -> None:
        try:
            await investigation.run()
        except* StoreError as group:
            # The store can't be written, so no event can say it: followers get the error instead.
            self._supervisor.report_store_failure(self.execution_id, _first(group))
        except* Exception as group:  # A failure ends this investigation; the others must keep running.
            await self._fail(investigation, _first(group))
        finally:
            self._child = self._investigation = self._clock = None

    async def _fail(self, investigation: Investigation, error: Exception) -> None:
        problem = safe_line(f"{type(error).__name__}: {error}")
        with suppress(CloudopsError):
            await self.send(FailInvestigation(investigation.elapsed_s, problem))


def _first(group: BaseExceptionGroup[Any]) -> Any:
    """The first error of a group of groups."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
