"""The order of facts in a list, by what they say about the incident, kept up as facts come.

A new fact changes its own family alone: the others stay grouped and in their places.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from cockpit.widgets.fact_weight import BUSIEST, Neighbourhood, is_aside, is_felt, served_until, unweighed_place
from cockpit.widgets.suffering import FELT, MOST_EDGES
from primitives.dataclass import dataclass
from primitives.patterns import lazy_pattern
from primitives.terms import FAILURES

if TYPE_CHECKING:
    from datetime import datetime

    from engine.incident import FoundFact
    from primitives.facts import Fact, MetricShift
    from primitives.records import Symptom

__all__ = ["BUSIEST", "STATISTIC", "FactGroup", "FactOrder", "grouped", "is_calm", "is_outage"]

# One quantity in several statistics: latency_p50, latency_p95 and latency_average.
STATISTIC = lazy_pattern(r"(?i)[ _](?:p\d{1,2}(?:[._]\d+)?|average|avg|mean|median|min|max|maximum|minimum|sum|count)$")

_HARDLY = 0.5
"""Log-odds. With less, a single sample, or what came after the detection, is placed as if nothing weighed it."""
_SERVING = 3.0
"""By so many times less a message that stopped says where its writer goes on serving."""
_LITTLE = 1e-6
"""What a spread is worth against a doubling: nothing, unless two are alike."""

Family = tuple[str, ...]
Place = tuple[float, float, int]
"""The rank of a group, how strong it is (less is stronger), and which of all facts its first one is."""


@dataclass(frozen=True, slots=True)
class FactGroup:
    """Facts on one line: the one that stands for them, and the others of its family."""

    lead: str
    others: tuple[str, ...] = ()


def is_calm(fact: Fact) -> bool:
    """Whether it says that something is as always: absent, or background of a system that works.

    What runs down all the time is no longer as always once it has run out.
    """
    if fact.type == "metric_shift" and fact.ran_out_at is not None:
        return False
    return fact.polarity == "absent" or _given(fact, "bearing", "active") != "active"


def _given(fact: Fact, name: str, default: Any) -> Any:
    """A field that only some facts have; `getattr` on one without it searches all of pydantic, with every frame."""
    return fact.__dict__.get(name, default)


def _score(fact: Fact) -> float:
    """How strong it is; 0 also where that is no number, which nothing could be put in order by."""
    score = abs(_given(fact, "score", 0.0))
    return 0.0 if math.isnan(score) else score


def grouped(
    facts: Mapping[str, FoundFact], symptom: Symptom | None, weights: Mapping[str, float], said: Collection[str]
) -> tuple[list[FactGroup], list[str]]:
    """What tells something, most telling first, and the ids of what is calm. For the arguments see `FactOrder`."""
    order = FactOrder(symptom, said)
    for known in facts.values():
        order.take(known)
    order.weigh(weights)
    return order.groups(), order.calm


class FactOrder:
    """The groups of the facts that were taken in, and what is calm.

    `symptom` is what raised the alarm, `said` the facts that a person judged, which are never folded away, and
    `detected` when the trouble was known.
    """

    def __init__(self, symptom: Symptom | None, said: Collection[str], detected: datetime | None = None) -> None:
        self.calm: list[str] = []
        self._symptom = symptom
        self._said = frozenset(said)
        self._weights: Mapping[str, float] = {}
        self._about: str | None = None
        self._facts: dict[str, Fact] = {}
        self._numbers: dict[str, int] = {}
        self._families: dict[Family, list[str]] = {}
        self._groups: dict[Family, tuple[Place, FactGroup]] = {}
        self._places: list[Place] = []
        self._ordered: list[FactGroup] = []
        self._changed: dict[Family, None] = {}
        self._detected = detected
        self._near = Neighbourhood()
        self._alarmed_kind = ""
        self._served: dict[str, datetime] = {}

    def take(self, known: FoundFact) -> None:
        """One more fact, the latest."""
        key, fact = known.id, known.fact
        self._facts[key] = fact
        self._numbers[key] = len(self._numbers)
        if fact.type == "metric_shift" and fact.resource is not None:
            self._take_served(fact.resource, fact)
        if fact.type == "metric_shift" and self._is_symptom(fact):
            self._alarmed_kind = fact.kind
            self._place_again(self._near.above)
        if fact.type == "dependencies":
            self._near.take(fact.edges[:MOST_EDGES])
            self._look_around()
        # What raised the alarm is told also where it is as always: that is the finding then.
        if is_calm(fact) and key not in self._said and not self._is_symptom(fact):
            self.calm.append(key)
            return
        family = _family(key, fact)
        self._families.setdefault(family, []).append(key)
        self._changed[family] = None

    def _take_served(self, resource: str, shift: MetricShift) -> None:
        """Until when requests of a resource were measured."""
        until = served_until(shift)
        if until is not None and until > self._served.get(resource, until - timedelta(seconds=1)):
            self._served[resource] = until
            stopped = ("log_pattern", "stopped", resource)
            if stopped in self._families:
                self._changed[stopped] = None

    def weigh(self, weights: Mapping[str, float], about: str | None = None) -> None:
        """What the facts weigh for the first hypothesis, in log-odds, and the resource that it is about."""
        if about != self._about:
            for key, fact in self._facts.items():
                if fact.resource in (about, self._about) and (family := _family(key, fact)) in self._families:
                    self._changed[family] = None
            self._about = about
            self._look_around()
        if weights == self._weights:
            return
        for key in self._weights.keys() | weights.keys():
            if self._weights.get(key) != weights.get(key) and key in self._facts:
                family = _family(key, self._facts[key])
                if family in self._families:
                    self._changed[family] = None
        self._weights = weights

    def _look_around(self) -> None:
        """Place again what is about a neighbour now, or no longer is."""
        moved = self._near.around(self._about, self._symptom.resource if self._symptom is not None else None)
        self._place_again(moved)

    def _place_again(self, resources: Collection[str]) -> None:
        for key, fact in self._facts.items() if resources else ():
            if fact.resource in resources and (family := _family(key, fact)) in self._families:
                self._changed[family] = None

    def is_aside(self, group: FactGroup) -> bool:
        """Whether a group tells little of this incident: it moved after the detection, or in one short sample.

        What is about the incident's own resource, what a hypothesis weighs and what a person judged is never aside.
        """
        keys = (group.lead, *group.others)
        if any(key in self._said or self._weights.get(key, 0.0) > 0 for key in keys):
            return False
        facts = [self._facts[key] for key in keys]
        return not any(self._is_own(fact) or self._is_where_felt(fact) for fact in facts) and all(
            is_aside(fact, self._detected) for fact in facts
        )

    def _is_where_felt(self, fact: Fact) -> bool:
        """Whether it tells what users feel where the alarm tells nothing of it: nobody raised it, or load did."""
        if fact.resource not in self._near.above or not is_felt(fact):
            return False
        alarmed = self._symptom is not None and self._symptom.resource is not None
        return not alarmed or (self._alarmed_kind not in FELT and not is_aside(fact, self._detected))

    def _goes_on(self, fact: Fact) -> bool:
        """Whether requests of a writer were measured after it stopped logging a message."""
        if fact.type != "log_pattern" or fact.count or fact.resource is None:
            return False
        until = self._served.get(fact.resource)
        return until is not None and fact.last_seen is not None and until > fact.last_seen

    def _is_own(self, fact: Fact) -> bool:
        return fact.resource is not None and fact.resource in (self._about, self._symptom and self._symptom.resource)

    def groups(self) -> list[FactGroup]:
        """The groups, most telling first. The list is changed by what is taken in later."""
        for family in self._changed:
            self._replace(family)
        self._changed = {}
        return self._ordered

    def _replace(self, family: Family) -> None:
        if family in self._groups:
            at = bisect_left(self._places, self._groups[family][0])
            del self._places[at], self._ordered[at]
        group = self._group(self._families[family])
        place = (*self._rank(group), self._numbers[group.lead])
        at = bisect_left(self._places, place)
        self._groups[family] = (place, group)
        self._places.insert(at, place)
        self._ordered.insert(at, group)

    def _group(self, keys: list[str]) -> FactGroup:
        def weight(key: str) -> tuple[bool, float, float]:
            fact = self._facts[key]
            return (self._is_symptom(fact), abs(self._weights.get(key, 0.0)), _score(fact))

        lead = max(keys, key=weight)
        return FactGroup(lead, tuple(key for key in keys if key != lead))

    def _is_symptom(self, fact: Fact) -> bool:
        symptom = self._symptom
        return fact.type == "metric_shift" and symptom is not None and symptom.names(fact.resource, fact.metric)

    def _rank(self, group: FactGroup) -> tuple[float, float]:
        fact = self._facts[group.lead]
        if self._is_symptom(fact):
            return -2, 0.0
        own = self._is_own(fact)
        if own and is_outage(fact):
            return -2, 1.0  # what its users feel
        if self._is_where_felt(fact):
            return -1.5, 0.0
        if fact.type == "metric_shift" and (end := fact.ran_out_at) is not None:
            # What is no longer valid since the incident began is seldom by chance.
            return (-1, -math.inf) if fact.window is not None and end >= fact.window.start else (0, 0.0)
        heaviest = max(self._weights.get(key, 0.0) for key in (group.lead, *group.others))
        hardly = heaviest < _HARDLY and is_aside(fact, self._detected)
        if heaviest > 0 and not hardly:
            # Whoever goes on serving only logs less: what else speaks for the cause says more.
            return -1, -heaviest / (_SERVING if self._goes_on(fact) else 1.0)
        if self._about is not None and fact.resource == self._about and _tells_of_errors(fact):
            return 0, 0.0  # nothing weighs it, yet it says what the blamed one does
        place, strength = unweighed_place(fact, own=own, near=fact.resource in self._near.near, detected=self._detected)
        # Of two of the same strength the one that stands further out of its noise.
        return place, strength - _score(fact) * _LITTLE


def is_outage(fact: Fact) -> bool:
    """Whether it is a message that says that its writer serves nobody any more."""
    if fact.type != "log_pattern" or not fact.count:
        return False
    # The engine is there by the time that there is a fact; the first frame must not wait for it.
    from primitives.analysis.deciding_words import serves_nobody

    return serves_nobody(fact.example or fact.template)


def _tells_of_errors(fact: Fact) -> bool:
    if fact.polarity != "present":
        return False
    return fact.type == "span_errors" or (fact.type == "log_pattern" and fact.count > 0 and fact.severity in FAILURES)


def _family(key: str, fact: Fact) -> Family:
    if fact.type == "metric_shift" and fact.ended is None:
        rose = "up" if fact.current >= fact.baseline else "down"
        return (fact.resource or "", STATISTIC.sub("", fact.metric), rose)
    if fact.type == "log_pattern" and fact.count == 0 and fact.polarity == "present":
        return (fact.type, "stopped", fact.resource or "")
    if fact.type == "own_share":
        return (fact.type, fact.resource or "")  # of metrics and of spans: beside each other they would be two answers
    if fact.type == "source_gap":
        return (fact.type, fact.source, fact.status)
    return (key,)
