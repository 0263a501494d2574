"""What a person wants the cockpit to open with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.port import Investigate

__all__ = ["Attach", "Browse", "Intent", "Replay", "Start"]


@dataclass(frozen=True, slots=True)
class Start:
    """A new investigation."""

    request: Investigate


@dataclass(frozen=True, slots=True)
class Attach:
    """A running or interrupted investigation; `name` is anything that `EnginePort.resolve` takes."""

    name: str
    prometheus: str | None = None


@dataclass(frozen=True, slots=True)
class Replay:
    """A stored incident, from its beginning or from `at` (a time or a sequence number)."""

    name: str
    at: str | None = None


@dataclass(frozen=True, slots=True)
class Browse:
    """The list of stored incidents."""


Intent = Start | Attach | Replay | Browse
