"""A live incident after its first answer: asked again while somebody looks, seen as cured, told offline as it was."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from watched_engine import WatchedEngine

from cockpit.plain import PlainReport
from cockpit.widgets.readings import reading_parts
from cockpit.widgets.view import View
from engine.events import Event, IncidentOpened, PeriodChosen, ReadingTaken, SymptomChanged, WatchStopped
from engine.follow_to_end import follow_investigation
from engine.incident import IncidentState, fold
from engine.port import Watch
from engine.report import report
from primitives.clock import SystemClock
from primitives.errors import UsageError
from primitives.metric_names import metric_by_name
from primitives.records import Alert, Coverage, Resource, Series, Topology, Window
from primitives.sources import NO_SOURCES
from primitives.telemetry import AlertsQuery, Answer, BackendStatus, Query, Question, SeriesQuery, TopologyQuery

STEP_S = 5
LATENCY = metric_by_name("latency_p95")


class Loom:
    """A weaving mill's order service, slow from `ill_from` to `well_from`; counts what it is asked."""

    name = "mill"
    questions = frozenset[Question]({"series", "alerts", "topology"})

    def __init__(self) -> None:
        now = SystemClock().now()
        self.ill_from = now - timedelta(minutes=3)
        self.well_from: datetime | None = None
        self.asked = 0
        self.refuses = False

    async def ask(self, query: Query) -> Answer[Any]:
        self.asked += 1
        if self.refuses:
            raise RuntimeError("the mill is shut")
        covered = Coverage.model_validate({"source": self.name, "kinds": ["series"], "from": query.window.start,
                                           "to": query.window.end, "status": "answered"})  # fmt: skip
        match query:
            case SeriesQuery():
                return Answer(query, self.name, "answered", (self._latency(query.window),), (covered,))
            case AlertsQuery():
                firing = () if self.well_from else (Alert(name="Slow", state="firing", resource="orders"),)
                return Answer(query, self.name, "answered", firing)
            case TopologyQuery():
                orders = Topology(resources=(Resource(id="orders", kind="service"),))
                return Answer(query, self.name, "answered", (orders,))
            case _:
                return Answer(query, self.name, "not_recorded")

    def _latency(self, window: Window) -> Series:
        first = np.ceil(max(window.start, self.ill_from - timedelta(hours=1)).timestamp() / STEP_S) * STEP_S
        times = np.arange(first, window.end.timestamp(), STEP_S)
        values = 0.2 + 0.01 * np.sin(times)
        ill = times >= self.ill_from.timestamp()
        if self.well_from is not None:
            ill &= times < self.well_from.timestamp()
        values[ill] = 2.0
        return Series("orders", LATENCY, times, values)

    async def check(self) -> BackendStatus:
        return BackendStatus(self.name, "reachable", "", tuple(self.questions))

    async def close(self) -> None:
        pass


class Mill(WatchedEngine):
    """An engine whose live incidents ask the loom."""

    def __init__(self, loom: Loom) -> None:
        super().__init__(loom)
        self.loom = loom


def opened() -> IncidentOpened:
    now = SystemClock().now()
    return IncidentOpened(
        title="orders are slow", query="orders latency is high", origin="live", detected_at=now, now=now,
        window=Window(start=now - timedelta(hours=1), end=now),
        baseline=Window(start=now - timedelta(hours=7), end=now - timedelta(hours=1)),
    )  # fmt: skip


@pytest.fixture
async def mill() -> AsyncIterator[Mill]:
    engine = Mill(Loom())
    yield engine
    await engine.close()


async def answered(mill: Mill) -> str:
    execution_id = await mill.begin(mill.scenario(opened()), confirm=False)
    async for _ in follow_investigation(mill, execution_id):
        pass
    return execution_id


async def log_of(mill: Mill, execution_id: str) -> list[Event]:
    return [event async for batch in mill.follow(execution_id, live=False) for event in batch]


async def until(mill: Mill, execution_id: str, kind: type[Any], *, every_s: float = 1.0, looks: bool = True) -> Any:
    """The next body of that kind, while somebody looks."""
    seen = len(await log_of(mill, execution_id))
    async with asyncio.timeout(20):
        while True:
            if looks:
                await mill.send(execution_id, Watch(every_s=every_s))
            for event in (await log_of(mill, execution_id))[seen:]:
                if isinstance(event.body, kind):
                    return event.body
            await asyncio.sleep(0.2)


