"""Positions in a log, as a person types them: a time, or the number of an event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from primitives.errors import UsageError
from primitives.text import safe_line

__all__ = ["position_to_seq", "time_of"]

_DAY_S = 86_400.0


def time_of(seconds: float) -> datetime:
    """A time that is kept as seconds since 1970, to the microsecond."""
    return datetime.fromtimestamp(seconds, UTC)


def position_to_seq(times: Sequence[float], at: str, *, named: str = "") -> int:
    """How many events, of which there must be one, had happened at `at`; `times` are theirs, in seconds since 1970.

    `named` stands before `at` in error messages. Raises `UsageError` when `at` is neither a time nor a number, or lies
    before the first event.
    """
    at = at.strip()
    # Notes and statements carry real time, days after a recorded investigation: they are no part of how long it ran.
    first, last = time_of(times[0]), time_of(max(time for time in times if time - times[0] < _DAY_S))
    if at.isascii() and at.isdecimal() and len(at) < 12:
        seq = min(int(at), len(times))
    else:
        until = _moment(at, first, last, named).timestamp()
        # Statements carry real time, amid events in the incident's own: the last event that had happened counts.
        seq = max((number for number, time in enumerate(times, 1) if time <= until), default=0)
    if not seq:
        lasted = " to ".join(f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z" for time in (first, last))
        raise UsageError(f"{named}{safe_line(at)}: nothing had happened by then; the investigation ran from {lasted}")
    return seq


def _moment(at: str, first: datetime, last: datetime, named: str) -> datetime:
    """The time that `at` means in a log that runs from `first` to `last`; a clock time alone may be past midnight."""
    clock_only = "-" not in at and at.count(":") in (1, 2)
    try:
        hour, _, rest = at.removesuffix("Z").partition(":")
        time = datetime.fromisoformat(f"{first.date().isoformat()}T{hour:0>2}:{rest}" if clock_only else at)
    except ValueError:
        raise UsageError(
            f"{named}{safe_line(at, limit=40)}: give a time such as 14:31:07 or 2026-11-23T14:31:07Z, or a number"
        ) from None
    time = time if time.tzinfo else time.replace(tzinfo=first.tzinfo)
    after_midnight = clock_only and time < first and last.date() > first.date()
    return time + timedelta(days=1) if after_midnight else time
