"""Libraries that we hold back, and why: each test fails with the version that is held back."""

from __future__ import annotations

import asyncio
import gc
from contextlib import suppress

import anyio


async def _interrupt_as_a_connection_begins() -> None:
    connecting = asyncio.ensure_future(anyio.connect_tcp("127.0.0.1", 9))
    await asyncio.sleep(0)
    # What `asyncio.run` does with all that still runs at an interrupt.
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    with suppress(asyncio.CancelledError, OSError):
        await connecting


def test_an_interrupt_as_a_connection_begins_leaves_no_warning() -> None:
    asyncio.run(_interrupt_as_a_connection_begins())
    gc.collect()
