"""A proxy that forwards every operation to a thread or a socket."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from engine.operations import Operation
from engine.port import OPERATIONS

__all__ = ["PortProxy"]


class PortProxy(ABC):
    """Give it to callers as an `EnginePort`: the type checker then knows every operation.

    A kind of proxy says how one operation is called, and how one is streamed.
    """

    @abstractmethod
    async def _call(self, operation: Operation, arguments: Mapping[str, Any]) -> Any:
        """The operation's answer."""

    @abstractmethod
    def _stream(self, operation: Operation, arguments: Mapping[str, Any]) -> AsyncIterator[Any]:
        """The operation's answers as they come."""

    def __getattr__(self, name: str) -> Any:
        operation = OPERATIONS.get(name)
        if operation is None:
            raise AttributeError(f"{type(self).__name__} has no operation {name!r}")
        way: Callable[[Operation, Mapping[str, Any]], Any] = self._stream if operation.streams else self._call
        return lambda *args, **kwargs: way(operation, operation.bind(*args, **kwargs))
