"""A restart that a platform announces while the same cluster fails over: it is part of that, no work of its own.

Amazon RDS User Guide, Multi-AZ failover: the old primary is restarted as a standby; Amazon Aurora, failover: the old
writer restarts as a reader; Cloud SQL: high availability. A restart by itself is what it says.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from engine.reason.catalogue import causes_of_family
from engine.reason.claims import Claim, HypothesisKey
from engine.reason.fact_index import FactIndex
from primitives.analysis.announcements import MAINTENANCE, announced_family, is_platform
from primitives.facts import ChangeFound, LogPattern
from primitives.patterns import lazy_pattern

__all__ = ["failover_restarts"]

_RESTARTS: Final = lazy_pattern(r"(?i)\b(?:restart|reboot)(?:ed|ing)?\b")
_WORK: Final = lazy_pattern(r"(?i)maintenance|patch|upgrade|scheduled|by (?:a |the )?user")
# A failover takes one to two minutes; the old primary is back within some more.
_WITHIN: Final = timedelta(minutes=10)
# Log-odds: as near certain as the announcement of the restart itself.
_PART_OF_IT: Final = -3.6


def failover_restarts(case: FactIndex) -> Iterator[Claim]:
    """Claims against work of the platform where what it announced is the restart that a failover brings."""
    failed_over = dict(_failovers(case))
    if not failed_over:
        return
    for name, fact in case.present(LogPattern):
        text = fact.example or fact.template
        if fact.family != MAINTENANCE or fact.resource is None or fact.first_seen is None:
            continue
        if not _RESTARTS.search(text) or _WORK.search(text):
            continue
        near = {fact.resource, *(whole for whole, parts in case.parts.items() if fact.resource in parts)}
        near |= {member for whole in near for member in case.parts.get(whole, ())}
        if any(abs(fact.first_seen - failed_over[place]) <= _WITHIN for place in near & failed_over.keys()):
            for cause_id, _ in causes_of_family(MAINTENANCE):
                key = HypothesisKey(cause_id, fact.resource)
                yield Claim(key, name, _PART_OF_IT, "its cluster failed over: that restarts it", "failover")


def _failovers(case: FactIndex) -> Iterator[tuple[str, datetime]]:
    """What the platform says failed over, and when."""
    for _, fact in case.present(LogPattern):
        if fact.family == "failover" and fact.announced and fact.resource and fact.first_seen is not None:
            yield fact.resource, fact.first_seen
    for _, known in case.present(ChangeFound):
        change = known.change
        if change is None or not change.resource or not is_platform(change.origin or ""):
            continue
        if announced_family(change.summary) == "failover":
            yield change.resource, change.time
