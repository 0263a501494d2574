"""One that takes what all share: others are refused while it holds most of a pool.

AWS Lambda: all functions of an account and region share its concurrency, unless some is reserved; the same holds for
slots of a cluster and for workers of a server (AWS Well-Architected, noisy neighbours).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from engine.reason.claims import Claim
from engine.reason.fact_index import FactIndex
from engine.reason.signals import signal
from primitives.facts import MetricShift
from primitives.metric_names import metric_words
from primitives.patterns import lazy_pattern

__all__ = ["shared_pools"]

_HELD: Final = lazy_pattern(r"\bconcurren(?:t|cy)\b")
_REFUSED: Final = lazy_pattern(r"\bthrottles?\b|\bthrottled (?:requests|invocations)\b|\brejected\b")
# It holds most of what is held, and others than itself are refused.
_MOST: Final = 0.5
_MANY: Final = 2
_GROWN: Final = 4.0
_REFUSED_BY_IT: Final = -0.45


def shared_pools(case: FactIndex) -> Iterator[Claim]:
    """Who holds most of a pool since just before others were refused."""
    held = _held(case)
    refused = {fact.resource: (name, fact) for name, fact in case.present(MetricShift)
               if fact.resource and fact.worse and _REFUSED.search(metric_words(fact.metric))}  # fmt: skip
    if not held:
        return
    most = max(held, key=lambda resource: (held[resource][1].current, resource))
    name, fact = held[most]
    others = {resource: shift for resource, shift in refused.items() if resource != most}
    total = sum(shift.current for _, shift in held.values())
    if len(others) < _MANY or fact.current < _MOST * total or fact.current < _GROWN * max(fact.baseline, 1.0):
        return
    first = min((shift.onset for _, shift in others.values() if shift.onset), default=None)
    if fact.onset is not None and first is not None and fact.onset > first:
        return
    why = f"it holds most of what all share, and {len(others)} others are refused since"
    yield from signal("pool taken", most, name, 1.0, why, "pool")
    for resource, (throttled, _) in others.items():
        yield from signal("pool taken", resource, throttled, _REFUSED_BY_IT, "another holds what it lacks", "pool")


def _held(case: FactIndex) -> Mapping[str, tuple[str, MetricShift]]:
    """What each holds of the pool, by what is measured of it; a level that stayed counts too."""
    levels: dict[str, tuple[str, MetricShift]] = {}
    for name, fact in case.of(MetricShift):
        if fact.resource and _HELD.search(metric_words(fact.metric)):
            known = levels.get(fact.resource)
            if known is None or fact.current > known[1].current:
                levels[fact.resource] = name, fact
    return levels
