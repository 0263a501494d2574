"""How severe a log record is where its source doesn't say: most container logs have no level."""

from __future__ import annotations

import re
from typing import Final

from primitives.analysis.error_grammar import CALM
from primitives.patterns import lazy_pattern
from primitives.records import LogRecord
from primitives.redact.pieces import Pieces
from primitives.terms import Severity

__all__ = ["severity_in", "severity_of"]

_HEAD: Final = 400
"""Characters: a line's level stands near its beginning."""

_LEVELS: Final[tuple[tuple[re.Pattern[str], Severity], ...]] = (
    # nginx and Apache: `[crit]`; .NET: `crit:` and `fail:`; Java's own logging: SEVERE; Serilog: ERR; npm: `ERR!`.
    (lazy_pattern(r"\b(?:FATAL|PANIC|CRITICAL|EMERG)\b|\bpanic:"), "FATAL"),
    (lazy_pattern(r"\[(?:\w{1,20}:)?(?:crit|emerg|alert)\]|^crit: "), "FATAL"),
    # The console of .NET writes the message on the next line: its head alone says nothing.
    (lazy_pattern(r"\b(?:SEVERE|ERR)\b|^fail: (?!\S{1,200}\[\d{1,9}\]\s*$)"), "ERROR"),
    (lazy_pattern(r"\b(?:error|traceback|failed|failure|refused|denied)\b|exception", re.IGNORECASE), "ERROR"),
    (lazy_pattern(r"\bWARN(?:ING)?\b", re.IGNORECASE), "WARN"),
    (lazy_pattern(r"\bDEBUG\b"), "DEBUG"),
)  # fmt: skip
# A piece of each word above, in lower case: most lines have none.
_ANY_WORD: Final = Pieces((
    "fatal", "panic", "crit", "emerg", "alert", "severe", "err", "fail", "traceback", "refused", "denied", "exception",
    "warn", "debug",
))  # fmt: skip


def severity_in(text: str) -> Severity:
    """The severity that the words of a log line suggest; INFO where none does."""
    head = text[:_HEAD]
    if head.isascii() and not _ANY_WORD.are_in(head.lower()):
        return "INFO"
    if "0" in head or "no" in head or "null" in head or "false" in head:
        head = CALM.sub(" ", head)
    for pattern, severity in _LEVELS:
        if pattern.search(head):
            return severity
    return "INFO"


def severity_of(record: LogRecord) -> Severity:
    """The severity that the source gave, else the one that the words suggest."""
    return record.severity or severity_in(record.body)
