"""How an incident begins: what is investigated, what can be asked, what kind of incident it is."""

import operator
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import AwareDatetime, Field

from engine.act.playbooks import Playbook
from engine.events.envelope import EventBody, IncidentEvent, InvestigationEvent
from engine.hypotheses import Classification
from primitives.records import Coverage, Symptom, Window
from primitives.telemetry import Question

__all__ = [
    "IncidentClassified",
    "IncidentOpened",
    "SourceState",
    "SourcesChecked",
]


class IncidentOpened(IncidentEvent):
    """An investigation began.

    `origin` says where its telemetry comes from: a bundle (`recorded`) or configured sources (`live`). `now` is the
    moment that it is investigated at: nothing later is read. `baseline` is None where the quiet part before the onset
    serves. `period_given` says that somebody chose the window. `store` names the store in which a live one was opened:
    an action is executed for it in that store alone. `playbooks` are those that were in force.
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
    period_given: bool = Field(default=False, exclude_if=operator.not_)
    store: str = Field(default="", exclude_if=operator.not_)
    playbooks: tuple[Playbook, ...] = Field(default=(), exclude_if=operator.not_)
    warnings: tuple[str, ...] = ()


class SourceState(EventBody):
    """Whether a source could be reached when the investigation began."""

    name: str
    status: Literal["reachable", "denied", "unreachable", "not_configured"]
    detail: str = ""
    questions: tuple[Question, ...] = ()


class SourcesChecked(InvestigationEvent):
    """What can be asked."""

    type: Literal["sources_checked"] = "sources_checked"
    version: Literal[1] = 1
    sources: tuple[SourceState, ...]


class IncidentClassified(InvestigationEvent):
    """What kind of incident it is."""

    type: Literal["incident_classified"] = "incident_classified"
    version: Literal[1] = 1
    classification: Classification
