"""Tells PagerDuty what happens here: who has taken an incident, and what the likely cause is.

https://developer.pagerduty.com/api-reference (Update an incident, Create a note on an incident)
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Final

from engine.alerts import AlertGroup
from engine.engine import Engine
from engine.serve.desk import Desk
from engine.serve.settings import PullSettings
from primitives.errors import CloudopsError, SourceDenied, SourceError, SourceTimeout, SourceUnreachable
from primitives.http_requests import Throttled, TransientFailure, receive, retried, retry_seconds

__all__ = ["PagerDutyBack"]

_URL: Final = "https://api.pagerduty.com"
_TIMEOUT_S: Final = 10.0
_ANSWER_BYTES: Final = 1 << 20
_LOOK_S: Final = 5.0
_PAUSE_S: Final = 60.0
_MOST_INCIDENTS: Final = 20

_log = logging.getLogger("cloudops.serve")


class PagerDutyBack:
    """Acknowledges and notes in the name of `settings.user`, each once as far as PagerDuty can tell."""

    def __init__(self, engine: Engine, desk: Desk, settings: PullSettings, token: str) -> None:
        self._engine = engine
        self._desk = desk
        self._base = settings.url.rstrip("/") or _URL
        self._headers = {
            "Authorization": f"Token token={token}",
            "Accept": "application/vnd.pagerduty+json;version=2",
            "From": settings.user,
        }

    async def run(self) -> None:
        """Tell what is new until cancelled; what fails is told later."""
        while True:
            pause_s = _LOOK_S
            for group in self._desk.groups:
                if group.provider != "pagerduty":
                    continue
                try:
                    await self._tell(group)
                except CloudopsError as error:
                    pause_s = _PAUSE_S
                    _log.warning("PagerDuty can't be told", extra={"group": group.id, "error": str(error)})
            await self._desk.changed(pause_s)
            if pause_s == _PAUSE_S:
                await self._desk.clock.sleep(_LOOK_S)

    async def _tell(self, group: AlertGroup) -> None:
        taken = group.taken_by is not None and group.taken_by != "pagerduty"
        if taken and not group.told_taken and group.open:
            for number in await self._incidents(group):
                change = {"incident": {"type": "incident_reference", "status": "acknowledged"}}
                await self._call("PUT", f"/incidents/{number}", change)
            await self._desk.update(group.id, told_taken=True)
        if group.state == "investigated" and not group.told_cause and group.execution_id is not None:
            words = await self._cause(group.execution_id)
            for number in await self._incidents(group):
                await self._note(number, words, group.execution_id)
            await self._desk.update(group.id, told_cause=True)

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
        notes = (await self._call("GET", f"/incidents/{number}/notes")).get("notes")
        there = [note.get("content") for note in notes if isinstance(note, Mapping)] if isinstance(notes, list) else []
        if not any(execution_id in str(content) for content in there):
            await self._call("POST", f"/incidents/{number}/notes", {"note": {"content": words}})

    async def _call(self, method: str, path: str, document: Any = None) -> Mapping[str, Any]:
        return await retried(lambda: self._once(method, path, document), timeout_s=3 * _TIMEOUT_S)

    async def _once(self, method: str, path: str, document: Any) -> Mapping[str, Any]:
        import httpx2
        import orjson

        try:
            async with asyncio.timeout(_TIMEOUT_S), httpx2.AsyncClient(timeout=httpx2.Timeout(_TIMEOUT_S)) as http:
                request = http.build_request(method, self._base + path, json=document, headers=self._headers)
                answer = await receive(http, request, _ANSWER_BYTES)
        except (TimeoutError, httpx2.TimeoutException):
            raise SourceTimeout("pagerduty", f"no answer within {_TIMEOUT_S:g} s") from None
        except httpx2.HTTPError as error:
            raise TransientFailure("pagerduty", f"can't be reached ({type(error).__name__})") from None
        _check(answer.status, answer.headers)
        try:
            said = orjson.loads(answer.body)
        except ValueError:
            raise SourceUnreachable("pagerduty", "what it answers is not from its API: check `url`") from None
        return said if isinstance(said, Mapping) else {}


def _check(status: int, headers: Mapping[str, str]) -> None:
    if status == 429:
        raise Throttled("pagerduty", "it asks for fewer requests", retry_seconds(headers.get("Retry-After")))
    if status >= 500:
        raise TransientFailure("pagerduty", f"it failed (HTTP {status})")
    if status in (401, 403):
        raise SourceDenied("pagerduty", f"access refused (HTTP {status}): its REST API key needs to write incidents")
    if status >= 400:
        raise SourceError("pagerduty", f"it refused (HTTP {status}): `user` has to be the e-mail address of a user")
