"""The four start modes: new, attach, replay, list. Imports nothing heavy, so the first frame doesn't wait for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from primitives.dataclass import dataclass

__all__ = ["Attach", "Browse", "Replay", "Start", "StartMode"]


@dataclass(frozen=True, slots=True)
class Start:
    """A new investigation, of what `engine.port.Investigate` says; its read-only plan waits for a person."""

    query: str | None = None
    bundle: str | None = None
    resource: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    at: datetime | None = None
    alert: Any = None


@dataclass(frozen=True, slots=True)
class Attach:
    """A running or interrupted investigation; `name` is anything that `EnginePort.resolve` takes."""

    name: str


@dataclass(frozen=True, slots=True)
class Replay:
    """A stored incident, from its beginning or from `at` (a time or a sequence number).

    In a `drill` what is believed is hidden until somebody has said what it is. It is not `kept` when its store goes
    away with the command that made it.
    """

    name: str
    at: str | None = None
    kept: bool = True
    drill: bool = False


@dataclass(frozen=True, slots=True)
class Browse:
    """The list of stored incidents."""


StartMode = Start | Attach | Replay | Browse
