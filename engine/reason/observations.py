"""Free observations as evidence: what a monitor saw, and what a provider tells of what it runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Final

from engine.reason.catalogue import Observation, causes, causes_of_family
from engine.reason.claims import Claim, HypothesisKey
from engine.reason.fact_index import FactIndex
from engine.reason.trust import TEXT
from primitives.analysis.announcements import MAINTENANCE
from primitives.facts import NEUTRAL_KINDS, Observed
from primitives.patterns import lazy_pattern

__all__ = ["ANNOUNCED", "observations"]

_PLANNED: Final = lazy_pattern(r"(?i)maintenance|patch|upgrad|reboot")
# Amazon RDS User Guide, Multi-AZ: one to two minutes; what came before and after it is told with it.
_FAILOVER: Final = timedelta(minutes=10)
# Amazon Aurora and others: what a cluster's instances are called after it.
_INSTANCE: Final = lazy_pattern(
    r"(?i)(?:-(?:instance|node|writer|reader|replica|primary|\d{1,4}|[a-z]{2}-[a-z]{4,9}-\d[a-z]?)){1,4}"
)
ANNOUNCED: Final = 1.6
"""A platform knows what it did to what it runs; with its event's source forged it would be a message like others."""


def observations(case: FactIndex) -> Iterator[Claim]:
    """Claims of what was observed, by its words."""
    for name, fact in case.present(Observed):
        if fact.kind in NEUTRAL_KINDS:
            continue
        if isinstance(family := fact.details.get("family"), str):
            if family == MAINTENANCE and _of_failover(case, fact):
                family = "failover"
            for cause_id, weight in causes_of_family(family):
                key = HypothesisKey(cause_id, fact.resource)
                told = weight * ANNOUNCED * TEXT["reported"]
                yield Claim(key, name, told, "who runs it says so", "messages")
            continue
        text = f"{fact.kind} {fact.subject}"
        for observation, cause_id in _observed_causes():
            if re.search(observation.pattern, text, re.IGNORECASE):
                # These words were chosen by the person who set up the monitor.
                weight = observation.weight * TEXT["reported"]
                yield Claim(HypothesisKey(cause_id, fact.resource), name, weight, "it was observed so", cause_id)
                break


def _of_failover(case: FactIndex, fact: Observed) -> bool:
    """Whether a restart that nobody planned is a part of a failover: of the same database, or of its cluster.

    The instance that was the writer restarts as a reader (Amazon Aurora: fault tolerance; RDS-EVENT-0006).
    """
    if _PLANNED.search(str(fact.subject)):
        return False
    return any(
        other.details.get("family") == "failover"
        and abs(other.observed_at - fact.observed_at) <= _FAILOVER
        and _is_or_holds(other.resource, fact.resource)
        for _, other in case.present(Observed)
    )


def _is_or_holds(cluster: str | None, database: str | None) -> bool:
    """Whether they are the same database, or one is an instance of the other, by its name."""
    if not cluster or not database:
        return False
    return cluster == database or (database.startswith(cluster) and bool(_INSTANCE.fullmatch(database, len(cluster))))


@cache
def _observed_causes() -> tuple[tuple[Observation, str], ...]:
    """The causes that observations support, the more specific patterns first."""
    known = [(cause.observations, cause.id) for cause in causes().values() if cause.observations]
    return tuple(sorted(known, key=lambda pair: pair[0].order))
