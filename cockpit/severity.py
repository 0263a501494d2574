"""The colour of a severity that an alert states."""

from __future__ import annotations

from engine.severity import severity_level

__all__ = ["severity_role"]


def severity_role(severity: str) -> str:
    """That of what is bad for what wakes people up, quiet for information."""
    return {"critical": "bad", "info": "dim"}.get(severity_level(severity), "warning")
