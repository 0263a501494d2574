"""Redaction of text that has structure: what is written where says which values are secret."""

from __future__ import annotations

from primitives.redact.structure.spans import (
    PIECES_OF_STRUCTURE,
    hints_at_a_secret,
    may_have_structure,
    secret_names,
    secret_spans,
)

__all__ = ["PIECES_OF_STRUCTURE", "hints_at_a_secret", "may_have_structure", "secret_names", "secret_spans"]
