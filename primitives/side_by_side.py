"""Several questions asked at once, with one time limit for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

__all__ = ["side_by_side"]

T = TypeVar("T")


async def side_by_side(
    questions: Iterable[Coroutine[Any, Any, T]], within_s: float | None = None
) -> list[asyncio.Task[T] | None]:
    """The questions as tasks that have ended, in their order; None for one that had not after `within_s` seconds.

    None of them runs on, also when whoever asks is cancelled.
    """
    tasks = [asyncio.ensure_future(question) for question in questions]
    try:
        if tasks:
            await asyncio.wait(tasks, timeout=within_s)
    finally:
        late = {task for task in tasks if task.cancel()}
        await asyncio.gather(*tasks, return_exceptions=True)
    return [None if task in late else task for task in tasks]
