"""An engine whose live incidents ask one made source, and can be watched."""

from __future__ import annotations

from typing import Any

from engine.engine import Engine
from engine.events import IncidentOpened
from engine.incident import IncidentState
from engine.investigate.scenario import Scenario
from engine.log import EventLog
from engine.store.memory import MemoryRows
from primitives.clock import SystemClock
from primitives.telemetry import Backend, BackendStatus


class WatchedEngine(Engine):
    """Asks `source`, also where an incident is opened again."""

    def __init__(self, source: Backend) -> None:
        super().__init__(EventLog(MemoryRows()), close_after=None)
        self._source = source

    def scenario(self, opened: IncidentOpened) -> Scenario:
        checks = (BackendStatus(self._source.name, "reachable", "", tuple(self._source.questions)),)
        name = f"inc-{self._source.name}"
        return Scenario(name, opened, (self._source,), checks, SystemClock(), recorded=False)

    async def reopen(self, state: IncidentState, sources: Any, definitions: Any) -> Scenario:
        del sources, definitions
        assert state.opened is not None
        return self.scenario(state.opened)
