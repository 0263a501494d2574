"""The report object (schema cloudops-report/1): the result of an investigation, for machines.

Its shape is a fixed interface. Two runs on the same bundle give the same report except for the fields named in
`VOLATILE`; the published schema marks them with `x-volatile`.
"""

import operator
from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from engine.events import IncidentOpened
from engine.hypotheses import Action, Adjustment, AdjustmentKind, FactWeight, Hypothesis, Verdict
from engine.incident import FoundFact, IncidentState, Step
from engine.naming import display_names
from engine.reason.waterfall import Bar, BarKind, all_adjustments, waterfall
from engine.report_live import EpisodePart, TiePart, WatchPart, earlier_episodes, name_ties, watch_part
from engine.state.supersession import AskedAgain
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
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


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

    `at` is unknown of a recorded incident that an older CloudOps judged. `carried_from` is the older fact that it was
    said of, where this one measures the same again.
    """

    verdict: Verdict
    by: str
    because: str
    at: AwareDatetime | None
    carried_from: str = Field(default="", exclude_if=operator.not_)


class FactPart(_Part):
    """One fact. `statement` is rendered from `data`, which has the fields of its type (facts.schema.json).

    Where `asked_again_by` names a step, the fact is past: that step asked again, and found `newer_fact` of the
    same, or nothing.
    """

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
    asked_again_by: str = Field(default="", exclude_if=operator.not_)
    newer_fact: str = Field(default="", exclude_if=operator.not_)


class WeightPart(_Part):
    """What one rule makes of a fact, in natural log-odds, and why."""

    weight: float
    why: str


class WeighedFact(_Part):
    """A fact's whole weight in natural log-odds, why it weighs so, and the `parts` that it is the sum of."""

    fact: str
    weight: float
    why: str
    parts: tuple[WeightPart, ...]


class AdjustmentPart(_Part):
    """A change of a confidence that comes from no fact, in natural log-odds; `hypothesis` is the other one behind it.

    `kind` is prior (how common the cause is), support (its expected consequences are observed), competition (another
    hypothesis explains the incident too), consequence (another hypothesis may be its parent cause), bounds (nothing is
    given as certain or impossible) or calibration.
    """

    kind: AdjustmentKind
    label: str
    hypothesis: str | None
    weight: float


class BarPart(_Part):
    """One step of a waterfall, in natural log-odds: `start` plus `weight` is `end`, where the next one starts.

    `kind` is fact, that of an adjustment, remainder (in logs of earlier versions: what nothing else stands for), or
    total.
    """

    kind: BarKind
    label: str
    fact: str | None
    hypothesis: str | None
    weight: float
    start: float
    end: float


class CausePart(_Part):
    """One hypothesis. `evidence` says the same in words as the weighed facts, or that there is no direct evidence.

    The weights of `evidence_for`, `evidence_against` and `adjustments` add up to the log-odds of the confidence;
    `waterfall` leads there step by step.
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
    adjustments: tuple[AdjustmentPart, ...]
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

    `command_note` says why there is none, or what to choose before it acts in the right place.
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
    command_note: str
    recommended: bool
    not_recommended: str
    playbook: str = Field(default="", exclude_if=operator.not_)


class Report(BaseModel):
    """The whole report; its JSON has its keys in this order."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True, defer_build=True
    )

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
    earlier_episodes: tuple[EpisodePart, ...] = Field(default=(), exclude_if=operator.not_)
    names_tied: tuple[TiePart, ...] = Field(default=(), exclude_if=operator.not_)
    watch: WatchPart | None = Field(default=None, exclude_if=lambda value: value is None)


