"""Text from outside, made safe to show and to store: first without control characters, then redacted.

Bundles are sanitised while they are read, the answers of live sources in `Telemetry`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from primitives.redact import Redactor
from primitives.text import ELLIPSIS, safe_line, safe_text

__all__ = ["Cleaner", "TooDeepError"]

_TEXT_LIMIT: Final = 1_000_000
_FILE_LIMIT: Final = 64 * 1024 * 1024
_LEAST_INTEGER: Final = -(2**63)
_GREATEST_INTEGER: Final = 2**64 - 1
_KEY_BEGINS: Final = "-----BEGIN "
_KEY_ENDS: Final = "-----END "
_PIECE: Final = 1 << 20
"""Characters: so long a line is redacted whole, and a key of several lines is shorter than that."""
_NAME_LIMIT: Final = 2_048  # the longest Amazon resource name
_MAX_DEPTH: Final = 100


class TooDeepError(ValueError):
    """A value is nested deeper than anything that a person or a provider writes."""


class Cleaner:
    """Sanitises text and JSON-like values."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor

    def text(self, value: str) -> str:
        """A text of several lines: a log body, a diff."""
        return self._redactor.redact(safe_text(value, limit=_TEXT_LIMIT))

    def file(self, value: str | Iterable[str]) -> str:
        """A whole text file, or its lines, piece by piece: what is searched takes several times its memory."""
        lines = value.splitlines(keepends=True) if isinstance(value, str) else value
        pieces, size = list[str](), 0
        for piece in _pieces(lines):
            if size <= _FILE_LIMIT:  # the rest is only read, so that damage shows
                pieces.append(self._redactor.redact(safe_text(piece, limit=_FILE_LIMIT)))
                size += len(pieces[-1])
        # The pieces are safe, and end at a line's end: together they are safe too.
        return "".join(pieces) if size <= _FILE_LIMIT else f"{''.join(pieces)[: _FILE_LIMIT - 1]}{ELLIPSIS}"

    def name(self, value: str) -> str:
        """An identifier or another text of one line."""
        return self._redactor.redact(safe_line(value, limit=_NAME_LIMIT))

    def line(self, value: str) -> str:
        """A message on one line, such as why a source did not answer."""
        return self._redactor.redact(safe_line(value))

    def value(self, obj: Any) -> Any:
        """A JSON-like value. Raises `TooDeepError`."""
        return self._redactor.redact_value(_safe(obj, 0))

    def mapping(self, obj: Mapping[str, Any]) -> dict[str, Any]:
        """A JSON-like object. Raises `TooDeepError`."""
        cleaned: dict[str, Any] = self.value(obj)
        return cleaned

    def secret(self, obj: Mapping[str, Any]) -> dict[str, Any]:
        """A Kubernetes Secret whose `kind` is on the list that held it."""
        cleaned = _safe(obj, 0)
        return self._redactor.redact_secret_object(cleaned)


def _pieces(lines: Iterable[str]) -> Iterator[str]:
    """The text in pieces that end at a line's end, and not between the first and the last line of a key."""
    pending, size, opened = list[str](), 0, -1
    for line in lines:
        if _KEY_BEGINS in line:
            opened = len(pending)
        if _KEY_ENDS in line and line.rfind(_KEY_ENDS) > line.rfind(_KEY_BEGINS):
            opened = -1
        pending.append(line)
        size += len(line)
        if size >= _PIECE:
            end = opened if opened > 0 else len(pending)
            yield "".join(pending[:end])
            pending = pending[end:]
            size, opened = sum(map(len, pending)), -1 if opened < 0 else 0
    yield "".join(pending)


def _safe(obj: Any, depth: int) -> Any:
    if isinstance(obj, str):
        return safe_text(obj, limit=_TEXT_LIMIT)
    if isinstance(obj, int):
        # Of more than 64 bits no number can be stored, and none is meant: it stays as text.
        return obj if _LEAST_INTEGER <= obj <= _GREATEST_INTEGER else f"{obj:#x}"
    if depth > _MAX_DEPTH:
        raise TooDeepError(f"it is nested over {_MAX_DEPTH} levels deep")
    if isinstance(obj, dict | Mapping):
        return {safe_line(str(key), limit=_NAME_LIMIT): _safe(value, depth + 1) for key, value in obj.items()}
    if isinstance(obj, list | tuple):
        return [_safe(value, depth + 1) for value in obj]
    return obj
