"""What people write down about an incident."""

from typing import Literal

from pydantic import AwareDatetime, Field

from engine.events.envelope import IncidentEvent

__all__ = ["NoteAdded"]


class NoteAdded(IncidentEvent):
    """A person wrote a note, or the engine did for what has no event of its own. No reasoning reads it.

    `at` is the moment of the incident that it is about: a bookmark.
    """

    type: Literal["note_added"] = "note_added"
    version: Literal[1] = 1
    id: str
    text: str
    at: AwareDatetime | None = Field(default=None, exclude_if=lambda at: at is None)
