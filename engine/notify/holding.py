"""The outbox of an engine's store: opened when first needed, closed with the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.notify.delivery import Delivery
from engine.store.rows import RowStore
from primitives.clock import Clock
from primitives.errors import StoreError

if TYPE_CHECKING:
    from engine.notify.outbox import Outbox

__all__ = ["StoreOutbox"]


class StoreOutbox:
    """The outbox beside `rows`: `incidents.db.outbox`; in memory where the store is.

    Every method raises `StoreError` when it can't be read or written.
    """

    def __init__(self, rows: RowStore, clock: Clock) -> None:
        path: Path | None = getattr(rows, "path", None)
        self._path = path.with_name(path.name + ".outbox") if path else None
        self._readonly = rows.readonly
        self._clock = clock
        self._outbox: Outbox | None = None
        self._opening = asyncio.Lock()

    async def get(self) -> Outbox:
        """The outbox; made where it isn't there yet."""
        if self._readonly:
            raise StoreError(f"notifications can't be kept: the store is read-only ({self._readonly})")
        from engine.notify.outbox import Outbox

        async with self._opening:
            if self._outbox is None:
                self._outbox = await Outbox.open(self._path)
            return self._outbox

    async def deliveries(self) -> tuple[Delivery, ...]:
        """The lines of the outbox; empty where notifications were never configured."""
        return await (await self.get()).deliveries() if self._exists else ()

    async def retry(self, keys: Sequence[str]) -> int:
        """Retry dead deliveries. Returns how many."""
        return await (await self.get()).retry(keys, self._clock.now().timestamp()) if self._exists else 0

    async def close(self) -> None:
        """Close it where it is open."""
        if self._outbox is not None:
            await self._outbox.close()

    @property
    def _exists(self) -> bool:
        if self._readonly:
            return False
        return self._outbox is not None or (self._path is not None and self._path.exists())
