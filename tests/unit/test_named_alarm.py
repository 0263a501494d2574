"""An alarm that the question names gives the symptom."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.investigate.named_alarm import symptom_of_named_alarm
from primitives.alerts import METRIC_LABEL
from primitives.errors import SourceUnreachable
from primitives.records import Alert, Symptom, Window
from primitives.redact import Redactor
from primitives.telemetry import Answer, BackendStatus, Query

NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)
WINDOW = Window(start=NOW - timedelta(hours=1), end=NOW)


@dataclass
class Alarms:
    alerts: tuple[Alert, ...]
    problem: str = ""
    name: str = "ward"
    questions: frozenset[Any] = field(default_factory=lambda: frozenset({"alerts"}))

    async def ask(self, query: Query) -> Answer[Any]:
        if self.problem:
            raise SourceUnreachable(self.name, self.problem)
        return Answer(query, self.name, "answered", self.alerts)

    async def check(self) -> BackendStatus:
        return BackendStatus(self.name, "reachable")

    async def close(self) -> None:
        return None


def alarm(name: str, resource: str | None = "till", metric: str | None = "latency_p95", **more: Any) -> Alert:
    return Alert(name=name, resource=resource, labels={METRIC_LABEL: metric} if metric else {}, **more)


async def named(query: str, *backends: Alarms) -> Symptom | None:
    return await symptom_of_named_alarm(query, WINDOW, backends, Redactor())


@pytest.mark.parametrize("query", ["till-slow", "why does TILL-SLOW fire?", "alarm till-slow since 9:40"])
async def test_its_metric_and_resource_are_the_symptom(query: str) -> None:
    assert await named(query, Alarms((alarm("till-slow"),))) == Symptom(resource="till", metric="latency_p95")


@pytest.mark.parametrize(
    "alert", [alarm("bakery-slow"), alarm("til"), alarm("till-slow", resource=None), alarm("till-slow", metric=None)]
)
async def test_another_alarm_or_half_of_one_is_none(alert: Alert) -> None:
    assert await named("till-slow", Alarms((alert,))) is None


async def test_of_several_the_longest_name_counts() -> None:
    alarms = Alarms((alarm("till-slow", "till"), alarm("till-slow-checkout", "desk")))
    symptom = await named("till-slow-checkout", alarms)
    assert symptom is not None
    assert symptom.resource == "desk"


async def test_a_source_that_fails_is_no_obstacle() -> None:
    assert await named("till-slow", Alarms((), problem="gone"), Alarms((alarm("till-slow"),))) is not None
