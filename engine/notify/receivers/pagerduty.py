"""PagerDuty: notes on the incident that an incident came from.

A note ends in its key: where a try ended without an answer, the notes are looked through before it is written again.
Source: https://developer.pagerduty.com/api-reference/ (incidents/{id}/notes).
"""

from __future__ import annotations

import re
from typing import Any, Final

import orjson

from engine.notify.notice import Notice
from engine.notify.receiver import NothingToDo, Parcel, RefusedForGood, TryLater
from engine.notify.receivers.posting import Poster, failure
from engine.notify.settings import PagerDutySettings
from engine.notify.wording import plain_text

__all__ = ["ID_LABEL", "PagerDutyNotes"]

ID_LABEL: Final = "pagerduty_incident_id"
"""The label of an incident that holds the id of the PagerDuty incident that it came from."""

_ID: Final = re.compile(r"[A-Za-z0-9]{1,64}")


class PagerDutyNotes:
    """See the module."""

    def __init__(self, settings: PagerDutySettings, token: str, poster: Poster) -> None:
        self.secrets = (token,)
        self._poster = poster
        self._api = settings.api.rstrip("/")
        self._headers = {
            "Authorization": f"Token token={token}",
            "Accept": "application/vnd.pagerduty+json;version=2",
            "From": settings.sender,
        }

    async def deliver(self, parcel: Parcel) -> None:
        incident = parcel.notice.ids.get(ID_LABEL, "")
        if not incident:
            raise NothingToDo("the incident did not come from PagerDuty")
        if not _ID.fullmatch(incident):
            raise RefusedForGood("the PagerDuty incident's id has signs that no id has")
        url = f"{self._api}/incidents/{incident}/notes"
        if parcel.again and await self._is_there(url, parcel.key):
            return
        await self._poster.post(url, document=_note(parcel.notice, parcel.key), headers=self._headers)

    def preview(self, notice: Notice, key: str) -> str:
        return _content(notice, key)

    async def close(self) -> None:
        await self._poster.close()

    async def _is_there(self, url: str, key: str) -> bool:
        answer = await self._poster.request("GET", url, headers=self._headers)
        if answer.status != 200:
            raise failure("PagerDuty", answer, self._poster.clock.now())
        try:
            return any(_mark(key) in str(note["content"]) for note in orjson.loads(answer.body)["notes"])
        except (ValueError, KeyError, TypeError):
            raise TryLater("PagerDuty's notes can't be read") from None


def _note(notice: Notice, key: str) -> dict[str, Any]:
    return {"note": {"content": _content(notice, key)}}


def _content(notice: Notice, key: str) -> str:
    return f"{plain_text(notice)}\n\n{_mark(key)}"


def _mark(key: str) -> str:
    return f"[cloudops {key}]"
