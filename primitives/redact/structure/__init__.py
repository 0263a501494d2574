"""Redaction of structured text: the place of a value in the structure says whether it is secret."""

from __future__ import annotations

from primitives.redact.structure.spans import (
    PIECES_OF_STRUCTURE,
    hints_at_a_secret,
    may_have_structure,
    may_hold_arguments,
    secret_names,
    secret_spans,
    spans_of_frames,
)

__all__ = [
    "PIECES_OF_STRUCTURE",
    "hints_at_a_secret",
    "may_have_structure",
    "may_hold_arguments",
    "secret_names",
    "secret_spans",
    "spans_of_frames",
]
