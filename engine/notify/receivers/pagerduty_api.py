"""PagerDuty's REST API: the notes on an incident, its acknowledgement and its end.

Source: https://developer.pagerduty.com/api-reference/ (Create a note on an incident, Update an incident).
"""

from __future__ import annotations

from typing import Any

import orjson

from engine.notify.receiver import TryLater
from engine.notify.receivers.posting import Poster, failure

__all__ = ["PagerDutyApi"]


class PagerDutyApi:
    """Calls the API at `url` in the name of the user with the mail address `user`.

    Every method raises `TryLater`, `RefusedForGood` or `OutgoingRefused`.
    """

    def __init__(self, url: str, token: str, user: str, poster: Poster) -> None:
        self._poster = poster
        self._url = url.rstrip("/")
        self._headers = {
            "Authorization": f"Token token={token}",
            "Accept": "application/vnd.pagerduty+json;version=2",
            "From": user,
        }

    async def notes(self, incident: str) -> list[str]:
        """The texts of an incident's notes."""
        body = await self._call("GET", f"/incidents/{incident}/notes")
        try:
            return [str(note["content"]) for note in orjson.loads(body)["notes"]]
        except (ValueError, KeyError, TypeError):
            raise TryLater("PagerDuty's notes can't be read") from None

    async def add_note(self, incident: str, content: str) -> None:
        """Write a note on an incident."""
        await self._call("POST", f"/incidents/{incident}/notes", {"note": {"content": content}})

    async def acknowledge(self, incident: str) -> None:
        """Acknowledge an incident."""
        await self._change(incident, "acknowledged")

    async def resolve(self, incident: str) -> None:
        """Resolve an incident."""
        await self._change(incident, "resolved")

    async def _change(self, incident: str, status: str) -> None:
        change = {"incident": {"type": "incident_reference", "status": status}}
        body = await self._call("PUT", f"/incidents/{incident}", change)
        try:
            orjson.loads(body)
        except ValueError:  # a page of another server, which answers 200 to anything
            raise TryLater("what answers is not PagerDuty's API: check its URL") from None

    async def _call(self, method: str, path: str, document: Any = None) -> bytes:
        answer = await self._poster.request(method, self._url + path, document=document, headers=self._headers)
        if not 200 <= answer.status < 300:
            raise failure("PagerDuty", answer, self._poster.clock.now())
        return answer.body
