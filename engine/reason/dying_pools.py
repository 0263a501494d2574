"""A pool that can't make new connections runs out as it retires the old ones: it is a victim, and has not used them up.

A pool closes each connection after its longest life and opens another one (HikariCP: maxLifetime; PgBouncer:
server_lifetime). Where opening fails, fewer and fewer are open until nobody gets one: the reason for which opening
fails is why. A pool that is used up has as many as ever, or more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.reason.catalogue import causes_of_family, causes_of_metric
from engine.reason.claims import Claim, HypothesisKey
from engine.reason.fact_index import FactIndex
from primitives.facts import LogPattern, MetricShift

__all__ = ["dying_pools"]

# What a full pool writes.
_FULL: Final = "too_many_connections"
# Why a connection can't be opened, in the words of who opens it or of who refuses it.
_REFUSED: Final = frozenset(
    {"authentication", "permission", "certificate", "dns", "connection_refused", "unreachable", "missing_object"}
)
_FELL: Final = 0.7
_NOT_USED_UP: Final = -6.0


def dying_pools(case: FactIndex) -> Iterator[Claim]:
    """Claims against "ran out of connections" where fewer are open than ever, since none can be opened."""
    exhausted = {cause for cause, _ in causes_of_family(_FULL)}
    for name, shift in case.present(MetricShift):
        counted = exhausted.intersection(causes_of_metric(shift.metric))
        if shift.current < _FELL * shift.baseline and counted and _cannot_open(case, shift):
            why = "fewer connections are open than ever: none can be made"
            for cause in sorted(counted):
                yield Claim(HypothesisKey(cause, shift.resource), name, _NOT_USED_UP, why, "dying pool")


def _cannot_open(case: FactIndex, shift: MetricShift) -> bool:
    """Whether the resource, or a store of its own, says why no connection is opened."""
    resource = shift.resource or ""
    speakers = {resource, *case.below.get(resource, ())}
    return any(
        fact.count and fact.resource in speakers and fact.family in _REFUSED for _, fact in case.present(LogPattern)
    )
