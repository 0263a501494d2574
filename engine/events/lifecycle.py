"""The life of an investigation and of its incident after the opening."""

from typing import Literal

from engine.events.envelope import IncidentEvent, InvestigationEvent

__all__ = [
    "IncidentClosed",
    "InvestigationCancelled",
    "InvestigationFinished",
    "InvestigationResumed",
]


class InvestigationResumed(InvestigationEvent):
    """The engine went on after an interruption, or a person asked a further question after the end."""

    type: Literal["investigation_resumed"] = "investigation_resumed"
    version: Literal[1] = 1
    reason: str


class InvestigationCancelled(InvestigationEvent):
    """Somebody asked to stop; what is under way is cut short."""

    type: Literal["investigation_cancelled"] = "investigation_cancelled"
    version: Literal[1] = 1


class InvestigationFinished(InvestigationEvent):
    """The investigation ended. `cost_usd` is what sources charge for their answers."""

    type: Literal["investigation_finished"] = "investigation_finished"
    version: Literal[1] = 1
    status: Literal["completed", "cancelled", "failed"]
    duration_s: float
    cost_usd: float = 0.0
    problem: str = ""


class IncidentClosed(IncidentEvent):
    """The incident ended: nothing may follow in its log.

    `reason` says whether a person closed it, or nothing happened to it for long (`age`). The envelope names who.
    `recovered` is reserved for closing by recovery under a policy, which no version does yet: it is read, never made.
    """

    type: Literal["incident_closed"] = "incident_closed"
    version: Literal[1] = 1
    reason: Literal["person", "recovered", "age"]
    because: str = ""
