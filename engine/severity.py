"""The severity that an alert states, wherever its provider puts it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from primitives.alert_payloads.model import AlertSeverity
from primitives.alert_payloads.severity_words import severity_named

__all__ = ["severity_level", "severity_of"]

_LEVELS: Final[Mapping[AlertSeverity, Literal["critical", "warning", "info"]]] = {
    "critical": "critical", "error": "warning", "warning": "warning", "info": "info", "unknown": "warning",
}  # fmt: skip

DEPTH = 4
"""So deep in an alert's payload a severity is looked for."""


def severity_of(alert: Any) -> str:
    """The severity that an alert states; empty where it states none."""
    severity = _severity(alert, 0)
    return str(severity)[:12] if isinstance(severity, (str, int)) else ""


def severity_level(severity: str) -> Literal["critical", "warning", "info", "unknown"]:
    """A provider's word for a severity as one of three levels: what wakes people up, what informs, and all between."""
    return _LEVELS[severity_named(severity)] if severity.strip() else "unknown"


def _severity(value: Any, depth: int) -> Any:
    if depth > DEPTH:
        return None
    if isinstance(value, dict):
        for key, item in value.items():
            if str(key).lower() in ("severity", "priority") and isinstance(item, (str, int)):
                return item
        for item in value.values():
            severity = _severity(item, depth + 1)
            if severity:
                return severity
    if isinstance(value, (list, tuple)) and value:
        return _severity(value[0], depth + 1)
    return None
