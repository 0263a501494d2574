"""What commands without a screen write: results to standard output, all else to standard error."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Any

import orjson

from primitives.text import safe_line

__all__ = ["colored", "note", "say", "say_document"]


def colored(wanted: bool) -> bool:
    """Whether to colour standard output: a terminal with colours, and NO_COLOR is not set (no-color.org)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") in ("dumb", "")
    return wanted and not plain and sys.stdout.isatty()


def say(text: str) -> None:
    """Write to standard output and flush, so that a pipe sees it when it happens. Raises `OSError`."""
    sys.stdout.write(text)
    sys.stdout.flush()


def say_document(document: Any) -> None:
    """Write one JSON document, indented, to standard output. Raises `OSError`."""
    say(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n")


def note(text: str) -> None:
    """Write one line to standard error; a closed one is ignored."""
    with suppress(OSError):
        sys.stderr.write(safe_line(text, limit=2_000) + "\n")
        sys.stderr.flush()
