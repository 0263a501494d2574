"""Signals, and a terminal that goes away while the cockpit is drawn on it."""

from __future__ import annotations

import os
import signal
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

__all__ = ["on_hangup_or_stop", "on_terminal", "terminal_is_gone"]

INTERRUPTED = 130
LAST_RESORT_S = 8.0
"""A cockpit whose terminal is gone and that has not ended by then is ended: what was acknowledged is on the disk."""


def on_terminal() -> bool:
    """Whether a person sits before a screen that can show the cockpit (it is drawn on standard error)."""
    whole = sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()
    return whole and os.environ.get("TERM", "dumb") not in ("dumb", "")


@contextmanager
def on_hangup_or_stop(stop: Callable[[int], None], interrupt: Callable[[], None]) -> Iterator[None]:
    """SIGTERM and SIGHUP call `stop` with the exit code, SIGINT calls `interrupt`, until the end of the block."""

    def stopped(number: int, frame: FrameType | None) -> None:
        del frame
        if number == signal.SIGHUP:
            let_go_of_terminal()
        end_at_last()
        stop(INTERRUPTED)

    def interrupted(number: int, frame: FrameType | None) -> None:
        del number, frame
        interrupt()

    before = {number: signal.signal(number, stopped) for number in (signal.SIGTERM, signal.SIGHUP)}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def terminal_is_gone() -> bool:
    """Whether the terminal that we draw on was closed; then nothing is drawn on it any more."""
    try:
        termios.tcgetattr(sys.__stdin__.fileno() if sys.__stdin__ else 0)
    except (termios.error, OSError, ValueError):
        let_go_of_terminal()
        end_at_last()
        return True
    return False


def let_go_of_terminal() -> None:
    """Point the standard streams at nothing: Textual's writer would die of the first write and the loop wait for it."""
    with suppress(OSError):
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nothing, number)
        os.close(nothing)


def end_at_last(say: str = "") -> None:
    """End the process after `LAST_RESORT_S`, whatever it waits for; `say` this line on standard error before."""

    def end() -> None:
        if say:
            with suppress(OSError):
                os.write(2, f"{say}\n".encode())
        os._exit(INTERRUPTED)

    timer = threading.Timer(LAST_RESORT_S, end)
    timer.daemon = True
    timer.start()
