"""Schedules of CronJobs, in the dialect that Kubernetes takes: that of robfig/cron v3 (`ParseStandard`).

Five fields, names of months and weekdays, `?` for `*`, macros, `@every` with a duration of Go, and a time zone in
front. cronsim reads the fields; what it knows beyond that dialect (`L`, `#`, 7 for Sunday) is refused here.
Source: https://pkg.go.dev/github.com/robfig/cron/v3 and the CronJob page of Kubernetes' documentation.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from primitives.patterns import lazy_pattern

__all__ = ["is_schedule"]

_MACROS: Final = frozenset({"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"})
_GO_DURATION: Final = lazy_pattern(r"(?:(?:\d{1,20}\.\d{0,20}|\d{1,40}|\.\d{1,20})(?:ns|us|µs|μs|ms|s|m|h))+")
# The last day, the last Friday, the second Friday; letters of names stand before an L ("JUL").
_BEYOND_THE_DIALECT: Final = lazy_pattern(r"#|(?<![a-z])L", re.IGNORECASE)
_SUNDAY_AS_SEVEN: Final = lazy_pattern(r"(?<![\d/])7(?!\d)")
_FIELDS: Final = 5
# cronsim counts from a time on; whether it can read a schedule doesn't depend on it.
_SOME_TIME: Final = datetime(2026, 1, 1, tzinfo=UTC)


def is_schedule(schedule: str) -> bool:
    """Whether Kubernetes takes `schedule`. A date that never comes (30 February) is taken."""
    words = schedule.split()
    if words and words[0].startswith(("TZ=", "CRON_TZ=")):
        words = words[1:]
    match words:
        case ["@every", duration]:
            return _GO_DURATION.fullmatch(duration) is not None
        case [macro] if macro.startswith("@"):
            return macro in _MACROS
        case _:
            return len(words) == _FIELDS and _are_fields(words)


def _are_fields(words: list[str]) -> bool:
    from cronsim import CronSim, CronSimError

    if _BEYOND_THE_DIALECT.search(" ".join(words)) or _SUNDAY_AS_SEVEN.search(words[-1]):
        return False
    minute, hour, day, month, weekday = ("*" + word[1:] if word.startswith("?") else word for word in words)
    try:
        # Day and month apart from each other: cronsim refuses dates that never come.
        for fields in ((minute, hour, day, "*", weekday), (minute, hour, "*", month, weekday)):
            CronSim(" ".join(fields), _SOME_TIME)
    except (CronSimError, ValueError):  # int() refuses thousands of digits with a ValueError
        return False
    return True
