"""Where a container's log ends, as the times at the beginning of its lines say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from primitives.patterns import lazy_pattern

__all__ = ["written_until"]

_LEADING_TIME: Final = lazy_pattern(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:[.,]\d+)?(Z|[+-]\d\d:?\d\d)?")


def written_until(text: str, end: datetime) -> str:
    """The log without the lines that say that they were written later than `end`."""
    lines = text.splitlines(keepends=True)
    for index, line in enumerate(lines):
        written = _leading_time(line)
        if written is not None and written > end:
            return "".join(lines[:index])
    return text


def _leading_time(line: str) -> datetime | None:
    match = _LEADING_TIME.match(line)
    if match is None:
        return None
    try:
        time = datetime.fromisoformat(match[1].replace(" ", "T") + (match[2] or "Z"))
    except ValueError:
        return None
    return time.astimezone(UTC)
