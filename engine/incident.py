"""The state of an incident: a pure fold over its events. No clock, no I/O, no randomness.

Everything a person sees is made from this state, live and in replay. Each event goes to the part of the state that it
concerns (`engine.state`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping
from dataclasses import field, replace
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any, Literal, assert_never

import orjson
from pydantic import TypeAdapter

from engine.events import (
    ActionBody,
    AnswerRecorded,
    ConclusionReached,
    Event,
    FactAdded,
    FactJudged,
    IncidentBody,
    IncidentClosed,
    IncidentOpened,
    InvestigationFinished,
    LiveBody,
    NoteAdded,
    PeriodChosen,
    SourceState,
    Who,
    in_real_time,
)
from engine.hypotheses import Action, Classification, Decisive, Finding, Hypothesis, Judgement
from engine.state.actions import ActionsState
from engine.state.investigation import FoundFact, InvestigationState, Phase
from engine.state.notes import Note, NotesState
from engine.state.runs import ActionRun
from engine.state.steps import Step, StepStatus
from engine.state.supersession import AskedAgain
from engine.state.watch import WatchState
from primitives.dataclass import dataclass
from primitives.errors import StoreCorrupt

__all__ = ["Closure", "FoundFact", "IncidentState", "Note", "OutOfOrderError", "Phase", "Step", "StepStatus", "fold",
           "with_period"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Closure:
    """Why, by whom and when (real time) the incident was closed."""

    reason: Literal["person", "recovered", "age"]
    by: Who
    at: datetime
    because: str = ""


@dataclass(slots=True)
class IncidentState:
    """The state of one execution after its first `seq` events. Changed only by `apply`.

    `updated_at` is the incident's time: that of the last event of the investigation. `said_at` is the real time of the
    last statement by a person; in a live incident both are on one clock.
    """

    execution_id: str = ""
    incident_id: str = ""
    seq: int = 0
    hash: str = ""
    opened_at: datetime | None = None
    updated_at: datetime | None = None
    said_at: datetime | None = None
    opened: IncidentOpened | None = None
    opened_by: Who | None = None
    investigation: InvestigationState = field(default_factory=InvestigationState)
    remediation: ActionsState = field(default_factory=ActionsState)
    discussion: NotesState = field(default_factory=NotesState)
    closed: Closure | None = None
    watch: WatchState = field(default_factory=WatchState)

    @property
    def ended(self) -> bool:
        """Whether the investigation has ended; the incident stays open until it is closed."""
        return self.investigation.finished is not None

    @property
    def live(self) -> bool:
        """Whether the investigation's clock is real time."""
        return self.opened is not None and self.opened.origin == "live"

    @property
    def phase(self) -> Phase:
        """The phase of the investigation."""
        return self.investigation.phase

    @property
    def sources(self) -> tuple[SourceState, ...]:
        """What can be asked."""
        return self.investigation.sources

    @property
    def classification(self) -> Classification | None:
        """What kind of incident it is."""
        return self.investigation.classification

    @property
    def confirmed_by(self) -> Who | None:
        """Who confirmed the plan."""
        return self.investigation.confirmed_by

    @property
    def steps(self) -> dict[str, Step]:
        """The history: every step by its id, in the order of the plan, also those that were asked again."""
        return self.investigation.steps

    @property
    def current_steps(self) -> tuple[Step, ...]:
        """The steps as of now: of those that asked the same the last."""
        return self.investigation.current_steps

    @property
    def scope_step(self) -> Step:
        """The first step of the plan as it was asked last: what the investigation is about now. Needs a plan."""
        return self.investigation.scope_step

    @property
    def answers(self) -> dict[str, AnswerRecorded]:
        """The recorded answers by their digest."""
        return self.investigation.answers

    @property
    def facts(self) -> dict[str, FoundFact]:
        """The history: every fact by its id, in the order in which they were found, also what is past."""
        return self.investigation.facts

    def facts_after(self, count: int) -> list[FoundFact]:
        """The facts of the history without the first `count`, at the cost of those alone."""
        facts = list(islice(reversed(self.facts.values()), len(self.facts) - count))
        facts.reverse()
        return facts

    @property
    def current_facts(self) -> tuple[FoundFact, ...]:
        """What is known as of now: the only facts that may be told or used as present."""
        return self.investigation.current_facts

    @property
    def past_facts(self) -> Mapping[str, AskedAgain]:
        """The facts that count no more, by their ids, with the step that asked again and what it found."""
        return self.investigation.past_facts

    @property
    def asked_again(self) -> Mapping[str, AskedAgain]:
        """The facts that were asked again: the past ones, and those that count on because somebody judged them."""
        return self.investigation.asked_again

    @property
    def was_asked_again(self) -> bool:
        """Whether any step asked again what an earlier one had asked: without one nothing is past."""
        return self.investigation.was_asked_again

    @property
    def facts_version(self) -> Hashable:
        """Something that differs whenever `current_facts` may."""
        return self.investigation.facts_version

    @property
    def judgements(self) -> dict[str, Judgement]:
        """What people said of facts, by the fact's id."""
        return self.investigation.judgements

    @property
    def hypotheses(self) -> tuple[Hypothesis, ...]:
        """The hypotheses, best first."""
        return self.investigation.hypotheses

    def hypothesis(self, name: str) -> Hypothesis | None:
        """The hypothesis with this id; None where it is no longer considered."""
        return next((each for each in self.hypotheses if each.id == name), None)

    @property
    def would_change(self) -> tuple[str, ...]:
        """What would change the ranking, in words."""
        return self.investigation.would_change

    @property
    def decisive(self) -> tuple[Decisive, ...]:
        """The facts that decide the order."""
        return self.investigation.decisive

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The key findings."""
        return self.investigation.findings

    @property
    def gaps(self) -> tuple[str, ...]:
        """What could not be learned."""
        return self.investigation.gaps

    @property
    def actions(self) -> tuple[Action, ...]:
        """The proposed actions, most urgent first."""
        return self.remediation.proposed

    @property
    def runs(self) -> dict[str, ActionRun]:
        """The runs of actions by their id, in the order in which they were asked for."""
        return self.remediation.runs

    @property
    def notes(self) -> dict[str, Note]:
        """The notes by their id."""
        return self.discussion.notes

    @property
    def cancelling(self) -> bool:
        """Whether somebody asked to stop the investigation."""
        return self.investigation.cancelling

    @property
    def concluded(self) -> bool:
        """Whether the conclusion is reached."""
        return self.investigation.concluded

    @property
    def resumed(self) -> int:
        """How often the investigation was resumed."""
        return self.investigation.resumed

    @property
    def finished(self) -> InvestigationFinished | None:
        """How the investigation ended, while it has."""
        return self.investigation.finished

    def apply(self, event: Event) -> None:
        """Fold one event in. Raises `OutOfOrderError` when it isn't the next one."""
        if event.seq != self.seq + 1:
            raise _out_of_order(event, f"event {self.seq}")
        if self.closed is not None:
            raise _out_of_order(event, "the close")
        body = event.body
        try:
            # An attribute: `isinstance` is slow for models, and a long log is folded in one go.
            if body.of_investigation is True:
                self.investigation.apply(event, body)
                self.updated_at = event.time
            else:
                self._apply_other(event, body)
        except KeyError as error:
            raise _out_of_order(event, f"event {self.seq}") from error
        self.seq = event.seq
        self.hash = event.hash

    def _apply_other(self, event: Event, body: IncidentBody | ActionBody | LiveBody) -> None:
        if isinstance(body, LiveBody):
            self._apply_live(body, event.time)
        elif isinstance(body, ActionBody):
            self.remediation.apply_run(body, event.who, event.time)
        else:
            self._apply_incident(event, body)
        self._tell_time(event)

    def _apply_live(self, body: LiveBody, at: datetime) -> None:
        if isinstance(body, PeriodChosen):
            assert self.opened is not None
            # Everybody who asks which time the incident is about is to hear the same.
            self.opened = with_period(self.opened, body)
        self.watch = self.watch.after(body, at)

    def _apply_incident(self, event: Event, body: IncidentBody) -> None:
        match body:
            case IncidentOpened():
                self._open(event, body)
            case ConclusionReached():
                self.investigation.apply_conclusion(body)
                self.remediation.apply(body)
            case IncidentClosed():
                self.closed = Closure(body.reason, event.who, event.time, body.because)
            case FactAdded() | FactJudged():
                self.investigation.apply_statement(body, event.who, self._said_at(event))
            case NoteAdded():
                self.discussion.apply(body, event.who, event.time)
            case _:
                assert_never(body)

    def _open(self, event: Event, body: IncidentOpened) -> None:
        self.execution_id, self.incident_id = event.execution_id, event.incident_id
        self.opened, self.opened_at, self.opened_by = body, event.time, event.who

    def _tell_time(self, event: Event) -> None:
        # Two clocks in one log, and either may be set back: no time needs to follow the one before.
        spoken = in_real_time(event.body)
        if spoken:
            self.said_at = event.time
        if not spoken or self.live:
            self.updated_at = event.time

    def _said_at(self, event: Event) -> datetime | None:
        """When somebody said it; unknown for old statements that carry a recorded incident's time."""
        return event.time if self.live or in_real_time(event.body) else None

    def apply_statement(self, body: FactAdded | FactJudged, who: Who, at: datetime | None = None) -> None:
        """Apply a person's statement without its event, to see what would follow."""
        self.investigation.apply_statement(body, who, at)

    def fork(self) -> IncidentState:
        """A copy on which statements can be tried."""
        return replace(self, investigation=self.investigation.fork())

    def replaced(self, **changes: Any) -> IncidentState:
        """This state with other values of some investigation fields, to see what would follow."""
        return replace(self, investigation=replace(self.investigation, **changes))

    def copy(self) -> IncidentState:
        """A copy that can be folded on without changing this state; immutable parts are shared."""
        return replace(
            self,
            investigation=self.investigation.copy(),
            remediation=self.remediation.copy(),
            discussion=self.discussion.copy(),
        )

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


class OutOfOrderError(StoreCorrupt, ValueError):
    """An event can't follow those before it: the log has a gap, or somebody changed it."""


def with_period(opened: IncidentOpened, period: PeriodChosen) -> IncidentOpened:
    """The opening with the time that the data say, and with the moment of asking where it is asked again.

    Trouble that began after what was detected first was detected when it was asked again.
    """
    changes: dict[str, Any] = {"window": period.window, "baseline": period.baseline, "symptom": period.symptom}
    if period.now is not None:
        changes["now"] = period.now
        if opened.detected_at < period.window.start:
            changes["detected_at"] = period.now
    return opened.model_copy(update=changes)


def _out_of_order(event: Event, before: str) -> OutOfOrderError:
    place = f"event {event.seq} can't follow {before} of {event.execution_id}"
    return OutOfOrderError(f"{place}: the log is damaged; run `cloudops audit verify`")


def fold(events: list[Event] | tuple[Event, ...], state: IncidentState | None = None) -> IncidentState:
    """The state after `events`, from `state` or from nothing."""
    state = state or IncidentState()
    for event in events:
        state.apply(event)
    return state
