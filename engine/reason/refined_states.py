"""Which causes a bad state of an object speaks for: those that declare it, or those that its message names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.reason.catalogue import causes_of_family, causes_of_state, unhealthy_cause
from engine.reason.fact_index import COMPLAINTS
from primitives.analysis.error_families import family_of
from primitives.facts import WorkloadState

__all__ = ["REFINED", "causes_of_bad_state"]

REFINED: Final = 1.6
"""What the platform says of an object weighs more than what a log does."""

# Natural log-odds, by judgement: a bad state that no cause declares says at least that something isn't well.
_UNDECLARED: Final[Mapping[str, float]] = {"cause": 2.4, "symptom": 1.4}
# Families that name no mechanism.
_VAGUE: Final = frozenset(("crash", "exception", "server_error", "overloaded", "cancelled"))
_CALLED_BY_TLS: Final = ("AdmissionWebhookUnavailable",)


def causes_of_bad_state(fact: WorkloadState) -> tuple[tuple[str, float], ...]:
    """The causes that a state speaks for, with their weights."""
    return _refined(fact) or tuple(causes_of_state(fact.state)) or _unknown_state(fact)


def _refined(fact: WorkloadState) -> tuple[tuple[str, float], ...]:
    """A state that says no more than that something isn't well, by what its message says (API conventions: conditions).

    A complaint about others is no reason of its own. That an admission webhook can't be called is refined by the
    certificate that the API server refuses: its setting is well then (Kubernetes: Dynamic Admission Control, caBundle).
    """
    family = family_of(fact.message or "")
    if fact.state in _CALLED_BY_TLS and family == "certificate":
        return tuple((cause_id, weight * REFINED) for cause_id, weight in causes_of_family(family))
    if [cause_id for cause_id, _ in causes_of_state(fact.state)] != [unhealthy_cause()]:
        return ()
    if family is None or family in COMPLAINTS or family in _VAGUE:
        return ()
    return tuple((cause_id, weight * REFINED) for cause_id, weight in causes_of_family(family))


def _unknown_state(fact: WorkloadState) -> tuple[tuple[str, float], ...]:
    """A bad state that no cause declares: at least it says that its object is not healthy."""
    weight = _UNDECLARED.get(str(fact.details.get("weight") or ""))
    return ((unhealthy_cause(), weight),) if weight else ()
