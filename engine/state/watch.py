"""How a live incident goes on after its first answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Literal, assert_never

from engine.events import (
    LiveBody,
    NamesTied,
    NameTie,
    PeriodChosen,
    ReadingTaken,
    SymptomChanged,
    WatchStarted,
    WatchStopped,
)
from primitives.dataclass import dataclass
from primitives.records import Episode

__all__ = ["WatchState"]


@dataclass(frozen=True, slots=True)
class WatchState:
    """`earlier` are the episodes that were over before the incident, `ties` the names tied across sources.

    `watching` says that the sources are asked again, every `every_s` seconds; `reading` is the last that they said, at
    `read_at`. `symptom` is None while nobody has seen a change, and `since` is when that change was.
    """

    earlier: tuple[Episode, ...] = ()
    ties: tuple[NameTie, ...] = ()
    watching: bool = False
    every_s: float = 0.0
    questions: int = 0
    reading: ReadingTaken | None = None
    read_at: datetime | None = None
    symptom: Literal["recovered", "returned"] | None = None
    since: datetime | None = None
    stopped: WatchStopped | None = None

    def after(self, body: LiveBody, at: datetime) -> WatchState:
        """The state with `body`, which came at `at`, folded in."""
        match body:
            case PeriodChosen():
                return replace(self, earlier=body.earlier)
            case NamesTied():
                return replace(self, ties=body.ties)
            case WatchStarted():
                return replace(self, watching=True, every_s=body.every_s, questions=body.questions, stopped=None)
            case ReadingTaken():
                return replace(self, reading=body, read_at=at)
            case SymptomChanged():
                return replace(self, symptom=body.state, since=body.since)
            case WatchStopped():
                return replace(self, watching=False, stopped=body)
            case _:
                assert_never(body)
