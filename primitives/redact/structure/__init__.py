"""Redaction of text that has structure: what is written where says which values are secret."""

from __future__ import annotations

from primitives.redact.structure.spans import secret_spans

__all__ = ["secret_spans"]
