"""A watched incident whose trouble changes: its diagnostics are asked again, and what is there now is ranked."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from watched_engine import WatchedEngine

from engine.events import Event, HypothesesRanked, IncidentOpened, InvestigationResumed, ReadingTaken, StepAdded
from engine.follow_to_end import follow_investigation
from engine.incident import IncidentState, fold
from engine.investigate.watch import Watcher
from engine.port import Watch
from primitives.clock import SystemClock
from primitives.errors import StoreError
from primitives.metric_names import metric_by_name
from primitives.records import Alert, Coverage, Edge, KubernetesDump, Metric, Resource, Series, Topology, Window
from primitives.telemetry import AlertsQuery, Answer, BackendStatus, Query, Question, SeriesQuery, TopologyQuery

STEP_S = 5
BREAD, STORE = "bread-orders", "dough-store"
LATENCY, CONNECTIONS, CPU = (
    metric_by_name(name) for name in ("latency_p95", "connection_utilization", "cpu_utilization")
)


class Bakery:
    """Orders are slow since ten minutes ago: first because the store's connections are used up, from `turned` on
    because the orders' own processors are. Counts what it is asked.
    """

    name = "bakery"
    questions = frozenset[Question]({"series", "alerts", "topology"})

    def __init__(self) -> None:
        self.ill_from = SystemClock().now() - timedelta(minutes=10)
        self.turned: datetime | None = None
        self.alerts: tuple[str, ...] = ("OrdersSlow",)
        self.asked = 0

    async def ask(self, query: Query) -> Answer[Any]:
        self.asked += 1
        covered = Coverage.model_validate({"source": self.name, "kinds": ["series"], "from": query.window.start,
                                           "to": query.window.end, "status": "answered"})  # fmt: skip
        match query:
            case SeriesQuery():
                return Answer(query, self.name, "answered", self._series(query.window), (covered,))
            case AlertsQuery():
                firing = tuple(Alert(name=name, state="firing", resource=BREAD) for name in self.alerts)
                return Answer(query, self.name, "answered", firing)
            case TopologyQuery():
                known = (Resource(id=BREAD, kind="service"), Resource(id=STORE, kind="database"))
                edge = Edge.model_validate({"from": BREAD, "to": STORE, "kind": "calls"})
                return Answer(query, self.name, "answered", (Topology(resources=known, edges=(edge,)),))
            case _:
                return Answer(query, self.name, "not_recorded")

    def _series(self, window: Window) -> tuple[Series, ...]:
        first = np.ceil(max(window.start, self.ill_from - timedelta(hours=1)).timestamp() / STEP_S) * STEP_S
        times = np.arange(first, window.end.timestamp(), STEP_S)
        ill, turned = times >= self.ill_from.timestamp(), np.zeros(len(times), bool)
        if self.turned is not None:
            turned = times >= self.turned.timestamp()

        def level(resource: str, metric: Metric, usual: float, worst: float, bad: Any) -> Series:
            return Series(resource, metric, times, np.where(bad, worst, usual) * (1 + 0.02 * np.sin(times)))

        return (
            level(BREAD, LATENCY, 0.2, 2.0, ill),
            level(STORE, CONNECTIONS, 0.3, 0.97, ill & ~turned),
            level(BREAD, CPU, 0.3, 0.97, turned),
        )

    async def check(self) -> BackendStatus:
        return BackendStatus(self.name, "reachable", "", tuple(self.questions))

    async def close(self) -> None:
        pass


class Watched(WatchedEngine):
    """An engine whose live incidents ask the bakery."""

    def __init__(self, bakery: Bakery) -> None:
        super().__init__(bakery)
        self.bakery = bakery


@pytest.fixture
async def engine() -> AsyncIterator[Watched]:
    engine = Watched(Bakery())
    yield engine
    await engine.close()


async def answered(engine: Watched) -> str:
    now = SystemClock().now()
    start = now - timedelta(hours=1)
    opened = IncidentOpened(
        title="slow", query="bread-orders latency is high", origin="live", detected_at=now, now=now,
        window=Window(start=start, end=now), baseline=Window(start=start - timedelta(hours=6), end=start),
    )  # fmt: skip
    execution_id = await engine.begin(engine.scenario(opened), confirm=False)
    async for _ in follow_investigation(engine, execution_id):
        pass
    return execution_id


async def log_of(engine: Watched, execution_id: str) -> list[Event]:
    return [event async for batch in engine.follow(execution_id, live=False) for event in batch]


async def until(engine: Watched, execution_id: str, condition: Any, *, within_s: float = 60.0) -> IncidentState:
    """The state when `condition` holds of it, while somebody looks."""
    async with asyncio.timeout(within_s):
        while not condition(state := await engine.state(execution_id)):
            if state.ended:
                await engine.send(execution_id, Watch(every_s=1.0))
            await asyncio.sleep(0.2)
    return state


async def read_twice(engine: Watched, execution_id: str) -> None:
    """Let it be watched as it was answered."""
    async with asyncio.timeout(30):
        while True:
            await engine.send(execution_id, Watch(every_s=1.0))
            bodies = [event.body for event in await log_of(engine, execution_id)]
            if sum(isinstance(body, ReadingTaken) for body in bodies) >= 2:
                return
            await asyncio.sleep(0.2)


async def reasons(engine: Watched, execution_id: str) -> list[str]:
    """Why it was asked again."""
    bodies = [event.body for event in await log_of(engine, execution_id)]
    return [body.reason for body in bodies if isinstance(body, InvestigationResumed)]


def asked_again(state: IncidentState) -> bool:
    return state.investigation.resumed > 0 and state.ended


def best(state: IncidentState) -> tuple[str, str | None]:
    return state.hypotheses[0].cause_id, state.hypotheses[0].resource


async def test_a_cause_that_changes_while_it_is_watched_is_ranked_anew(engine: Watched) -> None:
    execution_id = await answered(engine)
    assert best(await engine.state(execution_id)) == ("connections_exhausted", STORE)
    await read_twice(engine, execution_id)
    engine.bakery.turned = SystemClock().now() - timedelta(seconds=150)

    state = await until(engine, execution_id, asked_again)

    (because,) = await reasons(engine, execution_id)
    assert "is well, and the symptom is still there" in because
    assert best(state) == ("cpu_saturated", BREAD)
    events = await log_of(engine, execution_id)
    (resumed,) = [event.seq for event in events if isinstance(event.body, InvestigationResumed)]
    again = [event.body.step for event in events if isinstance(event.body, StepAdded) and event.seq > resumed]
    first = fold(events[: resumed - 1])
    assert {step.supersedes for step in again} == set(first.steps)
    assert any(isinstance(event.body, HypothesesRanked) and event.seq > resumed for event in events)
    # What was found first can still be read, but counts no more.
    assert set(first.facts) <= set(state.facts)
    cited = {item.fact for hypothesis in state.hypotheses for item in hypothesis.evidence}
    assert not cited & set(first.facts)
    assert state.opened is not None
    assert first.opened is not None
    assert state.opened.window.end > first.opened.window.end
    assert IncidentState.decode(state.encode()) == state


async def test_an_alert_that_begins_to_fire_makes_it_ask_again_and_one_that_fired_does_not(engine: Watched) -> None:
    execution_id = await answered(engine)
    await read_twice(engine, execution_id)
    await asyncio.sleep(2.5)
    assert not await reasons(engine, execution_id)
    engine.bakery.alerts = ("OrdersSlow", "StoreFull")
    state = await until(engine, execution_id, asked_again)
    assert await reasons(engine, execution_id) == ["asked again: alert StoreFull fires"]
    # It is the answer's situation now: nothing is asked a third time.
    readings = state.watch.read_at
    await until(engine, execution_id, lambda later: later.watch.read_at > readings)
    await asyncio.sleep(3.0)
    assert len(await reasons(engine, execution_id)) == 1


async def test_what_asking_again_takes_counts_to_the_budget(engine: Watched) -> None:
    execution_id = await answered(engine)
    await read_twice(engine, execution_id)
    engine.bakery.alerts = ("OrdersSlow", "StoreFull")
    state = await until(engine, execution_id, asked_again)
    answers, asked = len(state.answers), state.watch.reading.asked if state.watch.reading else 0
    later = await until(engine, execution_id, lambda later: later.watch.reading and later.watch.reading.asked > asked)
    assert later.watch.reading is not None
    assert later.watch.reading.asked > asked + 2
    assert answers > 0


class Plant:
    """A cluster that tells what is there now, and nothing of a time that ended over two minutes ago."""

    name = "plant"
    questions = frozenset[Question]({"objects"})

    async def ask(self, query: Query) -> Answer[Any]:
        if SystemClock().now() - query.window.end > timedelta(minutes=2):
            return Answer(query, self.name, "not_recorded")
        labels = {"app": BREAD}
        item = {
            "kind": "Deployment", "metadata": {"name": BREAD, "namespace": "shop", "labels": labels},
            "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}}},
            "status": {"replicas": 1, "readyReplicas": 1},
        }  # fmt: skip
        dump = KubernetesDump(time=query.window.end, kind="deployments", items=(item,))
        return Answer(query, self.name, "answered", (dump,))

    async def check(self) -> BackendStatus:
        return BackendStatus(self.name, "reachable", "", tuple(self.questions))

    async def close(self) -> None:
        pass


class Looking:
    """An incident that was answered ten minutes ago; keeps the first reading, and then is no more."""

    def __init__(self, state: IncidentState) -> None:
        self.state = state
        self.reading: ReadingTaken | None = None

    async def send(self, command: Any) -> None:
        self.reading = command.reading
        raise StoreError("enough")

    async def until(self, condition: Any) -> None: ...


async def test_what_is_watched_is_asked_for_by_the_names_that_the_sources_have_now(engine: Watched) -> None:
    state = await engine.state(await answered(engine))
    assert state.opened is not None
    long_ago = Window(start=state.opened.window.start, end=state.opened.window.end - timedelta(minutes=10))
    opened = state.opened.model_copy(update={"window": long_ago})
    # What was found is called as the cluster calls it.
    name = f"shop/deployment/{BREAD}"
    facts = {
        key: dataclasses.replace(found, fact=found.fact.model_copy(update={"resource": name}))
        for key, found in state.facts.items() if found.fact.type == "metric_shift" and found.fact.resource == BREAD
    }  # fmt: skip
    assert facts
    looking = Looking(dataclasses.replace(state.replaced(facts=facts), opened=opened))
    checks = (*engine.scenario(opened).checks, BackendStatus("plant", "reachable", "", ("objects",)))
    scenario = dataclasses.replace(engine.scenario(opened), backends=(engine.bakery, Plant()), checks=checks)
    with pytest.raises(StoreError):
        await Watcher(looking, scenario, Watch(every_s=1.0)).run()
    assert looking.reading is not None
    assert name in {metric.resource for metric in looking.reading.metrics}