def report(state: IncidentState) -> Report:
    """The report on `state`, complete or not. Raises `ValueError` before the incident was opened."""
    if state.opened is None:
        raise ValueError("nothing was opened, so there is nothing to report")
    names = display_names(state)
    statements = {name: safe_line(found_fact.fact.sentence(names)) for name, found_fact in state.facts.items()}
    past = state.past_facts
    return Report(
        execution_id=state.execution_id,
        status=state.phase,
        incident=_incident(state, state.opened),
        classification=_classification(state),
        steps=tuple(_step(step) for step in state.steps.values()),
        facts=tuple(
            _fact(found_fact, statements[found_fact.id], state, past.get(found_fact.id))
            for found_fact in state.facts.values()
        ),
        key_findings=tuple(finding.statement for finding in state.findings),
        likely_root_causes=tuple(
            _cause(hypothesis, statements, state) for hypothesis in state.hypotheses if _is_reported(hypothesis, state)
        ),
        recommended_actions=tuple(_action(action) for action in state.actions if action.recommended),
        former_actions=tuple(_action(action) for action in state.actions if not action.recommended),
        would_change=state.would_change,
        decisive=tuple(DecisivePart(**fact.model_dump(exclude={"leader"})) for fact in state.decisive),
        gaps=state.gaps,
        duration_s=round(state.finished.duration_s, 3) if state.finished else 0.0,
        cost_usd=state.finished.cost_usd if state.finished else 0.0,
        earlier_episodes=earlier_episodes(state),
        names_tied=name_ties(state),
        watch=watch_part(state),
    )


def without_volatile(document: Mapping[str, Any]) -> dict[str, Any]:
    """The report's JSON without what differs between two runs on the same recorded incident."""
    kept = {key: value for key, value in document.items() if key not in VOLATILE}
    steps = [{key: value for key, value in step.items() if f"steps[].{key}" not in VOLATILE} for step in kept["steps"]]
    return {**kept, "steps": steps}


def _is_reported(hypothesis: Hypothesis, state: IncidentState) -> bool:
    """What is likely enough, what an engineer would ask about, and what somebody made a statement about."""
    stated = any(item.fact in state.facts and not state.facts[item.fact].step for item in hypothesis.evidence)
    return hypothesis.confidence >= _MIN_CONFIDENCE or bool(hypothesis.note) or stated


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


def _fact(found_fact: FoundFact, statement: str, state: IncidentState, past: AskedAgain | None) -> FactPart:
    fact, judgement = found_fact.fact, state.judgements.get(found_fact.id)
    return FactPart(
        id=found_fact.id,
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
        judgement=JudgementPart(**judgement.model_dump()) if judgement else None,
        asked_again_by=past.step if past else "",
        newer_fact=past.fact if past else "",
    )


def _cause(hypothesis: Hypothesis, statements: Mapping[str, str], state: IncidentState) -> CausePart:
    words = tuple(f"{statements.get(item.fact, item.fact)} ({item.fact})" for item in hypothesis.evidence_for)
    return CausePart(
        id=hypothesis.id,
        cause=hypothesis.cause,
        cause_id=hypothesis.cause_id,
        cause_class=hypothesis.cause_class,
        resource=hypothesis.resource,
        change=hypothesis.change,
        confidence=hypothesis.confidence,
        prior=hypothesis.prior,
        evidence=words or (hypothesis.note or "No direct evidence found",),
        evidence_for=tuple(map(_weighed, hypothesis.evidence_for)),
        evidence_against=tuple(map(_weighed, hypothesis.evidence_against)),
        adjustments=tuple(map(_adjustment, all_adjustments(hypothesis))),
        waterfall=tuple(map(_bar, waterfall(hypothesis, state.judgements))),
    )


def _bar(bar: Bar) -> BarPart:
    # To a millionth: sums hold to far less than anyone reads.
    start, end, weight = round(bar.start, 6), round(bar.end, 6), round(bar.weight, 6)
    label = safe_line(bar.label, limit=400)
    return BarPart(
        kind=bar.kind, label=label, fact=bar.fact, hypothesis=bar.hypothesis, weight=weight, start=start, end=end
    )


def _weighed(item: FactWeight) -> WeighedFact:
    parts = tuple(WeightPart(weight=part.weight, why=part.why) for part in item.parts)
    return WeighedFact(fact=item.fact, weight=item.weight, why=item.why, parts=parts)


def _adjustment(adjustment: Adjustment) -> AdjustmentPart:
    return AdjustmentPart(**adjustment.model_dump())


def _action(action: Action) -> ActionPart:
    return ActionPart(**action.model_dump())
