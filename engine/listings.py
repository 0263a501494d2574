"""What an engine lists: its incidents, and the verdicts on their chains."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

__all__ = ["AuditResult", "IncidentSummary"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class IncidentSummary(_Frozen):
    """A line of the list of stored incidents.

    `phase` is that of `IncidentState`, or `closed`; `running` means that an actor has it now.
    """

    execution_id: str
    incident_id: str
    title: str
    query: str
    origin: Literal["recorded", "live"]
    opened_at: datetime
    updated_at: datetime
    phase: str
    primary_class: str | None = None
    top_cause: str | None = None
    confidence: float | None = None
    events: int
    running: bool = False


class AuditResult(_Frozen):
    """The verdict on one execution's chain.

    `problem` says what is wrong and `seq` where; `anchored` is how many events the hash kept outside the database
    confirms.
    """

    execution_id: str
    events: int
    ok: bool
    anchored: int = 0
    seq: int | None = None
    problem: str = ""
