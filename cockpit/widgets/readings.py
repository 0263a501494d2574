"""What a watched incident's symptom is at now, for the header: its value, since when it is well, its age."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.widgets.condition_words import FRESH_S
from cockpit.widgets.draw import sanitised
from cockpit.widgets.words import clock
from primitives.facts.base import label
from primitives.quantities import counted, duration, reading

if TYPE_CHECKING:
    from cockpit.widgets.draw import Part
    from cockpit.widgets.view import View
    from engine.events import MetricReading
    from engine.state.watch import WatchState
    from primitives.facts import MetricShift

__all__ = ["reading_parts"]


def reading_parts(view: View, shift: MetricShift | None) -> list[Part]:
    """`back at 204 ms since 15:02 · 4 s old`; empty where nothing is watched, or nothing says more than `shift`.

    `shift` is what the header names: no other metric's number stands beside that name. Without one the metric is named.
    """
    state = view.state
    if state is None or state.watch.reading is None:
        return []
    watch, at = state.watch, state.watch.told_at
    metric = _of_symptom(watch, shift)
    if metric is not None:
        at = metric.at
    now = view.now if view.playback is None else view.playback.time
    age_s = max((now - at).total_seconds(), 0.0) if at is not None and now is not None else None
    # An old number is never told as if it were now.
    fresh = age_s is None or age_s <= FRESH_S
    told = _told(watch, metric, "" if metric is None or shift is not None else _name(view, metric), fresh=fresh)
    if not told and shift is None and watch.reading is not None and (lack := len(watch.reading.workloads)):
        words = f"{counted(lack, 'workload')} {'lacks' if lack == 1 else 'lack'} pods"
        told = [(f"{'' if fresh else 'last '}{words}", "bad bold")]
    return [*told, (f" · {duration(age_s)} old", "dim")] if told and age_s is not None else told


def _told(watch: WatchState, metric: MetricReading | None, name: str, *, fresh: bool) -> list[Part]:
    value = reading(metric.value, metric.unit, metric.kind, metric.metric) if metric is not None else ""
    value = f" at {value}" if metric is not None else ""
    was = "" if fresh else "was "
    if watch.symptom == "recovered" and watch.since is not None:
        return [(f"{name}{was}back{value} since {clock(watch.since)}", "good bold")]
    if watch.symptom == "returned" and watch.since is not None:
        return [(f"{name}{was}bad again{value} since {clock(watch.since)}", "bad bold")]
    if metric is None:
        return []
    return [(f"{name}{'now' if fresh else 'last'}{value}", "bad bold" if metric.well_since is None else "good bold")]


def _name(view: View, metric: MetricReading) -> str:
    return f"{sanitised(view.names(metric.resource))} {sanitised(label(metric.metric))} "


def _of_symptom(watch: WatchState, shift: MetricShift | None) -> MetricReading | None:
    """The newest reading of the metric that the header is about; without a `shift` of any that speaks."""
    metrics = watch.reading.metrics if watch.reading is not None else ()
    if watch.of_symptom is not None:
        return watch.of_symptom
    if shift is None:
        return metrics[0] if metrics else None
    return next((each for each in metrics if (each.resource, each.metric) == (shift.resource, shift.metric)), None)
