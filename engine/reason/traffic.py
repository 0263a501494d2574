"""More requests: a surge where they enter, and what ran full behind it since."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator
from typing import Final

from engine.reason.backlogs import is_backlog
from engine.reason.claims import Claim
from engine.reason.fact_index import FactIndex
from engine.reason.localise import strength
from engine.reason.signals import signal
from primitives.facts import MetricAtLimit, MetricShift, SettingConflict, WorkloadState

__all__ = ["came_from_outside", "more_traffic"]

# Traffic (Google SRE book, chapter 6: the golden signals): for each doubling, and the most.
_PER_DOUBLING: Final = 1.5
_MOST_TRAFFIC: Final = 2.2
_TAKES_MORE: Final = 1.5
# Counts in a time, where nobody says of what.
_PER_TIME: Final = ("1/s", "1/min")
_FURTHER_IN: Final = 0.3
# From this growth on it is a surge; what it calls grew alike within this factor, and in so many.
_SURGE: Final = 1.4
_ALIKE: Final = 1.42
_MANY_ALIKE: Final = 2
_NOT_SCALING: Final = ("AutoscalerNotScaling", "AutoscalerTargetMissing", "AutoscalerWithoutRequests")


def more_traffic(case: FactIndex, name: str, fact: MetricShift) -> Iterator[Claim]:
    """More requests are a surge on the resource where they enter; deeper in the system a caller sends them."""
    if not (fact.unit.startswith("{") or fact.unit in _PER_TIME) or re.search(r"per[_ ]request", fact.metric):
        return
    grown = fact.current / fact.baseline if fact.baseline > 0 else 2.0
    weight = min(_MOST_TRAFFIC, _PER_DOUBLING * math.log2(max(grown, 1.0))) * strength(fact.score)
    if grown >= _TAKES_MORE:
        yield from signal("takes more", fact.resource, name, 1.0, "it takes more than usual", "traffic")
    if fact.resource in case.once(_behind):
        yield from signal("more comes in", fact.resource, name, 1.0, "more comes in than is taken", "traffic")
    callers = _callers(case, fact.resource or "")
    if callers and _is_outermost(case, fact.resource or ""):
        callers = set()
    if callers:
        weight *= _FURTHER_IN
    yield from signal("traffic rose", fact.resource, name, weight, "traffic rose", "traffic")
    # Retries and lost caches multiply requests in places; a surge does so everywhere behind where it enters, less where
    # what is between is overloaded and refuses some (Google SRE book, chapter 21).
    below = case.behind(fact.resource or "")
    grew = {
        other: shift.resource
        for other, shift in case.present(MetricShift)
        if shift.kind == "traffic"
        and shift.resource != fact.resource
        and shift.baseline > 0
        and min(_SURGE, grown / _ALIKE) < shift.current / shift.baseline < grown * _ALIKE
    }
    flow = case.graph.flow_from(fact.resource or "") if grew else frozenset()
    alike = [other for other, resource in grew.items() if resource in flow]
    if grown >= _SURGE and len(alike) >= _MANY_ALIKE and callers.isdisjoint(grew.values()):
        why = "what it calls gets as many times more requests"
        yield from signal("traffic rose below", fact.resource, alike[0], 1.0, why, "traffic below")
    if grown >= _SURGE and not callers and (full := _ran_full(case, fact, below)):
        yield from signal(
            "load ran full", fact.resource, full, 1.0, "what it calls ran full since then", "traffic full"
        )


def _is_outermost(case: FactIndex, resource: str) -> bool:
    """Whether nobody's requests are counted further out: what comes in is first seen here (a balancer behind a CDN)."""
    further_out = case.dependents((resource,)) - {resource}
    counted = {fact.resource for _, fact in case.of(MetricShift) if fact.kind == "traffic"}
    return case.resources.get(resource) == "gateway" and further_out.isdisjoint(counted)


def came_from_outside(case: FactIndex, resource: str) -> list[tuple[str, MetricShift]]:
    """The entries at which more requests came in that reached `resource`, which nobody known sends.

    It is left out where it is an entry itself: what answers slowly is asked again by those who wait for it.
    """
    grown = case.once(_surges)
    if resource not in {shift.resource for _, shift in grown}:
        return []
    entries = ((name, shift) for name, shift in grown if shift.resource not in (None, resource))
    return [
        (name, shift)
        for name, shift in entries
        if resource in case.graph.flow_from(shift.resource or "") and not _callers(case, shift.resource or "")
    ]


def _surges(case: FactIndex) -> list[tuple[str, MetricShift]]:
    """Where clearly more comes in."""
    return [(name, shift) for name, shift in case.present(MetricShift)
            if shift.kind == "traffic" and 0 < _SURGE * shift.baseline <= shift.current]  # fmt: skip


def _behind(case: FactIndex) -> frozenset[str | None]:
    """The queues in which messages pile up."""
    return frozenset(shift.resource for _, shift in case.present(MetricShift)
                     if shift.worse and is_backlog(case, shift))  # fmt: skip


def _ran_full(case: FactIndex, traffic: MetricShift, below: Collection[str]) -> str | None:
    """What reached its limit behind the entry of the traffic, since that rose; nothing where capacity should follow.

    An autoscaler that doesn't scale was made for such load (Kubernetes: Horizontal Pod Autoscaling).
    """
    since = traffic.onset
    if any(state.resource in below and state.state in _NOT_SCALING and state.bearing == "active"
           for _, state in case.present(WorkloadState)):  # fmt: skip
        return None
    if any(setting.resource in below and setting.rule == "scaling_suspended"
           for _, setting in case.present(SettingConflict)):  # fmt: skip
        return None
    return next((name for name, fact in case.present(MetricAtLimit)
                 if fact.resource in below and since and fact.since and fact.since >= since), None)  # fmt: skip


def _callers(case: FactIndex, resource: str) -> set[str]:
    """Who calls a resource, also through the Services in front of it and through the queues that it reads."""
    return {*case.graph.callers_of(resource), *case.graph.fed_by.get(resource, ())}
