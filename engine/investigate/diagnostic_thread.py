"""Runs a diagnostic of a live investigation in a thread of its own, so that its arithmetic holds up nobody.

The thread has an event loop for the diagnostic. What the diagnostic asks is asked on the engine's loop, where the
sources' connections are; what it finds comes back there.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Final

from primitives.diagnostics.registry import Arguments, Diagnostic, DiagnosticOutput
from primitives.telemetry import Answers, Query, Telemetry

__all__ = ["run_in_thread"]

_END: Final = object()


class _ElsewhereAsked(Telemetry):
    """The telemetry of another event loop."""

    def __init__(self, telemetry: Telemetry, loop: asyncio.AbstractEventLoop) -> None:  # It has no state of its own.
        self.telemetry = telemetry
        self.loop = loop

    async def ask(self, query: Query) -> Answers[Any]:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self.telemetry.ask(query), self.loop))


async def run_in_thread(
    diagnostic: Diagnostic, telemetry: Telemetry, arguments: Arguments
) -> AsyncIterator[DiagnosticOutput]:
    """What `diagnostic` yields, as it yields it. Raises what it raises.

    When this is cancelled the diagnostic is cancelled at its next question; a calculation under way is not waited for.
    """
    loop = asyncio.get_running_loop()
    items: asyncio.Queue[Any] = asyncio.Queue()
    own = asyncio.new_event_loop()
    work = own.create_task(_collect(diagnostic, _ElsewhereAsked(telemetry, loop), arguments, loop, items))

    def serve() -> None:
        try:
            own.run_until_complete(asyncio.wait({work}))
            own.run_until_complete(own.shutdown_asyncgens())
        finally:
            own.close()
            with suppress(RuntimeError):  # The engine's loop is closed: nobody waits any more.
                loop.call_soon_threadsafe(items.put_nowait, _END)

    threading.Thread(target=serve, name=diagnostic.name, daemon=True).start()
    try:
        while (item := await items.get()) is not _END:
            yield item
    except BaseException:
        with suppress(RuntimeError):  # It has just ended.
            own.call_soon_threadsafe(work.cancel)
        raise
    work.result()


async def _collect(
    diagnostic: Diagnostic,
    ask: Telemetry,
    arguments: Arguments,
    loop: asyncio.AbstractEventLoop,
    items: asyncio.Queue[Any],
) -> None:
    async for item in diagnostic.run(ask, arguments):
        loop.call_soon_threadsafe(items.put_nowait, item)
