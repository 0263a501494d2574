"""Which cause can lead to which other cause; the first in a chain is the root cause.

Each cause declares its consequences, and where they occur (`engine.reason.causes`). B. Beyer et al., Site Reliability
Engineering (2016), chapter 22: overload and its cascade; M. Nygard, Release It!: blocked threads, integration points,
unbounded result sets.
"""

from __future__ import annotations

from typing import Final

from engine.reason.catalogue import causes
from engine.reason.claims import HypothesisKey
from engine.reason.entities import is_behind, is_only_felt
from engine.reason.fact_index import FactIndex
from engine.reason.held_volumes import HELD, held_volumes
from engine.reason.precise_causes import is_precise
from primitives.terms import IncidentClass

__all__ = ["can_cause", "explains_many", "explains_outcomes", "is_outcome", "reachable_resources"]

# What comes from outside or from the hardware: no change of the resource causes it.
_NOT_CAUSED_BY_CHANGE: Final = (
    IncidentClass.INFRASTRUCTURE_FAILURE, IncidentClass.TRAFFIC_SURGE, IncidentClass.NO_FAULT, IncidentClass.UNKNOWN,
)  # fmt: skip


def can_cause(case: FactIndex, cause: HypothesisKey, consequence: HypothesisKey) -> bool:
    """Whether `cause` can lead to `consequence`: by what they are and by where they are.

    A change can load or break its own resource and the dependencies of it; more requests can do so to everything
    behind. A cause that only describes an outcome follows from any specific cause on the same resource.
    """
    if cause.resource is None or consequence.resource is None or consequence.change is not None or cause == consequence:
        return False
    known = causes()[cause.cause_id]
    if known.reach == "anywhere":
        return consequence.cause_id in known.can_cause or _ends_with(case, cause, consequence)
    if known.reach == "behind":
        return consequence.cause_id in known.can_cause and consequence.resource in case.behind(cause.resource)
    same = cause.resource == consequence.resource
    below = consequence.resource in case.below.get(cause.resource, ())
    if cause.change is not None:
        same = same or consequence.resource in case.parts.get(cause.resource, ())
        reached = same or (below and causes()[consequence.cause_id].caused_from_above)
        return reached and _can_be_caused(consequence) and not is_precise(case, cause, consequence)
    if same and is_only_felt(case, cause):
        return False
    if same and causes()[consequence.cause_id].shows_on_entity:
        return not known.generic and is_only_felt(case, consequence)
    if is_outcome(cause, consequence):
        if same or is_behind(case, cause.resource, consequence.resource):
            return True
        return below and not known.generic and causes()[consequence.cause_id].shows_callers_faults
    return (same or below) and consequence.cause_id in known.can_cause


def _ends_with(case: FactIndex, cause: HypothesisKey, consequence: HypothesisKey) -> bool:
    """Whether what failed takes it along: its own answers, those of what runs on it, a volume that it holds."""
    if (cause.resource, consequence.resource) in case.once(held_volumes):
        return HELD in causes()[consequence.cause_id].states
    above = cause.resource in case.below.get(consequence.resource or "", ())
    return is_outcome(cause, consequence) and (cause.resource == consequence.resource or above)


def is_outcome(cause: HypothesisKey, consequence: HypothesisKey) -> bool:
    """Whether `consequence` only says how it failed, and `cause` says why: a job fails because a process crashed."""
    return causes()[cause.cause_id].outcome_rank < causes()[consequence.cause_id].outcome_rank


def explains_many(cause: HypothesisKey) -> bool:
    """Whether one cause shows as other causes on many resources, so that each of them supports it."""
    return cause.change is not None or causes()[cause.cause_id].reach != "below"


def explains_outcomes(cause: HypothesisKey) -> bool:
    """Whether a cause says why something failed, so that the outcomes on its resource support it."""
    return causes()[cause.cause_id].outcome_rank <= 1


def reachable_resources(case: FactIndex, cause: HypothesisKey) -> tuple[str, ...]:
    """The resources on which `cause` can have consequences."""
    if cause.resource is None:
        return ()
    match causes()[cause.cause_id].reach:
        case "behind":
            return tuple(case.behind(cause.resource))
        case "anywhere":
            return tuple(dict.fromkeys((*case.resources, *case.symptom_resources)))
        case "below":
            # A change of a service is one of all its instances.
            instances = case.parts.get(cause.resource, ()) if cause.change is not None else ()
            near = (
                cause.resource,
                *instances,
                *case.below.get(cause.resource, ()),
                *case.symptoms_of.get(cause.resource, ()),
            )
            return tuple(dict.fromkeys(near))


def _can_be_caused(consequence: HypothesisKey) -> bool:
    cause = causes()[consequence.cause_id]
    return cause.caused_by_change and cause.cause_class not in _NOT_CAUSED_BY_CHANGE
