"""The plan fits the classes and the sources, and says why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from engine.hypotheses import Classification
from engine.investigate.plan import propose_plan
from primitives.diagnostics.registry import Arguments, Diagnostic, diagnostics
from primitives.records import Symptom, Window
from primitives.telemetry import Question
from primitives.terms import IncidentClass as C

NOW = datetime(2026, 10, 14, 15, 0, tzinfo=UTC)
SCOPE = Arguments(
    window=Window(start=NOW - timedelta(hours=1), end=NOW),
    now=NOW,
    symptom=Symptom(resource="api", metric="latency_p95"),
)
EVERYTHING: frozenset[Question] = frozenset(
    ("series", "changes", "logs", "spans", "topology", "configuration", "objects", "container_logs", "probes",
     "observations", "alerts")
)  # fmt: skip


def of(primary: C, *secondary: C) -> Classification:
    return Classification(primary_class=primary, secondary_classes=secondary, confidence=0.8)


def test_every_class_gets_five_steps_or_more_each_with_a_reason() -> None:
    for incident_class in C:
        plan = propose_plan(of(incident_class), SCOPE, EVERYTHING, diagnostics())
        assert len(plan) >= 5
        assert [step.id for step in plan] == [f"S{number}" for number in range(1, len(plan) + 1)]
        assert len({step.primitive for step in plan}) == len(plan)
        assert all(step.reason and step.effect == "read" for step in plan)


def test_the_arguments_are_those_of_the_diagnostic() -> None:
    for step in propose_plan(of(C.PERFORMANCE_DEGRADATION), SCOPE, EVERYTHING, diagnostics()):
        read = diagnostics()[step.primitive].arguments.model_validate(step.arguments)
        assert (read.window, read.now, read.symptom) == (SCOPE.window, SCOPE.now, SCOPE.symptom)


def test_what_answers_the_class_comes_before_what_does_not() -> None:
    plan = propose_plan(of(C.PERFORMANCE_DEGRADATION), SCOPE, EVERYTHING, diagnostics())
    answering = [C.PERFORMANCE_DEGRADATION in diagnostics()[step.primitive].answers for step in plan]
    assert answering == sorted(answering, reverse=True)


def test_what_no_source_holds_only_fills_up_to_five_and_says_so() -> None:
    plan = propose_plan(of(C.PERFORMANCE_DEGRADATION), SCOPE, frozenset(("series",)), diagnostics())
    held = ["series" in diagnostics()[step.primitive].questions for step in plan]
    assert held == sorted(held, reverse=True)
    assert len(plan) == max(5, sum(held))
    assert all("no source holds" in step.reason for step, there in zip(plan, held, strict=True) if not there)


def test_a_diagnostic_that_writes_is_never_planned() -> None:
    known = dict(diagnostics())
    some = next(iter(known.values()))
    writing = Diagnostic("danger", "d", "write", some.answers, some.questions, some.arguments, some.run, 0.0)
    plan = propose_plan(of(C.UNKNOWN), SCOPE, EVERYTHING, {"danger": writing, **known})
    assert "danger" not in {step.primitive for step in plan}


def test_the_same_question_gives_the_same_plan() -> None:
    first = propose_plan(of(C.DATA_BACKLOG), SCOPE, EVERYTHING, diagnostics())
    assert first == propose_plan(of(C.DATA_BACKLOG), SCOPE, EVERYTHING, dict(reversed(diagnostics().items())))
