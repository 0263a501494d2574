"""What the tests of bad input share: hostile text, and what a complaint must look like."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
STORY = ROOT / "sample_incidents" / "api-latency-spike"
NOBODY = 65534
MANIFEST = """\
format: cloudops-incident/1
id: small
title: Checkout is slow
query: checkout latency
detected_at: 2026-03-10T12:10:00Z
window: {from: 2026-03-10T12:00:00Z, to: 2026-03-10T12:20:00Z}
symptom: {resource: checkout}
"""
# Escape sequences, bidi overrides, zero-width characters, markup of terminals, browsers and documents.
HOSTILE = (
    "\x1b]0;owned\x07\x1b[2J[red]x[/] \u202egpj\u200b\u009b31m <script>alert(1)</script> [a](javascript:b) `c` |d|"
)


@dataclass(frozen=True)
class Told:
    """What a command said and returned."""

    code: int
    out: str
    err: str


Cloudops = Callable[..., Told]


def ascii_id(value: object) -> str:
    """A test's name that every terminal shows."""
    return ascii(value)[:30]


def complaint(told: Told, code: int = 2) -> str:
    """The one line that `told` must be, harmless on a terminal, with no result beside it."""
    assert told.out == ""
    assert told.code == code, told
    line = told.err.removesuffix("\n")
    assert line.startswith("cloudops: "), told
    assert "\n" not in line
    assert line.isprintable(), ascii(line)
    assert len(line) < 1_000
    assert "Traceback" not in line
    return line


def harmless(shown: str) -> None:
    """Nothing in it drives a terminal, or a browser where it is a document."""
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e]", shown)
    if shown.startswith(("#", "<")):
        assert not re.search(r"(?<!\\)<script", shown)
