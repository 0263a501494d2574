"""Tells PagerDuty what happens here: who has taken an incident, what the likely cause is, and that it is closed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from engine.alerts import AlertGroup
from engine.engine import Engine
from engine.notify.receiver import RefusedForGood, TryLater
from engine.notify.receivers.pagerduty_api import PagerDutyApi
from engine.notify.receivers.posting import TIMEOUT_S, Poster
from engine.serve.desk import Desk
from engine.serve.settings import PullSettings
from primitives.errors import CloudopsError
from primitives.http_requests import Throttled, TransientFailure, retried
from primitives.outgoing import OutgoingGuard

__all__ = ["PagerDutyBack"]

_URL: Final = "https://api.pagerduty.com"
_WITHIN_S: Final = 3 * TIMEOUT_S
"""For one acknowledgement or note with its retries."""
_LOOK_S: Final = 5.0
_PAUSE_S: Final = 60.0
_MOST_INCIDENTS: Final = 20

_log = logging.getLogger("cloudops.serve")


class PagerDutyBack:
    """Acknowledges, notes and, with `settings.resolve_closed`, resolves in the name of `settings.user`, each once."""

    def __init__(self, engine: Engine, desk: Desk, settings: PullSettings, token: str, guard: OutgoingGuard) -> None:
        self._engine = engine
        self._desk = desk
        self._resolves = settings.resolve_closed
        self._poster = Poster("PagerDuty", guard, desk.clock)
        self._api = PagerDutyApi(settings.url or _URL, token, settings.user, self._poster)

    async def run(self) -> None:
        """Tell what is new until cancelled; what fails is told later."""
        try:
            while True:
                pause_s = _LOOK_S if await self._tell_all() else _PAUSE_S
                await self._desk.changed(pause_s)
                if pause_s == _PAUSE_S:
                    await self._desk.clock.sleep(_LOOK_S)
        finally:
            await self._poster.close()

    async def _tell_all(self) -> bool:
        """Tell what is new, and give whether all of it was told."""
        all_told = True
        for group in self._desk.groups:
            if group.provider != "pagerduty":
                continue
            try:
                await self._tell(group)
            except CloudopsError as error:
                all_told = False
                _log.warning("PagerDuty can't be told", extra={"group": group.id, "error": str(error)})
        return all_told

    async def _tell(self, group: AlertGroup) -> None:
        taken = group.taken_by is not None and group.taken_by != "pagerduty"
        if taken and not group.told_taken and group.open:
            for number in await self._incidents(group):
                await _tried(partial(self._api.acknowledge, number))
            await self._desk.update(group.id, told_taken=True)
        if group.state == "investigated" and not group.told_cause and group.execution_id is not None:
            words = await self._cause(group.execution_id)
            for number in await self._incidents(group):
                await _tried(partial(self._note, number, words, group.execution_id))
            await self._desk.update(group.id, told_cause=True)
        if self._resolves and await self._closed_by_person(group):
            for number in await self._incidents(group):
                await _tried(partial(self._api.resolve, number))
            await self._desk.update(group.id, told_closed=True)

    async def _closed_by_person(self, group: AlertGroup) -> bool:
        """Whether a person closed it and PagerDuty wasn't told; what closes by its age says nothing of the trouble."""
        if not group.open or group.told_closed or group.taken_by is None or group.execution_id is None:
            return False  # who closes an incident has taken it
        closed = (await self._engine.state(group.execution_id)).closed
        return closed is not None and closed.by.kind == "person"

    async def _incidents(self, group: AlertGroup) -> list[str]:
        rows = await self._desk.inbox.alerts_of(group.id, _MOST_INCIDENTS)
        return [row.source_id for row in rows if row.source_id.isalnum() and row.status != "resolved"]

    async def _cause(self, execution_id: str) -> str:
        state = await self._engine.state(execution_id)
        best = state.hypotheses[0] if state.hypotheses else None
        said = f"the likely cause is {best.cause} ({best.confidence:.0%})" if best else "no likely cause yet"
        return f"CloudOps: {said}. In a terminal: cloudops attach {execution_id}"

    async def _note(self, number: str, words: str, execution_id: str) -> None:
        """Write a note, unless it is there: after a crash nobody knows whether it was written."""
        if not any(execution_id in note for note in await self._api.notes(number)):
            await self._api.add_note(number, words)


async def _tried(call: Callable[[], Awaitable[None]]) -> None:
    """Make a call, tried again where that may help; a request that timed out is left to the next look.

    Raises `CloudopsError`.
    """
    try:
        async with asyncio.timeout(_WITHIN_S):
            await retried(partial(_once, call), timeout_s=TIMEOUT_S)
    except TimeoutError:
        raise TryLater(f"PagerDuty gave no answer within {_WITHIN_S:g} s") from None


async def _once(call: Callable[[], Awaitable[None]]) -> None:
    try:
        await call()
    except TryLater as error:
        if error.pause:
            raise Throttled("pagerduty", str(error), error.wait_s) from None
        raise TransientFailure("pagerduty", str(error)) from None
    except RefusedForGood as error:
        raise RefusedForGood(
            f"{error}. Its REST API key needs to write incidents, and `user` has to be the e-mail address of a user"
        ) from None
