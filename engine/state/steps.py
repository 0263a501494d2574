"""The steps of a plan, as the fold keeps them."""

from __future__ import annotations

from dataclasses import field, fields
from datetime import datetime
from operator import attrgetter
from typing import Literal

from engine.events import PlannedStep
from primitives.dataclass import dataclass

__all__ = ["Step", "StepStatus"]

StepStatus = Literal["waiting", "running", "completed", "failed", "timed_out", "cancelled"]


@dataclass(slots=True)
class Step:
    """A step of the plan and what became of it; `added` says that it joined later.

    `fault`: the diagnostic itself failed, not a source that it asked.
    """

    plan: PlannedStep
    added: bool = False
    status: StepStatus = "waiting"
    attempt: int = 0
    started_at: datetime | None = None
    duration_s: float | None = None
    done: int = 0
    total: int = 0
    note: str = ""
    summary: str = ""
    facts: list[str] = field(default_factory=list)
    fault: bool = False

    def copy(self) -> Step:
        """A step that can be changed without changing this one."""
        own = Step(*_values_of_step(self))
        own.facts = list(own.facts)
        return own


# `dataclasses.replace` takes four times as long, and a long log has thousands of steps.
_values_of_step = attrgetter(*(field.name for field in fields(Step)))
