"""Engines for the store and the sources that the settings name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

from cockpit.settings import Settings
from engine import host
from engine.port import EnginePort

__all__ = ["ask_engine", "open_engine"]

T = TypeVar("T")


def open_engine(settings: Settings, role: host.Role = "work") -> AbstractAsyncContextManager[EnginePort]:
    """An engine for the settings' store, closed at the end."""
    return host.open_engine(settings.store, role, settings.configured, close_after_days=settings.close_after_days)


async def ask_engine(settings: Settings, question: Callable[[EnginePort], Awaitable[T]], role: host.Role = "look") -> T:
    """The answer of an engine to `question`; see `engine.host.ask_engine`."""
    return await host.ask_engine(
        settings.store, question, role, settings.configured, close_after_days=settings.close_after_days
    )
