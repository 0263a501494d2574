"""Severities of log lines: from labels and structured metadata, as Loki and OpenTelemetry name them.

Loki 3 writes `detected_level` into a line's structured metadata, `unknown` where it can't tell.
https://grafana.com/docs/loki/latest/get-started/labels/structured-metadata/,
https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from primitives.terms import Severity

__all__ = ["ANY_LEVEL", "LEVEL_LABELS", "level_pattern", "severity_of_labels"]

LEVEL_LABELS: Final = ("level", "severity_text", "severity", "detected_level", "lvl", "loglevel", "log_level")
"""The labels that may hold a level, best first; what the program says before what Loki guesses."""

_WORDS: Final[Mapping[Severity, tuple[str, ...]]] = {
    "TRACE": ("trace", "verbose", "finest"),
    "DEBUG": ("debug", "dbug", "fine"),
    "INFO": ("info", "information", "notice", "log", "i"),
    "WARN": ("warn", "warning", "w"),
    "ERROR": ("err", "error", "eror", "severe", "e"),
    "FATAL": ("fatal", "critical", "crit", "panic", "emergency", "emerg", "alert", "dpanic", "f"),
}
_SEVERITY: Final[Mapping[str, Severity]] = {word: severity for severity, words in _WORDS.items() for word in words}
_NUMBERS: Final[tuple[Severity, ...]] = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
_PER_LEVEL: Final = 4
"""OpenTelemetry numbers its severities in fours: 1 to 4 is TRACE, 21 to 24 FATAL."""

ANY_LEVEL: Final = f"(?i)({'|'.join(_SEVERITY)})"
"""What a level label that states a severity matches."""


def severity_of_labels(labels: Mapping[str, str]) -> Severity | None:
    """The severity that the labels state; None where none does."""
    for label in LEVEL_LABELS:
        if severity := _SEVERITY.get(labels.get(label, "").strip().lower()):
            return severity
    number = labels.get("severity_number", "")
    if number.isascii() and number.isdigit() and 1 <= int(number) <= _PER_LEVEL * len(_NUMBERS):
        return _NUMBERS[(int(number) - 1) // _PER_LEVEL]
    return None


def level_pattern(severities: Iterable[Severity]) -> str:
    """What the level labels of these severities match."""
    return f"(?i)({'|'.join(word for severity in severities for word in _WORDS[severity])})"
