"""When what a fact says happened, in the incident's time."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from cockpit.widgets.words import clock, minute

if TYPE_CHECKING:
    from primitives.facts import Fact, MetricShift

__all__ = ["began_with", "happened_at", "when_told"]

_FIELDS = ("onset", "since", "first_seen", "started_at")


def happened_at(fact: Fact) -> datetime | None:
    """The moment; None where the fact is about a whole period, or about nothing that began."""
    if fact.type == "change":
        return fact.change.time if fact.change is not None else None
    if fact.type == "log_pattern" and not fact.count:
        return fact.last_seen
    return next((time for field in _FIELDS if (time := getattr(fact, field, None)) is not None), None)


def when_told(shift: MetricShift, *, climbs: bool = False) -> tuple[str, ...]:
    """The times that belong to a level, the longest form first: `13:13→13:40`, of the onset and of the level.

    In less room the level's own time alone, `by 13:40`: beside a level that was reached later the onset would be read
    as its time. `climbs`: the line says that it goes on climbing, so that the level is the newest sample's.
    """
    reached = shift.level_at if not climbs else None
    if shift.onset is None or reached is None:
        at = shift.onset
    elif shift.is_single_peak:
        at = reached
    else:
        began, whole = minute(shift.onset), minute(reached)
        short = f"by {whole}"
        return (f"{clock(shift.onset)}→{clock(reached)}", *((f"{began}→{whole}",) if began != whole else ()), short)
    return (f"{clock(at) if at is not None else '':>8}", minute(at) if at is not None else " " * 8)


def began_with(fact: Fact, shift: MetricShift) -> bool:
    """Whether a metric moved in the minute in which the other one did, so that one time tells both."""
    if fact.type != "metric_shift" or fact.onset is None or shift.onset is None:
        return fact.type == "metric_shift" and fact.onset is shift.onset
    return minute(fact.onset) == minute(shift.onset)
