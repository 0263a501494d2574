"""A bundle of what live sources say now, without investigating: for a ticket, or for a machine without access."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from engine.events import IncidentOpened, PeriodChosen
from engine.export import coverage_of, parts_of_answers
from engine.investigate.classify import classify
from engine.investigate.period import choose_period
from engine.investigate.recorder import encoded
from engine.investigate.scenario import LIVE_BASELINE, LIVE_WINDOW, clean_query, nobody_answers
from primitives.bundle import Manifest, write_bundle
from primitives.clock import SystemClock, new_id
from primitives.cross_source_names import CrossSourceNames
from primitives.dataclass import dataclass
from primitives.records import Window
from primitives.sources import SourceDirectory, check_sources, open_source
from primitives.telemetry import (
    LIVE_BUDGETS,
    AlertsQuery,
    Answer,
    Answers,
    BackendStatus,
    ChangesQuery,
    ConfigurationQuery,
    ContainerLogsQuery,
    LogsQuery,
    ObjectsQuery,
    ObservationsQuery,
    ProbesQuery,
    Query,
    SeriesQuery,
    SpansQuery,
    Telemetry,
    TopologyQuery,
)
from primitives.terms import Severity

__all__ = ["Recorded", "record_sources"]

_GRAVE: Final[tuple[Severity, ...]] = ("WARN", "ERROR", "FATAL")
_QUESTIONS: Final[tuple[type[Any], ...]] = (
    TopologyQuery, ObjectsQuery, SeriesQuery, AlertsQuery, ChangesQuery, LogsQuery, SpansQuery, ConfigurationQuery,
    ProbesQuery, ObservationsQuery,
)  # fmt: skip


@dataclass(slots=True)
class _Kept:
    """The answers, in memory: no store is touched."""

    answers: dict[str, Answer[Any]] = field(default_factory=dict)

    async def record(self, answer: Answer[Any]) -> str:
        _, digest = await asyncio.to_thread(encoded, answer)
        self.answers[digest] = answer
        return digest


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was written: how many records of each question, which sources were asked, and what is missing."""

    window: Window
    counts: tuple[tuple[str, int], ...]
    checks: tuple[BackendStatus, ...]
    gaps: tuple[str, ...]


async def record_sources(
    directory: SourceDirectory,
    names: Iterable[str],
    path: Path,
    *,
    since: timedelta | None = None,
    before: timedelta = LIVE_BASELINE,
    query: str = "",
    overwrite: bool = False,
) -> Recorded:
    """Ask the sources everything about the last `since` and the time `before` it, and write a bundle to `path`.

    Without `since` it is about the last hour, and what is the incident and what is normal is read from the data, as
    a live investigation does. Answers are redacted before they are kept. Raises `UsageError`, `BundleError`, or
    `SourceError` when nobody answers.
    """
    said = clean_query(query or None) or "what was there"
    clock = SystemClock()
    sources = [open_source(name, directory.definitions[name], clock) for name in directory.choose(names)]
    backends = [source.backend for source in sources]
    secrets = [secret for source in sources for secret in source.secrets]
    now = clock.now()
    start = now - (since or LIVE_WINDOW)
    window, baseline = Window(start=start, end=now), Window(start=start - before, end=start)
    whole = Window(start=baseline.start, end=now)
    kept = _Kept()
    names_of_all = CrossSourceNames(whole, {source.backend.name: source.scope for source in sources}, directory.names)
    checks = await check_sources(backends, secrets)
    telemetry = Telemetry(
        backends, kept, clock, checks=checks, secrets=secrets, budgets=LIVE_BUDGETS, canonicaliser=names_of_all
    )
    try:
        if not any(check.status == "reachable" for check in checks):
            raise nobody_answers(checks)
        gaps = await _ask_all(telemetry, window, whole)
    finally:
        await telemetry.close()
    answers = list(kept.answers.values())
    opened = IncidentOpened(
        title=said, query=said, origin="live", detected_at=now, now=now, window=window, baseline=baseline,
        platform=("other",),
    )  # fmt: skip
    period = await asyncio.to_thread(_period, opened, answers) if since is None else None
    manifest = Manifest(
        id=new_id("inc"), title=said, query=said, detected_at=now, platform=("other",),
        baseline=period.baseline if period else baseline, window=period.window if period else window,
        symptom=period.symptom if period else None, coverage=coverage_of((), answers),
    )  # fmt: skip
    parts = parts_of_answers(manifest, answers, sources=[backend.name for backend in backends])
    await asyncio.to_thread(write_bundle, parts, path, overwrite=overwrite)
    return Recorded(window, _counts(answers), checks, gaps)


def _period(opened: IncidentOpened, answers: Sequence[Answer[Any]]) -> PeriodChosen | None:
    """The incident and its normal times as a live investigation would take them."""
    plain = [answer for answer in answers if answer.reduction is None]
    known = [resource.id for answer in plain if answer.query.question == "topology"
             for topology in answer.records for resource in topology.resources]  # fmt: skip
    series = [record for answer in plain if answer.query.question == "series" for record in answer.records]
    understood = classify(opened.query, resources=known, detected_at=opened.detected_at)
    return choose_period(opened, understood, series)


async def _ask_all(telemetry: Telemetry, window: Window, whole: Window) -> tuple[str, ...]:
    """Ask every question; of a log store that holds more than is read, also its warnings and errors of all the time."""
    queries: list[Query] = [question(window=whole) for question in _QUESTIONS]
    queries.append(ContainerLogsQuery(window=window))
    asked: Sequence[Answers[Any]] = await asyncio.gather(*(telemetry.ask(query) for query in queries))
    logs = asked[_QUESTIONS.index(LogsQuery)]
    if not logs.complete:
        await telemetry.logs(LogsQuery(window=whole, severities=_GRAVE))
    spans = asked[_QUESTIONS.index(SpansQuery)]
    if not spans.complete:
        await telemetry.spans(SpansQuery(window=window))
    return tuple(dict.fromkeys(_gap(part) for answers in asked for part in answers.gaps if part.source != "none"))


def _gap(answer: Answer[Any]) -> str:
    why = answer.detail or answer.left_out or answer.status
    return f"{answer.source} {answer.query.question}: {why}"


def _counts(answers: Iterable[Answer[Any]]) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}
    for answer in answers:
        if answer.records and answer.reduction is None:
            counts[answer.query.question] = counts.get(answer.query.question, 0) + len(answer.records)
    return tuple(counts.items())
