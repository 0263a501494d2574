"""The log of events above any store of rows: see `event_log.EventLog`."""

from engine.log.entries import NO_EVENTS, Entry, Head, ends_follow, head_of
from engine.log.event_log import EventLog

__all__ = ["NO_EVENTS", "Entry", "EventLog", "Head", "ends_follow", "head_of"]
