"""Redaction: credentials leave a text before it is stored, shown or sent anywhere."""

from __future__ import annotations

from primitives.redact.redactor import Redactor

__all__ = ["Redactor"]
