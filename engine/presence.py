"""Who looks at which incident, and at what of it. None of it is in the log: it ends with the cockpit that says it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

from engine.events import Who
from primitives.clock import Clock
from primitives.dataclass import dataclass

__all__ = ["Looking", "Presence", "Viewer"]

Name = Annotated[str, StringConstraints(max_length=500)]
"""Bounded, because each is sent to everybody who looks at the same incident."""


class Looking(BaseModel):
    """What somebody looks at: a pane, the row and the subject under the cursor, the moment of the time cursor.

    `away` while something else covers the incident; `follows` is the id of the viewer whose view is followed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    pane: Name = ""
    row: Name = ""
    kind: Name = "none"
    subject: Name = ""
    cursor: AwareDatetime | None = None
    away: bool = False
    follows: Name = ""


class Viewer(BaseModel):
    """A cockpit on an incident: an id of its own, the account's verified name, since when, and what it looks at."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    id: Name
    name: str
    since: AwareDatetime
    looking: Looking = Looking()


@dataclass(slots=True)
class _Place:
    """A viewer who is there, and whether there is news for them."""

    viewer: Viewer
    news: asyncio.Event


class Presence:
    """Everybody who looks at an incident of this engine."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._places: dict[str, list[_Place]] = {}

    async def join(self, execution_id: str, viewer: str, who: Who) -> AsyncIterator[tuple[Viewer, ...]]:
        """Be there until the iterator is closed; yields everybody who is, in the order in which they came.

        It yields at once and after each change. Of changes that come faster than they are read the last one wins.
        """
        place = _Place(Viewer(id=viewer, name=who.name, since=self._clock.now()), asyncio.Event())
        places = self._places.setdefault(execution_id, [])
        places.append(place)
        _tell(places)
        try:
            while True:
                await place.news.wait()
                place.news.clear()
                yield tuple(each.viewer for each in places)
        finally:
            places.remove(place)
            _tell(places)
            if not places and self._places.get(execution_id) is places:
                del self._places[execution_id]

    def look(self, execution_id: str, viewer: str, looking: Looking, who: Who) -> None:
        """Tell the others what a viewer looks at now. Nothing where that viewer is not there, or is someone else's."""
        places = self._places.get(execution_id, [])
        for place in places:
            if place.viewer.id == viewer and place.viewer.name == who.name and place.viewer.looking != looking:
                place.viewer = place.viewer.model_copy(update={"looking": looking})
                _tell(places)


def _tell(places: list[_Place]) -> None:
    for place in places:
        place.news.set()
