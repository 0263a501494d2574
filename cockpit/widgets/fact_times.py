"""When what a fact says happened, in the incident's time."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from primitives.facts import Fact

__all__ = ["happened_at"]

_FIELDS = ("onset", "since", "first_seen", "started_at")


def happened_at(fact: Fact) -> datetime | None:
    """The moment; None where the fact is about a whole period, or about nothing that began."""
    if fact.type == "change":
        return fact.change.time if fact.change is not None else None
    if fact.type == "log_pattern" and not fact.count:
        return fact.last_seen
    return next((time for field in _FIELDS if (time := getattr(fact, field, None)) is not None), None)
