"""Opens the investigations that are due, follows them, and notes on the incident what becomes of its alerts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from datetime import timedelta
from functools import partial
from typing import Final, cast

from engine.act.playbooks import Playbook
from engine.alerts import AlertGroup
from engine.engine import Engine
from engine.events import ENGINE, Event, InvestigationFinished
from engine.investigate.scenario import QUERY_LIMIT
from engine.port import AddNote, ConfirmPlan, Investigate
from engine.serve.desk import Desk
from engine.serve.settings import ServeSettings
from engine.serve.traces import NO_TRACES
from primitives.alert_payloads.model import question_of
from primitives.errors import CloudopsError, StoreError, UsageError

__all__ = ["Investigator"]

_LOOK_S: Final = 5.0
_FIRST_PAUSE_S: Final = 5.0
_LONGEST_PAUSE_S: Final = 600.0
_MOST_TRIES: Final = 50
_COUNTS_NOTED: Final = (10, 100, 1_000, 10_000)

_log = logging.getLogger("cloudops.serve")


class Investigator:
    """Runs at most `settings.parallel` investigations at once."""

    def __init__(
        self, engine: Engine, desk: Desk, settings: ServeSettings, playbooks: tuple[Playbook, ...] = ()
    ) -> None:
        self._engine = engine
        self._desk = desk
        self._settings = settings
        self._playbooks = playbooks
        self._running: dict[str, asyncio.Task[None]] = {}
        self.traces = NO_TRACES

    @property
    def running(self) -> int:
        """How many run now."""
        return len(self._running)

    async def run(self) -> None:
        """Begin what is due until cancelled; what runs then goes on in its engine, and is found again."""
        try:
            while True:
                self._begin_due()
                await self._note_changes()
                await self._desk.changed(_LOOK_S)
        finally:
            tasks = list(self._running.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _begin_due(self) -> None:
        now = self._desk.clock.now()
        due = [group for group in self._desk.groups if group.state in ("waiting", "opening", "running")]
        for group in sorted(due, key=lambda group: group.opened_at):
            if len(self._running) >= self._settings.parallel:
                return
            if group.id not in self._running and (group.next_at is None or group.next_at <= now):
                task = asyncio.create_task(self._investigate(group.id), name=f"investigate {group.id}")
                self._running[group.id] = task
                task.add_done_callback(partial(self._ended, group.id))

    def _ended(self, group_id: str, _: asyncio.Task[None]) -> None:
        self._running.pop(group_id, None)

    async def _investigate(self, group_id: str) -> None:
        try:
            with self.traces.span("investigate", group=group_id) as span:
                execution_id = await self._opened(group_id)
                span.set_attribute("cloudops.execution", execution_id)
                await self._desk.update(group_id, state="running", execution_id=execution_id, problem="")
                await self._until_finished(execution_id)
                await self._desk.update(group_id, state="investigated", next_at=None)
        except CloudopsError as error:
            with suppress(CloudopsError):
                await self._try_later(group_id, error)

    async def _opened(self, group_id: str) -> str:
        """The execution of the group: the one that a killed service had begun, or a new one."""
        group = self._desk.get(group_id)
        assert group is not None
        execution_id = group.execution_id or await self._begun(group)
        if execution_id is not None:
            resumed = await self._engine.resume(execution_id)
            if resumed and (await self._engine.state(execution_id)).confirmed_by is None:
                # It was killed before its plan ran; there is nobody to ask, and the plan only reads.
                await self._engine.send(execution_id, ConfirmPlan(), who=ENGINE)
            return execution_id
        await self._desk.update(group_id, state="opening")
        payloads = await self._desk.inbox.payloads(group_id, 1)
        request = Investigate(
            query=question_of(group.title, group.summary)[:QUERY_LIMIT],
            resource=group.resource or group.service,
            at=min(group.began_at or group.opened_at, group.opened_at),
            sources=group.sources,
            alert=payloads[0] if payloads else None,
            incident_id=group.incident_id,
            confirm=False,
            playbooks=self._playbooks,
        )
        execution_id = await self._engine.investigate(request, who=ENGINE)
        _log.info("an investigation began", extra={"group": group_id, "execution": execution_id})
        return execution_id

    async def _begun(self, group: AlertGroup) -> str | None:
        try:
            return await self._engine.resolve(group.incident_id)
        except UsageError:
            return None

    async def _until_finished(self, execution_id: str) -> None:
        stream: AsyncIterator[tuple[Event, ...]] = self._engine.follow(execution_id)
        async with aclosing(cast("AsyncGenerator[tuple[Event, ...], None]", stream)) as batches:
            async for batch in batches:
                if any(isinstance(event.body, InvestigationFinished) for event in batch):
                    return
        if not (await self._engine.state(execution_id)).ended:
            raise StoreError("the investigation was interrupted")

    async def _try_later(self, group_id: str, error: CloudopsError) -> None:
        group = self._desk.get(group_id)
        if group is None:
            return
        tries = group.tries + 1
        pause_s = min(_FIRST_PAUSE_S * 2 ** min(tries - 1, 20), _LONGEST_PAUSE_S)
        given_up = tries >= _MOST_TRIES or (not group.open and tries > 3)
        await self._desk.update(
            group_id,
            state="failed" if given_up else "waiting",
            problem=str(error)[:500],
            tries=tries,
            next_at=self._desk.clock.now() + timedelta(seconds=pause_s),
        )
        _log.warning("an investigation could not begin or go on", extra={"group": group_id, "error": str(error)[:500]})

    async def _note_changes(self) -> None:
        """Write to each incident what became of its alerts since; what was not written is written later."""
        for group in self._desk.groups:
            text, changes = _news(group)
            if group.execution_id is None or group.state not in ("running", "investigated") or not changes:
                continue
            if text:
                with suppress(UsageError):  # the incident is closed: there is nobody to tell
                    await self._engine.send(group.execution_id, AddNote(text=text), who=ENGINE)
            await self._desk.update(group.id, **changes)


def _news(group: AlertGroup) -> tuple[str, dict[str, object]]:
    """What to note of a group, and the fields that say that it was noted."""
    status = "firing" if group.open else "resolved"
    count = max((each for each in _COUNTS_NOTED if each <= group.alerts), default=1)
    changes: dict[str, object] = {}
    text = ""
    if count > group.noted_alerts:
        changes["noted_alerts"] = count
        text = f"{group.alerts} different alerts belong to this incident by now. "
    if status != group.noted:
        changes["noted"] = status
        if status == "resolved":
            many = f"all {group.alerts} alerts are" if group.alerts > 1 else "the alert is"
            text += f"Its source says that {many} over."
        elif group.noted:
            text += f"An alert of it fires again (time {group.turns + 1})."
    return text.strip(), changes
