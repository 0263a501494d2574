"""What is learned of a live incident, in words: one line each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final, assert_never

from engine.events import (
    LiveBody,
    MetricReading,
    NamesTied,
    PeriodChosen,
    ReadingTaken,
    SymptomChanged,
    WatchStarted,
    WatchStopped,
)
from primitives.display_names import NameOf, full_name
from primitives.facts.base import label
from primitives.quantities import duration, moment, reading
from primitives.records import Episode

__all__ = ["changed_words", "episode_words", "live_words", "metric_words", "reading_words", "stop_words"]

_SHOWN: Final = 4


def live_words(body: LiveBody, called: NameOf = full_name, at: datetime | None = None) -> Iterator[str]:
    """The lines that tell `body`; with the time `at` which it came, each number has its age."""
    match body:
        case PeriodChosen():
            if body.because:
                yield f"Looking at {moment(body.window.start)} to {moment(body.window.end)}: {body.because}"
            for episode in body.earlier:
                yield f"Earlier: {episode_words(episode, called)}"
        case NamesTied():
            return  # `--explain` and the details say which; there may be hundreds
        case WatchStarted():
            most = f"{body.questions:,} question{'' if body.questions == 1 else 's'}"
            yield f"Watching: asked again every {duration(body.every_s)}, with at most {most}"
        case ReadingTaken():
            yield from reading_words(body, called, at)
        case SymptomChanged():
            yield changed_words(body, called)
        case WatchStopped():
            yield f"Not watching any more: {stop_words(body)}"
        case _:
            assert_never(body)


def reading_words(body: ReadingTaken, called: NameOf = full_name, at: datetime | None = None) -> Iterator[str]:
    """What the sources say now, in one line, and what gave no answer. Alerts and workloads are as of `at`."""
    parts = [f"{called(metric.resource)} {metric_words(metric)}{_age(metric, at)}" for metric in body.metrics[:_SHOWN]]
    parts += [f"alert {name} fires" for name in dict.fromkeys(alert.name for alert in body.alerts)][:_SHOWN]
    parts += [f"{called(entry.resource)} {entry.ready} of {entry.wanted} ready" for entry in body.workloads[:_SHOWN]]
    if parts:
        yield "Now: " + " · ".join(parts)
    for problem in body.missing:
        yield f"No answer: {problem}"


def _age(metric: MetricReading, at: datetime | None) -> str:
    return f", {duration(round(max((at - metric.at).total_seconds(), 0.0)))} old" if at is not None else ""


def metric_words(metric: MetricReading) -> str:
    """`latency p95 204 ms (usually 190 ms)`."""
    value, usual = (reading(number, metric.unit, metric.kind, metric.metric) for number in (metric.value, metric.usual))
    return f"{label(metric.metric)} {value} (usually {usual})"


def changed_words(body: SymptomChanged, called: NameOf = full_name) -> str:
    """`api latency p95 is back at 204 ms since 15:02`, in words for both ways."""
    metric = body.reading
    if metric is None:
        words = "all that was watched is well again" if body.state == "recovered" else "it is there again"
        return f"{words} since {moment(body.since)}"
    value = reading(metric.value, metric.unit, metric.kind, metric.metric)
    way = "is back at" if body.state == "recovered" else "is bad again, at"
    return f"{called(metric.resource)} {label(metric.metric)} {way} {value} since {moment(body.since)}"


def stop_words(body: WatchStopped) -> str:
    """Why nothing is asked any more."""
    match body.reason:
        case "unwatched":
            return "nobody looks"
        case "budget":
            return "its questions are used up"
        case "failed":
            return body.detail or "it failed"
        case _:
            assert_never(body.reason)


def episode_words(episode: Episode, called: NameOf = full_name) -> str:
    """`api latency p95 up to 1.9 s from 12:30 to 12:32 (usually 290 ms)`."""

    def value(number: float) -> str:
        return reading(number, episode.unit, episode.kind, episode.metric)

    until = f"to {moment(episode.end)}" if episode.end is not None else "until now"
    name = f"{called(episode.resource)} {label(episode.metric)}"
    return f"{name} up to {value(episode.worst)} from {moment(episode.start)} {until} (usually {value(episode.usual)})"
