"""Times in an engineer's words: "since the 14:25 deploy", "an hour ago", "since yesterday evening"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from primitives.dataclass import dataclass
from primitives.patterns import lazy_pattern
from primitives.quantities import parse_period

__all__ = ["TimeHint", "time_hints"]


@dataclass(frozen=True, slots=True)
class TimeHint:
    """`text` as it was written, and the `moment` (UTC) that it means."""

    text: str
    moment: datetime


_NUMBERS: Final = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "ten": 10, "fifteen": 15, "twenty": 20,
    "thirty": 30, "half an": 0.5, "a few": 3, "a couple of": 2,
}  # fmt: skip
_PART_OF_DAY: Final = {"night": 0, "morning": 6, "noon": 12, "lunch": 12, "afternoon": 13, "evening": 18}

_LENGTH: Final = (
    r"(?P<count>\d{1,6}(?:\.\d{1,6})?|half an|a few|a couple of|"
    + "|".join(word for word in _NUMBERS if " " not in word)
    + r")\s{0,20}(?P<unit>s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)\b"
)
_AGO: Final = lazy_pattern(_LENGTH + r"\s{1,20}ago\b", re.IGNORECASE)
_FOR: Final = lazy_pattern(
    r"\b(?:for(?: the)?(?: last| past)?|in the last|(?:over|within) the last|last|past)\s+" + _LENGTH, re.IGNORECASE
)
_ISO: Final = lazy_pattern(r"\b(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?Z?)?\b")
_CLOCK: Final = lazy_pattern(
    r"(?P<day>\byesterday\s+(?:at\s+)?)?(?<![\d:.-])(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::[0-5]\d)?"
    r"(?:\s*(?P<half>am|pm))?(?![\d:])",
    re.IGNORECASE,
)
_HALF: Final = lazy_pattern(r"\b(?P<hour>1[0-2]|[1-9])\s*(?P<half>am|pm)\b", re.IGNORECASE)
_DAY: Final = lazy_pattern(
    r"\b(?:(?P<yesterday>yesterday)|(?P<this>this|today)|(?P<last>last))\s*(?P<part>night|morning|noon|lunch|afternoon|evening)?\b",
    re.IGNORECASE,
)


def time_hints(text: str, now: datetime) -> tuple[TimeHint, ...]:
    """Every moment that `text` names, in the order of the text; none lies after `now`. Clock times are UTC."""
    taken: list[tuple[int, int]] = []
    hints: list[tuple[int, TimeHint]] = []
    for match, moment in _matches(text, now):
        start, end = match.span()
        if any(start < other_end and other_start < end for other_start, other_end in taken):
            continue
        taken.append((start, end))
        if moment is not None and moment <= now:
            hints.append((start, TimeHint(match.group().strip(), moment)))
    return tuple(hint for _, hint in sorted(hints, key=lambda pair: pair[0]))


def _matches(text: str, now: datetime) -> Iterator[tuple[re.Match[str], datetime | None]]:
    yield from ((match, _iso(match, now)) for match in _ISO.finditer(text))
    yield from ((match, _before(match, now)) for pattern in (_AGO, _FOR) for match in pattern.finditer(text))
    yield from ((match, _clock(match, now)) for pattern in (_CLOCK, _HALF) for match in pattern.finditer(text))
    yield from ((match, _day(match, now)) for match in _DAY.finditer(text))


def _iso(match: re.Match[str], now: datetime) -> datetime | None:
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=now.tzinfo)
    except ValueError:
        return None


def _before(match: re.Match[str], now: datetime) -> datetime | None:
    word = match["count"].lower()
    count = _NUMBERS[word] if word in _NUMBERS else float(word)
    seconds = parse_period(count, match["unit"])
    return now - timedelta(seconds=seconds) if seconds <= 366 * 86400 else None


def _clock(match: re.Match[str], now: datetime) -> datetime | None:
    groups = match.groupdict()
    hour, minute = int(groups["hour"]), int(groups.get("minute") or 0)
    half = (groups.get("half") or "").lower()
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    moment = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return moment - timedelta(days=1) if groups.get("day") or moment > now else moment


def _day(match: re.Match[str], now: datetime) -> datetime | None:
    part = (match["part"] or "").lower()
    if not part and not match["yesterday"]:
        return None
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if match["last"]:
        return midnight - timedelta(hours=6) if part == "night" else None
    days = 1 if match["yesterday"] else 0
    hour = _PART_OF_DAY[part] if part else 0
    if part == "night" and days:
        hour = 20
    return midnight - timedelta(days=days) + timedelta(hours=hour)
