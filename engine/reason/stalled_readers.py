"""A reader of a queue that fails on one message again and again stands still.

A message whose handling fails comes again until it is thrown out; in an ordered group it holds up all that is behind it
(Amazon SQS: ReceiveCount, dead-letter queues, FIFO message groups; RabbitMQ: redelivered; Apache Kafka: poison pills).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from engine.reason.backlogs import is_backlog
from engine.reason.claims import Claim
from engine.reason.fact_index import COMPLAINTS, FactIndex, is_failing, more_than_usual
from engine.reason.signals import signal
from engine.reason.trust import TEXT
from primitives.facts import LogPattern, MetricShift
from primitives.patterns import lazy_pattern

__all__ = ["stalled_readers"]

_AGAIN: Final = lazy_pattern(
    r"\b(?:approximate)?receive[ _-]?count\b|\bredeliver\w{0,4}\b|\bdelivery[ _-]?(?:count|attempts?)\b|"
    r"\brequeu\w{0,4}\b|\bnack(?:ed|ing)?\b|\bx-death\b|\bpoison\b|\bsame (?:message|offset|record)\b|"
    r"\bseek\w{0,3} (?:back )?to (?:current )?offset\b|\bvisibility timeout\b",
    re.IGNORECASE,
)
# Handling began to fail when the queue began to grow, give or take some samples.
_TOGETHER: Final = timedelta(minutes=5)
# Once is an error, and again and again is a standstill.
_AGAIN_AND_AGAIN: Final = 3


def stalled_readers(case: FactIndex) -> Iterator[Claim]:
    """Claims that a reader stands still: it fails on messages that come again, since its queue grows."""
    growing = [fact for _, fact in case.present(MetricShift) if fact.worse and is_backlog(case, fact)]
    if not growing:
        return
    again = {fact.resource for _, fact in case.present(LogPattern)
             if more_than_usual(fact) and _AGAIN.search(fact.example or fact.template)}  # fmt: skip
    for name, fact in case.present(LogPattern):
        if fact.resource in again and _fails(fact) and any(_since(case, fact, shift) for shift in growing):
            why = "it fails on messages that come again, since its queue grows"
            yield from signal("fails on the same message", fact.resource, name, TEXT[fact.trust], why, "messages")


def _fails(fact: LogPattern) -> bool:
    """Whether messages tell of failures of its writer's own, and not of what it calls."""
    own = fact.family not in COMPLAINTS and not fact.points_at
    return own and is_failing(fact) and fact.count >= _AGAIN_AND_AGAIN


def _since(case: FactIndex, fact: LogPattern, shift: MetricShift) -> bool:
    if fact.first_seen is None or shift.onset is None or shift.resource not in case.below.get(fact.resource or "", ()):
        return False
    return abs(fact.first_seen - shift.onset) <= _TOGETHER
