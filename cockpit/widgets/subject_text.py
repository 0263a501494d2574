"""The detail's text and title for whatever the cursor is on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cockpit.widgets.describe import describe_action, describe_fact, describe_hypothesis, describe_step
from cockpit.widgets.describe_place import describe_note, describe_resource
from cockpit.widgets.draw import Line, sanitised, wrap
from cockpit.widgets.words import percent

if TYPE_CHECKING:
    from cockpit.widgets.view import Subject
    from engine.hypotheses import Action
    from engine.incident import IncidentState
    from primitives.display_names import NameOf

__all__ = ["describe_subject", "subject_heading"]


def describe_subject(
    subject: Subject, state: IncidentState, width: int, names: NameOf, last: float | None = None
) -> list[Line] | None:
    """What is known of the subject; None where there is no such thing. `last` is the newest sample of a fact."""
    match subject.kind:
        case "step" if subject.id in state.steps:
            return describe_step(state.steps[subject.id], state, width, names)
        case "fact" if subject.id in state.facts:
            return describe_fact(state.facts[subject.id], state, width, names, last)
        case "hypothesis" if (hypothesis := state.hypothesis(subject.id)) is not None:
            return describe_hypothesis(hypothesis, state, width, names)
        case "action" if (action := _action(subject, state)) is not None:
            return describe_action(action, state, width)
        case "resource":
            return describe_resource(subject.id, state, width, names)
        case "note" if subject.id in state.notes:
            return describe_note(state.notes[subject.id], width)
        case "would_change":
            return [Line([(f" {line}", "text")]) for line in wrap(sanitised(subject.id, 2_000), max(width - 2, 10))]
        case _:
            return None


def subject_heading(subject: Subject, state: IncidentState, names: NameOf) -> str:
    """The title; empty where there is no such thing."""
    match subject.kind:
        case "would_change":
            return "What would change the ranking"
        case "step" if subject.id in state.steps:
            step = state.steps[subject.id]
            return f"Detail: {subject.id} {sanitised(step.plan.primitive)} · {sanitised(step.plan.target)}"
        case "fact" if subject.id in state.facts:
            fact: Any = state.facts[subject.id].fact
            metric = sanitised(getattr(fact, "metric", fact.type)).replace("_", " ")
            return f"Detail: {subject.id} {metric} · {sanitised(fact.resource or 'everything')}"
        case "hypothesis" if (hypothesis := state.hypothesis(subject.id)) is not None:
            return f"Detail: {hypothesis.id} {sanitised(hypothesis.cause)} {percent(hypothesis.confidence)}"
        case "action" if (action := _action(subject, state)) is not None:
            return f"Detail: {action.id} {sanitised(action.action)}"
        case "resource":
            return f"Detail: {sanitised(names(subject.id))}"
        case "note" if subject.id in state.notes:
            return f"Detail: note {subject.id}"
        case _:
            return ""


def _action(subject: Subject, state: IncidentState) -> Action | None:
    return next((action for action in state.actions if action.id == subject.id), None)
