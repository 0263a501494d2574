"""Cleans, redacts and limits the text that a person typed."""

from __future__ import annotations

from typing import Final

from primitives.errors import UsageError
from primitives.redact import Redactor
from primitives.text import safe_line

__all__ = ["NOTE_LIMIT", "TEXT_LIMIT", "clean_text"]

TEXT_LIMIT: Final = 500
"""Characters of a statement, and of its reason: a sentence or two."""

NOTE_LIMIT: Final = 2_000
"""Characters of a note: a paragraph."""


def clean_text(text: str, what: str, limit: int = TEXT_LIMIT) -> str:
    """`text` as one safe line without secrets. Raises `UsageError` when it is longer than `limit`."""
    if len(text) > limit:
        raise UsageError(f"{what} is {len(text):,} characters long; say it in at most {limit:,}")
    return Redactor().redact(safe_line(text, limit=limit).strip())
