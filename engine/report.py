"""The report object (schema cloudops-report/1): what an investigation says, for machines.

INCIDENT_BUNDLE.md section 2 fixes its shape. Two runs on the same bundle give the same report but for the fields named
in `VOLATILE`; the published schema marks them with `x-volatile`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from engine.events import IncidentOpened
from engine.hypotheses import Action, Evidence, Hypothesis, Verdict
from engine.incident import FoundFact, IncidentState, Step
from engine.reason.explain import Bar, BarKind, waterfall
from primitives.terms import Effect, IncidentClass, Polarity, Risk, Trust
from primitives.text import safe_line

__all__ = ["SCHEMA", "VOLATILE", "Report", "report", "without_volatile"]

SCHEMA: Final = "cloudops-report/1"
VOLATILE: Final = ("execution_id", "steps[].started_at", "steps[].duration_s", "duration_s")
"""The paths that differ between two runs on the same recorded incident."""

_MIN_CONFIDENCE: Final = 0.005
_VOLATILE: Final[dict[str, JsonValue]] = {"x-volatile": True}
StepStatus = Literal["waiting", "running", "completed", "failed", "timed_out", "cancelled"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class IncidentPart(_Part):
    """What was investigated. `opened_at` is the moment that it is investigated at: a bundle's end of the window."""

    id: str
    title: str
    query: str
    opened_at: AwareDatetime
    detected_at: AwareDatetime


class ClassificationPart(_Part):
    """Of which kind it is; confidence is a probability."""

    primary_class: IncidentClass
    secondary_classes: tuple[IncidentClass, ...]
    confidence: float


class StepPart(_Part):
    """One step of the plan and what became of it; `facts` are ids."""

    id: str
    primitive: str
    arguments: Mapping[str, Any]
    status: StepStatus
    summary: str
    started_at: AwareDatetime | None = Field(json_schema_extra=_VOLATILE)
    duration_s: float | None = Field(json_schema_extra=_VOLATILE)
    facts: tuple[str, ...]
    reason: str


class JudgementPart(_Part):
    """What an engineer said of a fact: who, why, and when (real time). What is refuted or withdrawn counts for nothing.

    `at` is unknown of a recorded incident that an older CloudOps judged.
    """

    verdict: Verdict
    by: str
    because: str
    at: AwareDatetime | None


class FactPart(_Part):
    """One fact. `statement` is rendered from `data`, which has the fields of its type (facts.schema.json)."""

    id: str
    type: str
    polarity: Polarity
    statement: str
    resource: str | None
    observed_at: AwareDatetime
    source: str
    trust: Trust
    data: Mapping[str, Any]
    judgement: JudgementPart | None


class WeighedFact(_Part):
    """A fact's weight in natural log-odds, and why it weighs so."""

    fact: str
    weight: float
    why: str


class BarPart(_Part):
    """One step of a waterfall, in natural log-odds: `start` plus `weight` is `end`, where the next one starts.

    `kind` is prior, fact, adjustment or remainder (what no fact stands for, by its name), or total.
    """

    kind: BarKind
    label: str
    fact: str | None
    weight: float
    start: float
    end: float


class CausePart(_Part):
    """One hypothesis. `evidence` says the same in words as the weighed facts, or that there is no direct evidence.

    `waterfall` leads from the prior to the log-odds of the confidence.
    """

    id: str
    cause: str
    cause_id: str
    cause_class: IncidentClass
    resource: str | None
    change: str | None
    confidence: float
    prior: float
    evidence: tuple[str, ...]
    evidence_for: tuple[WeighedFact, ...]
    evidence_against: tuple[WeighedFact, ...]
    waterfall: tuple[BarPart, ...]


class DecisivePart(_Part):
    """What the ranking would be without one fact, found by ranking again.

    The hypothesis `leads` would be first with `confidence`; the one that is first now would have `first`. `turns` says
    that they are not the same; `moves` how far the first two would move apart, in natural log-odds.
    """

    fact: str
    leads: str
    turns: bool
    confidence: float
    first: float
    moves: float


class ActionPart(_Part):
    """One action; `command` is its exact equivalent for a person's shell, empty where there is none.

    `id` never changes. Of an action that is no longer recommended `not_recommended` says why, and its priority is 0.
    """

    id: str
    action: str
    priority: int
    command: str
    primitive: str
    arguments: Mapping[str, Any]
    effect: Effect
    risk: Risk
    estimated_duration_s: int
    requires_approval: bool
    hypothesis: str
    urgency: Literal["HIGH", "MEDIUM", "LOW"]
    resource: str | None
    recommended: bool
    not_recommended: str


