"""Deciders of the watch: what the sources say now, and whether the symptom is gone."""

from __future__ import annotations

from engine.deciders.decision import NOTHING, Decision, by
from engine.events import ENGINE, MetricReading, ReadingTaken, SymptomChanged, WatchStarted, WatchStopped, Who
from engine.incident import IncidentState
from engine.investigate.commands import StopWatch, TakeReading
from engine.port import Watch
from primitives.errors import UsageError

__all__ = ["start_watch", "stop_watch", "take_reading"]


def start_watch(state: IncidentState, command: Watch, who: Who) -> Decision:
    """Begin to watch; nothing where it is watched already. Raises `UsageError` where there is nothing to watch."""
    if not state.live:
        raise UsageError("a recorded incident is over: there is nothing to watch")
    if not state.ended:
        raise UsageError("the investigation is going on; it can be watched from its first answer on")
    if state.watch.watching:
        return NOTHING
    return by(who, WatchStarted(every_s=command.every_s, questions=command.questions))


def take_reading(state: IncidentState, command: TakeReading) -> Decision:
    """Keep what the sources say, and whether the symptom has gone or has come back."""
    if not state.watch.watching:
        return NOTHING
    changed = _changed(state, command.reading)
    return by(ENGINE, command.reading, *([changed] if changed is not None else []))


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
