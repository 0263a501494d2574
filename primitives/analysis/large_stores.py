"""Logs and spans of a store that holds more than can be read: what is asked for when an answer was cut.

A question goes out for everything first, within the budget: a recorded incident and a quiet system answer it whole. A
store that had to cut it is asked again, for less: counts that it makes itself, or what lies near the symptom, the
incident and normal times apart. The newest records alone would show seconds of a busy system, and no normal times.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from primitives.analysis.asking import incident_window, lookback_window
from primitives.analysis.graph import graph_of
from primitives.dataclass import dataclass
from primitives.diagnostics.registry import Arguments
from primitives.records import Aggregate, LogRecord, Span, Window
from primitives.telemetry import Answer, Answers, CountByTemplate, LogsQuery, SpansQuery, Telemetry, TopologyQuery
from primitives.terms import Severity

__all__ = ["CountedMessage", "LogAnswers", "ask_logs", "ask_spans", "neighbourhood"]

R = TypeVar("R")

_GRAVE: Final[tuple[Severity, ...]] = ("WARN", "ERROR", "FATAL")
_STEP_S: Final = 60.0
_MOST_NEIGHBOURS: Final = 50
_NEAR: Final = 2
"""Steps along dependencies from the symptom: a cause further away shows in what lies between, too."""


@dataclass(frozen=True, slots=True)
class CountedMessage:
    """How often messages of one template came in the minute from `time` on; `body` is one of them."""

    time: datetime
    resource: str
    severity: Severity
    body: str
    count: int


@dataclass(frozen=True, slots=True)
class LogAnswers:
    """Log records as they are, or, of a large store, `counted` messages; `answers` say where they come from."""

    answers: Answers[Any]
    records: Sequence[LogRecord] = ()
    counted: Sequence[CountedMessage] = ()

    @property
    def resources(self) -> list[str]:
        """Those that wrote the messages, sorted."""
        return sorted({record.resource for record in self.records} | {message.resource for message in self.counted})

    @property
    def newest(self) -> datetime:
        """When the newest message came. There must be one."""
        return max([record.time for record in self.records] + [message.time for message in self.counted])


async def ask_logs(ask: Telemetry, args: Arguments) -> LogAnswers:
    """The logs of the incident and of normal times: all records, or counts by template, or what is grave and near."""
    window = lookback_window(args)
    whole = await ask.logs(LogsQuery(window=window))
    if whole.complete:
        return LogAnswers(whole, records=whole.records)
    counts = await ask.aggregates(LogsQuery(window=window, reduction=CountByTemplate(step_s=_STEP_S)))
    if counts.answered and counts.complete:
        return LogAnswers(counts, counted=[message for record in counts.records for message in _messages(record)])
    near = await neighbourhood(ask, args) or None
    now, before = await asyncio.gather(
        *(ask.logs(LogsQuery(window=part, resources=near, severities=_GRAVE)) for part in _both_times(args))
    )
    joined = _joined(whole, (before, now), "of the logs only warnings and errors around the symptom were read")
    return LogAnswers(joined, records=joined.records)


async def ask_spans(ask: Telemetry, args: Arguments) -> Answers[Span]:
    """The spans of the incident and of normal times: all, or those of traces around the symptom."""
    whole = await ask.spans(SpansQuery(window=lookback_window(args)))
    if whole.complete:
        return whole
    near = await neighbourhood(ask, args) or None
    now, before = await asyncio.gather(
        *(ask.spans(SpansQuery(window=part, resources=near)) for part in _both_times(args))
    )
    return _joined(whole, (before, now), "of the traces only those around the symptom were read")


async def neighbourhood(ask: Telemetry, args: Arguments) -> tuple[str, ...]:
    """The resources that the incident is about, those that they depend on, and those that call them; nearest first."""
    named = ([args.symptom.resource] if args.symptom else []) + list(args.focus)
    topology = await ask.topology(TopologyQuery(window=incident_window(args)))
    graph = graph_of(topology.records)
    below = [name for name, distance in graph.reach(named).items() if distance <= _NEAR]
    callers = [source for source, target, _ in graph.edges if target in named]
    return tuple(dict.fromkeys([*below, *callers]))[:_MOST_NEIGHBOURS]


def _both_times(args: Arguments) -> tuple[Window, Window]:
    """The incident, and normal times."""
    window = incident_window(args)
    normal = args.baseline or Window(start=lookback_window(args).start, end=window.start)
    return window, normal


def _joined(whole: Answers[R], answers: Sequence[Answers[R]], left_out: str) -> Answers[R]:
    """The narrower answers as one to the whole question, which none of them is in full."""
    parts: list[Answer[R]] = []
    for part in (part for answer in answers for part in answer.parts):
        reason = f"{left_out}; {part.left_out}" if part.left_out else left_out
        parts.append(replace(part, completeness="cut", left_out=reason))
    return Answers(whole.query, tuple(parts))


def _messages(record: Aggregate) -> list[CountedMessage]:
    labels: Any = record.labels
    who, severity, body = labels["resource"], labels["severity"], labels["example"]
    return [
        CountedMessage(datetime.fromtimestamp(float(time), UTC), who, severity, body, int(value))
        for time, value in zip(record.times, record.values, strict=True)
    ]
