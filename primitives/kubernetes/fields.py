"""Reading fields of objects that may be partial or malformed: the wrong type reads as absent, never as an exception."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from primitives.clock import FIRST_YEAR, LAST_YEAR
from primitives.quantities import parse_kubernetes
from primitives.text import safe_line

__all__ = [
    "at", "instant", "integer", "mapping", "maps", "message_of", "moment_text", "quantity", "strings", "text", "texts",
]  # fmt: skip

# Long enough for the end of a wrapped registry error, which is the part that matters.
_MESSAGE_LIMIT: Final = 2000
# The API's whole numbers have 64 bits, and so have quantities.
_GREATEST: Final = 2.0**63


def at(value: Any, *path: str) -> Any:
    """What stands at `path` of nested mappings, or None."""
    for key in path:
        # The exact type first: an abstract one takes ten times as long, and this is asked a million times.
        if type(value) is not dict and not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def mapping(value: Any, *path: str) -> Mapping[str, Any]:
    """The mapping at `path`; empty where there is none."""
    for key in path:
        if type(value) is not dict and not isinstance(value, Mapping):
            return {}
        value = value.get(key)
    return value if type(value) is dict or isinstance(value, Mapping) else {}


def maps(value: Any, *path: str) -> list[Mapping[str, Any]]:
    """The mappings in the list at `path`."""
    held = at(value, *path)
    if not isinstance(held, list | tuple):
        return []
    return [item for item in held if type(item) is dict or isinstance(item, Mapping)]


def text(value: Any, *path: str) -> str:
    """The string at `path`; empty where there is none."""
    # As in `at`, without the call: a dump of thousands of pods asks it half a million times.
    for key in path:
        if type(value) is not dict and not isinstance(value, Mapping):
            return ""
        value = value.get(key)
    return value if isinstance(value, str) else ""


def texts(value: Any, *path: str) -> list[str]:
    """The strings in the list at `path`."""
    held = at(value, *path)
    return [item for item in held if isinstance(item, str)] if isinstance(held, list | tuple) else []


def strings(value: Any, *path: str) -> dict[str, str]:
    """The string-to-string mapping at `path`: labels, selectors, annotations."""
    return {key: entry for key, entry in mapping(value, *path).items() if isinstance(entry, str)}


def integer(value: Any, *path: str) -> int | None:
    """The whole number at `path`, also where it is written as a string; None beyond 64 bits."""
    held = at(value, *path)
    if isinstance(held, bool):
        return None
    if isinstance(held, int | float) and -_GREATEST < held < _GREATEST:
        return int(held)
    if isinstance(held, str) and re.fullmatch(r"-?[0-9]{1,15}", held):
        return int(held)
    return None


def instant(value: Any, *path: str) -> datetime | None:
    """The time at `path`, in UTC; None for what is none, and for an unset clock."""
    held = at(value, *path)
    if not isinstance(held, str):
        return None
    try:
        parsed = datetime.fromisoformat(held)
        if not FIRST_YEAR <= parsed.year <= LAST_YEAR:
            return None
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def quantity(value: Any, *path: str) -> float | None:
    """The resource quantity at `path` (`250m`, `1.5Gi`) in cores, bytes or pieces."""
    held = at(value, *path)
    if isinstance(held, int | float) and not isinstance(held, bool):
        return float(held) if -_GREATEST < held < _GREATEST else None
    parsed = parse_kubernetes(held) if isinstance(held, str) else None
    return parsed if parsed is not None and -_GREATEST < parsed < _GREATEST else None


def message_of(value: Any, *path: str) -> str:
    """The message at `path`, safe and on one line."""
    return safe_line(text(value, *path).strip(), limit=_MESSAGE_LIMIT)


def moment_text(moment: datetime | None) -> str | None:
    """A time as it is written in a finding's details: ISO 8601 with `Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None