class Report(BaseModel):
    """The whole report; its JSON has its keys in this order."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)

    schema_: Literal["cloudops-report/1"] = Field(default=SCHEMA, alias="schema")
    execution_id: str = Field(json_schema_extra=_VOLATILE)
    status: str
    incident: IncidentPart
    classification: ClassificationPart
    steps: tuple[StepPart, ...]
    facts: tuple[FactPart, ...]
    key_findings: tuple[str, ...]
    likely_root_causes: tuple[CausePart, ...]
    recommended_actions: tuple[ActionPart, ...]
    former_actions: tuple[ActionPart, ...]
    would_change: tuple[str, ...]
    decisive: tuple[DecisivePart, ...]
    gaps: tuple[str, ...]
    duration_s: float = Field(json_schema_extra=_VOLATILE)
    cost_usd: float


def report(state: IncidentState) -> Report:
    """The report on `state`, complete or not. Raises `ValueError` before the incident was opened."""
    if state.opened is None:
        raise ValueError("nothing was opened, so there is nothing to report")
    statements = {name: safe_line(found.fact.sentence()) for name, found in state.facts.items()}
    return Report(
        execution_id=state.execution_id,
        status=state.phase,
        incident=_incident(state, state.opened),
        classification=_classification(state),
        steps=tuple(_step(step) for step in state.steps.values()),
        facts=tuple(_fact(found, statements[found.id], state) for found in state.facts.values()),
        key_findings=tuple(finding.statement for finding in state.findings),
        likely_root_causes=tuple(_cause(one, statements, state) for one in state.hypotheses if _is_told(one, state)),
        recommended_actions=tuple(_action(action) for action in state.actions if action.recommended),
        former_actions=tuple(_action(action) for action in state.actions if not action.recommended),
        would_change=state.would_change,
        decisive=tuple(DecisivePart(**one.model_dump(exclude={"leader"})) for one in state.decisive),
        gaps=state.gaps,
        duration_s=round(state.finished.duration_s, 3) if state.finished else 0.0,
        cost_usd=state.finished.cost_usd if state.finished else 0.0,
    )


def without_volatile(document: Mapping[str, Any]) -> dict[str, Any]:
    """The report's JSON without what differs between two runs on the same recorded incident."""
    kept = {key: value for key, value in document.items() if key not in VOLATILE}
    steps = [{key: value for key, value in step.items() if f"steps[].{key}" not in VOLATILE} for step in kept["steps"]]
    return {**kept, "steps": steps}


def _is_told(one: Hypothesis, state: IncidentState) -> bool:
    """What is likely enough, what an engineer would ask about, and what one spoke of."""
    spoken = any(item.fact in state.facts and not state.facts[item.fact].step for item in one.evidence)
    return one.confidence >= _MIN_CONFIDENCE or bool(one.note) or spoken


def _incident(state: IncidentState, opened: IncidentOpened) -> IncidentPart:
    return IncidentPart(
        id=state.incident_id,
        title=safe_line(opened.title),
        query=safe_line(opened.query, limit=2000),
        opened_at=opened.now,
        detected_at=opened.detected_at,
    )


def _classification(state: IncidentState) -> ClassificationPart:
    known = state.classification
    if known is None:
        return ClassificationPart(primary_class=IncidentClass.UNKNOWN, secondary_classes=(), confidence=0.0)
    return ClassificationPart(
        primary_class=known.primary_class, secondary_classes=known.secondary_classes, confidence=known.confidence
    )


def _step(step: Step) -> StepPart:
    return StepPart(
        id=step.plan.id,
        primitive=step.plan.primitive,
        arguments=step.plan.arguments,
        status=step.status,
        summary=step.summary,
        started_at=step.started_at,
        duration_s=step.duration_s,
        facts=tuple(step.facts),
        reason=step.plan.reason,
    )


def _fact(found: FoundFact, statement: str, state: IncidentState) -> FactPart:
    fact, said = found.fact, state.judgements.get(found.id)
    return FactPart(
        id=found.id,
        type=fact.type,
        polarity=fact.polarity,
        statement=statement,
        resource=fact.resource,
        observed_at=fact.observed_at,
        source=fact.source,
        trust=fact.trust,
        data=fact.model_dump(
            mode="json", by_alias=True, exclude={"type", "polarity", "resource", "observed_at", "source", "trust"}
        ),
        judgement=JudgementPart(**said.model_dump()) if said else None,
    )


def _cause(one: Hypothesis, statements: Mapping[str, str], state: IncidentState) -> CausePart:
    words = tuple(f"{statements.get(item.fact, item.fact)} ({item.fact})" for item in one.evidence_for)
    return CausePart(
        id=one.id,
        cause=one.cause,
        cause_id=one.cause_id,
        cause_class=one.cause_class,
        resource=one.resource,
        change=one.change,
        confidence=one.confidence,
        prior=one.prior,
        evidence=words or (one.note or "No direct evidence found",),
        evidence_for=tuple(map(_weighed, one.evidence_for)),
        evidence_against=tuple(map(_weighed, one.evidence_against)),
        waterfall=tuple(map(_bar, waterfall(one, state.judgements))),
    )


def _bar(one: Bar) -> BarPart:
    # To a millionth: sums hold to far less than anyone reads.
    start, end = round(one.start, 6), round(one.end, 6)
    return BarPart(
        kind=one.kind, label=safe_line(one.label), fact=one.fact, weight=round(one.weight, 6), start=start, end=end
    )


def _weighed(item: Evidence) -> WeighedFact:
    return WeighedFact(fact=item.fact, weight=item.weight, why=item.why)


def _action(action: Action) -> ActionPart:
    return ActionPart(**action.model_dump())
