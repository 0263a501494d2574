"""Backends that answer what a test gives them, and records to answer with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import numpy as np

from primitives.clock import ManualClock
from primitives.records import (
    Alert,
    Change,
    ConfigurationSnapshot,
    ContainerLog,
    Edge,
    KubernetesDump,
    LogRecord,
    Metric,
    Observation,
    Probe,
    Resource,
    Series,
    Span,
    Topology,
    Window,
)
from primitives.telemetry import (
    AlertsQuery,
    Answer,
    BackendStatus,
    ChangesQuery,
    ConfigurationQuery,
    ContainerLogsQuery,
    LogsQuery,
    ObjectsQuery,
    ObservationsQuery,
    ProbesQuery,
    Query,
    Question,
    SeriesQuery,
    SpansQuery,
    Telemetry,
    TopologyQuery,
)

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
WINDOW = Window(start=NOW - timedelta(hours=1), end=NOW)
BASELINE = Window(start=NOW - timedelta(hours=7), end=NOW - timedelta(hours=1))
SECRET = "correct-horse-battery"
HOSTILE = f"one\x1b[31m\u202etwo {SECRET} Authorization: Bearer abcdefghijklmnopqrstuvwxyz012345"
METRIC = Metric(name=HOSTILE, kind="latency", unit="s", statistic="p95", worse="higher")
EVERY_RECORD: dict[type[Any], Any] = {
    SeriesQuery: Series(HOSTILE, METRIC, np.array([1.0]), np.array([2.0])),
    ChangesQuery: Change(time=NOW, id=HOSTILE, kind="deployment", summary=HOSTILE, before={"a": [HOSTILE]}),
    LogsQuery: LogRecord(NOW, HOSTILE, "ERROR", HOSTILE, {HOSTILE: HOSTILE, "deep": {"list": (HOSTILE,)}}),
    SpansQuery: Span("t", "s", None, HOSTILE, HOSTILE, NOW, 1.0, "ok", {"a": HOSTILE}),
    TopologyQuery: Topology(
        resources=(Resource(id=HOSTILE, attributes={"a": HOSTILE}),), edges=(Edge(source=HOSTILE, target=HOSTILE),)
    ),
    ConfigurationQuery: ConfigurationSnapshot(
        time=NOW, resource="a", kind="k", document={"password": SECRET, "b": HOSTILE}
    ),
    ObjectsQuery: KubernetesDump(
        time=NOW, kind="secrets", items=({"kind": "Secret", "data": {"a": SECRET}, "b": HOSTILE},)
    ),
    ContainerLogsQuery: ContainerLog(namespace="n", pod=HOSTILE, container="c", text=f"{HOSTILE}\n{HOSTILE}"),
    ProbesQuery: Probe(time=NOW, resource="a", probe="tcp_connect", result=HOSTILE, output=HOSTILE),
    ObservationsQuery: Observation(time=NOW, resource="a", kind="k", data=[{"x": HOSTILE}]),
    AlertsQuery: Alert(name=HOSTILE, description=HOSTILE, labels={"a": HOSTILE}),
}  # fmt: skip


class Fake:
    """A backend that answers what it is told to, and keeps what it was asked."""

    def __init__(self, name: str, answer: Callable[[Query], Answer[Any]], *questions: Question) -> None:
        self.name = name
        self.questions: frozenset[Question] = frozenset(questions or get_args(Question))
        self.answer = answer
        self.asked: list[Query] = []

    async def ask(self, query: Query) -> Answer[Any]:
        self.asked.append(query)
        return self.answer(query)

    async def check(self) -> BackendStatus:
        return BackendStatus(self.name, "reachable")

    async def close(self) -> None:
        return None


class Kept:
    """A recorder that keeps the answers themselves."""

    def __init__(self) -> None:
        self.answers: list[Answer[Any]] = []

    async def record(self, answer: Answer[Any]) -> str:
        self.answers.append(answer)
        return str(len(self.answers))


def telemetry(*backends: Fake, recorder: Kept | None = None, **more: Any) -> Telemetry:
    return Telemetry(backends, recorder or Kept(), ManualClock(NOW), **more)


def log(
    minutes_ago: float, body: str, resource: str = "orders", severity: Any = "INFO", **attributes: Any
) -> LogRecord:
    return LogRecord(NOW - timedelta(minutes=minutes_ago), resource, severity, body, attributes)


def span(trace: str, resource: str, seconds: float = 1.0, minutes_ago: float = 5) -> Span:
    start = NOW - timedelta(minutes=minutes_ago)
    return Span(trace, f"{trace}-{resource}", None, resource, "GET", start, seconds, "ok", {})
