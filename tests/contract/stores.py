"""The stores that are held to the contract. A new store joins by adding its opener to `STORES`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.events import (
    Body,
    Event,
    IncidentOpened,
    PlannedStep,
    PlanProposed,
    StepProgressed,
    Who,
)
from engine.log import Entry, EventLog
from primitives.facts import MetricShift
from primitives.records import Window

Opener = Callable[[Path], Awaitable[EventLog]]
STORES: dict[str, Opener] = {
    "memory": lambda path: EventLog.open(f"memory://{path}"),
    "sqlite": EventLog.open,
}
"""Opens the store that belongs to a path: opened twice with the same path it is the same store."""
NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
ENGINE = Who(kind="engine", name="cloudops")
WINDOW = Window(start=NOON, end=NOON)


def opening(title: str = "Latency") -> IncidentOpened:
    return IncidentOpened(title=title, query=title, origin="recorded", detected_at=NOON, now=NOON, window=WINDOW)


def planning() -> PlanProposed:
    step = PlannedStep(id="S1", primitive="analyze_logs", target="web", arguments={}, effect="read", reason="errors")
    return PlanProposed(steps=(step,))


def entries(*bodies: Body) -> list[Entry]:
    return [(NOON, ENGINE, body) for body in bodies]


def progress(count: int, first: int = 0) -> list[Entry]:
    return entries(*(StepProgressed(step="S1", done=first + number, total=10**6) for number in range(count)))


def shift(**changes: Any) -> MetricShift:
    values: dict[str, Any] = {
        "resource": "web", "window": WINDOW, "observed_at": NOON, "source": "metrics", "metric": "latency",
        "kind": "latency", "unit": "ms", "statistic": "p95", "worse": True, "baseline": 200.0, "spread": 10.0,
        "current": 1500.0, "peak": 1600.0, "score": 130.0, "samples": 30, "baseline_samples": 300,
    }  # fmt: skip
    return MetricShift.model_validate(values | changes)


async def begin(store: EventLog, execution_id: str = "exec-1", incident_id: str = "inc-1") -> tuple[Event, ...]:
    return await store.append(execution_id, incident_id, entries(opening(), planning()))


async def collect(batches: AsyncIterator[tuple[Event, ...]]) -> list[Event]:
    return [event async for batch in batches for event in batch]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)
