"""Where a container's log ends, as the times at the beginning of its lines say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from primitives.patterns import lazy_pattern

__all__ = ["written_ahead", "written_until"]

_LEADING_TIME: Final = lazy_pattern(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:[.,]\d+)?(Z|[+-]\d\d:?\d\d)?")


# Clocks differ by less; the least that a zone is ahead of UTC is half an hour, the most 14 h (IANA: tz database).
_DRIFT: Final = timedelta(minutes=5)
_HALF: Final = timedelta(minutes=30)
_HOUR: Final = timedelta(hours=1)
_MOST_AHEAD: Final = timedelta(hours=14)
# Lines at the end in which a time is looked for: a stack trace has none.
_LAST_LINES: Final = 200


def written_until(text: str, end: datetime, ahead: timedelta = timedelta(0)) -> str:
    """The log without the lines that say that they were written later than `end`.

    `ahead` is how far the log's own clock is before UTC where its times name no zone.
    """
    lines = text.splitlines(keepends=True)
    for index, line in enumerate(lines):
        written = _leading_time(line, ahead)
        if written is not None and written > end:
            return "".join(lines[:index])
    return text


def written_ahead(texts: Sequence[str], taken: datetime) -> list[timedelta]:
    """For each log, how far the clock is before UTC by which it dates its lines without a zone.

    A log can't go on after `taken`, when it was read: one that does writes local time, as Java's, .NET's and Python's
    loggers do by default. Where a log whose times name their zone goes on too, it was read later, and none is shifted.
    """
    zoned = [last for text in texts if (last := _last_time(text, zoned=True)) is not None]
    if any(last > taken + _DRIFT for last in zoned):
        return [timedelta(0)] * len(texts)
    return [_ahead(_last_time(text, zoned=False), taken) for text in texts]


def _ahead(last: datetime | None, taken: datetime) -> timedelta:
    if last is None or not _DRIFT < last - taken <= _MOST_AHEAD:
        return timedelta(0)
    halves = -((taken - last) // _HALF)
    hours = -((taken - last) // _HOUR)
    # Zones of half an hour are few: only where the log then ends with the moment at which it was read.
    return halves * _HALF if taken - (last - halves * _HALF) <= _DRIFT else hours * _HOUR


def _last_time(text: str, *, zoned: bool) -> datetime | None:
    return next(_times(reversed(text.splitlines()[-_LAST_LINES:]), zoned=zoned), None)


def _times(lines: Iterable[str], *, zoned: bool) -> Iterator[datetime]:
    for line in lines:
        match = _LEADING_TIME.match(line)
        if match is not None and bool(match[2]) == zoned and (time := _leading_time(line)) is not None:
            yield time


def _leading_time(line: str, ahead: timedelta = timedelta(0)) -> datetime | None:
    match = _LEADING_TIME.match(line)
    if match is None:
        return None
    try:
        time = datetime.fromisoformat(match[1].replace(" ", "T") + (match[2] or "Z"))
    except ValueError:
        return None
    return time.astimezone(UTC) - (timedelta(0) if match[2] else ahead)
