"""Moments as a person types them: a time of the day, a date with a time, or how long ago."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from primitives.errors import UsageError
from primitives.patterns import lazy_pattern
from primitives.text import safe_line

__all__ = ["parse_moment"]

_AGO: Final = lazy_pattern(r"(\d{1,6})\s?(s|m|h|d)(?:\s?ago)?")
_CLOCK: Final = lazy_pattern(r"\d{1,2}:\d{2}(?::\d{2})?Z?")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_moment(text: str, now: datetime, named: str) -> datetime:
    """The moment (UTC) that `text` means at `now`: `14:30` (the last one), `2026-11-23T14:30Z`, `45m` ago.

    `named` is the option. Raises `UsageError` where it means none, or one that is still to come.
    """
    text = text.strip()
    moment = _parsed(text, now)
    if moment is None:
        raise UsageError(
            f"{named} {safe_line(text, limit=40)}: give a time such as 14:30 or 2026-11-23T14:30Z, or 45m (ago)"
        )
    if moment > now:
        raise UsageError(f"{named} {safe_line(text, limit=40)} is still to come; it is {now:%Y-%m-%d %H:%M} UTC")
    return moment


def _parsed(text: str, now: datetime) -> datetime | None:
    if ago := _AGO.fullmatch(text):
        return now - timedelta(**{_UNITS[ago.group(2)]: int(ago.group(1))})
    try:
        if _CLOCK.fullmatch(text):
            hour, _, rest = text.removesuffix("Z").partition(":")
            today = datetime.fromisoformat(f"{now.date().isoformat()}T{hour:0>2}:{rest}").replace(tzinfo=UTC)
            return today if today <= now else today - timedelta(days=1)
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
