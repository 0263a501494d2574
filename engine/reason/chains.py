"""Which causes bring about which: a chain of causes is true as a whole, and its first link is the root cause."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.reason.case import Case
from engine.reason.catalogue import causes
from engine.reason.claims import Key
from primitives.terms import IncidentClass

__all__ = ["brings", "explains_many", "explains_outcomes", "is_outcome", "reached"]

_LOAD: Final = (
    "cpu_saturated", "memory_exhausted", "io_saturated", "connections_exhausted", "threads_exhausted",
    "concurrency_limited", "rate_limited", "queue_backlog", "autoscaler_at_limit",
)  # fmt: skip
# B. Beyer et al., Site Reliability Engineering (2016), chapter 22: overload and its cascade; M. Nygard, Release It!:
# blocked threads, integration points, unbounded result sets.
_BRINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "traffic_surge": _LOAD,
    "slow_query": ("cpu_saturated", "io_saturated", "connections_exhausted", "threads_exhausted", "lock_contention"),
    "lock_contention": ("slow_query", "connections_exhausted", "threads_exhausted"),
    "memory_exhausted": ("out_of_memory_killed", "node_pressure"),
    "disk_full": ("database_read_only", "node_pressure"),
    "database_failover": ("database_read_only", "dependency_unavailable", "replication_lag"),
    "io_saturated": ("replication_lag", "slow_query"),
}
# What runs on a node that fails can't be reached any more, whichever workloads these are.
_OF_NODES: Final = ("node_not_ready", "kubelet_unavailable", "container_runtime_unavailable", "zone_failed")
_OUTCOMES: Final[Mapping[str, int]] = {
    "dependency_unavailable": 1, "application_crash": 2, "application_error": 2, "dependency_slow": 2,
    "dependency_errors": 2, "job_failed": 3, "rollout_stuck": 3,
}  # fmt: skip
# What comes from outside, from the calendar or from the hardware: no change of the resource brings it about.
_UNBROUGHT_CLASSES: Final = (
    IncidentClass.INFRASTRUCTURE_FAILURE, IncidentClass.TRAFFIC_SURGE, IncidentClass.NO_FAULT, IncidentClass.UNKNOWN,
)  # fmt: skip
_UNBROUGHT: Final = ("certificate_expired", "token_expired", "external_provider_failure")


def brings(case: Case, cause: Key, consequence: Key) -> bool:
    """Whether `cause` may bring about `consequence`: by what they are and by where they are.

    A change loads or breaks its own resource and what that depends on, more requests all that lies behind; what merely
    describes an outcome follows from any particular cause on the same resource.
    """
    if cause.resource is None or consequence.resource is None or consequence.change is not None or cause == consequence:
        return False
    if cause.cause_id in _OF_NODES:
        return consequence.cause_id in ("dependency_unavailable", "application_crash", "rollout_stuck")
    if cause.cause_id == "traffic_surge":
        return consequence.cause_id in _BRINGS["traffic_surge"] and consequence.resource in case.behind(cause.resource)
    same = cause.resource == consequence.resource
    below = consequence.resource in case.below.get(cause.resource, ())
    if cause.change is not None:
        return (same or below) and _can_be_brought(consequence)
    if is_outcome(cause, consequence):
        return same
    return (same or below) and consequence.cause_id in _BRINGS.get(cause.cause_id, ())


def is_outcome(cause: Key, consequence: Key) -> bool:
    """Whether `consequence` only says how it failed, and `cause` more of why: a job fails, since a process crashed."""
    return _OUTCOMES.get(cause.cause_id, 0) < _OUTCOMES.get(consequence.cause_id, 0)


def explains_many(cause: Key) -> bool:
    """Whether one cause is felt as many others in many places, so that any of these speaks for it."""
    return cause.change is not None or cause.cause_id == "traffic_surge" or cause.cause_id in _OF_NODES


def explains_outcomes(cause: Key) -> bool:
    """Whether a cause says why, so that the outcomes on its resource speak for it."""
    return _OUTCOMES.get(cause.cause_id, 0) <= 1


def reached(case: Case, cause: Key) -> tuple[str, ...]:
    """The resources on which `cause` may bring something about."""
    if cause.resource is None:
        return ()
    if cause.cause_id == "traffic_surge":
        return tuple(case.behind(cause.resource))
    if cause.cause_id in _OF_NODES:
        return tuple(dict.fromkeys((*case.resources, *case.symptom_resources)))
    return (cause.resource, *case.below.get(cause.resource, ()))


def _can_be_brought(consequence: Key) -> bool:
    cause = causes()[consequence.cause_id]
    return cause.cause_class not in _UNBROUGHT_CLASSES and cause.id not in _UNBROUGHT
