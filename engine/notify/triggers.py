"""Which events are news: a pure function of an incident's log."""

from __future__ import annotations

from typing import NamedTuple

from engine.events import (
    ActionApproved,
    ActionConverged,
    ActionDispatched,
    ActionExpired,
    ActionPreviewed,
    ActionRefused,
    ActionRejected,
    ActionSettled,
    ActionVerified,
    Event,
    HypothesesRanked,
    IncidentClosed,
    IncidentOpened,
    InvestigationFinished,
    InvestigationResumed,
    NoteAdded,
    PlanConfirmed,
    PlanProposed,
    SymptomChanged,
)
from engine.incident import IncidentState
from engine.notify.notice import NoticeKind
from primitives.dataclass import dataclass

__all__ = ["NewsReader", "still_waits", "waits_for"]


class _Leader(NamedTuple):
    cause: str
    resource: str | None


@dataclass(slots=True)
class NewsReader:
    """Reads a log in order and says which events are news. It keeps the little that this takes."""

    confirmed: bool = False
    ended: bool = False
    leader: _Leader | None = None

    @classmethod
    def after(cls, state: IncidentState) -> NewsReader:
        """A reader that goes on behind `state`."""
        first = state.hypotheses[0] if state.hypotheses else None
        leader = _Leader(first.cause_id, first.resource) if first else None
        return cls(state.confirmed_by is not None, state.ended, leader)

    def kind(self, event: Event) -> NoticeKind | None:  # noqa: C901, PLR0912 - one branch a type of event
        """The kind of news that the next event of the log is; None where it is none."""
        match event.body:
            case IncidentOpened():
                return "opened"
            case PlanConfirmed():
                self.confirmed = True
            case PlanProposed() if not self.confirmed:
                return "plan_waiting"
            case HypothesesRanked():
                return self._ranked(event.body)
            case InvestigationResumed():
                self.ended = False
            case InvestigationFinished():
                self.ended = True
                return "failed" if event.body.status == "failed" else "concluded"
            case ActionPreviewed():
                return "approval_waiting"
            case ActionApproved() if event.body.further:
                return "approval_waiting"
            case ActionConverged() if event.body.state == "failed":
                return "action"
            case (
                ActionDispatched()
                | ActionVerified()
                | ActionRejected()
                | ActionRefused()
                | ActionExpired()
                | ActionSettled()
            ):
                return "action"
            case SymptomChanged():
                return event.body.state
            case NoteAdded():
                return "note"
            case IncidentClosed():
                return "closed"
            case _:
                pass
        return None

    def _ranked(self, body: HypothesesRanked) -> NoticeKind | None:
        """Only after the end another leading cause is news: while an investigation runs, ranks move all the time."""
        first = body.hypotheses[0] if body.hypotheses else None
        leader = _Leader(first.cause_id, first.resource) if first else None
        changed = self.leader is not None and leader != self.leader
        self.leader = leader
        return "cause_changed" if changed and self.ended else None


def waits_for(kind: NoticeKind, state: IncidentState) -> str:
    """What a notice of this kind waits for, to be asked of a later state: `plan`, a run's id, or nothing (empty)."""
    if kind == "plan_waiting":
        return "plan"
    run = state.remediation.unfinished if kind == "approval_waiting" else None
    return run.id if run is not None else ""


def still_waits(needs: str, state: IncidentState) -> bool:
    """Whether what `waits_for` named still waits for a person."""
    if state.closed is not None:
        return False
    if needs == "plan":
        return state.confirmed_by is None and not state.ended
    run = state.runs.get(needs)
    return run is not None and run.status == "previewed"
