"""What an investigation may use of the incident that it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from engine.incident import IncidentState
from engine.investigate.commands import InvestigationCommand
from engine.port import ConfirmPlan

__all__ = ["IncidentAccess"]


class IncidentAccess(Protocol):
    """An incident: its state, and commands to it. The incident's actor implements it."""

    @property
    def state(self) -> IncidentState:
        """What is known by now. Read it again after each `await`."""
        ...

    async def send(self, command: InvestigationCommand | ConfirmPlan) -> None:
        """Send a command; returns when its events are stored. Raises `StoreError`."""
        ...

    async def until(self, condition: Callable[[IncidentState], bool]) -> None:
        """Wait until the state fulfils `condition`."""
        ...
