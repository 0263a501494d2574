"""Long logs of one execution, always the same ones.

A log repeats rounds. Each is a step that joins the plan, reports progress, records answers, finds facts, ends, and
ranks five hypotheses again; so states grow with the log, as real ones do. The mixture says how many of each.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from typing import NamedTuple

from engine.events import (
    GENESIS,
    AnswerRecorded,
    Body,
    Event,
    FactFound,
    HypothesesRanked,
    IncidentClassified,
    IncidentOpened,
    PlanConfirmed,
    PlannedStep,
    PlanProposed,
    SourcesChecked,
    SourceState,
    StepAdded,
    StepFinished,
    StepProgressed,
    StepStarted,
    Who,
)
from engine.hypotheses import Classification, Evidence, Hypothesis
from engine.log import Entry
from primitives.facts import ChangeFound, Fact, LogPattern, MetricShift
from primitives.records import Change, Symptom, Window
from primitives.terms import IncidentClass

__all__ = ["BURST", "EXECUTION", "INCIDENT", "LONG", "SHORT", "Mixture", "batches", "bodies", "entries", "events"]


class Mixture(NamedTuple):
    """How many events of each type a step gives, beside the four that every step has."""

    progress: int
    answers: int
    facts: int


LONG = Mixture(progress=80, answers=4, facts=12)
"""An incident that is watched for days: long steps that tell how far they are."""

BURST = Mixture(progress=4_000, answers=40, facts=600)
"""Ten thousand events a second are not a hundred steps a second: few steps that tell and find very much."""

SHORT = Mixture(progress=0, answers=1, facts=12)
"""The proportions in which a recorded incident of a few minutes is investigated today: mostly facts."""


EXECUTION = "exec-00000001"
INCIDENT = "long-incident"

_START = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
_WINDOW = Window(start=_START, end=_START + timedelta(hours=1))
_ENGINE = Who(kind="engine", name="cloudops")
_TICK = timedelta(milliseconds=7)
_PRIMITIVES = ("analyze_utilization", "compare_baseline", "analyze_logs", "check_recent_changes")


def events(count: int, mixture: Mixture = LONG) -> tuple[Event, ...]:
    """`count` decoded events, their hashes only as long as real ones: for the fold, which checks none."""
    return tuple(
        Event(EXECUTION, INCIDENT, seq, time, who, body, GENESIS, f"{seq:064x}")
        for seq, (time, who, body) in enumerate(entries(count, mixture), 1)
    )


def entries(count: int, mixture: Mixture = LONG) -> Iterator[Entry]:
    """What becomes a log of `count` events in a store."""
    for number, body in enumerate(islice(bodies(mixture), count)):
        yield _START + number * _TICK, _ENGINE, body


def batches(count: int, size: int, mixture: Mixture = LONG) -> Iterator[Sequence[Entry]]:
    """`entries(count)` in batches of `size`."""
    source = entries(count, mixture)
    while batch := list(islice(source, size)):
        yield batch


def bodies(mixture: Mixture = LONG) -> Iterator[Body]:
    """An endless log's bodies."""
    yield from _opening()
    yield from chain.from_iterable(_round(number, mixture) for number in itertools.count(1))


def _opening() -> Iterator[Body]:
    yield IncidentOpened(
        title="Requests are slow and some fail",
        query="api latency spike since the last deploy",
        origin="recorded",
        detected_at=_START,
        now=_WINDOW.end,
        window=_WINDOW,
        symptom=Symptom(resource="service-1", metric="latency"),
    )
    yield SourcesChecked(sources=(SourceState(name="recorded", status="reachable", questions=("series", "logs")),))
    yield IncidentClassified(
        classification=Classification(primary_class=IncidentClass.PERFORMANCE_DEGRADATION, confidence=0.85)
    )
    yield PlanProposed(steps=tuple(_step(f"P{number}", number) for number in range(1, 7)))
    yield PlanConfirmed()


