"""An engine on an event loop of its own, so that no diagnostic can hold up a key."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from engine.operations import Operation
from engine.port import EnginePort
from engine.proxy import PortProxy
from engine.remote import RemoteEngine
from primitives.errors import EngineGone

__all__ = ["EngineThread"]

T = TypeVar("T")


class EngineThread(PortProxy):
    """An `EnginePort` in a thread; `connect` opens it there."""

    def __init__(self, connect: Callable[[], Awaitable[EnginePort]]) -> None:
        self._connect = connect
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()
        self._port: EnginePort | None = None

    async def open(self) -> None:
        """Connect. Raises what `connect` raises."""
        self._port = await self._over(_awaited(self._connect))

    @property
    def remote(self) -> bool:
        """Whether the engine is another process's."""
        return isinstance(self._port, RemoteEngine)

    @property
    def port(self) -> EnginePort:
        """The engine, to be used on its own loop."""
        assert self._port is not None, "open() comes first"
        return self._port

    async def close(self) -> None:
        """Close the engine and end the thread."""
        if self._port is not None:
            await self._over(self._port.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join, 5.0)

    async def _call(self, operation: Operation, arguments: Mapping[str, Any]) -> Any:
        try:
            return await self._over(getattr(self.port, operation.name)(**arguments))
        except EngineGone:
            if not self.remote:
                raise
            # The process that had the store ended: this one takes the store, or attaches to the one that took it.
            await self.open()
            if not operation.reads:
                raise
            return await self._over(getattr(self.port, operation.name)(**arguments))

    async def _stream(self, operation: Operation, arguments: Mapping[str, Any]) -> AsyncIterator[Any]:
        answers = getattr(self.port, operation.name)(**arguments)
        try:
            while (answer := await self._over(_next(answers))) is not None:
                yield answer
        finally:
            with suppress(RuntimeError):
                await self._over(_close(answers))

    def _run(self) -> None:
        self._loop.run_forever()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    async def _over(self, work: Coroutine[Any, Any, T]) -> T:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))


async def _awaited(make: Callable[[], Awaitable[T]]) -> T:
    return await make()


async def _next(answers: AsyncIterator[T]) -> T | None:
    return await anext(answers, None)


async def _close(answers: AsyncIterator[Any]) -> None:
    closing = getattr(answers, "aclose", None)
    if closing is not None:
        await closing()
