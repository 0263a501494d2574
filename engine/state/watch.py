"""How a live incident goes on after its first answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Literal, assert_never

from engine.events import (
    LiveBody,
    MetricReading,
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
    `read_at`; `of_symptom` is what they said last of the symptom's own metric, which a later reading may lack.
    `symptom` is None while nobody has seen a change, and `since` is when that change was.
    """

    earlier: tuple[Episode, ...] = ()
    ties: tuple[NameTie, ...] = ()
    watching: bool = False
    every_s: float = 0.0
    questions: int = 0
    reading: ReadingTaken | None = None
    read_at: datetime | None = None
    of_symptom: MetricReading | None = None
    symptom: Literal["recovered", "returned"] | None = None
    since: datetime | None = None
    stopped: WatchStopped | None = None

    @property
    def told_at(self) -> datetime | None:
        """As of when the symptom is known: not of a reading that lacks its metric, which an earlier one had."""
        if self.of_symptom is None or self.reading is None or self.of_symptom in self.reading.metrics:
            return self.read_at
        return self.of_symptom.at

    def after(self, body: LiveBody, at: datetime) -> WatchState:
        """The state with `body`, which came at `at`, folded in."""
        match body:
            case PeriodChosen():
                # The symptom may be another one now.
                return replace(self, earlier=body.earlier, of_symptom=None)
            case NamesTied():
                return replace(self, ties=body.ties)
            case WatchStarted():
                return replace(self, watching=True, every_s=body.every_s, questions=body.questions, stopped=None)
            case ReadingTaken():
                own = next((metric for metric in body.metrics if metric.symptom), self.of_symptom)
                return replace(self, reading=body, read_at=at, of_symptom=own)
            case SymptomChanged():
                return replace(self, symptom=body.state, since=body.since)
            case WatchStopped():
                return replace(self, watching=False, stopped=body)
            case _:
                assert_never(body)