async def test_a_cure_is_seen_within_two_looks_without_anybody_asking(mill: Mill) -> None:
    execution_id = await answered(mill)
    first = await until(mill, execution_id, ReadingTaken)
    (orders,) = [metric for metric in first.metrics if metric.symptom]
    assert (orders.resource, orders.value, orders.well_since) == ("orders", 2.0, None)
    assert orders.bad_since is not None
    assert [alert.name for alert in first.alerts] == ["Slow"]
    mill.loom.well_from = SystemClock().now() - timedelta(seconds=4 * STEP_S)
    cured = await until(mill, execution_id, SymptomChanged)
    assert (cured.state, cured.reading.resource) == ("recovered", "orders")
    assert abs((cured.since - mill.loom.well_from).total_seconds()) <= STEP_S
    bodies = [event.body for event in await log_of(mill, execution_id)]
    cured_at = next(place for place, body in enumerate(bodies) if isinstance(body, SymptomChanged))
    readings = [body for body in bodies[:cured_at] if isinstance(body, ReadingTaken)]
    ill = [body for body in readings if any(m.symptom and m.well_since is None for m in body.metrics)]
    assert len(readings) - len(ill) <= 2


async def test_what_comes_back_is_told_too(mill: Mill) -> None:
    execution_id = await answered(mill)
    mill.loom.well_from = SystemClock().now() - timedelta(seconds=4 * STEP_S)
    assert (await until(mill, execution_id, SymptomChanged)).state == "recovered"
    mill.loom.well_from, mill.loom.ill_from = None, SystemClock().now() - timedelta(seconds=3 * STEP_S)
    back = await until(mill, execution_id, SymptomChanged)
    assert back.state == "returned"


async def test_report_plain_output_and_header_say_since_when_it_is_well_also_from_the_log_alone(mill: Mill) -> None:
    execution_id = await answered(mill)
    mill.loom.well_from = SystemClock().now() - timedelta(seconds=4 * STEP_S)
    await until(mill, execution_id, SymptomChanged)
    events = await log_of(mill, execution_id)
    state = fold(events)
    assert IncidentState.decode(state.encode()) == state
    told = report(state).watch
    assert told is not None
    assert told.symptom == "recovered"
    assert told.readings[0].resource == "orders"
    plain, text, walked = PlainReport(width=200), "", IncidentState()
    for event in events:
        walked.apply(event)
        text += plain.tell(walked, event)
    assert "orders latency p95 is back at " in text
    assert re.search(r"Now: orders latency p95 [^(]+ \(usually [^)]+\), \S+ \S+ old", " ".join(text.split()))
    view = View(state=state, now=state.updated_at)
    shown = "".join(part for part, _ in reading_parts(view, view.condition.shift))
    assert shown.startswith("back at ")
    assert shown.endswith(" old")


async def test_the_questions_stop_when_nobody_looks(mill: Mill) -> None:
    execution_id = await answered(mill)
    await until(mill, execution_id, ReadingTaken)
    stopped = await until(mill, execution_id, WatchStopped, looks=False)
    assert stopped.reason == "unwatched"
    asked = mill.loom.asked
    await asyncio.sleep(1.5)
    assert mill.loom.asked == asked


async def test_the_questions_stop_when_they_are_used_up(mill: Mill) -> None:
    execution_id = await answered(mill)
    await mill.send(execution_id, Watch(every_s=1.0, questions=2))
    stopped = await until(mill, execution_id, WatchStopped, looks=False)
    assert stopped.reason == "budget"


async def test_a_source_that_fails_leaves_a_reading_without_it(mill: Mill) -> None:
    execution_id = await answered(mill)
    mill.loom.refuses = True
    reading = await until(mill, execution_id, ReadingTaken)
    assert reading.metrics == ()
    assert any("the mill is shut" in problem for problem in reading.missing)


async def test_only_a_live_incident_that_has_an_answer_is_watched(mill: Mill) -> None:
    recorded = replace(mill.scenario(opened().model_copy(update={"origin": "recorded"})), recorded=True)
    execution_id = await mill.begin(recorded, confirm=False)
    async for _ in follow_investigation(mill, execution_id):
        pass
    with pytest.raises(UsageError, match="nothing to watch"):
        await mill.send(execution_id, Watch(definitions=NO_SOURCES))


async def test_the_time_is_read_from_the_data_and_the_symptom_is_what_the_question_means(mill: Mill) -> None:
    state = fold(await log_of(mill, await answered(mill)))
    assert state.opened is not None
    assert state.opened.symptom is not None
    assert (state.opened.symptom.resource, state.opened.symptom.metric) == ("orders", "latency_p95")
    assert any(isinstance(event.body, PeriodChosen) for event in await log_of(mill, state.execution_id))
