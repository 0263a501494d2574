"""An advisor takes part in an investigation: it may propose, decides nothing, and fails without harm."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

import engine.reason.advisor as seam
from engine.engine import Engine
from engine.events import Event, FactAdded, NoteAdded, StepAdded
from engine.follow_to_end import follow_investigation
from engine.incident import IncidentState, fold
from engine.log import EventLog
from engine.port import Investigate
from engine.reason.advisor import Advice, Advisor, Briefing, ProposedDiagnostic, ProposedHypothesis

SMALL = Path(__file__).parents[2] / "sample_incidents" / "holmes-13b-pending"


class Fake:
    """An advisor that answers as it is told to."""

    name = "fake-model"

    def __init__(self, answer: Callable[[Briefing], Awaitable[Advice]]) -> None:
        self._answer = answer

    async def advise(self, briefing: Briefing) -> Advice:
        return await self._answer(briefing)


async def helps(briefing: Briefing) -> Advice:
    fact, resource = next(iter(briefing.facts)), briefing.hypotheses[0].resource
    assert resource is not None
    proposed = ProposedHypothesis(cause_id="disk_full", resource=resource, facts=(fact,), because="pods pile up")
    looks = ProposedDiagnostic(primitive="compare_baseline", resource=resource, facts=(fact,), because="it may show")
    invented = proposed.model_copy(update={"resource": "no/such/thing"})
    return Advice(hypotheses=(proposed, invented), diagnostics=(looks,))


async def hangs(briefing: Briefing) -> Advice:
    await asyncio.sleep(3600)
    return Advice()


async def fails(briefing: Briefing) -> Advice:
    raise RuntimeError("quota used up")


async def investigate(store: Path, advisor: Advisor | None) -> tuple[IncidentState, list[Event]]:
    engine = Engine(await EventLog.open(store), advisor=advisor)
    execution_id = await engine.investigate(Investigate(bundle=str(SMALL), confirm=False))
    async for _ in follow_investigation(engine, execution_id):
        pass
    events = [event async for batch in engine.follow(execution_id, live=False) for event in batch]
    await engine.close()
    return fold(events), events


def ranking(state: IncidentState) -> list[tuple[str, str | None, float]]:
    return [(one.cause_id, one.resource, one.confidence) for one in state.hypotheses]


async def test_advice_is_in_the_log_in_the_advisors_name_and_the_leading_cause_stays(tmp_path: Path) -> None:
    alone, _ = await investigate(tmp_path / "alone.db", None)
    advised, events = await investigate(tmp_path / "advised.db", Fake(helps))
    by_model = [event for event in events if event.who.kind == "model"]
    assert [event.body.type for event in by_model] == ["fact_added", "step_added"]
    assert {event.who.name for event in by_model} == {"fake-model"}
    added = next(event.body for event in by_model if isinstance(event.body, FactAdded))
    assert added.fact.trust == "proposed"
    step = next(event.body.step for event in by_model if isinstance(event.body, StepAdded))
    assert advised.steps[step.id].status == "completed"
    assert ranking(advised)[0][:2] == ranking(alone)[0][:2]
    assert abs(ranking(advised)[0][2] - ranking(alone)[0][2]) < 0.02
    (note,) = [event.body.text for event in events if isinstance(event.body, NoteAdded)]
    assert note.startswith("fake-model proposed disk_full on no/such/thing, which was dropped")


@pytest.mark.parametrize(
    ("answer", "remark"),
    [(hangs, "fake-model gave no advice within 0.1 s"), (fails, "fake-model failed (RuntimeError: quota used up)")],
)
async def test_an_advisor_that_fails_is_noted_and_changes_nothing(
    answer: Callable[[Briefing], Awaitable[Advice]], remark: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seam, "DEADLINE_S", 0.1)
    alone, _ = await investigate(tmp_path / "alone.db", None)
    state, events = await investigate(tmp_path / "advised.db", Fake(answer))
    assert state.phase == "completed"
    assert ranking(state) == ranking(alone)
    assert [event.body.text for event in events if isinstance(event.body, NoteAdded)] == [remark]
