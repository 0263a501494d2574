"""The state of an incident: a pure fold over its events. No clock, no I/O, no randomness.

Everything a person sees is drawn from this, live and in replay alike.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Literal, assert_never

import orjson
from pydantic import TypeAdapter

from engine.events import (
    AnswerRecorded,
    ConclusionReached,
    Event,
    FactAdded,
    FactFound,
    FactJudged,
    HypothesesRanked,
    IncidentClassified,
    IncidentOpened,
    InvestigationCancelled,
    InvestigationFinished,
    InvestigationResumed,
    PlanConfirmed,
    PlannedStep,
    PlanProposed,
    SourcesChecked,
    SourceState,
    StepAdded,
    StepFinished,
    StepProgressed,
    StepStarted,
    Who,
)
from engine.hypotheses import Action, Classification, Decisive, Finding, Hypothesis, Judgement
from primitives.facts import Fact

__all__ = ["FoundFact", "IncidentState", "Phase", "Step", "StepStatus", "fold"]

Phase = Literal["opened", "classified", "planned", "investigating", "completed", "cancelled", "failed"]
StepStatus = Literal["waiting", "running", "completed", "failed", "timed_out", "cancelled"]


@dataclass(slots=True)
class Step:
    """A step of the plan and what became of it; `added` says that it joined later."""

    plan: PlannedStep
    added: bool = False
    status: StepStatus = "waiting"
    attempt: int = 0
    started_at: datetime | None = None
    duration_s: float | None = None
    done: int = 0
    total: int = 0
    note: str = ""
    summary: str = ""
    facts: list[str] = field(default_factory=list)

    def copy(self) -> Step:
        """A step that can be changed without changing this one."""
        own = Step(*_values_of_step(self))
        own.facts = list(own.facts)
        return own


# `dataclasses.replace` takes four times as long, and a long log has thousands of steps.
_values_of_step = attrgetter(*(field.name for field in fields(Step)))


@dataclass(frozen=True, slots=True)
class FoundFact:
    """A fact with its identifier and the step that found it; empty where a person added it."""

    id: str
    step: str
    key: str
    fact: Fact


@dataclass(slots=True)
class IncidentState:
    """What is known of one execution after its first `seq` events. Changed by `apply` and nothing else."""

    execution_id: str = ""
    incident_id: str = ""
    seq: int = 0
    hash: str = ""
    opened_at: datetime | None = None
    updated_at: datetime | None = None
    phase: Phase = "opened"
    opened: IncidentOpened | None = None
    opened_by: Who | None = None
    sources: tuple[SourceState, ...] = ()
    classification: Classification | None = None
    confirmed_by: Who | None = None
    steps: dict[str, Step] = field(default_factory=dict)
    answers: dict[str, AnswerRecorded] = field(default_factory=dict)
    facts: dict[str, FoundFact] = field(default_factory=dict)
    judgements: dict[str, Judgement] = field(default_factory=dict)
    hypotheses: tuple[Hypothesis, ...] = ()
    would_change: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    gaps: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    decisive: tuple[Decisive, ...] = ()
    cancelling: bool = False
    concluded: bool = False
    resumed: int = 0
    finished: InvestigationFinished | None = None

    @property
    def ended(self) -> bool:
        """Whether no further event of the investigation is to come."""
        return self.finished is not None

    def apply(self, event: Event) -> None:  # noqa: C901, PLR0912 - one branch a type of event, nothing else
        """Fold one event in. Events must come in the order of their sequence numbers."""
        if event.seq != self.seq + 1:
            raise ValueError(f"event {event.seq} can't follow event {self.seq} of {event.execution_id}")
        self.seq = event.seq
        self.hash = event.hash
        self.updated_at = event.time
        body = event.body
        match body:
            case StepProgressed():
                step = self.steps[body.step]
                step.done, step.total, step.note = body.done, body.total, body.note
            case FactFound():
                self.facts[body.id] = FoundFact(body.id, body.step, body.key, body.fact)
                self.steps[body.step].facts.append(body.id)
            case FactAdded() | FactJudged():
                self.heed(body, event.who)
            case AnswerRecorded():
                self.answers[body.digest] = body
            case StepStarted():
                step = self.steps[body.step]
                step.status, step.attempt, step.started_at = "running", body.attempt, event.time
                self.phase = "investigating"
            case StepFinished():
                step = self.steps[body.step]
                step.status, step.summary, step.duration_s = body.status, body.summary, body.duration_s
            case HypothesesRanked():
                self.hypotheses, self.would_change = body.hypotheses, body.would_change
                self.decisive = body.decisive
            case IncidentOpened():
                self._open(event, body)
            case SourcesChecked():
                self.sources = body.sources
            case IncidentClassified():
                self.classification, self.phase = body.classification, "classified"
            case PlanProposed():
                self.steps = {step.id: Step(step) for step in body.steps}
                self.phase = "planned"
            case StepAdded():
                self.steps[body.step.id] = Step(body.step, added=True)
            case PlanConfirmed():
                self.confirmed_by, self.phase = event.who, "investigating"
            case ConclusionReached():
                self.findings, self.gaps, self.actions = body.findings, body.gaps, body.actions
                self.concluded = True
            case InvestigationResumed():
                self._resume()
            case InvestigationCancelled():
                self.cancelling = True
            case InvestigationFinished():
                self.finished, self.phase = body, body.status
            case _:
                assert_never(body)

    def _open(self, event: Event, body: IncidentOpened) -> None:
        self.execution_id, self.incident_id = event.execution_id, event.incident_id
        self.opened, self.opened_at, self.opened_by = body, event.time, event.who

    def _resume(self) -> None:
        self.resumed += 1
        if self.finished is not None:
            # A person asked on: what had ended goes on.
            self.finished, self.phase = None, "investigating"
            self.concluded = self.cancelling = False

    def heed(self, body: FactAdded | FactJudged, who: Who) -> None:
        """Take in what a person said; `apply` does it, and who wants to know beforehand what would come of it."""
        match body:
            case FactAdded():
                self.facts[body.id] = FoundFact(body.id, "", body.key, body.fact)
            case FactJudged() if body.verdict is None:
                self.judgements.pop(body.fact, None)
            case FactJudged():
                assert body.verdict is not None
                self.judgements[body.fact] = Judgement(verdict=body.verdict, by=who.name, because=body.because)

    def aside(self) -> IncidentState:
        """A copy that what a person says can be tried on."""
        return replace(self, facts=dict(self.facts), judgements=dict(self.judgements))

    def copy(self) -> IncidentState:
        """A state that can be folded on without changing this one; what never changes is shared."""
        own = replace(self)
        for one in fields(own):
            if isinstance(value := getattr(own, one.name), dict):
                setattr(own, one.name, value.copy())
        own.steps = {name: step.copy() for name, step in own.steps.items()}
        return own

    def encode(self) -> bytes:
        """The state as canonical JSON, for snapshots and digests."""
        return orjson.dumps(_adapter().dump_python(self, mode="json", by_alias=True), option=orjson.OPT_SORT_KEYS)

    def digest(self) -> str:
        """SHA-256 (hex) of the state: two logs that fold to the same state have the same digest."""
        return hashlib.sha256(self.encode()).hexdigest()

    @staticmethod
    def decode(data: bytes) -> IncidentState:
        """The state that `encode` wrote. Raises `ValueError` when it can't be read."""
        return _adapter().validate_json(data)


@cache
def _adapter() -> TypeAdapter[IncidentState]:
    return TypeAdapter(IncidentState)


def fold(events: list[Event] | tuple[Event, ...], state: IncidentState | None = None) -> IncidentState:
    """The state after `events`, from `state` or from nothing."""
    state = state or IncidentState()
    for event in events:
        state.apply(event)
    return state
