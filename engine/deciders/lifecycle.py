"""Deciders of the life of an incident and its investigation: opened, resumed, cancelled, finished, closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from engine.deciders.decision import NOTHING, Decision, by
from engine.deciders.text_cleaning import clean_text
from engine.events import (
    ENGINE,
    Body,
    IncidentClosed,
    InvestigationCancelled,
    InvestigationFinished,
    InvestigationResumed,
    PlannedStep,
    StepAdded,
    Who,
)
from engine.incident import IncidentState
from engine.investigate.commands import (
    CloseAged,
    FailInvestigation,
    FinishInvestigation,
    OpenIncident,
    ResumeInvestigation,
)
from engine.port import Cancel, CloseIncident
from primitives.errors import UsageError

__all__ = ["cancel", "close", "close_aged", "fail", "finish", "open_incident", "refuse_closed", "reopen", "resume"]

_INTERRUPTED = "the engine stopped before the investigation ended"


def refuse_closed(state: IncidentState) -> None:
    """Raise `UsageError` when the incident is closed: nothing may follow."""
    if state.closed is not None:
        closed = state.closed
        raise UsageError(
            f"{state.execution_id} was closed by {closed.by.name} at {closed.at:%Y-%m-%d %H:%M} UTC; "
            "investigate the incident again to go on with it"
        )


def open_incident(state: IncidentState, command: OpenIncident, who: Who) -> Decision:
    """Begin the log. One commit: after a crash the sources' names must be there to resume with."""
    if state.seq:
        raise UsageError(f"{state.execution_id} is already open")
    return Decision([(who, command.opened), (ENGINE, command.sources)])


def resume(state: IncidentState, command: ResumeInvestigation) -> Decision:
    """Resume an interrupted investigation."""
    if state.ended:
        return NOTHING
    sources = () if state.sources else (command.sources,)
    return by(ENGINE, InvestigationResumed(reason=_INTERRUPTED), *sources)


def reopen(state: IncidentState, who: Who, choose: Callable[[IncidentState], PlannedStep]) -> Decision:
    """Reopen a finished investigation for the step that `choose` gives. Raises `UsageError` when there is none."""
    step = choose(state.replaced(concluded=False, cancelling=False))
    return by(who, InvestigationResumed(reason=f"{who.name} asked a further question"), StepAdded(step=step))


def cancel(state: IncidentState, command: Cancel, who: Who) -> Decision:
    """Stop the investigation; what was found stays. Raises `UsageError` when it has ended."""
    del command
    if state.ended:
        raise UsageError("the investigation has already ended")
    return NOTHING if state.cancelling else by(who, InvestigationCancelled())


def finish(state: IncidentState, command: FinishInvestigation) -> Decision:
    """End the investigation, once. A person may have cancelled in the very last moment."""
    if state.ended:
        return NOTHING
    status: Literal["completed", "cancelled"] = "cancelled" if state.cancelling else "completed"
    ended = InvestigationFinished(status=status, duration_s=command.duration_s, cost_usd=command.cost_usd)
    return by(ENGINE, ended)


def fail(state: IncidentState, command: FailInvestigation) -> Decision:
    """End an investigation that can't go on."""
    if state.ended:
        return NOTHING
    return by(ENGINE, InvestigationFinished(status="failed", duration_s=command.duration_s, problem=command.problem))


def close(state: IncidentState, command: CloseIncident, who: Who) -> Decision:
    """Close the incident, and an interrupted investigation with it.

    That the symptom is gone closes nothing: whether it stays gone is for a person to say, or for `close_aged`.
    """
    because = clean_text(command.because, "the reason")
    run = state.remediation.unfinished
    if run is not None and run.status != "previewed":
        raise UsageError(f"{run.id} ({run.action.action}) isn't finished: what it does must be known before the close")
    events: list[tuple[Who, Body]] = []
    if not state.ended:
        events += [] if state.cancelling else [(who, InvestigationCancelled())]
        events.append((ENGINE, InvestigationFinished(status="cancelled", duration_s=0.0)))
    return Decision([*events, (who, IncidentClosed(reason="person", because=because))])


def close_aged(state: IncidentState, command: CloseAged, now: datetime) -> Decision:
    """Close a live incident that nobody has touched for long. A recorded incident is never closed by age."""
    last = max((time for time in (state.updated_at, state.said_at) if time is not None), default=None)
    if (
        state.remediation.unfinished is not None
        or state.closed is not None
        or not state.live
        or not state.ended
        or last is None
        or now - last < command.after
    ):
        return NOTHING
    return by(ENGINE, IncidentClosed(reason="age"))
