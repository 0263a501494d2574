"""Follows a log until the investigation ends. The log itself ends with the incident, which may be much later."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

from engine.events import Event, InvestigationFinished, InvestigationResumed
from engine.port import EnginePort

__all__ = ["follow_investigation"]


async def follow_investigation(
    port: EnginePort, execution_id: str, after: int = 0
) -> AsyncGenerator[tuple[Event, ...], None]:
    """The events after `after`, in batches, until the investigation has ended.

    Events after the end that are already stored are included. Raises `CloudopsError`.
    """
    ended = bool(after) and (await port.state(execution_id, after)).ended
    async for batch in port.follow(execution_id, after, live=False):
        ended, after = _ended(batch, ended), batch[-1].seq
        yield batch
    if ended:
        return
    stream = port.follow(execution_id, after)
    try:
        async for batch in stream:
            ended = _ended(batch, ended)
            yield batch
            if ended:
                return
    finally:
        await _close(stream)


def _ended(batch: tuple[Event, ...], before: bool) -> bool:
    for event in reversed(batch):
        if isinstance(event.body, InvestigationFinished | InvestigationResumed):
            return isinstance(event.body, InvestigationFinished)
    return before


async def _close(stream: AsyncIterator[tuple[Event, ...]]) -> None:
    if isinstance(stream, AsyncGenerator):
        await stream.aclose()
