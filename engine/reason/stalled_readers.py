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
from engine.reason.catalogue import causes_of_metric, causes_that_concern
from engine.reason.claims import Claim
from engine.reason.fact_index import COMPLAINTS, FactIndex, is_failing, more_than_usual
from engine.reason.signals import signal
from engine.reason.stores import is_store
from engine.reason.trust import TEXT
from primitives.facts import LogPattern, MetricShift
from primitives.metric_names import metric_words
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
# What counts messages that were taken and done with (Amazon SQS, RabbitMQ, Apache Kafka, Google Pub/Sub).
_TAKEN: Final = lazy_pattern(r"(?i)delet|consum|\back(?:ed|s)?\b|acknowledg|deliver|dequeue|receiv|process|fetch")
# What counts messages that weren't taken, or looks that found none (Amazon SQS: NumberOfEmptyReceives).
_NOT_TAKEN: Final = lazy_pattern(
    r"(?i)empty|un-?(?:deliver|process|acknowledg|ack|consum|fetch|receiv)|(?:^|[^a-z])not(?:[^a-z]|$)|fail|error"
)
_NOTHING: Final = 0.1
_CPU: Final = lazy_pattern(r"(?i)(?:^|[^a-z])cpu(?:[^a-z]|$)")
_NOT_ITS_WORK: Final = lazy_pattern(r"(?i)throttl|steal|idle|limit|request")
# Of what is sent to a queue; from so much less on, less is taken because less comes. Traffic varies by that much in a
# day (Google SRE book, chapter 20), while what a reader takes fell to a tenth: the rest piles up.
_LEAST_SENT: Final = 0.5
# Once is an error, and again and again is a standstill.
_AGAIN_AND_AGAIN: Final = 3


def stalled_readers(case: FactIndex) -> Iterator[Claim]:
    """Claims that a reader stands still: it fails on messages that come again, since its queue grows."""
    growing = [fact for _, fact in case.present(MetricShift) if fact.worse and _grows(case, fact)]
    if not growing:
        return
    for queue in {fact.resource: None for fact in growing if fact.resource}:
        yield from _takes_nothing(case, queue)
    again = {fact.resource for _, fact in case.present(LogPattern)
             if more_than_usual(fact) and _AGAIN.search(fact.example or fact.template)}  # fmt: skip
    for name, fact in case.present(LogPattern):
        if fact.resource in again and _fails(fact) and any(_since(case, fact, shift) for shift in growing):
            why = "it fails on messages that come again, since its queue grows"
            yield from signal("fails on the same message", fact.resource, name, TEXT[fact.trust], why, "messages")


def _grows(case: FactIndex, fact: MetricShift) -> bool:
    """Whether messages pile up, in a queue or in the broker that measures them for its queues."""
    of_broker = fact.resource is not None and is_store(case, fact.resource)
    return is_backlog(case, fact) or (
        of_broker and not causes_that_concern("queue").isdisjoint(causes_of_metric(fact.metric))
    )


def _takes_nothing(case: FactIndex, queue: str) -> Iterator[Claim]:
    """Claims that who reads a queue has stopped: nothing is taken from it any more, and most of what came still comes.

    It is the queue's only reader, where that is known and does nothing either.
    """
    moved = [(name, fact) for name, fact in case.present(MetricShift) if fact.kind == "traffic"]
    taken = [
        name for name, fact in moved if fact.resource == queue and _counts_taken(fact.metric) and _is_nothing(fact)
    ]
    if not taken or any(_dried_up(fact) for _, fact in moved if fact.resource == queue):
        return
    idle = {fact.resource: name for name, fact in case.present(MetricShift) if _does_nothing(fact)}
    readers = [reader for reader in case.graph.callers_of(queue) if reader in idle]
    place = readers[0] if len(readers) == 1 else queue
    why = "nothing is taken from the queue any more, and most of what was sent to it still is"
    yield from signal("takes nothing", place, idle.get(place, taken[0]), 1.0, why, "level")


def _dried_up(fact: MetricShift) -> bool:
    """Whether so much less is sent that there is hardly anything to take; a small drop is noise, or a calmer hour."""
    return not _TAKEN.search(metric_words(fact.metric)) and fact.current < _LEAST_SENT * fact.baseline


def _counts_taken(metric: str) -> bool:
    words = metric_words(metric)
    return bool(_TAKEN.search(words)) and not _NOT_TAKEN.search(words)


def _does_nothing(fact: MetricShift) -> bool:
    """Whether hardly anything goes through it any more, or it hardly computes: it waits (B. Gregg: off-CPU time)."""
    works = bool(_CPU.search(fact.metric)) and not _NOT_ITS_WORK.search(fact.metric)
    return _is_nothing(fact) and (fact.kind == "traffic" or works)


def _is_nothing(fact: MetricShift) -> bool:
    return fact.baseline > 0 and fact.current <= _NOTHING * fact.baseline


def _fails(fact: LogPattern) -> bool:
    """Whether messages tell of failures of its writer's own, and not of what it calls."""
    own = fact.family not in COMPLAINTS and not fact.points_at
    return own and is_failing(fact) and fact.count >= _AGAIN_AND_AGAIN


def _since(case: FactIndex, fact: LogPattern, shift: MetricShift) -> bool:
    if fact.first_seen is None or shift.onset is None or shift.resource not in case.below.get(fact.resource or "", ()):
        return False
    return abs(fact.first_seen - shift.onset) <= _TOGETHER
