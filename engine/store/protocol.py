"""Former names, until every module imports `engine.log`."""

from engine.log import Entry, EventLog, Head, head_of

Store = EventLog
__all__ = ["Entry", "Head", "Store", "head_of"]
