"""A queue that grows shows that what reads from it doesn't keep up: it is no cause of its reader's trouble.

Little's law (J. Little, 1961): what waits is what comes in times how long it stays.
"""

from __future__ import annotations

from typing import Final

from engine.reason.catalogue import causes_of_metric, causes_that_concern
from engine.reason.fact_index import FactIndex
from primitives.facts import MetricShift

__all__ = ["is_backlog"]

_QUEUES: Final = frozenset({"queue", "topic"})


def is_backlog(case: FactIndex, fact: MetricShift) -> bool:
    """Whether a metric says that messages wait in a queue: its depth, or the age of what is in it."""
    of_queue = case.resources.get(fact.resource or "") in _QUEUES
    return of_queue and not causes_that_concern("queue").isdisjoint(causes_of_metric(fact.metric))
