"""Signals for commands without a screen: each ends them with one clear line and exit code 130."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeVar

from cockpit.terminal import end_at_last
from primitives.errors import Interrupted

__all__ = ["LEAVING", "handling", "run"]

T = TypeVar("T")

LEAVING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The signals that ask a command to end."""


@contextmanager
def handling(handlers: Mapping[signal.Signals, Callable[[], None]]) -> Iterator[None]:
    """Call these when their signals come, until the end of the block.

    What our starter had ignored stays ignored (`nohup`, a shell's background jobs). Only the main thread can handle
    signals; in another one nothing changes.
    """
    before: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number, handler in handlers.items():
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, lambda *_, call=handler: call())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end. Raises `Interrupted` when a signal ended it; it had the chance to close what it opened."""
    stop = _Stop()

    async def guarded() -> T:
        task = asyncio.ensure_future(work)
        stop.watch(task)
        try:
            return await task
        except asyncio.CancelledError:
            raise Interrupted("interrupted") from None

    # Not the loop's own handlers: those leave a gap at its end in which a signal would kill us.
    with handling(dict.fromkeys(LEAVING, stop)):
        return asyncio.run(guarded())


class _Stop:
    """Cancels a task of the running loop; asked before there is one, as soon as there is."""

    def __init__(self) -> None:
        self._asked = False
        self._task: asyncio.Task[Any] | None = None

    def __call__(self) -> None:
        if not self._asked:
            end_at_last("cloudops: interrupted")
        self._asked = True
        if self._task is not None:
            with suppress(RuntimeError):  # the loop is closed: the work is done
                self._task.get_loop().call_soon_threadsafe(self._task.cancel)

    def watch(self, task: asyncio.Task[Any]) -> None:
        self._task = task
        if self._asked:
            task.cancel()
