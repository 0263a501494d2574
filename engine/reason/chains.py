"""Which causes bring about which: a chain of causes is true as a whole, and its first link is the root cause.

What each cause brings about, and where, stands with the cause (`engine.reason.causes`). B. Beyer et al., Site
Reliability Engineering (2016), chapter 22: overload and its cascade; M. Nygard, Release It!: blocked threads,
integration points, unbounded result sets.
"""

from __future__ import annotations

from typing import Final

from engine.reason.catalogue import causes
from engine.reason.claims import HypothesisKey
from engine.reason.fact_index import FactIndex
from primitives.terms import IncidentClass

__all__ = ["can_cause", "explains_many", "explains_outcomes", "is_outcome", "reachable_resources"]

# What comes from outside or from the hardware: no change of the resource brings it about.
_NOT_CAUSED_BY_CHANGE: Final = (
    IncidentClass.INFRASTRUCTURE_FAILURE, IncidentClass.TRAFFIC_SURGE, IncidentClass.NO_FAULT, IncidentClass.UNKNOWN,
)  # fmt: skip


def can_cause(case: FactIndex, cause: HypothesisKey, consequence: HypothesisKey) -> bool:
    """Whether `cause` may bring about `consequence`: by what they are and by where they are.

    A change loads or breaks its own resource and what that depends on, more requests all that lies behind; what merely
    describes an outcome follows from any particular cause on the same resource.
    """
    if cause.resource is None or consequence.resource is None or consequence.change is not None or cause == consequence:
        return False
    known = causes()[cause.cause_id]
    if known.reach == "anywhere":
        return consequence.cause_id in known.brings
    if known.reach == "behind":
        return consequence.cause_id in known.brings and consequence.resource in case.behind(cause.resource)
    same = cause.resource == consequence.resource
    below = consequence.resource in case.below.get(cause.resource, ())
    if cause.change is not None:
        return (same or below) and _can_be_brought(consequence)
    if is_outcome(cause, consequence):
        return same
    return (same or below) and consequence.cause_id in known.brings


def is_outcome(cause: HypothesisKey, consequence: HypothesisKey) -> bool:
    """Whether `consequence` only says how it failed, and `cause` more of why: a job fails, since a process crashed."""
    return causes()[cause.cause_id].outcome_rank < causes()[consequence.cause_id].outcome_rank


def explains_many(cause: HypothesisKey) -> bool:
    """Whether one cause is felt as many others in many places, so that any of these supports it."""
    return cause.change is not None or causes()[cause.cause_id].reach != "below"


def explains_outcomes(cause: HypothesisKey) -> bool:
    """Whether a cause says why, so that the outcomes on its resource support it."""
    return causes()[cause.cause_id].outcome_rank <= 1


def reachable_resources(case: FactIndex, cause: HypothesisKey) -> tuple[str, ...]:
    """The resources on which `cause` may bring something about."""
    if cause.resource is None:
        return ()
    match causes()[cause.cause_id].reach:
        case "behind":
            return tuple(case.behind(cause.resource))
        case "anywhere":
            return tuple(dict.fromkeys((*case.resources, *case.symptom_resources)))
        case "below":
            return (cause.resource, *case.below.get(cause.resource, ()))


def _can_be_brought(consequence: HypothesisKey) -> bool:
    cause = causes()[consequence.cause_id]
    return cause.brought_by_change and cause.cause_class not in _NOT_CAUSED_BY_CHANGE
