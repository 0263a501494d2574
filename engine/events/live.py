"""What is learned of a live incident beside its diagnostics: which time it is about, and how it goes on."""

import operator
from typing import Literal

from pydantic import AwareDatetime, Field

from engine.events.envelope import EventBody, IncidentEvent
from primitives.records import Episode, Symptom, Window
from primitives.resolver import Rule
from primitives.terms import MetricKind

__all__ = [
    "AlertReading",
    "LiveBody",
    "MetricReading",
    "NameTie",
    "NamesTied",
    "PeriodChosen",
    "ReadingTaken",
    "SymptomChanged",
    "WatchStarted",
    "WatchStopped",
    "WorkloadReading",
]


class PeriodChosen(IncidentEvent):
    """The time that a live question is about, read from the data: it takes the place of the one by the clock.

    `baseline` is the calm that it is compared with (None: the quiet part of the window), `symptom` the metric that is
    bad now, `earlier` what was bad before and is over. `because` says why, in words; empty where only the symptom is
    new. `now` is the new moment of asking, where a watched incident is asked again.
    """

    type: Literal["period_chosen"] = "period_chosen"
    version: Literal[1] = 1
    window: Window
    baseline: Window | None
    symptom: Symptom | None
    earlier: tuple[Episode, ...] = ()
    because: str = ""
    now: AwareDatetime | None = Field(default=None, exclude_if=lambda value: value is None)


class NameTie(EventBody):
    """That `name` in the answers of `source` means `resource` by `rule`, as do `more` names of it by the same rule.

    An ambiguous name was left alone: it has no resource and no rule, but `candidates`.
    """

    source: str
    name: str
    resource: str | None = None
    rule: Rule | None = None
    candidates: tuple[str, ...] = Field(default=(), exclude_if=operator.not_)
    more: int = Field(default=0, exclude_if=operator.not_)


class NamesTied(IncidentEvent):
    """Which names of several sources mean the same resource. `left_out` says of how many more nothing is said here."""

    type: Literal["names_tied"] = "names_tied"
    version: Literal[1] = 1
    ties: tuple[NameTie, ...]
    left_out: int = Field(default=0, exclude_if=operator.not_)


class MetricReading(EventBody):
    """A watched metric: its newest sample in `unit`, and when that was taken (`at`).

    `usual` is its level in normal times. `bad_since` is when it last left it, `well_since` since when it has been back;
    at most one is known. The symptom's own metric has `symptom`.
    """

    resource: str
    metric: str
    kind: MetricKind
    unit: str
    value: float
    at: AwareDatetime
    usual: float
    bad_since: AwareDatetime | None = None
    well_since: AwareDatetime | None = None
    symptom: bool = Field(default=False, exclude_if=operator.not_)


class AlertReading(EventBody):
    """An alert that fires now."""

    name: str
    resource: str | None = None


class WorkloadReading(EventBody):
    """How many of a workload's wanted pods are ready."""

    resource: str
    ready: int
    wanted: int


class WatchStarted(IncidentEvent):
    """Somebody watches: from now on the symptom is asked again every `every_s` seconds, at most `questions` times."""

    type: Literal["watch_started"] = "watch_started"
    version: Literal[1] = 1
    every_s: float
    questions: int


class ReadingTaken(IncidentEvent):
    """What the sources say now. `asked` questions the watch has put so far; `missing` is what gave no answer."""

    type: Literal["reading_taken"] = "reading_taken"
    version: Literal[1] = 1
    metrics: tuple[MetricReading, ...] = ()
    alerts: tuple[AlertReading, ...] = ()
    workloads: tuple[WorkloadReading, ...] = ()
    asked: int
    missing: tuple[str, ...] = ()


class SymptomChanged(IncidentEvent):
    """The symptom is gone (`recovered`) or there again (`returned`), since `since`; `reading` is what shows it."""

    type: Literal["symptom_changed"] = "symptom_changed"
    version: Literal[1] = 1
    state: Literal["recovered", "returned"]
    since: AwareDatetime
    reading: MetricReading | None = None


class WatchStopped(IncidentEvent):
    """Nothing is asked any more."""

    type: Literal["watch_stopped"] = "watch_stopped"
    version: Literal[1] = 1
    reason: Literal["unwatched", "budget", "failed"]
    detail: str = ""


LiveBody = PeriodChosen | NamesTied | WatchStarted | ReadingTaken | SymptomChanged | WatchStopped
"""Bodies of live incidents alone."""
