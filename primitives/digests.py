"""Digests of JSON documents."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

__all__ = ["json_digest"]


def json_digest(document: Any) -> str:
    """SHA-256 (hex) of a JSON-like value, in whichever order its keys come."""
    return hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()
