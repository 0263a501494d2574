"""Several questions asked at once, with one time limit for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

from primitives.errors import SourceDenied, SourceError

__all__ = ["outcomes", "side_by_side"]

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


def outcomes(tasks: Iterable[asyncio.Task[T] | None]) -> tuple[list[T], list[SourceError]]:
    """What ended tasks gave, and the failures among them: half of an answer is better than none.

    A denial is raised, since it will meet every further question, and so is what is no `SourceError`: it is a fault.
    """
    results: list[T] = []
    failures: list[SourceError] = []
    for task in tasks:
        error = None if task is None else task.exception()
        if isinstance(error, SourceError) and not isinstance(error, SourceDenied):
            failures.append(error)
        elif error is not None:
            raise error
        elif task is not None:
            results.append(task.result())
    return results, failures
