"""A command in a pseudo-terminal of its own, and what a person before it would see."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

import pyte

ROOT = Path(__file__).parents[2]
COCKPIT = (sys.executable, "-c", "import sys; from cockpit.cli import main; sys.exit(main())")


class PseudoTerminal:
    """Runs `command` in a terminal of `columns` x `lines` cells whose process leads its own session."""

    def __init__(
        self, *command: str, columns: int = 120, lines: int = 36, environment: Mapping[str, str] | None = None
    ) -> None:
        self.screen = pyte.Screen(columns, lines)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = bytearray()
        self.status: int | None = None
        self.started = time.monotonic()
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            self._become(command, dict(environment or {}))
        self.resize(columns, lines)

    def _become(self, command: tuple[str, ...], environment: dict[str, str]) -> None:
        given = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONPATH": str(ROOT)} | environment
        inherited = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
        # The size is set by the other end; a child that asks before that must not see none at all.
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", self.screen.lines, self.screen.columns, 0, 0))
        # An explicit environment: readline, which pytest loads, sets COLUMNS and LINES behind Python's back.
        os.execvpe(command[0], command, inherited | given)

    def resize(self, columns: int, lines: int) -> None:
        """Give the terminal another size, as a window manager would."""
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        if (self.screen.columns, self.screen.lines) != (columns, lines):
            self.screen.resize(lines, columns)
            os.kill(self.pid, signal.SIGWINCH)

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self.terminal, keys.encode())

    def signal(self, number: int) -> None:
        """Send a signal to the process."""
        os.kill(self.pid, number)

    def close(self) -> None:
        """Take the terminal away."""
        os.close(self.terminal)
        self.terminal = -1

    @property
    def shown(self) -> str:
        """What is on the screen."""
        return "\n".join(self.screen.display)

    def read(self, seconds: float = 0.05) -> bool:
        """Take in what was written, waiting so long for it; False when the other end is closed."""
        if not select.select([self.terminal], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.terminal, 1 << 16)
        except OSError:
            return False
        self.raw += data
        self.stream.feed(data)
        return bool(data)

    def wait_for(self, seen: Callable[[str], bool] | str, seconds: float = 20.0) -> float:
        """Wait until the screen shows it; returns how long that took since the start, in seconds."""
        wanted = seen if callable(seen) else lambda shown: seen in shown
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            alive = self.read()
            if wanted(self.shown):
                return time.monotonic() - self.started
            if not alive:
                break
        raise AssertionError(f"not seen within {seconds:g} s: {seen}\n{self.shown}")

    def wait(self, seconds: float = 20.0) -> int:
        """Wait for the process to end and return its exit code (negative: the signal that ended it)."""
        until = time.monotonic() + seconds
        while self.status is None and time.monotonic() < until:
            if self.terminal >= 0:
                self.read(0.02)
            else:
                time.sleep(0.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        if self.status is None:
            raise AssertionError(f"still running after {seconds:g} s\n{self.shown}")
        while self.terminal >= 0 and select.select([self.terminal], [], [], 0.05)[0] and self.read(0.0):
            pass
        return self.status

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.status is None:
            try:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
        if self.terminal >= 0:
            os.close(self.terminal)
