"""The changes among the facts: those that may concern the incident, and the others, which are counted in one line."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

from cockpit.widgets.draw import sanitised
from primitives.dataclass import dataclass
from primitives.quantities import short_id

if TYPE_CHECKING:
    from engine.incident import IncidentState
    from primitives.records import Change

__all__ = ["ChangeMark", "Changes", "other_changes_text"]

MOST = 500
"""Changes that are kept; more than these no timeline can show."""


@dataclass(frozen=True, slots=True)
class ChangeMark:
    """A change as the timeline shows it; `id` is shortened."""

    time: datetime
    id: str
    kind: str
    resource: str | None
    summary: str


class Changes:
    """The changes of an incident, each once."""

    def __init__(self) -> None:
        self._all: dict[tuple[datetime, str, str | None], ChangeMark] = {}
        self._split: tuple[object, list[ChangeMark], list[ChangeMark]] = (None, [], [])

    def __len__(self) -> int:
        return len(self._all)

    def drop_after(self, count: int) -> None:
        """Forget all but the first `count`."""
        while len(self._all) > count:
            self._all.popitem()

    def take(self, change: Change) -> None:
        """One more."""
        if len(self._all) < MOST:
            name = short_id(sanitised(change.id or change.summary))
            resource = sanitised(change.resource) if change.resource else None
            change_mark = ChangeMark(change.time, name, change.kind, resource, sanitised(change.summary))
            self._all.setdefault((change.time, name, change.resource), change_mark)

    def split(self, state: IncidentState) -> tuple[list[ChangeMark], list[ChangeMark]]:
        """Those on a resource that the symptom or a hypothesis is about, and the rest; oldest first.

        While nothing is believed yet, any resource will do.
        """
        key = (state.execution_id, len(self._all), state.hypotheses)
        if key != self._split[0]:
            about = {sanitised(hypothesis.resource) for hypothesis in state.hypotheses if hypothesis.resource}
            symptom = state.opened.symptom if state.opened else None
            if about and symptom is not None and symptom.resource:
                about.add(sanitised(symptom.resource))
            ordered = sorted(self._all.values(), key=lambda change_mark: (change_mark.time, change_mark.id))
            near = [
                change for change in ordered if change.resource is not None and (not about or change.resource in about)
            ]
            near_too = set(near)
            self._split = (key, near, [change for change in ordered if change not in near_too])
        return self._split[1], self._split[2]


def other_changes_text(others: list[ChangeMark]) -> str:
    """27 commits without a resource, 3 changes elsewhere; empty where there are none."""
    nowhere = Counter(change.kind for change in others if change.resource is None)
    count = nowhere.total()
    elsewhere = len(others) - count
    words: list[str] = []
    if count:
        what = "commit" if set(nowhere) == {"code"} else "change"
        words.append(f"{count} {what}{'' if count == 1 else 's'} without a resource")
    if elsewhere:
        words.append(f"{elsewhere} change{'' if elsewhere == 1 else 's'} elsewhere")
    return ", ".join(words)
