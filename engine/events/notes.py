"""What people write down about an incident."""

from typing import Literal

from engine.events.envelope import IncidentEvent

__all__ = ["NoteAdded"]


class NoteAdded(IncidentEvent):
    """A person wrote a note, or the engine did for what has no event of its own. No reasoning reads it."""

    type: Literal["note_added"] = "note_added"
    version: Literal[1] = 1
    id: str
    text: str
