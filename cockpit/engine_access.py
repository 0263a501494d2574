"""Engines for the store and the sources that the settings name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from cockpit.output import note
from cockpit.settings import Settings
from engine import host
from engine.act.policy_file import PolicyFile
from engine.port import EnginePort

__all__ = ["ask_engine", "open_engine", "policies_of"]

T = TypeVar("T")


@asynccontextmanager
async def open_engine(settings: Settings, role: host.Role = "investigate") -> AsyncIterator[EnginePort]:
    """An engine for the settings' store, closed at the end."""
    async with host.open_engine(
        settings.store,
        role,
        settings.configured,
        close_after_days=settings.close_after_days,
        policies=policies_of(settings),
    ) as port:
        _say_permissions(port)
        yield port


async def ask_engine(
    settings: Settings, question: Callable[[EnginePort], Awaitable[T]], role: host.Role = "query"
) -> T:
    """The answer of an engine to `question`; see `engine.host.ask_engine`."""

    async def asked(port: EnginePort) -> T:
        _say_permissions(port)
        return await question(port)

    return await host.ask_engine(
        settings.store,
        asked,
        role,
        settings.configured,
        close_after_days=settings.close_after_days,
        policies=policies_of(settings),
    )


def policies_of(settings: Settings) -> PolicyFile:
    """The policy file that the settings name."""
    return PolicyFile(settings.policy, required=settings.policy_required)


def _say_permissions(port: EnginePort) -> None:
    if said := host.store_permissions(port):
        note(f"cloudops: {said}")
