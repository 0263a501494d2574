"""Every event there is: one closed, versioned, discriminated union, and its envelope.

An incident is an append-only list of these and everything a person sees is a fold over it (`engine.incident`). Bodies
are frozen; a body's shape changes only together with its `version`, and `upcast` brings old ones up to date on reading.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Literal

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from engine.hypotheses import Action, Classification, Decisive, Finding, Hypothesis, Verdict
from primitives.facts import Fact
from primitives.records import Coverage, Symptom, Window
from primitives.telemetry import Question
from primitives.terms import AnswerStatus, Effect

__all__ = [
    "GENESIS",
    "AnswerRecorded",
    "Body",
    "ConclusionReached",
    "Event",
    "FactAdded",
    "FactFound",
    "FactJudged",
    "HypothesesRanked",
    "IncidentClassified",
    "IncidentOpened",
    "InvestigationCancelled",
    "InvestigationFinished",
    "InvestigationResumed",
    "PlanConfirmed",
    "PlanProposed",
    "PlannedStep",
    "SourceState",
    "SourcesChecked",
    "StepAdded",
    "StepFinished",
    "StepProgressed",
    "StepStarted",
    "Who",
    "body_adapter",
    "decode_body",
    "encode_body",
    "event_hash",
    "upcast",
]

GENESIS = "0" * 64
"""The previous hash of an execution's first event."""


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Who(_Body):
    """Who caused an event: a person by verified name, the engine, or a model by its name."""

    kind: Literal["person", "engine", "model"]
    name: str


class IncidentOpened(_Body):
    """An investigation began.

    `origin` says where its telemetry comes from: a bundle (`recorded`) or configured sources (`live`). `now` is the
    moment that it is investigated at: nothing later is read. `baseline` is None where the quiet part before the onset
    serves.
    """

    type: Literal["incident_opened"] = "incident_opened"
    version: Literal[1] = 1
    title: str
    query: str
    origin: Literal["recorded", "live"]
    bundle: str | None = None
    detected_at: AwareDatetime
    now: AwareDatetime
    window: Window
    baseline: Window | None = None
    symptom: Symptom | None = None
    focus: tuple[str, ...] = ()
    platform: tuple[str, ...] = ()
    labels: Mapping[str, str] = {}
    coverage: tuple[Coverage, ...] = ()
    alert: Any = None
    warnings: tuple[str, ...] = ()


class SourceState(_Body):
    """Whether a source could be reached when the investigation began."""

    name: str
    status: Literal["reachable", "denied", "unreachable", "not_configured"]
    detail: str = ""
    questions: tuple[Question, ...] = ()


class SourcesChecked(_Body):
    """What can be asked."""

    type: Literal["sources_checked"] = "sources_checked"
    version: Literal[1] = 1
    sources: tuple[SourceState, ...]


class IncidentClassified(_Body):
    """What kind of incident it is."""

    type: Literal["incident_classified"] = "incident_classified"
    version: Literal[1] = 1
    classification: Classification


class PlannedStep(_Body):
    """A diagnostic to run: `primitive` is its name, `target` what it looks at (for the screen), `reason` why."""

    id: str
    primitive: str
    target: str
    arguments: Mapping[str, Any]
    effect: Effect
    reason: str


class PlanProposed(_Body):
    """The diagnostic plan."""

    type: Literal["plan_proposed"] = "plan_proposed"
    version: Literal[1] = 1
    steps: tuple[PlannedStep, ...]


class PlanConfirmed(_Body):
    """A person (or, without a terminal, the read-only policy) confirmed the plan."""

    type: Literal["plan_confirmed"] = "plan_confirmed"
    version: Literal[1] = 1


class StepAdded(_Body):
    """A step joined the plan: the next best diagnostic, or one that an engineer asked for."""

    type: Literal["step_added"] = "step_added"
    version: Literal[1] = 1
    step: PlannedStep


class StepStarted(_Body):
    """A step began; `attempt` is 2 or more after an interruption."""

    type: Literal["step_started"] = "step_started"
    version: Literal[1] = 1
    step: str
    attempt: int = 1


class StepProgressed(_Body):
    """How far a step is."""

    type: Literal["step_progressed"] = "step_progressed"
    version: Literal[1] = 1
    step: str
    done: int
    total: int
    note: str = ""


class AnswerRecorded(_Body):
    """A source's answer is in the blob table under `digest` (SHA-256 of its uncompressed bytes, hex)."""

    type: Literal["answer_recorded"] = "answer_recorded"
    version: Literal[1] = 1
    question: Question
    source: str
    status: AnswerStatus
    digest: str
    size: int
    records: int
    detail: str | None = None


class FactFound(_Body):
    """A step found a fact. `key` is the fact's content digest: a step that runs again adds no fact twice."""

    type: Literal["fact_found"] = "fact_found"
    version: Literal[1] = 1
    id: str
    step: str
    key: str
    fact: Fact


