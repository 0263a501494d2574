"""Derives notices from the log and stores them in the outbox."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from engine.events import Event
from engine.incident import IncidentState
from engine.log import EventLog
from engine.notify.composing import compose
from engine.notify.notice import Notice, NoticeKind
from engine.notify.outbox import NewDelivery, Outbox
from engine.notify.rules import Assignment, assign
from engine.notify.settings import NotificationSettings
from engine.notify.triggers import NewsReader, waits_for
from engine.store.rows import Head
from primitives.clock import Clock
from primitives.errors import CloudopsError, StoreError

__all__ = ["Deriver"]

_STALE_S: Final = 3600.0
"""Older events get no notice: they come from runs without notifications."""
_PAUSE_S: Final = 5.0
"""The wait before the next try where the outbox can't be written, as on a full disk."""
_GRACE_S: Final = 2.0
"""A plan or action that is answered within this time gets no notice: a run without a screen confirms its own plan."""
_MOST_UNKEPT: Final = 1_000
"""Where no event is news the cursor is stored only after this many: reading them again gives the same."""
_MOST_READERS: Final = 256

_log = logging.getLogger("cloudops.notify")


class Deriver:
    """Reads each growing log from its cursor on, and stores a delivery of each notice for each of its receivers.

    `added` is called when there is something to deliver.
    """

    def __init__(
        self, store: EventLog, outbox: Outbox, settings: NotificationSettings, clock: Clock, added: Callable[[], None]
    ) -> None:
        self._store = store
        self._outbox = outbox
        self._settings = settings
        self._clock = clock
        self._added = added
        self._grown: set[str] = set()
        self._wake = asyncio.Event()
        self._readers: dict[str, NewsReader] = {}
        self._cursors: dict[str, int] = {}
        self._kept: dict[str, int] = {}

    async def run(self) -> None:
        """Derive for as long as nobody cancels it."""
        unsubscribe = self._store.rows.subscribe(self._note)
        try:
            await self._begin()
            while True:
                await self._wake.wait()
                self._wake.clear()
                await self._derive_all()
        finally:
            unsubscribe()

    async def derive(self, execution_id: str) -> int:
        """Read what is new in one log. Returns how many deliveries were added. Raises `StoreError`."""
        added = 0
        after = self._cursors.get(execution_id, 0)
        async for batch in self._store.batches(execution_id, after):
            reader = await self._reader(execution_id, batch[0].seq - 1)
            deliveries = [
                delivery for event in batch if (kind := reader.kind(event)) is not None
                for delivery in await self._deliveries(event, kind)
            ]  # fmt: skip
            seq = batch[-1].seq
            if deliveries or seq - self._kept.get(execution_id, 0) >= _MOST_UNKEPT:
                added += await self._outbox.add(execution_id, seq, deliveries)
                self._kept[execution_id] = seq
            self._cursors[execution_id] = seq
        if added:
            self._added()
        return added

    async def _begin(self) -> None:
        heads = {row.execution_id: row.events for row in await self._store.rows.index()}
        if not await self._outbox.begun():
            await self._outbox.begin(heads)
        self._cursors = await self._outbox.cursors()
        self._kept = self._cursors.copy()
        self._grown |= {name for name, head in heads.items() if head > self._cursors.get(name, 0)}
        self._wake.set()

    def _note(self, execution_id: str, head: Head) -> None:
        if head.seq > self._cursors.get(execution_id, 0):
            self._grown.add(execution_id)
            self._wake.set()

    async def _derive_all(self) -> None:
        while self._grown:
            execution_id = self._grown.pop()
            try:
                await self.derive(execution_id)
            except StoreError as error:
                # The cursor stands where it stood, so nothing is lost: it is read again.
                _log.warning("notices of %s can't be kept yet: %s", execution_id, error)
                self._readers.pop(execution_id, None)
                self._grown.add(execution_id)
                await self._clock.sleep(_PAUSE_S)
            except (CloudopsError, ValueError) as error:
                # A damaged log: its incident is shown as damaged elsewhere, and must not hold up the others.
                _log.warning("notices of %s can't be read: %s", execution_id, error)
                self._readers.pop(execution_id, None)

    async def _reader(self, execution_id: str, seq: int) -> NewsReader:
        reader = self._readers.get(execution_id)
        if reader is None:
            if len(self._readers) >= _MOST_READERS:
                self._readers.pop(next(iter(self._readers)))
            reader = NewsReader.after(await self._store.state(execution_id, seq)) if seq else NewsReader()
            self._readers[execution_id] = reader
        return reader

    async def _deliveries(self, event: Event, kind: NoticeKind) -> list[NewDelivery]:
        state = await self._store.state(event.execution_id, event.seq)
        if state.live and (self._clock.now() - event.time).total_seconds() > _STALE_S:
            return []
        notice = compose(kind, event, state, link=self._settings.link)
        chosen = list(assign(notice, self._settings, self._clock.now(), recorded=not state.live))
        return [delivery for each in chosen for delivery in self._of(each, notice, state)]

    def _of(self, chosen: Assignment, notice: Notice, state: IncidentState) -> list[NewDelivery]:
        now = self._clock.now().timestamp()
        rule, needs = chosen.rule, waits_for(notice.kind, state)
        due = chosen.after.timestamp() if chosen.after else now + (_GRACE_S if needs else 0.0)
        made = [
            NewDelivery.of_notice(
                notice, rule=rule.name, receiver=chosen.receiver, now=now, due_at=due, held=chosen.after is not None,
                needs=needs,
            )
        ]  # fmt: skip
        if needs and rule.escalate is not None and chosen.receiver == rule.to[0]:
            wait_s = rule.escalate.after_minutes * 60
            later = notice.model_copy(update={"kind": "escalated"})
            made += [
                NewDelivery.of_notice(
                    later, rule=rule.name, receiver=receiver, now=now, due_at=now + wait_s, needs=needs, text=notice
                )
                for receiver in rule.escalate.to
            ]
        return made
