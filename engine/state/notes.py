"""The notes that people wrote."""

from __future__ import annotations

from dataclasses import field, replace
from datetime import datetime

from engine.events import NoteAdded, Who
from primitives.dataclass import dataclass

__all__ = ["Note", "NotesState"]


@dataclass(frozen=True, slots=True)
class Note:
    """A note, who wrote it and when (real time); `about` is the moment of the incident that it is about."""

    id: str
    text: str
    by: Who
    at: datetime
    about: datetime | None = None


@dataclass(slots=True)
class NotesState:
    """All notes by their id, in the order of writing."""

    notes: dict[str, Note] = field(default_factory=dict)

    def apply(self, body: NoteAdded, who: Who, at: datetime) -> None:
        """Fold one event in."""
        self.notes[body.id] = Note(body.id, body.text, who, at, body.at)

    def copy(self) -> NotesState:
        """A state that can be folded on without changing this one."""
        return replace(self, notes=self.notes.copy())
