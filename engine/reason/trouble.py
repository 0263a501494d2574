"""What is bad now, resource by resource, and which part of it one cause would explain.

A cause explains the trouble of its resource, of what belongs to it, of everything that depends on it however far, and
of what it can break below (`engine.reason.chains`). Google SRE book, chapter 12: a diagnosis has to account for all
of the symptoms; what it leaves over is reason to doubt it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from typing import Final

from engine.reason.chains import explains_many, reachable_resources
from engine.reason.claims import HypothesisKey
from engine.reason.fact_index import FactIndex, is_failing
from engine.reason.localise import SYMPTOM_KINDS, magnitude, strength
from engine.reason.relevance_weight import state_factor
from engine.reason.speakers import subject_of
from primitives.dataclass import dataclass
from primitives.facts import LogPattern, MetricAtLimit, MetricShift, ProbeResult, SpanErrors, SpanShift, WorkloadState

__all__ = ["NOTES", "Trouble", "Unexplained"]

NOTES: Final = frozenset(
    ("Recovered", "PastEvent", "TornDown", "RolloutInProgress", "RevisionChanged", "ObjectChanged")
)
"""States that tell what happened, and not that something is wrong now."""

# How bad a fact is for its resource, from 0 (not at all) to 1 (it doesn't do its work). Errors in a log may be
# harmless, a full resource may still serve, a weakness may be an old one.
_STATES: Final = {"cause": 1.0, "weakness": 0.25, "note": 0.0}
_STATE: Final = 1.0
_CHECK_FAILED: Final = 1.0
_SPANS_FAIL: Final = 1.0
_SPANS_SLOW: Final = 0.6
_LOGS_ERRORS: Final = 0.4
_FULL: Final = 0.5
# Less than this is noise.
_LEAST: Final = 0.1
_CLEAR_SHIFT: Final = 3.0
# In a trace of dozens of operations some always grow a little.
_SLOWER: Final = 2.0


@dataclass(frozen=True, slots=True)
class Unexplained:
    """What one cause leaves over: a share of the trouble from 0 to 1, how many resources, and the worst one's fact."""

    share: float
    resources: int
    of: int
    fact: str | None = None


_NOTHING_LEFT: Final = Unexplained(0.0, 0, 0)


class Trouble:
    """The trouble of an incident as of now; everything is found when it is first asked for."""

    def __init__(self, case: FactIndex) -> None:
        self._case = case
        self._explained: dict[HypothesisKey, Collection[str]] = {}
        self._affected: dict[str, Collection[str]] = {}
        self._left: dict[HypothesisKey, Unexplained] = {}

    @cached_property
    def factors(self) -> Mapping[str, tuple[float, str]]:
        """By fact, how much each state of an object counts, and what to add to the reason that is shown."""
        return {name: state_factor(self._case, state) for name, state in self._case.present(WorkloadState)}

    @cached_property
    def weights(self) -> Mapping[str, tuple[float, str]]:
        """How bad it is for each resource in trouble, from 0 to 1, and the fact that says so."""
        worst: dict[str, tuple[float, str]] = {}
        for resource, weight, fact in _troubles(self._case, self.factors):
            if weight >= _LEAST and (resource not in worst or weight > worst[resource][0]):
                worst[resource] = (weight, fact)
        return worst

    @cached_property
    def total(self) -> float:
        """The sum over all resources."""
        return sum(weight for weight, _ in self.weights.values())

    def coverage(self, key: HypothesisKey) -> float:
        """The share of the trouble that the cause would explain; 1 where there is none."""
        return 1.0 - self.unexplained(key).share

    def unexplained(self, key: HypothesisKey) -> Unexplained:
        """What the cause would leave over."""
        if key not in self._left:
            self._left[key] = self._left_by(key)
        return self._left[key]

    def _left_by(self, key: HypothesisKey) -> Unexplained:
        if not self.weights or key.resource is None:
            return _NOTHING_LEFT
        reached = self._reached(key)
        left = {name: worst for name, worst in self.weights.items() if name not in reached}
        if not left:
            return _NOTHING_LEFT
        weight = sum(share for share, _ in left.values())
        fact = max(left.values(), key=lambda worst: (worst[0], worst[1]))[1]
        return Unexplained(weight / self.total, len(left), len(self.weights), fact)

    def _reached(self, key: HypothesisKey) -> Collection[str]:
        if key not in self._explained:
            assert key.resource is not None
            affected = self._affected_by(key.resource)
            below = reachable_resources(self._case, key) if explains_many(key) else ()
            self._explained[key] = {*affected, *below} if below else affected
        return self._explained[key]

    def _affected_by(self, resource: str) -> Collection[str]:
        """The resource, what belongs to it, and everything that depends on them; the same for all of its causes."""
        if resource not in self._affected:
            case = self._case
            parts = (resource, *case.parts.get(resource, ()), *case.symptoms_of.get(resource, ()))
            self._affected[resource] = case.dependents(parts)
        return self._affected[resource]


def _troubles(case: FactIndex, factors: Mapping[str, tuple[float, str]]) -> Iterator[tuple[str, float, str]]:
    """Each bad fact's resource, how bad it is, and its id."""
    for name, state in case.present(WorkloadState):
        if state.state not in NOTES:
            weight = _STATES.get(str(state.details.get("weight")), _STATE) * factors[name][0]
            yield state.resource or state.object, weight, name
    for name, probe in case.present(ProbeResult):
        checked = case.checked(probe)
        if not probe.healthy and checked:
            yield checked, _CHECK_FAILED, name
    for name, pattern in case.present(LogPattern):
        if pattern.resource and is_failing(pattern):
            yield subject_of(case, pattern) or pattern.resource, _LOGS_ERRORS, name
    yield from _measured(case)


def _measured(case: FactIndex) -> Iterator[tuple[str, float, str]]:
    for name, shift in case.present(MetricShift):
        # A resource that only works harder does its work.
        if shift.worse and shift.resource and shift.kind in SYMPTOM_KINDS:
            yield shift.resource, magnitude(shift) * strength(shift.score), name
    for name, limit in case.present(MetricAtLimit):
        if limit.resource:
            yield limit.resource, _FULL, name
    for name, errors in case.present(SpanErrors):
        if errors.resource and errors.errors > errors.total * (errors.baseline_ratio or 0.0):
            yield errors.resource, _SPANS_FAIL, name
    for name, span in case.present(SpanShift):
        if span.resource and span.current > _SLOWER * span.baseline and abs(span.score) >= _CLEAR_SHIFT:
            yield span.resource, _SPANS_SLOW * strength(span.score), name