class FactAdded(_Body):
    """A person added a fact, or said what the cause is or isn't; the fact's `trust` is asserted. `key` as of a fact."""

    type: Literal["fact_added"] = "fact_added"
    version: Literal[1] = 1
    id: str
    key: str
    fact: Fact
    because: str = ""


class FactJudged(_Body):
    """A person said of a fact that it is certain or wrong, or took back one that a person had added.

    Without a `verdict` what was said of the fact before is undone. Reasoning leaves out what is refuted or withdrawn.
    """

    type: Literal["fact_judged"] = "fact_judged"
    version: Literal[1] = 1
    fact: str
    verdict: Verdict | None
    because: str = ""


class StepFinished(_Body):
    """A step ended; `summary` is its one-line result, or why it failed."""

    type: Literal["step_finished"] = "step_finished"
    version: Literal[1] = 1
    step: str
    status: Literal["completed", "failed", "timed_out", "cancelled"]
    summary: str
    duration_s: float


class HypothesesRanked(_Body):
    """What is believed now, best first; it replaces the ranking before.

    `decisive` are the facts that the order hangs on, where that was found out by ranking again without each.
    """

    type: Literal["hypotheses_ranked"] = "hypotheses_ranked"
    version: Literal[1] = 1
    hypotheses: tuple[Hypothesis, ...]
    would_change: tuple[str, ...] = ()
    decisive: tuple[Decisive, ...] = ()


class ConclusionReached(_Body):
    """Findings, gaps and proposed actions."""

    type: Literal["conclusion_reached"] = "conclusion_reached"
    version: Literal[1] = 1
    findings: tuple[Finding, ...]
    gaps: tuple[str, ...]
    actions: tuple[Action, ...]


class InvestigationResumed(_Body):
    """The engine went on after an interruption, or a person asked a further question after the end."""

    type: Literal["investigation_resumed"] = "investigation_resumed"
    version: Literal[1] = 1
    reason: str


class InvestigationCancelled(_Body):
    """Somebody asked to stop; what is under way is cut short."""

    type: Literal["investigation_cancelled"] = "investigation_cancelled"
    version: Literal[1] = 1


class InvestigationFinished(_Body):
    """The investigation ended. `cost_usd` is what models charged."""

    type: Literal["investigation_finished"] = "investigation_finished"
    version: Literal[1] = 1
    status: Literal["completed", "cancelled", "failed"]
    duration_s: float
    cost_usd: float = 0.0
    problem: str = ""


Body = Annotated[
    IncidentOpened
    | SourcesChecked
    | IncidentClassified
    | PlanProposed
    | PlanConfirmed
    | StepAdded
    | StepStarted
    | StepProgressed
    | AnswerRecorded
    | FactFound
    | FactAdded
    | FactJudged
    | StepFinished
    | HypothesesRanked
    | ConclusionReached
    | InvestigationResumed
    | InvestigationCancelled
    | InvestigationFinished,
    Field(discriminator="type"),
]
"""The closed union of event bodies."""


@dataclass(frozen=True, slots=True)
class Event:
    """A body in its envelope.

    `seq` starts at 1 and has no gaps within an execution. `hash` covers everything else, `previous` is the hash of the
    event before.
    """

    execution_id: str
    incident_id: str
    seq: int
    time: datetime
    who: Who
    body: Body
    previous: str
    hash: str


@cache
def body_adapter() -> TypeAdapter[Body]:
    """The validator of bodies; building it takes tens of milliseconds, so it is built when first needed."""
    return TypeAdapter(Body)


def encode_body(body: Body) -> bytes:
    """A body as canonical JSON: keys sorted, no spaces; the bytes that are stored and hashed."""
    return orjson.dumps(body.model_dump(mode="json", by_alias=True), option=orjson.OPT_SORT_KEYS)


def decode_body(data: bytes | str) -> Body:
    """The body that `data` holds, brought up to date. Raises `ValueError` when it holds none."""
    try:
        # Without a dictionary in between a body is read in half the time, and nearly all are of the newest version.
        return body_adapter().validate_json(data)
    except ValidationError:
        return body_adapter().validate_python(upcast(orjson.loads(data)))


def upcast(document: dict[str, Any]) -> dict[str, Any]:
    """Bring an old body's document to the newest version of its type (so far each type has one)."""
    return document


def event_hash(previous: str, execution_id: str, incident_id: str, seq: int, time: str, who: bytes, body: bytes) -> str:
    """SHA-256 (hex) over the previous hash and the event's stored columns, each prefixed by its length.

    The lengths keep two different events from sharing one byte string.
    """
    digest = hashlib.sha256()
    for part in (previous.encode(), execution_id.encode(), incident_id.encode(), b"%d" % seq, time.encode(), who, body):
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return digest.hexdigest()
