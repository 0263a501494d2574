"""Blocking calls in threads that hold up neither the event loop nor the end of the process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

__all__ = ["DaemonThreads"]

T = TypeVar("T")


class DaemonThreads:
    """At most `most` calls at once, each in a daemon thread.

    An executor's threads are waited for when Python ends: a credential process that hangs would hang the program. Here
    a call that hangs keeps its place, and nothing else.
    """

    def __init__(self, most: int) -> None:
        self._places = asyncio.Semaphore(most)

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises. Whoever is cancelled meanwhile goes; the thread runs on to its end."""
        await self._places.acquire()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def end(result: T | None, error: BaseException | None) -> None:
            self._places.release()
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)  # type: ignore[arg-type]

        def body() -> None:
            result, error = None, None
            try:
                result = work()
            except BaseException as raised:  # Whatever it is, whoever waits must hear of it.
                error = raised
            try:
                loop.call_soon_threadsafe(end, result, error)
            except RuntimeError:
                pass  # the loop is closed: nobody waits any more

        threading.Thread(target=body, name="cloudops-aws", daemon=True).start()
        return await future
