"""Reading answers that may be cut, altered or of another version: what isn't as documented counts as left out."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from primitives.clock import FIRST_YEAR, LAST_YEAR

__all__ = ["flag", "items", "mapping", "moment", "number", "parsed", "plain", "selected", "text", "texts"]

_DEEP: Final = 12
_NOTHING: Final[Mapping[str, Any]] = {}


def _at(answer: Any, keys: Sequence[str]) -> Any:
    """What is under a path of keys; None where there is nothing."""
    for key in keys:
        answer = answer.get(key) if isinstance(answer, Mapping) else None
    return answer


def text(answer: Any, *keys: str) -> str:
    """The text under a path of keys; empty where there is none."""
    value = _at(answer, keys)
    return value if isinstance(value, str) else ""


def number(answer: Any, *keys: str) -> float | None:
    """The number under a path of keys; None where there is none, or an infinite one, or one that no float holds."""
    value = _at(answer, keys)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def flag(answer: Any, key: str) -> bool:
    """Whether the answer says yes under a key."""
    return isinstance(answer, Mapping) and answer.get(key) is True


def mapping(answer: Any, *keys: str) -> Mapping[str, Any]:
    """The object under a path of keys; empty where there is none."""
    value = _at(answer, keys)
    return value if isinstance(value, Mapping) else _NOTHING


def items(answer: Any, *keys: str) -> list[Mapping[str, Any]]:
    """The objects in the list under a path of keys."""
    value = _at(answer, keys)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def texts(answer: Any, *keys: str) -> list[str]:
    """The texts in the list under a path of keys."""
    value = _at(answer, keys)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def moment(answer: Any, key: str) -> datetime | None:
    """The time under a key, in UTC; of a text or a number of milliseconds too."""
    value = answer.get(key) if isinstance(answer, Mapping) else None
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        elif isinstance(value, int) and not isinstance(value, bool):
            value = datetime.fromtimestamp(value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    if not isinstance(value, datetime) or not FIRST_YEAR <= value.year <= LAST_YEAR:
        return None
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def parsed(document: str) -> Mapping[str, Any]:
    """The object that a text holds as JSON; empty where it holds none."""
    try:
        value = json.loads(document)
    except (ValueError, RecursionError):
        return _NOTHING
    return value if isinstance(value, Mapping) else _NOTHING


def plain(value: Any, depth: int = 0) -> Any:
    """The value as JSON has it: times as texts, bytes left out."""
    if depth > _DEEP:
        return None
    if isinstance(value, Mapping):
        return {str(key): plain(part, depth + 1) for key, part in value.items() if key != "ResponseMetadata"}
    if isinstance(value, list | tuple | set):
        return [plain(part, depth + 1) for part in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat() if value.tzinfo else value.isoformat()
    return value if isinstance(value, str | int | float | bool) else None


def selected(answer: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """The parts of the answer under these keys that are there, as JSON has them."""
    return {key: plain(answer[key]) for key in keys if answer.get(key) not in (None, "", [], {})}
