"""What every diagnostic needs: how far back to ask, and the gaps that unanswered questions leave."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from primitives.diagnostics.registry import Arguments
from primitives.facts import SourceGap
from primitives.records import Window
from primitives.telemetry import (
    AlertsQuery,
    Answer,
    Answers,
    ChangesQuery,
    ConfigurationQuery,
    ContainerLogsQuery,
    LogsQuery,
    Query,
    Question,
    SeriesQuery,
    SpansQuery,
    TopologyQuery,
)
from primitives.terms import AnswerStatus
from primitives.text import safe_line

__all__ = [
    "DAY",
    "LOOKBACK",
    "WEEK",
    "before",
    "gaps",
    "incident_window",
    "lookback_window",
    "usual_questions",
    "utc_seconds",
]

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
LOOKBACK: Final = DAY
"""How long before the incident changes, and normal levels without an explicit baseline, are looked for."""


def incident_window(args: Arguments) -> Window:
    """The incident's window up to now."""
    end = min(args.window.end, args.now)
    return Window(start=min(args.window.start, end), end=end)


def lookback_window(args: Arguments) -> Window:
    """From the start of the baseline (without one: a day before the incident's window) to now."""
    window = incident_window(args)
    start = args.baseline.start if args.baseline else window.start - LOOKBACK
    return Window(start=min(start, window.start), end=window.end)


def usual_questions(args: Arguments, questions: Collection[Question]) -> list[Query]:
    """What the diagnostics that need `questions` ask first, as they ask it: asked ahead, all of it is there at once."""
    incident, lookback = incident_window(args), lookback_window(args)
    usual: list[Query] = [
        SeriesQuery(window=lookback), LogsQuery(window=lookback), SpansQuery(window=lookback),
        ConfigurationQuery(window=lookback), ContainerLogsQuery(window=incident), TopologyQuery(window=incident),
        AlertsQuery(window=incident), ChangesQuery(window=before(incident, incident.start)),
    ]  # fmt: skip
    return [query for query in usual if query.question in questions]


# What a person calls by the same name: where one of them is there, a gap in the other must not deny it.
_RELATED: Final[Mapping[Question, Question]] = {"logs": "container_logs"}


def before(window: Window, time: datetime, length: timedelta = LOOKBACK) -> Window:
    """From `length` before `time` to the end of `window`."""
    return Window(start=min(time - length, window.end), end=window.end)


def utc_seconds(window: Window) -> tuple[float, float]:
    """Both ends in seconds since the epoch."""
    return window.start.timestamp(), window.end.timestamp()


def gaps(asked: Iterable[Answers[Any]], args: Arguments) -> Iterator[SourceGap]:
    """One fact for each question that was not answered in full."""
    asked = tuple(asked)
    recorded: set[Question] = {answers.query.question for answers in asked if answers.answered}
    for answers in asked:
        parts = answers.gaps
        if not parts:
            continue
        # Some source of many may well not hold this kind of data: that leaves a gap only when nobody does.
        telling = [part for part in parts if part.status != "not_recorded"] or ([] if answers.answered else list(parts))
        if telling:
            related = _RELATED.get(answers.query.question)
            yield _gap(answers, telling, args, related if related in recorded else None)


def _gap(answers: Answers[Any], parts: list[Answer[Any]], args: Arguments, instead: Question | None) -> SourceGap:
    refused = [entry for part in parts for entry in part.coverage if entry.status != "answered"]
    statuses = sorted({entry.status for entry in refused} | ({part.status for part in parts} if not refused else set()))
    status: AnswerStatus = statuses[0] if len(statuses) == 1 else "partial"
    if status == "answered":
        status = "partial"
    details = [entry.detail for entry in refused if entry.detail] or [part.detail for part in parts if part.detail]
    if not details and any(part.completeness != "complete" for part in parts):
        details = [part.left_out for part in parts if part.left_out] or ["there was more than was read"]
    sources = sorted({entry.source for entry in refused} or {part.source for part in parts})
    return SourceGap(
        question=answers.query.question,
        status=status,
        detail=safe_line("; ".join(dict.fromkeys(details))),
        window=answers.query.window,
        observed_at=args.now,
        source=safe_line(", ".join(sources)),
        answers=answers.digests,
        instead=instead,
    )
