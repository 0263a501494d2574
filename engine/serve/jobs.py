"""Work that the service does beside its investigations, for as long as it runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from engine.engine import Engine
from primitives.clock import Clock, SystemClock

__all__ = ["Job", "Jobs"]

Job = Callable[[Engine], Coroutine[Any, Any, None]]
"""Runs until it is cancelled, and then leaves nothing half done. It may end by itself when there is nothing to do."""

_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 60.0

_log = logging.getLogger("cloudops.serve")


class Jobs:
    """Runs jobs by their names. One that fails is logged and started again after a pause; the others go on."""

    def __init__(self, engine: Engine, clock: Clock | None = None) -> None:
        self._engine = engine
        self._clock = clock or SystemClock()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self, jobs: Mapping[str, Job]) -> None:
        """Run these jobs, and no others any more."""
        await self.stop()
        for name, job in jobs.items():
            self._tasks[name] = asyncio.create_task(self._keep_running(name, job), name=name)

    async def stop(self) -> None:
        """Cancel every job, and wait until each has ended."""
        tasks, self._tasks = list(self._tasks.values()), {}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep_running(self, name: str, job: Job) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                await job(self._engine)
            except Exception as error:  # A job's failure must not end the service; it is tried again.
                _log.exception("job failed", extra={"job": name, "error": type(error).__name__})
            else:
                return
            await self._clock.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
