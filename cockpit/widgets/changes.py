"""What was changed, gathered as facts come: what may concern the incident, and the rest, which is told in one line."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cockpit.widgets.draw import said
from primitives.units import short_id

if TYPE_CHECKING:
    from engine.incident import IncidentState
    from primitives.records import Change

__all__ = ["Changes", "Noted", "aside_words"]

MOST = 500
"""Changes that are kept; more than these no timeline can show."""


@dataclass(frozen=True, slots=True)
class Noted:
    """A change as a timeline tells it; `id` is short."""

    time: datetime
    id: str
    kind: str
    resource: str | None
    summary: str


class Changes:
    """The changes of an incident, each once."""

    def __init__(self) -> None:
        self._all: dict[tuple[datetime, str, str | None], Noted] = {}
        self._split: tuple[object, list[Noted], list[Noted]] = (None, [], [])

    def __len__(self) -> int:
        return len(self._all)

    def drop_after(self, count: int) -> None:
        """Forget all but the first `count`."""
        while len(self._all) > count:
            self._all.popitem()

    def take(self, change: Change) -> None:
        """One more."""
        if len(self._all) < MOST:
            name = short_id(said(change.id or change.summary))
            resource = said(change.resource) if change.resource else None
            noted = Noted(change.time, name, change.kind, resource, said(change.summary))
            self._all.setdefault((change.time, name, change.resource), noted)

    def split(self, state: IncidentState) -> tuple[list[Noted], list[Noted]]:
        """Those on a resource that the symptom or a hypothesis is about, and the rest; oldest first.

        While nothing is believed yet, any resource will do.
        """
        key = (len(self._all), state.hypotheses)
        if key != self._split[0]:
            about = {said(one.resource) for one in state.hypotheses if one.resource}
            symptom = state.opened.symptom if state.opened else None
            if about and symptom is not None and symptom.resource:
                about.add(said(symptom.resource))
            ordered = sorted(self._all.values(), key=lambda noted: (noted.time, noted.id))
            near = [one for one in ordered if one.resource is not None and (not about or one.resource in about)]
            near_too = set(near)
            self._split = (key, near, [one for one in ordered if one not in near_too])
        return self._split[1], self._split[2]


def aside_words(aside: list[Noted]) -> str:
    """27 commits without a resource, 3 changes elsewhere; empty where there are none."""
    nowhere = Counter(one.kind for one in aside if one.resource is None)
    count = nowhere.total()
    elsewhere = len(aside) - count
    words: list[str] = []
    if count:
        what = "commit" if set(nowhere) == {"code"} else "change"
        words.append(f"{count} {what}{'' if count == 1 else 's'} without a resource")
    if elsewhere:
        words.append(f"{elsewhere} change{'' if elsewhere == 1 else 's'} elsewhere")
    return ", ".join(words)
