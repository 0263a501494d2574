"""Deciders of notes."""

from __future__ import annotations

from engine.deciders.decision import Decision, by
from engine.deciders.text_cleaning import NOTE_LIMIT, clean_text
from engine.events import NoteAdded, Who
from engine.incident import IncidentState
from engine.port import AddNote
from primitives.errors import UsageError

__all__ = ["add_note"]


def add_note(state: IncidentState, command: AddNote, who: Who) -> Decision:
    """Add a note. Raises `UsageError` when it is empty or too long."""
    text = clean_text(command.text, "the note", NOTE_LIMIT)
    if not text:
        raise UsageError("the note holds no words; write what others should know")
    return by(who, NoteAdded(id=f"N{len(state.notes) + 1}", text=text, at=command.at))
