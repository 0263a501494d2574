"""Times as tools that send alerts write them: ISO 8601, seconds since 1970, or with the name of a zone."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from primitives.clock import FIRST_YEAR, LAST_YEAR
from primitives.patterns import lazy_pattern

__all__ = ["time_in"]

_NUMBER: Final = lazy_pattern(r"\d{9,10}(?:\.\d{1,9})?|\d{12,13}")
# Seconds since 1970 have ten digits until 2286, milliseconds thirteen.
_MILLISECONDS_FROM: Final = 1e11
# Names that mean one offset wherever they are used; of others (CST, IST) nobody knows which.
_ZONES: Final = {
    "UTC": 0, "GMT": 0, "WET": 0, "BST": 1, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3, "JST": 9,
    "KST": 9, "EDT": -4, "EST": -5, "CDT": -5, "MDT": -6, "MST": -7, "PDT": -7, "PST": -8,
}  # fmt: skip
_ZONED: Final = lazy_pattern(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?) ?([A-Z]{3,4})")
# As `date` of Linux writes it: Sun Aug 23 02:07:02 CEST 2026.
_OF_DATE: Final = lazy_pattern(r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d:\d\d:\d\d) ([A-Z]{3,4}) (\d{4})")


def time_in(value: Any) -> datetime | None:
    """The moment, in UTC, that a field of an alert says; None where it says none that an alert can have.

    Without an offset UTC is meant. CloudWatch writes +0000; Go's zero time means "none".
    """
    time = _of_number(value) if not isinstance(value, str) or _NUMBER.fullmatch(value) else _of_text(value.strip())
    if time is None or not FIRST_YEAR <= time.year <= LAST_YEAR:
        return None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _of_number(value: Any) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    number = float(value)
    if not math.isfinite(number) or abs(number) > 1e14:
        return None
    return datetime.fromtimestamp(number / 1000 if number > _MILLISECONDS_FROM else number, UTC)


def _of_text(text: str) -> datetime | None:
    try:
        if match := _ZONED.fullmatch(text):
            return datetime.fromisoformat(match[1]).replace(tzinfo=_zone(match[2]))
        if match := _OF_DATE.fullmatch(text):
            month, day, clock, zone, year = match.groups()
            return datetime.strptime(f"{year} {month} {day} {clock}", "%Y %b %d %H:%M:%S").replace(tzinfo=_zone(zone))
        return datetime.fromisoformat(text)
    except (ValueError, KeyError):
        return None


def _zone(name: str) -> timezone:
    return timezone(timedelta(hours=_ZONES[name]))
