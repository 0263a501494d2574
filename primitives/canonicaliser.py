"""The interface of what calls each thing by one identifier, whatever the sources call it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from primitives.questions import Answer, Query
from primitives.resolver import Tie

__all__ = ["Ask", "Canonicaliser"]

Ask = Callable[[Query], Awaitable[Sequence[Answer[Any]]]]
"""Puts a question to every source that can answer it."""


class Canonicaliser(Protocol):
    """Calls each thing by one identifier, whatever the sources call it (`primitives/cross_source_names.py`)."""

    async def canonical(self, answer: Answer[Any], ask: Ask) -> Answer[Any]:
        """`answer` with canonical identifiers; `ask` puts a question to every source and changes nothing of it."""
        ...

    async def aliases(self, resource: str, ask: Ask) -> tuple[str, ...]:
        """What else the sources call `resource`."""
        ...

    async def local(self, query: Query, source: str, ask: Ask) -> Query | None:
        """`query` as `source` understands it; None where it names only resources of other scopes."""
        ...

    @property
    def ties(self) -> tuple[Tie, ...]:
        """Which names were tied to a resource by now, and by which rule."""
        ...
