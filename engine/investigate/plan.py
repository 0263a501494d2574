"""Incident classes and answerable questions → the diagnostic plan."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from engine.events import PlannedStep
from engine.hypotheses import Classification
from primitives.diagnostics.registry import Arguments, Diagnostic
from primitives.display_names import DisplayNames
from primitives.telemetry import Question
from primitives.terms import IncidentClass
from primitives.text import safe_line

__all__ = ["MAX_STEPS", "propose_plan"]

MIN_STEPS: Final = 5
MAX_STEPS: Final = 10
"""Steps of an investigation in all, those of the plan and those that the next best question adds."""

_PRIMARY: Final = 3.0
_SECONDARY: Final = 1.5
_UNANSWERABLE: Final = -10.0
# A minute of waiting costs as much as a secondary class is worth.
_COST_A_SECOND: Final = 1.5 / 60

_HELD: Final[Mapping[str, str]] = {
    "series": "metrics",
    "changes": "changes",
    "logs": "logs",
    "spans": "traces",
    "topology": "the topology",
    "configuration": "configuration",
    "objects": "Kubernetes objects",
    "container_logs": "container logs",
    "probes": "probes",
    "observations": "observations",
    "alerts": "alerts",
}


def propose_plan(
    classification: Classification,
    scope: Arguments,
    answerable: Collection[Question],
    diagnostics: Mapping[str, Diagnostic],
) -> tuple[PlannedStep, ...]:
    """Five to ten steps, most informative first; `answerable` are the questions that some source holds data for.

    The value of a diagnostic is 3 for the primary class, 1.5 for each secondary one, less a little for its cost; for an
    unknown class all are worth the same. Diagnostics that no source can answer are added only to fill up to five steps:
    they end as `unknown` and name the gap.
    """
    ranked = sorted(
        (
            diagnostic
            for diagnostic in diagnostics.values()
            if diagnostic.effect == "read" and not diagnostic.on_request
        ),
        key=lambda diagnostic: (-_worth(diagnostic, classification, answerable), diagnostic.name),
    )
    able = [diagnostic for diagnostic in ranked if set(diagnostic.questions) & set(answerable)]
    chosen = able[:MAX_STEPS]
    chosen += [diagnostic for diagnostic in ranked if diagnostic not in able][: max(0, MIN_STEPS - len(chosen))]
    return tuple(
        PlannedStep(
            id=f"S{number}",
            primitive=diagnostic.name,
            target=_target(scope),
            arguments=scope.model_dump(mode="json", by_alias=True, exclude_none=True),
            effect=diagnostic.effect,
            reason=_reason(diagnostic, classification, answerable),
        )
        for number, diagnostic in enumerate(chosen, start=1)
    )


def _worth(diagnostic: Diagnostic, classification: Classification, answerable: Collection[Question]) -> float:
    worth = _PRIMARY if classification.primary_class in diagnostic.answers else 0.0
    worth += sum(_SECONDARY for other in classification.secondary_classes if other in diagnostic.answers)
    if classification.primary_class is IncidentClass.UNKNOWN:
        worth = _PRIMARY
    # Of equally fitting diagnostics the one whose data is complete is worth more.
    worth += len(set(diagnostic.questions) & set(answerable)) / max(len(diagnostic.questions), 1)
    worth -= diagnostic.cost_s * _COST_A_SECOND
    return worth if set(diagnostic.questions) & set(answerable) else worth + _UNANSWERABLE


def _target(scope: Arguments) -> str:
    names = DisplayNames([*scope.focus, *([scope.symptom.resource] if scope.symptom else [])])
    if scope.symptom is None:
        return safe_line(", ".join(map(names, scope.focus[:2])) or "everything", limit=60)
    metric = f" {scope.symptom.metric.replace('_', ' ')}" if scope.symptom.metric else ""
    return safe_line(names(scope.symptom.resource) + metric, limit=60)


def _reason(diagnostic: Diagnostic, classification: Classification, answerable: Collection[Question]) -> str:
    why = diagnostic.why or diagnostic.title[:1].lower() + diagnostic.title[1:]
    matched = [other for other in (classification.primary_class, *classification.secondary_classes)
               if other in diagnostic.answers and other is not IncidentClass.UNKNOWN]  # fmt: skip
    about = f" ({' and '.join(_words(incident_class) for incident_class in matched[:2])})" if matched else ""
    held = [_HELD[question] for question in diagnostic.questions if question in answerable]
    if held:
        return safe_line(f"{why}{about}; {_joined(held)} can be asked for")
    return safe_line(
        f"{why}{about}; but no source holds {_joined([_HELD[question] for question in diagnostic.questions])}"
    )


def _words(incident_class: IncidentClass) -> str:
    return incident_class.value.replace("_", " ").lower()


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
