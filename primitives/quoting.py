"""What outsiders wrote, quoted in an error or a warning: safe on a terminal, without secrets, and short.

A secret is redacted before the text is cut: of half a secret nobody could tell that it is one.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from primitives.redact import Redactor
from primitives.text import safe_line

__all__ = ["quoted", "safe_message"]

_MESSAGE_LIMIT: Final = 2_000
_READ: Final = 4_000


def quoted(value: object, limit: int = 80) -> str:
    """`value` as a piece of a message, on one line and of at most `limit` characters."""
    return safe_line(_redactor().redact(safe_line(str(value), limit=_READ)), limit=limit)


def safe_message(text: str) -> str:
    """A whole message on one line."""
    return safe_line(_redactor().redact(safe_line(text, limit=_READ)), limit=_MESSAGE_LIMIT)


@cache
def _redactor() -> Redactor:
    return Redactor()
