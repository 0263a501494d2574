"""PagerDuty: notes on the incident that an incident came from.

A note ends in its key: where a try ended without an answer, the notes are looked through before it is written again.
"""

from __future__ import annotations

import re
from typing import Final

from engine.notify.notice import Notice
from engine.notify.receiver import NothingToDo, Parcel, RefusedForGood
from engine.notify.receivers.pagerduty_api import PagerDutyApi
from engine.notify.receivers.posting import Poster
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
        self._api = PagerDutyApi(settings.api, token, settings.sender, poster)

    async def deliver(self, parcel: Parcel) -> None:
        incident = parcel.notice.ids.get(ID_LABEL, "")
        if not incident:
            raise NothingToDo("the incident did not come from PagerDuty")
        if not _ID.fullmatch(incident):
            raise RefusedForGood("the PagerDuty incident's id has signs that no id has")
        if parcel.again and any(_mark(parcel.key) in note for note in await self._api.notes(incident)):
            return
        await self._api.add_note(incident, _content(parcel.notice, parcel.key))

    def preview(self, notice: Notice, key: str) -> str:
        return _content(notice, key)

    async def close(self) -> None:
        await self._poster.close()


def _content(notice: Notice, key: str) -> str:
    return f"{plain_text(notice)}\n\n{_mark(key)}"


def _mark(key: str) -> str:
    return f"[cloudops {key}]"
