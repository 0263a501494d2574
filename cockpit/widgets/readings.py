"""What a watched incident's symptom is at now, for the header: its value, since when it is well, its age."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.widgets.words import clock
from primitives.quantities import duration, reading

if TYPE_CHECKING:
    from cockpit.widgets.draw import Part
    from cockpit.widgets.view import View
    from engine.events import MetricReading

__all__ = ["reading_parts"]


def reading_parts(view: View) -> list[Part]:
    """`back at 204 ms since 15:02 · 4 s old`; empty where nothing is watched."""
    state = view.state
    if state is None or (last := state.watch.reading) is None:
        return []
    watch = state.watch
    metric = _symptom(last.metrics)
    parts: list[Part] = []
    value = f" at {reading(metric.value, metric.unit, metric.kind, metric.metric)}" if metric is not None else ""
    if watch.symptom == "recovered" and watch.since is not None:
        parts.append((f"back{value} since {clock(watch.since)}", "good bold"))
    elif watch.symptom == "returned" and watch.since is not None:
        parts.append((f"bad again{value} since {clock(watch.since)}", "bad bold"))
    elif metric is not None:
        parts.append((f"now{value}", "bad bold" if metric.well_since is None else "good bold"))
    elif last.workloads:
        parts.append((f"{len(last.workloads)} workloads lack pods", "bad bold"))
    at = metric.at if metric is not None else watch.read_at
    now = view.now if view.playback is None else view.playback.time
    if parts and at is not None and now is not None:
        parts.append((f" · {duration(max((now - at).total_seconds(), 0.0))} old", "dim"))
    return parts


def _symptom(metrics: tuple[MetricReading, ...]) -> MetricReading | None:
    return next((metric for metric in metrics if metric.symptom), metrics[0] if metrics else None)
