"""What commands without a screen write: results to standard output, all else to standard error."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from contextlib import suppress
from typing import Any

import orjson

from primitives.text import safe_json, safe_line

__all__ = ["colored", "deliver", "document_text", "hang_up", "note", "say", "say_document"]

_PIPE_BYTES = 4_096
"""So much can be written without waiting to a pipe that says it can be written to (PIPE_BUF, pipe(7))."""
_TERMINAL_BYTES = 256
"""The same of a terminal."""


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
    say(document_text(document))


def document_text(document: Any) -> str:
    """One JSON document, indented."""
    return safe_json(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()) + "\n"


async def deliver(text: str) -> None:
    """Write text to standard output without blocking the event loop when nobody reads it. Raises `OSError`."""
    number = _pollable()
    if number is None:
        say(text)
        return
    sys.stdout.flush()
    rest = memoryview(text.encode(sys.stdout.encoding or "utf-8", "replace"))
    most = _TERMINAL_BYTES if os.isatty(number) else _PIPE_BYTES
    while rest:
        await _writable(number)
        with suppress(BlockingIOError):  # another process shares the pipe, made it non-blocking and filled it
            rest = rest[os.write(number, rest[:most]) :]


def hang_up() -> None:
    """End standard output where it is a pipe: its reader has everything, and this process stays for a while."""
    sys.stdout.flush()
    if _pollable() is not None and not sys.stdout.isatty():
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)


def _pollable() -> int | None:
    """Standard output's number where it is a pipe, a socket or a terminal; a file takes everything at once."""
    try:
        number = sys.stdout.fileno()
        mode = os.fstat(number).st_mode
    except (OSError, ValueError, AttributeError):
        return None
    waits = stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(number)
    return number if waits else None


async def _writable(number: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_writer(number, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_writer(number)


def note(text: str) -> None:
    """Write one line to standard error; a closed one is ignored."""
    with suppress(OSError):
        sys.stderr.write(safe_line(text, limit=2_000) + "\n")
        sys.stderr.flush()
