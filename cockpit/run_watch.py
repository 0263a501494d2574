"""An incident's state as its events come, for a command that carries out runs of actions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from engine.events import Event
from engine.incident import IncidentState
from engine.port import EnginePort
from engine.state.runs import ActionRun

__all__ = ["Watch"]


class Watch:
    """The incident's state as its events come."""

    def __init__(self, port: EnginePort, execution_id: str) -> None:
        self.state = IncidentState()
        self.execution_id = execution_id
        self._port = port
        self._events: AsyncIterator[tuple[Event, ...]] | None = None

    async def catch_up(self) -> None:
        """To the state of now."""
        self.state = await self._port.state(self.execution_id)

    async def batch(self) -> tuple[Event, ...]:
        """The next events, applied; none where the log has ended."""
        if self._events is None:
            self._events = self._port.follow(self.execution_id, self.state.seq)
        # Not by anext's default: Python 3.11 raises SystemError where that is cancelled.
        async for events in self._events:
            for event in events:
                self.state.apply(event)
            return events
        return ()

    async def aclose(self) -> None:
        """Stop following."""
        if self._events is not None:
            await self._events.aclose()  # type: ignore[attr-defined]

    async def until(self, condition: Callable[[IncidentState], bool]) -> None:
        """Apply events until the state fulfils `condition`, or the log ends."""
        while not condition(self.state):
            if not await self.batch():
                return

    async def run_now(self, run_id: str) -> ActionRun:
        """A run as the engine has it now, which may be ahead of the events that came."""
        return (await self._port.state(self.execution_id)).runs[run_id]
