"""Opens the engine of a store, or attaches to the process that has it.

The cockpit reaches engines through this module alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final, Literal, Self, TypeVar

from engine.act.policy_file import PolicyFile
from engine.engine import CLOSE_AFTER, Engine
from engine.port import EnginePort
from engine.remote import HELLO_TIMEOUT_S, RemoteEngine
from engine.server import Server
from engine.store.locations import StoreLocation, parse_location
from engine.thread import EngineThread
from primitives.clock import Clock, SystemClock
from primitives.errors import EngineGone, StoreBusy
from primitives.sources import NO_SOURCES, SourceDirectory

__all__ = [
    "RETRIES",
    "EngineThread",
    "Role",
    "ServedEngine",
    "ask_engine",
    "connect",
    "engine_in_thread",
    "is_remote",
    "open_engine",
    "others_attached",
    "store_permissions",
]

T = TypeVar("T")

Role = Literal["investigate", "query", "import"]
"""What the engine is needed for: to investigate, to answer a question or two, or to import a bundle."""

LEAVING_TIMEOUT_S = 60.0
"""How long to wait for an engine that still answers but is about to close."""

RETRIES: Final = 10
"""How often a question is repeated because the engine of another short command closed meanwhile."""


class ServedEngine(Engine):
    """An engine of this process that other processes can attach to."""

    server: Server | None = None

    @classmethod
    async def serve(
        cls,
        store: str | Path | StoreLocation,
        *,
        lasting: bool = True,
        sources: SourceDirectory = NO_SOURCES,
        close_after_days: int | None = None,
        policies: PolicyFile | None = None,
    ) -> Self:
        """Open the store and, where it is a file, listen beside it. Raises `StoreError`.

        Beside a store that can only be read nobody can listen, and nobody needs to: others can read it as well.
        """
        location = parse_location(store)
        engine = await cls.open(location, sources, close_after=_close_after(close_after_days), policies=policies)
        if location.path is None or engine.store.rows.readonly:
            return engine
        engine.server = Server(engine, location.path, lasting=lasting)
        try:
            await engine.server.start()
        except BaseException:
            await engine.close()
            raise
        return engine

    async def close(self) -> None:
        """Stop listening, then close the engine."""
        if self.server is not None:
            await self.server.close()
        await super().close()


async def connect(
    store: str | Path | StoreLocation,
    *,
    role: Role = "investigate",
    clock: Clock | None = None,
    patience_s: float = HELLO_TIMEOUT_S,
    sources: SourceDirectory = NO_SOURCES,
    close_after_days: int | None = None,
    policies: PolicyFile | None = None,
) -> EnginePort:
    """An engine for the store: a new one with `sources`, or that of the process that has the store.

    An engine that was opened only to answer a question closes soon, so an investigation waits until it is closed.
    Raises `StoreBusy` when another process has the store and does not answer within `patience_s` or speaks another
    protocol, and other `StoreError`s when the store can't be used.
    """
    clock = clock or SystemClock()
    location = parse_location(store)
    until = clock.monotonic() + patience_s
    until_left = clock.monotonic() + LEAVING_TIMEOUT_S
    while True:
        try:
            return await ServedEngine.serve(
                location, lasting=role == "investigate", sources=sources, close_after_days=close_after_days,
                policies=policies,
            )  # fmt: skip
        except StoreBusy as busy:
            if location.path is None:
                raise
            remote = RemoteEngine(location.path)
            try:
                async with asyncio.timeout(max(until - clock.monotonic(), 0.05)):
                    hello = await remote.hello()
            except (EngineGone, TimeoutError):
                if clock.monotonic() >= until:
                    raise busy from None
            else:
                if role == "query" or hello.get("lasting", True):
                    return remote
                if clock.monotonic() >= until_left:
                    raise
                until = clock.monotonic() + patience_s
        # The holder is about to close, or has the lock and doesn't listen yet.
        await clock.sleep(0.05)


def is_remote(port: EnginePort) -> bool:
    """Whether the engine is another process's."""
    return isinstance(port, RemoteEngine) or (isinstance(port, EngineThread) and port.remote)


def others_attached(port: EnginePort) -> int:
    """How many other processes follow an investigation in this process's engine; 0 where the engine is another's."""
    server = port.server if isinstance(port, ServedEngine) else None
    return server.followers if server is not None else 0


def engine_in_thread(
    store: str | Path | StoreLocation,
    sources: SourceDirectory | None = None,
    *,
    close_after_days: int | None = None,
    policies: PolicyFile | None = None,
) -> EngineThread:
    """`connect` on an event loop of its own, in a thread; `open` of what it returns connects."""
    opened = partial(
        connect, store, sources=sources or NO_SOURCES, close_after_days=close_after_days, policies=policies
    )
    return EngineThread(opened)


def store_permissions(port: EnginePort) -> str:
    """What others could read of the store when this process opened it; empty where they can't, or another opened it."""
    return getattr(port.store.rows, "permissions", "") if isinstance(port, Engine) else ""


@asynccontextmanager
async def open_engine(
    store: str | Path | StoreLocation,
    role: Role = "investigate",
    sources: SourceDirectory | None = None,
    *,
    close_after_days: int | None = None,
    policies: PolicyFile | None = None,
) -> AsyncIterator[EnginePort]:
    """An engine for the store, closed at the end."""
    port = await connect(
        store, role=role, sources=sources or NO_SOURCES, close_after_days=close_after_days, policies=policies
    )
    try:
        yield port
    finally:
        await port.close()


async def ask_engine(
    store: str | Path | StoreLocation,
    question: Callable[[EnginePort], Awaitable[T]],
    role: Role = "query",
    sources: SourceDirectory | None = None,
    *,
    close_after_days: int | None = None,
    policies: PolicyFile | None = None,
) -> T:
    """The answer of an engine to `question`; it is asked again when that engine closes meanwhile.

    Raises `CloudopsError`.
    """
    opened = partial(open_engine, store, role, sources, close_after_days=close_after_days, policies=policies)
    for _ in range(RETRIES):
        with suppress(EngineGone):
            async with opened() as port:
                return await question(port)
    async with opened() as port:
        return await question(port)


def _close_after(days: int | None) -> timedelta | None:
    """After how long a live incident is closed: None is the engine's default, 0 never."""
    if days is None:
        return CLOSE_AFTER
    return timedelta(days=days) if days else None
