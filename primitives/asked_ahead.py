"""A source that is asked what everyone asks first before anyone asks: its answers are under way while it is checked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from primitives.questions import Answer, Query, Question
from primitives.telemetry import Backend, BackendStatus

__all__ = ["AskedAhead"]


class AskedAhead:
    """`backend`, of which `queries` are asked at once; who asks an equal question later gets the answer to these.

    A source that can't be reached is asked in vain; what it was asked ends when it is closed.
    """

    def __init__(self, backend: Backend, queries: Iterable[Query]) -> None:
        self._backend = backend
        self._under_way = {
            query.model_dump_json(): asyncio.ensure_future(backend.ask(query))
            for query in queries
            if query.question in backend.questions
        }

    @property
    def name(self) -> str:
        """What facts cite it by."""
        return self._backend.name

    @property
    def questions(self) -> frozenset[Question]:
        """What it can answer."""
        return self._backend.questions

    @property
    def cost_usd(self) -> float:
        """What it has charged for questions by now."""
        return float(getattr(self._backend, "cost_usd", 0.0))

    async def ask(self, query: Query) -> Answer[Any]:
        """Answer `query`. Raises `SourceError` as the source does."""
        under_way = self._under_way.get(query.model_dump_json())
        # The next one who asks the same must not lose the answer because this one was cancelled.
        return await (self._backend.ask(query) if under_way is None else asyncio.shield(under_way))

    async def check(self) -> BackendStatus:
        """Whether it can be reached, and as whom."""
        return await self._backend.check()

    async def close(self) -> None:
        """Stop what is under way and let go of connections."""
        for task in self._under_way.values():
            task.cancel()
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)
        self._under_way.clear()
        await self._backend.close()
