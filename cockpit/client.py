"""A cockpit's view of an engine: its own, in a thread beside the screen, or another process's, over the socket.

`connect` finds out which. Both are an `EnginePort`, so no screen knows the difference.
"""

from __future__ import annotations

import asyncio
import base64
import threading
from array import array
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from engine.engine import Engine
from engine.events import Event
from engine.incident import IncidentState
from engine.port import AuditResult, Command, EnginePort, IncidentSummary, Investigate
from engine.server import Server, socket_path
from engine.wire import GONE, decode_event, error_from, read_frame, write_frame
from primitives.answers import decode_answer
from primitives.clock import Clock, SystemClock
from primitives.errors import EngineGone, StoreBusy
from primitives.sources import NO_SOURCES, SourceDirectory
from primitives.telemetry import Answer

__all__ = ["EngineThread", "RemoteEngine", "Role", "ServedEngine", "connect"]

T = TypeVar("T")


Role = Literal["work", "look", "load"]
"""What an engine is wanted for: to investigate, to be asked a question or two, or to take in a bundle."""

HELLO_TIMEOUT_S = 5.0
"""An engine that has not said hello by then is stuck."""

LEAVING_TIMEOUT_S = 60.0
"""An engine that says that it is about to leave, and still answers, may take that long."""


class ServedEngine(Engine):
    """An engine of this process that other processes can attach to."""

    server: Server | None = None

    @classmethod
    async def serve(cls, store: Path, *, lasting: bool = True, sources: SourceDirectory = NO_SOURCES) -> Self:
        """Open the store and listen beside it. Raises `StoreError`.

        Beside a store that can only be read nobody can listen, and nobody needs to: others can read it as well.
        """
        engine = await cls.open(store, sources)
        if engine.store.rows.readonly:
            return engine
        engine.server = Server(engine, store, lasting=lasting)
        try:
            await engine.server.start()
        except BaseException:
            await engine.close()
            raise
        return engine

    async def close(self) -> None:
        if self.server is not None:
            await self.server.close()
        await super().close()


