"""Redaction of text that has structure: what is written where says which values are secret."""

from __future__ import annotations

from primitives.redact.structure.spans import may_have_structure, names_a_secret, secret_spans

__all__ = ["may_have_structure", "names_a_secret", "secret_spans"]
