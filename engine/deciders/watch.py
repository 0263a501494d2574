"""Deciders of the watch: what the sources say now, and whether the symptom is gone."""

from __future__ import annotations

from typing import Any, Final

from engine.deciders.decision import NOTHING, Decision, by
from engine.events import (
    ENGINE,
    InvestigationResumed,
    MetricReading,
    PlannedStep,
    ReadingTaken,
    StepAdded,
    SymptomChanged,
    WatchStarted,
    WatchStopped,
    Who,
)
from engine.incident import IncidentState
from engine.investigate.commands import AskAgain, StopWatch, TakeReading
from engine.port import Watch
from engine.reason.next_question import next_step_id
from primitives.diagnostics.registry import diagnostics
from primitives.errors import UsageError
from primitives.text import safe_line

__all__ = ["ask_again", "start_watch", "stop_watch", "take_reading"]

_MOST_AGAIN: Final = 20


def start_watch(state: IncidentState, command: Watch, who: Who) -> Decision:
    """Begin to watch; nothing where it is watched already. Raises `UsageError` where there is nothing to watch."""
    if not state.live:
        raise UsageError("a recorded incident is over: there is nothing to watch")
    if state.watch.watching:
        return NOTHING
    if not state.ended:
        raise UsageError("the investigation is going on; it can be watched from its first answer on")
    return by(who, WatchStarted(every_s=command.every_s, questions=command.questions))


def take_reading(state: IncidentState, command: TakeReading) -> Decision:
    """Keep what the sources say, and whether the symptom has gone or has come back."""
    if not state.watch.watching:
        return NOTHING
    changed = _changed(state, command.reading)
    return by(ENGINE, command.reading, *([changed] if changed is not None else []))


def ask_again(state: IncidentState, command: AskAgain) -> Decision:
    """Go on with the investigation: each diagnostic of the plan again, about the time that the news are about.

    Raises `UsageError` where it isn't watched, goes on, or has nothing to ask again.
    """
    again = _again(state, command)
    if not (state.watch.watching and state.ended and again):
        raise UsageError("there is nothing to ask again")
    added = (StepAdded(step=step) for step in again)
    return by(ENGINE, InvestigationResumed(reason=f"asked again: {command.because}"), command.period, *added)


def _again(state: IncidentState, command: AskAgain) -> list[PlannedStep]:
    period = command.period
    about = {"window": period.window, "baseline": period.baseline, "symptom": period.symptom}
    moved: dict[str, Any] = {
        name: part.model_dump(mode="json", by_alias=True) for name, part in about.items() if part is not None
    }
    if period.now is not None:
        moved["now"] = period.now.isoformat()
    known, over = diagnostics(), {step.plan.supersedes for step in state.steps.values()}
    plans = [step.plan for step in state.steps.values() if step.plan.id not in over
             and step.plan.primitive in known and not known[step.plan.primitive].on_request]  # fmt: skip
    first, why = int(next_step_id(state)[1:]), safe_line(f"asked again: {command.because}", limit=300)
    steps = []
    for number, plan in enumerate(plans[:_MOST_AGAIN], start=first):
        kept = {name: value for name, value in plan.arguments.items() if name not in (*about, "now", "detected")}
        new = {"id": f"S{number}", "arguments": {**kept, **moved}, "reason": why, "supersedes": plan.id}
        steps.append(plan.model_copy(update=new))
    return steps


def stop_watch(state: IncidentState, command: StopWatch) -> Decision:
    """Stop asking, once."""
    if not state.watch.watching:
        return NOTHING
    return by(ENGINE, WatchStopped(reason=command.reason, detail=command.detail))


def _changed(state: IncidentState, reading: ReadingTaken) -> SymptomChanged | None:
    """The symptom decides; where no metric is known for one, every watched metric and workload must be well."""
    own = [metric for metric in reading.metrics if metric.symptom] or list(reading.metrics)
    bad = [metric for metric in own if metric.well_since is None]
    if state.watch.symptom == "recovered":
        return _returned(bad)
    incomplete = any(workload.ready < workload.wanted for workload in reading.workloads)
    known = bool(own or reading.workloads)
    if not known or bad or (incomplete and not own):
        return None
    last = max(own, key=lambda metric: metric.well_since or metric.at, default=None)
    since = (last.well_since if last is not None else None) or state.updated_at
    return SymptomChanged(state="recovered", since=since, reading=last) if since is not None else None


def _returned(bad: list[MetricReading]) -> SymptomChanged | None:
    """That the symptom is back: shown by the newest reading of those that say since when they are bad."""
    dated = [metric for metric in bad if metric.bad_since is not None]
    newest = max(dated, key=lambda metric: metric.at, default=None)
    if newest is None or newest.bad_since is None:
        return None
    return SymptomChanged(state="returned", since=newest.bad_since, reading=newest)
