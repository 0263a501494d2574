"""The diagnostic plan and the course of its steps."""

import operator
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from engine.events.envelope import EventBody, InvestigationEvent
from primitives.terms import Effect

__all__ = [
    "PlanConfirmed",
    "PlanProposed",
    "PlannedStep",
    "StepAdded",
    "StepFinished",
    "StepProgressed",
    "StepStarted",
]


class PlannedStep(EventBody):
    """A diagnostic to run: `primitive` is its name, `target` what it looks at (for the screen), `reason` why.

    `supersedes` is the step that asked the same earlier: once this one has completed, what that found counts no more.
    """

    id: str
    primitive: str
    target: str
    arguments: Mapping[str, Any]
    effect: Effect
    reason: str
    supersedes: str = Field(default="", exclude_if=operator.not_)


class PlanProposed(InvestigationEvent):
    """The diagnostic plan."""

    type: Literal["plan_proposed"] = "plan_proposed"
    version: Literal[1] = 1
    steps: tuple[PlannedStep, ...]


class PlanConfirmed(InvestigationEvent):
    """A person (or, without a terminal, the read-only policy) confirmed the plan."""

    type: Literal["plan_confirmed"] = "plan_confirmed"
    version: Literal[1] = 1


class StepAdded(InvestigationEvent):
    """A step joined the plan: the next best diagnostic, or one that an engineer asked for."""

    type: Literal["step_added"] = "step_added"
    version: Literal[1] = 1
    step: PlannedStep


class StepStarted(InvestigationEvent):
    """A step began; `attempt` is 2 or more after an interruption."""

    type: Literal["step_started"] = "step_started"
    version: Literal[1] = 1
    step: str
    attempt: int = 1


class StepProgressed(InvestigationEvent):
    """How far a step is."""

    type: Literal["step_progressed"] = "step_progressed"
    version: Literal[1] = 1
    step: str
    done: int
    total: int
    note: str = ""


class StepFinished(InvestigationEvent):
    """A step ended; `summary` is its one-line result, or why it failed.

    `fault`: the diagnostic itself failed, not a source that it asked.
    """

    type: Literal["step_finished"] = "step_finished"
    version: Literal[1] = 1
    step: str
    status: Literal["completed", "failed", "timed_out", "cancelled"]
    summary: str
    duration_s: float
    fault: bool = Field(default=False, exclude_if=operator.not_)
