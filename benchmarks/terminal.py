"""A program in a pseudo-terminal: when something could first be read in it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

__all__ = ["NotShown", "Terminal"]

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[P_^X][^\x1b]*\x1b\\|[ -/]*[0-~])")


class NotShown(RuntimeError):
    """The program ended, or the time ran out, before it showed what was waited for."""


class Terminal:
    """`command` on a terminal of its own, `size` being columns and rows.

    A context manager: leaving it ends the program. Marks are looked for in what was written, without its escape
    sequences: emulating a terminal would take longer than what is measured.
    `started` is the moment just before the program was started (`time.perf_counter`).
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str], size: tuple[int, int] = (120, 36)) -> None:
        self.raw = b""
        self.text = ""
        self.code: int | None = None
        columns, rows = size
        self.started = time.perf_counter()
        self._pid, self._screen = pty.fork()
        if self._pid == 0:
            _become(command, env, columns, rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def wait_for(self, *marks: str, within_s: float = 30.0) -> float:
        """Read until every mark has been written; the seconds since the start. Raises `NotShown`."""
        until = time.perf_counter() + within_s
        while not all(mark in self.text for mark in marks):
            if not self._read(until - time.perf_counter()):
                missing = ", ".join(mark for mark in marks if mark not in self.text)
                raise NotShown(f"not shown: {missing}; what was: {' '.join(self.text.split())[-400:]!r}")
        return time.perf_counter() - self.started

    def end(self, number: int = signal.SIGTERM, within_s: float = 5.0) -> int:
        """End the program, by force when it doesn't follow; its exit code, negative for a signal."""
        if self.code is None:
            self._signal(number)
            until = time.perf_counter() + within_s
            while self._read(until - time.perf_counter()):
                pass
            if not self._ended():
                self._signal(signal.SIGKILL)
                self._ended(wait=True)
            os.close(self._screen)
        assert self.code is not None
        return self.code

    def _read(self, timeout_s: float) -> bool:
        """Take in what the program writes next; False when it ended or wrote nothing in time."""
        ready, _, _ = select.select([self._screen], [], [], max(timeout_s, 0.0))
        if not ready:
            return False
        try:
            data = os.read(self._screen, 1 << 16)
        except OSError:  # Linux' way to say that the other side is closed
            data = b""
        self.raw += data
        # An escape sequence may arrive in two parts, so the text is made from the whole.
        self.text = _ESCAPES.sub("", self.raw.decode("utf-8", "replace"))
        return bool(data)

    def _signal(self, number: int) -> None:
        try:
            os.kill(self._pid, number)
        except ProcessLookupError:
            pass  # it has ended by itself

    def _ended(self, *, wait: bool = False) -> bool:
        until = time.perf_counter() + (5.0 if wait else 0.5)
        while True:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
                return True
            if time.perf_counter() >= until:
                return False
            time.sleep(0.002)


def _become(command: Sequence[str], env: Mapping[str, str], columns: int, rows: int) -> None:
    """In the child: take the size and turn into the program; never returns."""
    try:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.execve(command[0], list(command), dict(env))
    finally:
        os._exit(127)
