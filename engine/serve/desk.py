"""The groups of alerts in memory, over the inbox: one writer, and whoever wants to know of a change."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Self

from engine.alerts import AlertGroup
from engine.serve.inbox import Inbox, Worked, inbox_path
from primitives.clock import Clock, SystemClock
from primitives.errors import StoreError, UsageError

__all__ = ["Desk"]

_REMEMBERED: Final = timedelta(days=2)
_MOST: Final = 2_000


class Desk:
    """What came in and what became of it. All changes go through it."""

    def __init__(self, inbox: Inbox, groups: Iterable[AlertGroup], clock: Clock | None = None) -> None:
        self.inbox = inbox
        self.clock = clock or SystemClock()
        self._groups = {group.id: group for group in groups}
        self._changed = asyncio.Event()

    @classmethod
    async def open(cls, store: Path, clock: Clock | None = None) -> Self:
        """The desk of a store, whose lock this process has. Raises `StoreError`."""
        clock = clock or SystemClock()
        inbox = await Inbox.open(inbox_path(store))
        recent = await inbox.groups(clock.now() - _REMEMBERED, _MOST)
        due = await inbox.due(_MOST)
        return cls(inbox, {group.id: group for group in (*due, *recent)}.values(), clock)

    @property
    def groups(self) -> tuple[AlertGroup, ...]:
        """The groups of the last days, the one that was heard of last first."""
        return tuple(sorted(self._groups.values(), key=lambda group: group.last_at, reverse=True))

    def get(self, group_id: str) -> AlertGroup | None:
        """The group of that id, if it is remembered."""
        return self._groups.get(group_id)

    async def find(self, group_id: str) -> AlertGroup | None:
        """The group of that id, however old."""
        return self._groups.get(group_id) or await self.inbox.group(group_id)

    def put(self, group: AlertGroup) -> None:
        """Change a group in memory; `keep` must follow."""
        self._groups[group.id] = group
        if len(self._groups) > _MOST:
            self._forget()

    def restore(self, group_id: str, group: AlertGroup | None) -> None:
        """Take back changes in memory that could not be kept."""
        if group is None:
            self._groups.pop(group_id, None)
        else:
            self._groups[group_id] = group

    async def keep(self, worked: Worked) -> None:
        """Keep what came of deliveries, with the groups as they are now. Raises `StoreError`."""
        await self.inbox.keep(worked)
        self._wake()

    async def update(self, group_id: str, **changes: Any) -> AlertGroup:
        """Change some fields of a group, and keep it. Raises `StoreError`, or `UsageError` when there is none."""
        group = await self.find(group_id)
        if group is None:
            raise UsageError(f"there is no {group_id}; `cloudops on-call` lists what came in")
        before, remembered = group, group_id in self._groups
        group = group.model_copy(update=changes)
        self.put(group)
        try:
            await self.inbox.save(group)
        except StoreError:
            if self._groups.get(group_id) is group:
                self.restore(group_id, before if remembered else None)
            raise
        self._wake()
        return group

    async def take(self, name: str, who: str) -> AlertGroup:
        """Say that `who` looks after a group, by its id or that of its incident. Raises `UsageError`."""
        group = await self.named(name)
        if group is None:
            raise UsageError(f"there is no {name}; `cloudops on-call` lists what came in")
        if group.taken_by == who:
            return group
        return await self.update(group.id, taken_by=who, taken_at=self.clock.now(), told_taken=False)

    async def taken_by_acting(self, execution_id: str, who: str) -> None:
        """Who acts on an incident looks after it, unless somebody does already. Raises `StoreError`."""
        group = next((group for group in self._groups.values() if group.execution_id == execution_id), None)
        if group is not None and group.taken_by is None:
            await self.take(group.id, who)

    async def named(self, name: str) -> AlertGroup | None:
        """The group by its id, or by that of its incident or execution."""
        named = (group for group in self.groups if name in (group.id, group.incident_id, group.execution_id))
        return next(named, None) or await self.find(name)

    async def changed(self, within_s: float) -> None:
        """Wait for the next change, or so long."""
        try:
            async with asyncio.timeout(within_s):
                await self._changed.wait()
        except TimeoutError:
            pass

    async def close(self) -> None:
        """Close the inbox."""
        await self.inbox.close()

    def _forget(self) -> None:
        """Let go of the oldest that are over; they stay in the inbox."""
        over = sorted((group for group in self._groups.values() if not group.open), key=lambda group: group.last_at)
        for group in over[: len(self._groups) - _MOST]:
            del self._groups[group.id]

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
