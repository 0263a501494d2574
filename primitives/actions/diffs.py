"""What an action would change, for a person to read."""

from __future__ import annotations

import difflib
from collections import OrderedDict
from typing import Any, Final

from primitives.digests import json_digest
from primitives.redact import Redactor

__all__ = ["redacted_diff"]

_CONTEXT: Final = 2
_WIDTH: Final = 200
_REMEMBERED: Final = 16
_recent: OrderedDict[str, str] = OrderedDict()
"""Diffs by the digest of their two documents: what was approved is compared once more right before it is sent."""


def redacted_diff(before: Any, after: Any) -> str:
    """The unified diff of two JSON-like documents as YAML, without secrets."""
    try:
        key = json_digest([before, after])
    except TypeError:  # JSON can't say it, such as a lone surrogate.
        return _diff(before, after)
    if key not in _recent:
        _recent[key] = _diff(before, after)
        if len(_recent) > _REMEMBERED:
            _recent.popitem(last=False)
    return _recent[key]


def _diff(before: Any, after: Any) -> str:
    redactor = Redactor()
    old, new = (_lines(redactor.redact_value(document)) for document in (before, after))
    lines = list(difflib.unified_diff(old, new, lineterm="", n=_CONTEXT))[2:]
    return "\n".join(line for line in lines if not line.startswith("@@"))


def _lines(document: Any) -> list[str]:
    import yaml

    try:
        text = yaml.dump(document, Dumper=yaml.CSafeDumper, width=_WIDTH)
    except UnicodeEncodeError:  # A lone surrogate, which Python's JSON lets through: libyaml can't write it.
        text = yaml.safe_dump(document, width=_WIDTH)
    return str(text).splitlines()
