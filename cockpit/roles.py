"""The least rights that reading a source needs, to be granted by whoever may."""

from __future__ import annotations

from primitives.backends.registry import backends
from primitives.errors import UsageError
from primitives.text import safe_line

__all__ = ["role_of"]


def role_of(kind: str) -> str:
    """The role or policy for sources of `kind`. Raises `UsageError` where none is known."""
    known = {name: entry.role for name, entry in backends().items() if entry.role is not None}
    if kind not in known:
        raise UsageError(f"there is no role for {safe_line(kind, limit=60)}: choose {' or '.join(known)}")
    return known[kind]()
