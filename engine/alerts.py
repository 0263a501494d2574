"""Alerts that came in, as those see them who ask the engine."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict

from primitives.alert_payloads.model import AlertSeverity

__all__ = ["AlertGroup", "GroupState", "Quarantined"]

GroupState = Literal["noted", "waiting", "opening", "running", "investigated", "failed"]


class AlertGroup(BaseModel):
    """Alerts that are taken for one trouble.

    `state` is that of its investigation: `noted` means that no rule asks for one, `waiting` that it is due. `alerts`
    and `firing` count different alerts, `deliveries` every message. `taken_by` is who looks after it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    id: str
    title: str
    summary: str = ""
    provider: str
    channel: str
    service: str | None = None
    resource: str | None = None
    severity: AlertSeverity = "unknown"
    state: GroupState
    storm: bool = False
    provider_group: str = ""
    opened_at: AwareDatetime
    last_at: AwareDatetime
    began_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    alerts: int = 0
    firing: int = 0
    deliveries: int = 0
    turns: int = 0
    sources: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    execution_id: str | None = None
    incident_id: str
    problem: str = ""
    tries: int = 0
    next_at: AwareDatetime | None = None
    taken_by: str | None = None
    taken_at: AwareDatetime | None = None
    escalated_at: AwareDatetime | None = None
    noted: str = ""
    noted_alerts: int = 1
    told_taken: bool = False
    told_cause: bool = False
    told_closed: bool = False

    @property
    def open(self) -> bool:
        """Whether something in it still fires."""
        return self.ended_at is None

    @property
    def waits_for_person(self) -> bool:
        """Whether it goes on and nobody has taken it."""
        return self.open and self.taken_by is None


class Quarantined(NamedTuple):
    """A genuine delivery that could not be read, and the beginning of its text, redacted."""

    number: int
    channel: str
    received_at: float
    size: int
    problem: str
    body: str
