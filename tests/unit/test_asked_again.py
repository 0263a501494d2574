"""Asking a watched incident again: what was judged stays judged, and a refusal isn't an answer."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from engine.deciders.decision import by
from engine.deciders.steps import publish_facts
from engine.events import ENGINE, AlertReading, FactFound, PlannedStep, ReadingTaken
from engine.fact_deduplication import fact_key
from engine.hypotheses import Judgement, Verdict
from engine.incident import FoundFact, IncidentState
from engine.investigate.commands import AskAgain, PublishFacts
from engine.investigate.watch import Watcher
from engine.port import Watch
from engine.state.steps import Step
from primitives.clock import ManualClock
from primitives.errors import StoreError, UsageError
from primitives.facts import Assertion

AT = datetime(2026, 3, 10, 14, 45, tzinfo=UTC)


def step(name: str, supersedes: str = "") -> Step:
    plan = PlannedStep(
        id=name, primitive="compare_baseline", target="till", arguments={}, effect="read", reason="r",
        supersedes=supersedes,
    )  # fmt: skip
    return Step(plan, status="completed")


def asked_twice(verdict: Verdict | None) -> tuple[IncidentState, Assertion]:
    fact = Assertion.model_validate({**Assertion.EXAMPLE, "observed_at": AT})
    known = FoundFact("F1", "S1", fact_key(fact), fact)
    judged = {} if verdict is None else {"F1": Judgement(verdict=verdict, by="ann", because="")}
    state = IncidentState().replaced(facts={"F1": known}, judgements=judged)
    state.investigation.steps.update({"S1": step("S1"), "S2": step("S2", supersedes="S1")})
    return state, fact


@pytest.mark.parametrize("verdict", ["refuted", "pinned"])
def test_a_judged_fact_that_is_found_again_keeps_its_judgement(verdict: Verdict) -> None:
    state, fact = asked_twice(verdict)
    assert publish_facts(state, PublishFacts("S2", (fact,))) == by(ENGINE)
    assert [entry.id for entry in state.current_facts] == ["F1"]


def test_a_fact_that_nobody_judged_is_found_anew() -> None:
    state, fact = asked_twice(None)
    found_again = FactFound(id="F2", step="S2", key=fact_key(fact), fact=fact)
    assert publish_facts(state, PublishFacts("S2", (fact,))) == by(ENGINE, found_again)


class Refusing:
    """An incident of which somebody asks something else as it is asked again the first time."""

    def __init__(self) -> None:
        self.state = SimpleNamespace(ended=True, answers={})
        self.asked: list[str] = []

    async def send(self, command: Any) -> None:
        if isinstance(command, AskAgain):
            self.asked.append(command.because)
            raise UsageError("the investigation goes on")

    async def until(self, condition: Any) -> None: ...


class Reader(Watcher):
    """Reads what it is given, and then nothing more."""

    readings: tuple[ReadingTaken, ...] = ()

    async def _look(self) -> ReadingTaken:
        if not self.readings:
            raise StoreError("enough")
        first, *rest = self.readings
        self.readings = tuple(rest)
        return first

    def _telemetry(self) -> Any:
        return None


async def test_what_was_refused_is_asked_again_at_the_next_look(monkeypatch: pytest.MonkeyPatch) -> None:
    incident, clock = Refusing(), ManualClock(AT)

    async def asked_now(*_: Any) -> Any:
        return SimpleNamespace()

    monkeypatch.setattr("engine.investigate.watch.period_of_now", asked_now)
    watcher = Reader(incident, SimpleNamespace(clock=clock, backends=()), Watch(every_s=1.0))  # type: ignore[arg-type]
    quiet = ReadingTaken(metrics=(), alerts=(), workloads=(), asked=1)
    loud = quiet.model_copy(update={"alerts": (AlertReading(name="StoreFull"),)})
    watcher.readings = (quiet, loud, loud, loud)
    monkeypatch.setattr(watcher, "_over", lambda: None)
    with pytest.raises(StoreError):
        await watcher.run()
    assert incident.asked == ["alert StoreFull fires", "alert StoreFull fires"]