class RemoteEngine:
    """An engine of another process, over its socket; one connection a request."""

    def __init__(self, store: Path) -> None:
        self._path = socket_path(store)

    async def hello(self) -> dict[str, Any]:
        """Who answers. Raises `EngineGone` when nobody does in time."""
        try:
            async with asyncio.timeout(HELLO_TIMEOUT_S):
                value: dict[str, Any] = await self._ask("hello")
                return value
        except TimeoutError as error:
            raise EngineGone(f"the engine behind {self._path} does not answer; end that process") from error

    async def investigate(self, request: Investigate) -> str:
        return str(await self._ask("investigate", request=request.model_dump(mode="json")))

    async def resume(
        self, execution_id: str, *, sources: tuple[str, ...] = (), definitions: SourceDirectory = NO_SOURCES
    ) -> bool:
        document = definitions.model_dump(mode="json")
        return bool(await self._ask("resume", execution_id=execution_id, sources=sources, definitions=document))

    async def send(self, execution_id: str, command: Command) -> None:
        await self._ask("send", execution_id=execution_id, command=command.model_dump(mode="json"))

    async def follow(self, execution_id: str, after: int = 0, *, live: bool = True) -> AsyncIterator[tuple[Event, ...]]:
        request = {"op": "follow", "execution_id": execution_id, "after": after, "live": live}
        async with aclosing(self._exchange(request)) as messages:
            async for message in messages:
                if "batch" in message:
                    yield tuple(decode_event(document) for document in message["batch"])

    async def read(self, execution_id: str, after: int = 0, limit: int | None = None) -> tuple[Event, ...]:
        documents = await self._ask("read", execution_id=execution_id, after=after, limit=limit)
        return tuple(decode_event(document) for document in documents)

    async def times(self, execution_id: str) -> array[float]:
        return array("d", await self._ask("times", execution_id=execution_id))

    async def state(self, execution_id: str, seq: int | None = None) -> IncidentState:
        return IncidentState.decode(str(await self._ask("state", execution_id=execution_id, seq=seq)).encode())

    async def resolve(self, name: str) -> str:
        return str(await self._ask("resolve", name=name))

    async def incidents(self) -> tuple[IncidentSummary, ...]:
        return tuple(IncidentSummary.model_validate(one) for one in await self._ask("incidents"))

    async def answer(self, digest: str) -> Answer[Any]:
        return decode_answer(base64.b64decode(await self._ask("answer", digest=digest)), digest)

    async def verify(self, execution_id: str | None = None) -> tuple[AuditResult, ...]:
        return tuple(AuditResult.model_validate(one) for one in await self._ask("verify", execution_id=execution_id))

    async def close(self) -> None:
        """Nothing is held between requests."""

    async def _ask(self, op: str, **arguments: Any) -> Any:
        async with aclosing(self._exchange({"op": op, **arguments})) as messages:
            async for message in messages:
                return message["ok"]
        raise EngineGone(GONE)

    async def _exchange(self, request: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        try:
            reader, writer = await asyncio.open_unix_connection(self._path)
        except OSError as error:
            raise EngineGone(GONE) from error
        try:
            await write_frame(writer, request)
            while True:
                message = await read_frame(reader)
                if "error" in message:
                    raise error_from(message["error"])
                yield message
                if "ok" in message:
                    return
        except ConnectionError as error:
            raise EngineGone(GONE) from error
        finally:
            writer.close()


async def connect(
    store: Path,
    *,
    role: Role = "work",
    sources: SourceDirectory = NO_SOURCES,
    clock: Clock | None = None,
    patience_s: float = HELLO_TIMEOUT_S,
) -> EnginePort:
    """An engine for the store: our own if nobody has the store, else the one that has it.

    An engine that only looks something up leaves when it has found it, so an investigation is not given to such a one
    but waits until it has left. Raises `StoreBusy` when somebody holds the store and does not answer within
    `patience_s`, and other `StoreError`s when the store can't be used.
    """
    clock = clock or SystemClock()
    until = clock.monotonic() + patience_s
    until_left = clock.monotonic() + LEAVING_TIMEOUT_S
    while True:
        try:
            return await ServedEngine.serve(store, lasting=role == "work", sources=sources)
        except StoreBusy as busy:
            remote = RemoteEngine(store)
            try:
                async with asyncio.timeout(max(until - clock.monotonic(), 0.05)):
                    hello = await remote.hello()
            except (EngineGone, TimeoutError):
                if clock.monotonic() >= until:
                    raise busy from None
            else:
                if role == "look" or hello.get("lasting", True):
                    return remote
                if clock.monotonic() >= until_left:
                    raise
                until = clock.monotonic() + patience_s
        # The holder is about to leave, or an engine between lock and socket.
        await clock.sleep(0.05)


class EngineThread:
    """An `EnginePort` whose engine lives on an event loop of its own, so that no diagnostic can hold up a key."""

    def __init__(self, store: Path, sources: SourceDirectory | None = None) -> None:
        self._store = store
        self._sources = sources or NO_SOURCES
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()
        self._port: EnginePort | None = None

    async def open(self) -> None:
        """Connect. Raises `StoreError` as `connect` does."""
        self._port = await self._over(connect(self._store, sources=self._sources))

    @property
    def remote(self) -> bool:
        """Whether the engine is another process's."""
        return isinstance(self._port, RemoteEngine)

    @property
    def port(self) -> EnginePort:
        """The engine, to be used on its own loop."""
        assert self._port is not None, "open() comes first"
        return self._port

    async def investigate(self, request: Investigate) -> str:
        return await self._over(self.port.investigate(request))

    async def resume(
        self, execution_id: str, *, sources: tuple[str, ...] = (), definitions: SourceDirectory = NO_SOURCES
    ) -> bool:
        return await self._over(self.port.resume(execution_id, sources=sources, definitions=definitions))

    async def send(self, execution_id: str, command: Command) -> None:
        await self._over(self.port.send(execution_id, command))

    async def follow(self, execution_id: str, after: int = 0, *, live: bool = True) -> AsyncIterator[tuple[Event, ...]]:
        batches = self.port.follow(execution_id, after, live=live)
        try:
            while True:
                batch = await self._over(_next(batches))
                if batch is None:
                    return
                yield batch
        finally:
            with suppress(RuntimeError):
                await self._over(_close(batches))

    async def read(self, execution_id: str, after: int = 0, limit: int | None = None) -> tuple[Event, ...]:
        return await self._over(self.port.read(execution_id, after, limit))

    async def times(self, execution_id: str) -> array[float]:
        return await self._over(self.port.times(execution_id))

    async def state(self, execution_id: str, seq: int | None = None) -> IncidentState:
        return await self._over(self.port.state(execution_id, seq))

    async def resolve(self, name: str) -> str:
        return await self._over(self.port.resolve(name))

    async def incidents(self) -> tuple[IncidentSummary, ...]:
        return await self._over(self.port.incidents())

    async def answer(self, digest: str) -> Answer[Any]:
        return await self._over(self.port.answer(digest))

    async def verify(self, execution_id: str | None = None) -> tuple[AuditResult, ...]:
        return await self._over(self.port.verify(execution_id))

    async def close(self) -> None:
        if self._port is not None:
            await self._over(self._port.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join, 5.0)

    def _run(self) -> None:
        self._loop.run_forever()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    async def _over(self, work: Coroutine[Any, Any, T]) -> T:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))


async def _next(batches: AsyncIterator[T]) -> T | None:
    return await anext(batches, None)


async def _close(batches: AsyncIterator[Any]) -> None:
    closing = getattr(batches, "aclose", None)
    if closing is not None:
        await closing()
