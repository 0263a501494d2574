"""Watches a live incident after its first answer: asks for its symptom again and again, while somebody looks.

Each look is about the last minutes alone, so it costs a fraction of the investigation. It ends when nobody has asked
for it for a while, when its questions are used up, or with its sources.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from engine.events import AlertReading, MetricReading, ReadingTaken, WorkloadReading
from engine.investigate.commands import AskAgain, StopWatch, TakeReading
from engine.investigate.incident_access import IncidentAccess
from engine.investigate.news import Situation, news, situation_of
from engine.investigate.period_of_now import period_of_now
from engine.investigate.recorder import Unrecorded
from engine.investigate.scenario import Scenario
from engine.investigate.watched import Watched, watched_metrics
from engine.port import Watch
from primitives.cross_source_names import CrossSourceNames
from primitives.errors import UsageError
from primitives.records import Alert, Series, Window
from primitives.telemetry import AlertsQuery, Answers, ObjectsQuery, Query, SeriesQuery, Telemetry
from primitives.text import safe_line

__all__ = ["LEASE", "Watcher"]

LEASE: Final = 3.0
"""So many times the distance between two looks the watch goes on after somebody last asked for it."""

_BACK: Final = timedelta(minutes=3)
_STEP_S: Final = 5.0
_SEVERAL: Final = 2
# Names are read anew so often: a list of all objects costs more than a look.
_NAMES_S: Final = 300.0
_NAMED_IN: Final = timedelta(hours=1)
# So many good samples at the end are no chance: with a rate's range they speak for half a minute.
_LEAST_WELL: Final = 2
_WORKLOADS: Final = ("deployments", "statefulsets", "daemonsets")
_MOST_WORKLOADS: Final = 40
_MOST_ALERTS: Final = 40


class Watcher:
    """Looks as `asked_for` says, with at most so many questions to the scenario's sources.

    What two looks in a row show to be news makes it ask the plan's diagnostics again.
    """

    def __init__(self, incident: IncidentAccess, scenario: Scenario, asked_for: Watch) -> None:
        self._incident = incident
        self._scenario = scenario
        self._asked_for = asked_for
        self._every_s = asked_for.every_s
        self._left = asked_for.questions
        self._asked = 0
        self._wanted_until = 0.0
        self._answered: Situation | None = None
        self._was_news = False
        self._names: tuple[float, CrossSourceNames] | None = None
        self.wanted()

    def wanted(self) -> None:
        """Somebody still looks."""
        self._wanted_until = self._scenario.clock.monotonic() + LEASE * self._every_s

    async def run(self) -> None:
        """Look until it ends, and say why. Raises `StoreError`."""
        try:
            while (reason := self._over()) is None:
                reading = await self._look()
                await self._incident.send(TakeReading(reading))
                await self._react(reading)
                await self._scenario.clock.sleep(self._every_s)
            await self._incident.send(StopWatch(reason))
        finally:
            backends = self._scenario.backends
            await asyncio.gather(*(backend.close() for backend in backends), return_exceptions=True)

    def _over(self) -> Literal["budget", "unwatched"] | None:
        if self._asked >= self._left:
            return "budget"
        return "unwatched" if self._scenario.clock.monotonic() >= self._wanted_until else None

    async def _react(self, reading: ReadingTaken) -> None:
        """Ask again where the second reading in a row has what there was not when it was answered."""
        situation = situation_of(reading)
        if self._answered is None:
            self._answered = situation
            return
        because = news(self._answered, situation)
        if because and self._was_news and self._incident.state.ended and await self._ask_again(because):
            self._answered, because = None, ""
        self._was_news = bool(because)

    async def _ask_again(self, because: str) -> bool:
        """Whether it was asked: not where somebody asked something else meanwhile. Then it is still news."""
        before = len(self._incident.state.answers)
        period = await period_of_now(self._incident.state, self._scenario, self._telemetry())
        request = self._asked_for
        try:
            await self._incident.send(AskAgain(because, period, request.sources, request.definitions))
        except UsageError:
            return False
        await self._incident.until(lambda state: state.ended)
        self._asked += max(len(self._incident.state.answers) - before, 0)
        # Nobody says that they look while it is investigated.
        self.wanted()
        return True

    def _telemetry(self) -> Telemetry:
        """A new one for each look: it answers equal questions from what it knows, and a look is about news."""
        return self._scenario.telemetry(Unrecorded(), self._current_names())

    def _current_names(self) -> CrossSourceNames | None:
        """The names of several sources for one thing as of now: of a time that is over some tell nothing any more."""
        if len(self._scenario.backends) < _SEVERAL:
            return None
        now, at = self._scenario.clock.now(), self._scenario.clock.monotonic()
        if self._names is None or at - self._names[0] > _NAMES_S:
            self._names = at, self._scenario.names_in(Window(start=now - _NAMED_IN, end=now))
            self._asked += sum(
                question in backend.questions for backend in self._scenario.backends
                for question in ("topology", "objects")
            )  # fmt: skip
        return self._names[1]

    async def _look(self) -> ReadingTaken:
        now, state = self._scenario.clock.now(), self._incident.state
        window = Window(start=now - _BACK, end=now)
        telemetry = self._telemetry()
        watched = watched_metrics(state)
        resources = tuple(dict.fromkeys(metric.resource for metric in watched))
        names = tuple(dict.fromkeys(metric.metric for metric in watched))
        queries: list[Query] = [AlertsQuery(window=window), ObjectsQuery(window=window, kinds=_WORKLOADS)]
        if watched:
            queries.insert(0, SeriesQuery(window=window, resources=resources, metrics=names, step_s=_STEP_S))
        answers = await asyncio.gather(*(self._put(telemetry, query) for query in queries))
        records = {query.question: answer.records for query, answer in zip(queries, answers, strict=True)}
        return ReadingTaken(
            metrics=tuple(_readings(watched, records.get("series", ()))),
            alerts=_firing(records["alerts"]),
            workloads=await asyncio.to_thread(_workloads, records["objects"], window),
            asked=self._asked,
            missing=tuple(dict.fromkeys(problem for answer in answers for problem in _failures(answer))),
        )

    async def _put(self, telemetry: Telemetry, query: Query) -> Answers[Any]:
        """The answers; empty where no source is asked such questions."""
        able = [backend for backend in self._scenario.backends if query.question in backend.questions]
        if not able:
            return Answers(query, ())
        self._asked += len(able)
        return await telemetry.ask(query)


def _failures(answers: Answers[Any]) -> list[str]:
    failed = (part for part in answers.parts if part.status in ("denied", "unreachable"))
    return [safe_line(f"{part.source}: {part.detail or part.status}", limit=200) for part in failed]


def _readings(watched: Sequence[Watched], series: Sequence[Series]) -> list[MetricReading]:
    by_name = {(entry.resource, entry.metric.name): entry for entry in series if len(entry.times)}
    readings = []
    for metric in watched:
        entry = by_name.get((metric.resource, metric.metric))
        if entry is not None:
            readings.append(_reading(metric, entry))
    return readings


def _reading(watched: Watched, series: Series) -> MetricReading:
    well = watched.is_well(series.values)
    first, left = _begin_of_last_run(well), _begin_of_last_run(~well)
    is_well = len(well) - first >= _LEAST_WELL
    return MetricReading(
        resource=watched.resource,
        metric=watched.metric,
        kind=series.metric.kind,
        unit=series.metric.unit,
        value=float(series.values[-1]),
        at=_moment(series.times[-1]),
        usual=watched.usual,
        bad_since=None if is_well or left >= len(well) else _moment(series.times[left]),
        well_since=_moment(series.times[first]) if is_well else None,
        symptom=watched.symptom,
    )


def _begin_of_last_run(flags: NDArray[np.bool_]) -> int:
    """Where the true values at the end begin; the length where the last one is false."""
    false = np.flatnonzero(~flags)
    return int(false[-1]) + 1 if len(false) else 0


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)


def _firing(alerts: Sequence[Alert]) -> tuple[AlertReading, ...]:
    firing = [AlertReading(name=alert.name, resource=alert.resource) for alert in alerts if alert.state == "firing"]
    return tuple(firing[:_MOST_ALERTS])


def _workloads(dumps: Sequence[Any], window: Window) -> tuple[WorkloadReading, ...]:
    """Those that lack pods, and how many they lack."""
    if not dumps:
        return ()
    from primitives.kubernetes.ready_counts import ready_counts

    counts = ready_counts(dumps, window)
    lacking = [WorkloadReading(resource=name, ready=ready, wanted=wanted)
               for name, (ready, wanted) in counts.items() if ready < wanted]  # fmt: skip
    return tuple(lacking[:_MOST_WORKLOADS])