def _step(name: str, number: int) -> PlannedStep:
    return PlannedStep(
        id=name,
        primitive=_PRIMITIVES[number % len(_PRIMITIVES)],
        target=f"service-{number % 40}",
        arguments={"window": {"from": "2026-03-10T14:00:00Z", "to": "2026-03-10T15:00:00Z"}, "focus": []},
        effect="read",
        reason="shows what changed level, and which resource ran full",
    )


def _round(number: int, mixture: Mixture) -> Iterator[Body]:
    """The events of one step, its answers and facts spread evenly over its progress."""
    name = f"S{number}"
    yield StepAdded(step=_step(name, number))
    yield StepStarted(step=name)
    parts = max(mixture)
    for part in range(parts):
        if part < mixture.progress:
            yield StepProgressed(step=name, done=part, total=parts, note=f"service-{(number + part) % 40}")
        if _due(part, parts, mixture.answers):
            yield _answer(number, part)
        if _due(part, parts, mixture.facts):
            yield _found(number, part * mixture.facts // parts, mixture)
    yield StepFinished(step=name, status="completed", summary="latency rose from 200 ms to 1.5 s", duration_s=0.084)
    newest = number * mixture.facts
    yield HypothesesRanked(hypotheses=tuple(_hypothesis(newest, rank) for rank in range(1, 6)))


def _due(part: int, parts: int, wanted: int) -> bool:
    """Whether this one of `parts` is among the `wanted` that lie evenly in them."""
    return (part + 1) * wanted // parts > part * wanted // parts


def _answer(number: int, part: int) -> AnswerRecorded:
    return AnswerRecorded(
        question="series" if part % 2 else "logs",
        source="recorded",
        status="answered",
        digest=_digest(number, part),
        size=20_000 + number % 977,
        records=144,
    )


def _found(number: int, part: int, mixture: Mixture) -> FactFound:
    identifier = mixture.facts * (number - 1) + part + 1
    key = _digest(identifier, 0)[:16]
    return FactFound(id=f"F{identifier}", step=f"S{number}", key=key, fact=_fact(number, part))


def _fact(number: int, part: int) -> Fact:
    resource, onset = f"service-{number % 40}", _START + timedelta(minutes=number % 60)
    answers = (_digest(number, part),)
    if part % 3 == 0:
        return MetricShift(
            resource=resource,
            window=_WINDOW,
            observed_at=_WINDOW.end,
            source="recorded",
            answers=answers,
            metric="latency",
            kind="latency",
            unit="s",
            statistic="p95",
            worse=True,
            baseline=0.2,
            spread=0.013,
            current=1.5,
            peak=1.9,
            score=100.0,
            samples=60,
            baseline_samples=288,
            onset=onset,
            onset_uncertainty_s=60.0,
        )
    if part % 3 == 1:
        return LogPattern(
            resource=resource,
            window=_WINDOW,
            observed_at=_WINDOW.end,
            source="recorded",
            answers=answers,
            template="connection to <*> timed out after <*> ms",
            severity="ERROR",
            family="timeout",
            count=number % 500,
            baseline_count=1.5,
            first_seen=onset,
            last_seen=_WINDOW.end,
            example="connection to 10.0.0.7:5432 timed out after 3000 ms",
        )
    return ChangeFound(
        resource=resource,
        window=_WINDOW,
        observed_at=_WINDOW.end,
        source="recorded",
        answers=answers,
        kinds=("deployment",),
        change=Change(id=f"change-{number}", time=onset, kind="deployment", resource=resource, summary="version 2.3.1"),
        lead_s=300.0,
    )


def _hypothesis(newest: int, rank: int) -> Hypothesis:
    return Hypothesis(
        id=f"H{rank}",
        cause=f"The deployment made service-{rank} slower",
        cause_id="deployment.slower",
        cause_class=IncidentClass.DEPLOYMENT_REGRESSION,
        resource=f"service-{rank}",
        prior=-2.0,
        evidence=tuple(
            Evidence(fact=f"F{newest - item}", weight=1.2 - item, why="began just before") for item in range(3)
        ),
        confidence=round(1 / (rank + 0.25), 3),
    )


def _digest(number: int, part: int) -> str:
    return hashlib.sha256(f"{number}/{part}".encode()).hexdigest()
