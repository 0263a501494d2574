"""An advisor may propose and never decides: what it says is checked, and its failures cost nothing but its advice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from incident_facts import NOW, STORY, concluded

from engine.events import PlannedStep
from engine.incident import FoundFact, IncidentState, Step
from engine.reason import rank
from engine.reason.advisor import (
    Advice,
    Advised,
    Briefing,
    ProposedDiagnostic,
    ProposedHypothesis,
    briefing,
    checked,
    consult,
)
from primitives.diagnostics.registry import diagnostics

SLOW_QUERY = ProposedHypothesis(cause_id="slow_query", resource="db", facts=("F1", "F3"), because="the pool waits")
LOGS = ProposedDiagnostic(primitive="analyze_logs", resource="db", facts=("F3",), because="statements are logged")


class Fake:
    """An advisor that does what it is told."""

    name = "fake-model"

    def __init__(self, answer: Callable[[Briefing], Awaitable[Any]]) -> None:
        self._answer = answer

    async def advise(self, briefing: Briefing) -> Advice:
        return await self._answer(briefing)  # type: ignore[no-any-return]


def says(advice: Any) -> Fake:
    async def answer(briefing: Briefing) -> Any:
        del briefing
        return advice

    return Fake(answer)


def story() -> IncidentState:
    state = concluded(STORY)
    arguments = {"window": {"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T01:00:00Z"}, "now": NOW.isoformat()}
    plan = PlannedStep(id="S1", primitive="analyze_utilization", target="api", arguments=arguments, effect="read",
                       reason="r")  # fmt: skip
    state.steps["S1"] = Step(plan, status="completed")
    return state


async def ask(fake: Fake, state: IncidentState | None = None, deadline_s: float = 5.0) -> Advised:
    _, advised = await consult(fake, state or story(), diagnostics(), NOW, deadline_s=deadline_s)
    return advised


def check(advice: Advice) -> Advised:
    return checked(advice, "fake-model", story(), diagnostics(), NOW)


def test_an_advised_step_is_about_the_time_that_was_asked_about_last() -> None:
    state = story()
    first = state.steps["S1"].plan
    newer = {"from": "2026-01-01T00:10:00Z", "to": "2026-01-01T01:10:00Z"}
    again = first.model_copy(update={"id": "S2", "supersedes": "S1", "arguments": {**first.arguments, "window": newer}})
    state.steps["S2"] = Step(again, added=True, status="waiting")
    (step,) = checked(Advice(diagnostics=(LOGS,)), "fake-model", state, diagnostics(), NOW).steps
    assert step.arguments["window"] == newer


async def test_good_advice_becomes_proposed_facts_and_steps() -> None:
    advised = await ask(says(Advice(hypotheses=(SLOW_QUERY,), diagnostics=(LOGS,))))
    (fact,), (step,) = advised.facts, advised.steps
    assert (fact.trust, fact.source, fact.cause_id, fact.resource) == ("proposed", "fake-model", "slow_query", "db")
    assert fact.text == "A slow query holds up db because the pool waits (cites F1, F3)"
    assert (step.id, step.primitive, step.effect) == ("S2", "analyze_logs", "read")
    assert step.arguments["focus"] == ["db"]
    assert "proposed by fake-model: statements are logged (F3)" in step.reason
    assert advised.remarks == ()


async def test_a_proposal_is_listed_and_leads_nothing() -> None:
    state = story()
    before = rank(state).hypotheses
    (fact,) = (await ask(says(Advice(hypotheses=(SLOW_QUERY,))), state)).facts
    state.facts["F99"] = FoundFact("F99", "", "key", fact)
    after = rank(state).hypotheses
    assert [one.id for one in after[:2]] == [one.id for one in before[:2]]
    proposed = next(one for one in after if one.cause_id == "slow_query")
    assert any(item.fact == "F99" and item.why == "proposed by fake-model" for item in proposed.evidence)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"cause_id": "evil_spirits"}, "there is no such cause"),
        ({"cause_id": "unknown"}, "a verdict is not for an advisor to propose"),
        ({"resource": "elsewhere"}, "the resource is not known in this incident"),
        ({"change": "v99"}, "the change is not known in this incident"),
        ({"facts": ("F1", "F77")}, "it cites F77, which is no fact of this incident"),
        ({"facts": ()}, "it cites no fact"),
    ],
)
def test_a_hypothesis_that_names_what_is_not_there_is_dropped_and_said(change: dict[str, Any], problem: str) -> None:
    advised = check(Advice(hypotheses=(SLOW_QUERY.model_copy(update=change), SLOW_QUERY)))
    assert len(advised.facts) == 1
    (remark,) = advised.remarks
    assert remark.endswith(f"which was dropped: {problem}")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"primitive": "rollback_deployment"}, "there is no such diagnostic"),
        ({"resource": "elsewhere"}, "the resource is not known in this incident"),
        ({"facts": ("F77",)}, "it cites F77, which is no fact of this incident"),
    ],
)
def test_a_diagnostic_that_is_not_in_the_catalogue_is_dropped_and_said(change: dict[str, Any], problem: str) -> None:
    advised = check(Advice(diagnostics=(LOGS.model_copy(update=change),)))
    assert advised.steps == ()
    assert advised.remarks[0].endswith(problem)


def test_advice_does_not_rest_on_advice_or_on_what_was_refuted() -> None:
    state = story()
    (fact,) = check(Advice(hypotheses=(SLOW_QUERY,))).facts
    state.facts["F99"] = FoundFact("F99", "", "key", fact)
    advice = Advice(hypotheses=(SLOW_QUERY.model_copy(update={"facts": ("F99",)}),))
    assert checked(advice, "fake-model", state, diagnostics(), NOW).facts == ()
    assert "F99" not in briefing(state, diagnostics()).facts


def test_too_much_advice_is_cut_and_said() -> None:
    many = tuple(SLOW_QUERY.model_copy(update={"cause_id": cause}) for cause in ("disk_full", "io_saturated") * 50)
    advised = check(Advice(hypotheses=many))
    assert len(advised.facts) == 2
    assert advised.remarks == ("fake-model: hypotheses: 95 beyond the first 5 were dropped",)


def test_secrets_and_control_characters_do_not_get_through() -> None:
    hostile = SLOW_QUERY.model_copy(update={"because": "\x1b[2J\x00 password=hunter2secret\nnext"})
    (fact,) = check(Advice(hypotheses=(hostile,))).facts
    assert not set(fact.text) & {"\x1b", "\x00", "\n"}
    assert "hunter2secret" not in fact.text


async def test_an_advisor_that_hangs_is_left_behind_at_the_deadline() -> None:
    async def hang(briefing: Briefing) -> Any:
        del briefing
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:  # one that holds on to its cancellation
                await asyncio.sleep(0.2)
                return None

    advised = await asyncio.wait_for(ask(Fake(hang), deadline_s=0.05), timeout=0.2)
    assert advised == Advised(remarks=("fake-model gave no advice within 0.05 s",))


async def test_an_advisor_that_raises_costs_its_advice_and_nothing_else() -> None:
    async def fail(briefing: Briefing) -> Any:
        raise RuntimeError("no route to model")

    assert (await ask(Fake(fail))).remarks == ("fake-model failed (RuntimeError: no route to model)",)


@pytest.mark.parametrize("nonsense", [None, 42, "yes", {"hypotheses": [{"cause_id": 1}]}, {"command": "rm -rf /"}])
async def test_an_answer_of_another_shape_is_no_advice(nonsense: Any) -> None:
    advised = await ask(says(nonsense))
    assert (advised.facts, advised.steps) == ((), ())
    assert advised.remarks[0].startswith("fake-model's advice can't be read: ")


async def test_whoever_cancels_the_conclusion_cancels_the_advisor() -> None:
    cancelled = asyncio.Event()

    async def wait(briefing: Briefing) -> Any:
        try:
            await asyncio.sleep(3600)
        finally:
            cancelled.set()

    task = asyncio.create_task(ask(Fake(wait)))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(cancelled.wait(), timeout=1)


def test_the_briefing_holds_names_and_sentences_alone() -> None:
    asked = briefing(story(), diagnostics())
    assert set(asked.facts) == set(story().facts)
    assert all(isinstance(sentence, str) for sentence in asked.facts.values())
    assert "unknown" not in asked.causes
    assert "slow_query" in asked.causes
    assert "analyze_logs" in asked.diagnostics
