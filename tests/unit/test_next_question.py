"""The next question: asked where it would tell the live causes apart, and not where the answer is settled."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from incident_facts import ONSET, WINDOW, change, graph, log, no_change, opened, share, shift, state_with

from engine.events import PlannedStep, SourceState
from engine.hypotheses import Hypothesis
from engine.incident import IncidentState, Step
from engine.investigate.conclude import changes_ranking, further_steps, next_step
from engine.investigate.plan import MAX_STEPS
from engine.reason import rank
from engine.reason.next_question import is_decided, next_questions, questions
from primitives.diagnostics.registry import Arguments, diagnostics
from primitives.errors import UsageError
from primitives.records import Coverage, Symptom
from primitives.telemetry import Question
from primitives.terms import IncidentClass

SHOP = graph({"api": "service", "cart": "service", "batch": "service"}, ("api", "cart"), ("batch", "cart"))


def belief(name: str, resource: str | None, confidence: float, **more: Any) -> Hypothesis:
    return Hypothesis.model_validate({
        "id": name, "cause": f"{resource} is slow", "cause_id": "dependency_slow",
        "cause_class": IncidentClass.DEPENDENCY_FAILURE, "resource": resource, "prior": -2.0,
        "confidence": confidence, **more,
    })  # fmt: skip


def investigated(
    *hypotheses: Hypothesis, questions: tuple[Question, ...] = ("series", "topology"), ran: tuple[str, ...] = (),
    **about: Any,
) -> IncidentState:  # fmt: skip
    """A plan about `api` has run, of all that the sources can answer unless `ran` names it."""
    state = state_with((shift("api"), SHOP), opened(**about))
    scope = Arguments(window=WINDOW, now=WINDOW.end, symptom=Symptom(resource="api")).model_dump(mode="json")
    able = ran or tuple(
        name for name, one in diagnostics().items() if not one.on_request and set(one.questions) & set(questions)
    )
    state.investigation.steps = {
        f"S{number}": Step(
            PlannedStep(id=f"S{number}", primitive=name, target="api", arguments=scope, effect="read", reason="r"),
            status="completed",
        )
        for number, name in enumerate(able, 1)
    }
    state.investigation.sources = (SourceState(name="test", status="reachable", questions=questions),)
    state.investigation.hypotheses = hypotheses
    return state


CLOSE = (belief("H1", "batch", 0.45), belief("H2", "cart", 0.4))


def test_what_lay_outside_of_the_first_look_is_asked_about() -> None:
    state = investigated(*CLOSE)
    (step, *_) = next_questions(state, diagnostics())
    assert (step.id, step.primitive, step.target) == ("S5", "analyze_utilization", "batch")
    arguments = Arguments.model_validate(step.arguments)
    assert (arguments.symptom, arguments.focus) == (Symptom(resource="batch"), ("batch",))
    assert step.reason.startswith("would tell H1 from H2: what batch does lay outside of the first look; expected")


def test_a_further_question_is_about_the_time_that_was_asked_about_last() -> None:
    state = investigated(*CLOSE)
    first = next(iter(state.steps.values())).plan
    moved = WINDOW.model_copy(update={"end": WINDOW.end + timedelta(minutes=10)})
    arguments = {**first.arguments, "window": moved.model_dump(mode="json", by_alias=True)}
    again = first.model_copy(update={"id": "S9", "supersedes": first.id, "arguments": arguments})
    state.steps["S9"] = Step(again, added=True, status="completed")
    (step, *_) = next_questions(state, diagnostics())
    assert Arguments.model_validate(step.arguments).window == moved


def test_what_was_looked_at_is_not_asked_about_again() -> None:
    asked = {(one.primitive, one.resource) for one in questions(investigated(*CLOSE), diagnostics())}
    assert ("analyze_utilization", "cart") not in asked  # `api` depends on it
    state = investigated(*CLOSE)
    (step, *_) = next_questions(state, diagnostics())
    state.steps[step.id] = Step(step, added=True, status="completed")
    assert ("analyze_utilization", "batch") not in {
        (one.primitive, one.resource) for one in questions(state, diagnostics())
    }


def test_only_what_a_source_can_answer_is_asked() -> None:
    state = investigated(*CLOSE, questions=("logs",), ran=("analyze_logs", "analyze_utilization"))
    assert next_questions(state, diagnostics()) == ()
    with pytest.raises(UsageError, match="nothing further to ask"):
        next_step(state)


@pytest.mark.parametrize(
    ("confidences", "settled"),
    [((0.9, 0.5), True), ((0.55, 0.05), True), ((0.55, 0.45), False), ((0.3, 0.01), False), ((), False)],
)
def test_settled_is_likely_or_far_ahead(confidences: tuple[float, ...], settled: bool) -> None:
    believed = [belief(f"H{number}", "batch", one) for number, one in enumerate(confidences, 1)]
    assert is_decided(believed) is settled


def test_unknown_is_never_settled() -> None:
    unknown = belief("H1", None, 0.95, cause_id="unknown", cause_class=IncidentClass.UNKNOWN)
    assert not is_decided([unknown])


def test_a_settled_answer_needs_no_question_but_a_person_may_ask() -> None:
    state = investigated(belief("H1", "batch", 0.95), belief("H2", "cart", 0.05))
    assert further_steps(state) == ()
    assert next_step(state).reason.startswith("asked for by an engineer: ")


def test_the_budget_is_kept() -> None:
    state = investigated(*CLOSE)
    template = next(iter(state.steps.values()))
    for number in range(len(state.steps) + 1, MAX_STEPS + 1):
        plan = template.plan.model_copy(update={"id": f"S{number}", "primitive": "analyze_logs"})
        state.steps[plan.id] = replace(template, plan=plan)
    assert len(state.steps) == MAX_STEPS
    assert next_questions(state, diagnostics()) == ()


def test_a_hypothesis_that_hardly_anybody_holds_is_worth_no_question() -> None:
    state = investigated(belief("H1", "cart", 0.4), belief("H2", "api", 0.4), belief("H3", "batch", 0.03))
    assert further_steps(state) == ()


def covered(days: float) -> dict[str, Any]:
    start = ONSET - timedelta(days=days)
    entry = Coverage(source="ci", kinds=("deployment",), start=start, end=WINDOW.end, status="answered")
    return {"coverage": (entry,)}


@pytest.mark.parametrize(("days", "asked"), [(7.0, True), (1.0, False)])
def test_older_changes_are_asked_about_where_a_source_covers_them(days: float, asked: bool) -> None:
    unknown = belief("H1", None, 0.5, cause_id="unknown", cause_class=IncidentClass.UNKNOWN)
    state = investigated(unknown, belief("H2", "cart", 0.3), questions=("changes",), **covered(days))
    found = [one for one in next_questions(state, diagnostics()) if one.primitive == "check_recent_changes"]
    assert bool(found) is asked
    if found:
        assert found[0].arguments["older_than_days"] == 1.0
        assert found[0].arguments["lookback_days"] == 7.0


def test_a_look_that_changes_no_confidence_changes_nothing() -> None:
    state = state_with((shift("api"), SHOP))
    state.investigation.hypotheses = rank(state).hypotheses
    assert not changes_ranking(state, [])
    assert not changes_ranking(state, [no_change("iam")])
    assert changes_ranking(state, [change("v9", "cart"), share("cart", 1.0)])
    assert set(state.facts) == {"F1", "F2"}


def test_questions_come_in_the_same_order_every_time() -> None:
    state = state_with((shift("api"), shift("batch"), SHOP, change("v1", "batch"), log("batch", "timeout")))
    state = investigated().replaced(facts=state.facts, classification=state.classification)
    state.investigation.hypotheses = rank(state).hypotheses
    first = next_questions(state, diagnostics(), asked_for=True)
    assert first == next_questions(IncidentState.decode(state.encode()), diagnostics(), asked_for=True)
