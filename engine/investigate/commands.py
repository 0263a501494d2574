"""The engine's own commands to an incident's actor. People's commands are in `engine.port`."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from engine.events import (
    AnswerRecorded,
    IncidentOpened,
    NamesTied,
    PeriodChosen,
    PlannedStep,
    ReadingTaken,
    SourcesChecked,
)
from engine.hypotheses import Classification
from primitives.dataclass import dataclass
from primitives.facts import Fact
from primitives.sources import NO_SOURCES, SourceDirectory

__all__ = [
    "AddStep",
    "AskAgain",
    "ChoosePeriod",
    "CloseAged",
    "Conclude",
    "FailInvestigation",
    "FindDecisiveFacts",
    "FinishInvestigation",
    "FinishStep",
    "InvestigationCommand",
    "KeepTies",
    "OpenIncident",
    "ProposePlan",
    "PublishFacts",
    "Rank",
    "RecordAnswer",
    "ReportProgress",
    "ResumeInvestigation",
    "StartStep",
    "StopWatch",
    "TakeAdvice",
    "TakeReading",
]


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """Open the incident, with the sources that can be asked."""

    opened: IncidentOpened
    sources: SourcesChecked


@dataclass(frozen=True, slots=True)
class ResumeInvestigation:
    """Resume an interrupted investigation; `sources` as they are now, where the log doesn't name them yet."""

    sources: SourcesChecked


@dataclass(frozen=True, slots=True)
class ChoosePeriod:
    """Look at the time that the data suggest."""

    period: PeriodChosen


@dataclass(frozen=True, slots=True)
class ProposePlan:
    """Classify the incident and propose a plan."""

    classification: Classification
    steps: tuple[PlannedStep, ...]


@dataclass(frozen=True, slots=True)
class AddStep:
    """Add the next best diagnostic, unless a person added a step first."""

    step: PlannedStep


@dataclass(frozen=True, slots=True)
class StartStep:
    """Start a step, or start it again."""

    step: str


@dataclass(frozen=True, slots=True)
class ReportProgress:
    """Report the progress of a step."""

    step: str
    done: int
    total: int
    note: str


@dataclass(frozen=True, slots=True)
class RecordAnswer:
    """Keep a source's answer, once; `data` are the bytes whose digest `answer` names."""

    answer: AnswerRecorded
    data: bytes


@dataclass(frozen=True, slots=True)
class PublishFacts:
    """Publish what a step found, except known facts."""

    step: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class FinishStep:
    """Finish a step; `fault`: the diagnostic itself failed, not a source that it asked."""

    step: str
    status: Literal["completed", "failed", "timed_out", "cancelled"]
    summary: str
    duration_s: float
    fault: bool = False


@dataclass(frozen=True, slots=True)
class TakeAdvice:
    """Take the valid part of an advisor's advice; `remarks` say what was dropped or failed."""

    advisor: str
    facts: tuple[Fact, ...]
    steps: tuple[PlannedStep, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rank:
    """Rank the hypotheses again where the facts move them."""


@dataclass(frozen=True, slots=True)
class FindDecisiveFacts:
    """Rank a concluded investigation without each fact in turn, to find the facts that decide its order."""


@dataclass(frozen=True, slots=True)
class Conclude:
    """Conclude: the last ranking, findings, gaps and actions. Nothing while steps wait."""


@dataclass(frozen=True, slots=True)
class FinishInvestigation:
    """End the investigation. `duration_s` is how long it ran, `cost_usd` what its sources charge for their answers."""

    duration_s: float
    cost_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class FailInvestigation:
    """End the investigation because it can't go on."""

    duration_s: float
    problem: str


@dataclass(frozen=True, slots=True)
class KeepTies:
    """Keep which names of several sources mean the same resource."""

    tied: NamesTied


@dataclass(frozen=True, slots=True)
class AskAgain:
    """Ask the plan's diagnostics of a watched incident again, about `period`: what is seen there is news, `because`.

    `sources` and `definitions` are as in `AskNext`.
    """

    because: str
    period: PeriodChosen
    sources: tuple[str, ...] = ()
    definitions: SourceDirectory = NO_SOURCES


@dataclass(frozen=True, slots=True)
class TakeReading:
    """Keep what the sources of a watched incident say now."""

    reading: ReadingTaken


@dataclass(frozen=True, slots=True)
class StopWatch:
    """Ask nothing any more."""

    reason: Literal["unwatched", "budget", "failed"]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class CloseAged:
    """Close a live incident whose investigation has ended and to which nothing happened for `after`."""

    after: timedelta


InvestigationCommand = (
    OpenIncident
    | ResumeInvestigation
    | ChoosePeriod
    | ProposePlan
    | AddStep
    | StartStep
    | ReportProgress
    | RecordAnswer
    | PublishFacts
    | FinishStep
    | TakeAdvice
    | Rank
    | FindDecisiveFacts
    | Conclude
    | FinishInvestigation
    | FailInvestigation
    | CloseAged
    | AskAgain
    | KeepTies
    | TakeReading
    | StopWatch
)
"""The commands of the engine itself."""
