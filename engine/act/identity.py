"""An action's identity: the digest of its primitive and canonical arguments. It never changes.

Canonical arguments are JSON with sorted keys and without those that are None, so that a later version can add an
optional argument and no action gets another id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from typing import Any, Final

import orjson

__all__ = ["action_id", "canonical"]

_SHORTEST: Final = 8
"""Hex digits of an id; an incident has some dozen actions at most, so more are hardly ever needed."""


def canonical(primitive: str, arguments: Mapping[str, Any]) -> bytes:
    """The bytes that identify an action: equal for two actions that would do the same."""
    given = {name: value for name, value in arguments.items() if value is not None}
    return orjson.dumps({"primitive": primitive, "arguments": given}, option=orjson.OPT_SORT_KEYS)


def action_id(identity: bytes, taken: Collection[str]) -> str:
    """`A-` and the first 8 hex digits of the SHA-256 of `identity`; more digits where `taken` has that id."""
    digest = hashlib.sha256(identity).hexdigest()
    lengths = range(_SHORTEST, len(digest) + 1)
    return next(name for length in lengths if (name := f"A-{digest[:length]}") not in taken)
