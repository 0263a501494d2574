"""The entries that are appended to a log, and the end of a log."""

from __future__ import annotations

from datetime import datetime

from engine.events import Body, Event, IncidentClosed, Who
from engine.incident import IncidentState
from engine.store.rows import NO_EVENTS, Head

__all__ = ["NO_EVENTS", "Entry", "Head", "ends_follow", "head_of"]

Entry = tuple[datetime, Who, Body]
"""What is to become an event: when (aware; stored as it is, even when the clock went backwards), who, what."""


def head_of(state: IncidentState) -> Head:
    """The head of the log that `state` was folded from."""
    return Head(state.seq, state.hash) if state.seq else NO_EVENTS


def ends_follow(event: Event) -> bool:
    """Whether nothing is expected after `event`, so that those who follow the log may leave."""
    return isinstance(event.body, IncidentClosed)
