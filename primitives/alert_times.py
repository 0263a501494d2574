"""Times as tools that send alerts write them: ISO 8601, seconds since 1970, or with the name of a zone."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from primitives.clock import FIRST_YEAR, LAST_YEAR
from primitives.patterns import lazy_pattern

__all__ = ["time_in", "time_of"]

_NUMBER: Final = lazy_pattern(r"\d{9,10}(?:\.\d{1,9})?|\d{12,13}")
# Seconds since 1970 have ten digits until 2286, milliseconds thirteen.
_ONE_UNIT: Final = 1e11
_LARGEST: Final = 1e14
# Names that mean one offset wherever they are used; of others (CST, IST) nobody knows which.
_ZONES: Final = {
    "UTC": 0, "GMT": 0, "WET": 0, "BST": 1, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3, "JST": 9,
    "KST": 9, "EDT": -4, "EST": -5, "CDT": -5, "MDT": -6, "MST": -7, "PDT": -7, "PST": -8,
}  # fmt: skip
_ZONED: Final = lazy_pattern(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?) ?([A-Z]{3,4})")
# As `date` of Linux writes it: Sun Aug 23 02:07:02 CEST 2026.
_OF_DATE: Final = lazy_pattern(r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d:\d\d:\d\d) ([A-Z]{3,4}) (\d{4})")


def time_of(value: Any) -> datetime | None:
    """A time in ISO 8601, or in seconds, milliseconds or nanoseconds since 1970; None for an unset or odd one."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20:
        value = int(value)
    try:
        if isinstance(value, str):
            # CloudWatch writes +0000; fromisoformat takes it since 3.11, and more digits than six are cut.
            return _within(datetime.fromisoformat(value[:64]))
        # JSON of others may hold Infinity, or 1e999.
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            while value > _ONE_UNIT:
                value = value / 1000
            return _within(datetime.fromtimestamp(value, UTC))
    except (ValueError, OverflowError, OSError):
        pass
    return None


def time_in(value: Any) -> datetime | None:
    """A time as a field of any tool's alert says it: in ISO 8601, in seconds or milliseconds, or with a zone's name."""
    if isinstance(value, str):
        text = value.strip()
        if not _NUMBER.fullmatch(text):
            return _of_text(text)
        value = float(text)
    return time_of(value) if isinstance(value, int | float) and abs(value) <= _LARGEST else None


def _within(time: datetime) -> datetime | None:
    """The moment in UTC, which is meant where no offset is told.

    Go's zero time means "none", and at the ends of the calendar no zone can be changed.
    """
    time = time.replace(tzinfo=UTC) if time.tzinfo is None else time
    return time.astimezone(UTC) if FIRST_YEAR <= time.year <= LAST_YEAR else None


def _of_text(text: str) -> datetime | None:
    try:
        if match := _ZONED.fullmatch(text):
            return _within(datetime.fromisoformat(match[1]).replace(tzinfo=_zone(match[2])))
        if match := _OF_DATE.fullmatch(text):
            month, day, clock, zone, year = match.groups()
            time = f"{year} {month} {day} {clock}"
            return _within(datetime.strptime(time, "%Y %b %d %H:%M:%S").replace(tzinfo=_zone(zone)))
        return _within(datetime.fromisoformat(text))
    except (ValueError, KeyError):
        return None


def _zone(name: str) -> timezone:
    return timezone(timedelta(hours=_ZONES[name]))
