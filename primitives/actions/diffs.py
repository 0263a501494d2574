"""What an action would change, for a person to read."""

from __future__ import annotations

import difflib
from typing import Any, Final

from primitives.redact import Redactor

__all__ = ["redacted_diff"]

_CONTEXT: Final = 2
_WIDTH: Final = 200


def redacted_diff(before: Any, after: Any) -> str:
    """The unified diff of two JSON-like documents as YAML, without secrets."""
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
