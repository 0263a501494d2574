"""How commands without a screen reach an engine that may leave while they ask."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final, TypeVar

from cockpit.client import Role, connect
from cockpit.settings import Settings
from engine.port import EnginePort
from primitives.errors import EngineGone
from primitives.sources import NO_SOURCES

__all__ = ["RETRIES", "asked", "engine_of", "store_exists"]

T = TypeVar("T")

RETRIES: Final = 10
"""So many engines in a row may end while they are asked; each of them is a short command of another process."""


@asynccontextmanager
async def engine_of(settings: Settings, role: Role = "work") -> AsyncIterator[EnginePort]:
    """An engine for the settings' store, closed at the end."""
    port = await connect(settings.store, role=role, sources=settings.configured or NO_SOURCES)
    try:
        yield port
    finally:
        await port.close()


async def asked(settings: Settings, question: Callable[[EnginePort], Awaitable[T]], role: Role = "look") -> T:
    """The answer of an engine to `question`, which is put again when the engine that was asked ends meanwhile.

    Raises `CloudopsError`.
    """
    for _ in range(RETRIES):
        with suppress(EngineGone):
            async with engine_of(settings, role) as port:
                return await question(port)
    async with engine_of(settings, role) as port:
        return await question(port)


def store_exists(settings: Settings) -> bool:
    """Whether there is a store; one that nobody lets us look at is there, and opening it says why it can't be used."""
    try:
        settings.store.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        pass
    return True
