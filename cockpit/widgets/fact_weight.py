"""How much a fact that no hypothesis weighs says about the incident, from what it measured and when it began."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cockpit.widgets.suffering import FELT, entries_of
from primitives.patterns import lazy_pattern
from primitives.terms import FAILURES

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from primitives.facts import Fact, LogPattern, MetricShift, SpanShift

__all__ = [
    "BUSIEST",
    "FIRST_REQUESTS",
    "QUIET",
    "Neighbourhood",
    "aside_reason",
    "is_aside",
    "is_felt",
    "served_until",
    "unweighed_place",
]

QUIET = 4
"""The rank of what was there all the time, or got better."""
BUSIEST = "busiest_statement"
"""The kind of the observation of the statement that keeps a database busy."""

# Where no hypothesis weighs it. Changes and known messages are many, and most of them are of every day.
_ORDER = {
    "alert": 1, "metric_at_limit": 1, "workload_state": 1, "probe_result": 1, "log_pattern": 2.4, "change": 2.5,
    "configuration_difference": 2, "span_errors": 2, "metric_missing": 2.2, "assertion": 0, "own_share": 3,
    "observation": 3, "dependencies": 5, "source_gap": 6,
}  # fmt: skip
_OWN, _NEAR, _OTHERS = 1, 2, 2.1
"""The ranks of what is about the incident's own resource, of what calls it or is called by it, and of others."""
_OWN_LATER, _STOPPED, _WEAK, _LATER, _UNFELT = 2.3, 2.2, 2.6, 3.2, 3.5
"""The ranks of what is own but aside, of messages that stopped or are new without being failures, of what hardly leaves
its own noise or was over before the detection, of what is aside, and of what nobody feels."""
FIRST_REQUESTS = "first_requests"
"""The kind of the observation of what is called for the first time, and fails each time."""
_CALLED_FIRST = -1.2
"""The rank of that where the blamed one calls it: it says what it does wrong, where its metrics only show that."""
_BUSIEST = 1.5
"""The rank of the statement that keeps a database busy: it explains what its metrics only show."""
_FELT = 0.25
"""A metric of another resource that moved by a smaller part of its usual level is hardly why anybody was woken."""
_FELT_FAILING = 0.01
"""The same of requests that fail: one in a hundred is felt."""
_FELT_S = 0.001
"""Seconds by which a latency grows, at least, before anybody feels it."""
_GROWN = 2.0
"""A message that came less than so many times as often as it usually does says nothing new."""
_NOISE = 4.0
"""Spreads below which a shift hardly leaves its own noise: a shift is seen from three on."""
_LONE_S = 120.0
"""A single sample that stands for no longer than this, and went back, may be one request."""
_MOST_DOUBLINGS = 10.0
"""From a thousand times on more says no more."""
_FAILING_DOUBLINGS = 5.0
"""Requests that fail say as much as a metric of 32 times its level: no metric of load hurts as surely."""
_NEW_FAILURE_DOUBLINGS = 3.0
"""A failure that was never logged before says as much as a metric of eight times its level, and more than a smaller."""

_HITS = lazy_pattern(r"(?i)(?:^|[_ .])(?:hits?|miss(?:es)?)(?:$|[_ .])")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0}


class Neighbourhood:
    """Who is around what the incident is about: `near` calls it or is called by it, `above` is where users feel it."""

    def __init__(self) -> None:
        self.near: frozenset[str] = frozenset()
        self.above: frozenset[str] = frozenset()
        self._edges: list[tuple[str, str]] = []
        self._callers: dict[str, list[str]] = {}

    def take(self, edges: Collection[tuple[str, str, str]]) -> None:
        """Take in who depends on whom."""
        for source, target, kind in edges:
            self._edges.append((source, target))
            if kind == "calls" and source != target:
                self._callers.setdefault(target, []).append(source)

    def around(self, about: str | None, alarmed: str | None) -> frozenset[str]:
        """The resources whose place changes now that the incident is about `about`.

        Where no resource raised the alarm, users feel it at the entries above what it is about; else where the alarmed
        one is called, and at the entries above it.
        """
        near = {source for source, target in self._edges if target == about}
        near |= {target for source, target in self._edges if source == about}
        resource = alarmed or about
        above = set(entries_of(self._callers, resource)) if resource is not None else set()
        above |= set(self._callers.get(alarmed, ())) if alarmed is not None else set()
        changed = (self.near ^ near) | (self.above ^ above)
        self.near, self.above = frozenset(near), frozenset(above)
        return frozenset(changed)


def is_felt(fact: Fact) -> bool:
    """Whether it is a metric that users feel, and moved the way that hurts by more than nobody feels."""
    if fact.type != "metric_shift" or fact.kind not in FELT or fact.polarity != "present":
        return False
    if _HITS.search(fact.metric):
        return False  # what a cache answers less is felt as latency
    return fact.worse and fact.ended is None and not _is_unfelt(fact)


def served_until(shift: MetricShift) -> datetime | None:
    """The time of the newest sample of a resource's requests; None where it tells of none."""
    return shift.latest_at if shift.kind in ("latency", "traffic") and shift.latest else None


def unweighed_place(fact: Fact, *, own: bool, near: bool, detected: datetime | None) -> tuple[float, float]:
    """The rank of a fact, and how strong it is within the rank (less is stronger).

    `own`: it is about what the incident is about; `near`: about what calls that or is called by it. `detected` is when
    the trouble was known: what began later is a consequence, or something else.
    """
    match fact.type:
        case "metric_shift":
            return _of_metric(fact, own=own, near=near, detected=detected)
        case "span_shift":
            return _of_span(fact, near=near)
        case "log_pattern":
            return _of_messages(fact, near=near, detected=detected)
        case "observation" if fact.kind == BUSIEST:
            return _BUSIEST, 0.0
        case "observation" if fact.kind == FIRST_REQUESTS:
            return (_CALLED_FIRST if own or near else _BUSIEST), -1.0
        case _:
            return _ORDER.get(fact.type, QUIET), 0.0


def is_aside(fact: Fact, detected: datetime | None) -> bool:
    """Whether a metric moved only after the trouble was known, in a single sample of a short time, or hardly."""
    return fact.type == "metric_shift" and (_is_apart(fact, detected) or _is_unfelt(fact))


def aside_reason(fact: Fact, detected: datetime | None) -> str:
    """Why a metric is aside: `later`, `once` or `hardly`."""
    if _begins_later(fact, detected):
        return "later"
    return "once" if fact.type == "metric_shift" and _is_apart(fact, detected) else "hardly"


def _is_apart(shift: MetricShift, detected: datetime | None) -> bool:
    lone = shift.is_single_peak and (shift.onset_uncertainty_s or 0.0) <= _LONE_S
    return lone or _begins_later(shift, detected)


def _begins_later(fact: Fact, detected: datetime | None) -> bool:
    """Whether a metric moved after the trouble was known, and not only because its samples are far apart."""
    if detected is None or fact.type != "metric_shift" or fact.onset is None:
        return False
    return (fact.onset - detected).total_seconds() > (fact.onset_uncertainty_s or 0.0)


def _of_metric(shift: MetricShift, *, own: bool, near: bool, detected: datetime | None) -> tuple[float, float]:
    strength = -_doublings(shift.baseline, shift.level)
    if shift.kind in ("errors", "availability"):
        strength -= _FAILING_DOUBLINGS
    if not shift.worse or shift.ended is not None:
        return QUIET, strength
    if own:
        return (_OWN_LATER if _is_apart(shift, detected) else _OWN), strength
    if _is_unfelt(shift):
        return _UNFELT, strength
    if _is_apart(shift, detected):
        return _LATER, strength
    # What was so from the first sample on began before the incident, and what was over by then raised no alarm.
    from_the_start = shift.onset is not None and shift.window is not None and shift.onset <= shift.window.start
    over = detected is not None and shift.back_at is not None and shift.back_at < detected
    if abs(shift.score) < _NOISE or from_the_start or over:
        return _WEAK, strength
    return (_NEAR if near else _OTHERS), strength


def _is_unfelt(shift: MetricShift) -> bool:
    moved = abs(shift.level - shift.baseline)
    least = _FELT_FAILING if shift.kind in ("errors", "availability") else _FELT
    seconds = _SECONDS.get(shift.unit) if shift.kind == "latency" else None
    return moved < least * abs(shift.baseline) or (seconds is not None and moved * seconds < _FELT_S)


def _of_span(shift: SpanShift, *, near: bool) -> tuple[float, float]:
    grown, strength = shift.current - shift.baseline, -_doublings(shift.baseline, shift.current)
    if grown <= 0:
        return QUIET, strength
    if grown < _FELT_S or grown < _FELT * shift.baseline:
        return _UNFELT, strength
    return (_NEAR if near else _OTHERS), strength


def _of_messages(pattern: LogPattern, *, near: bool, detected: datetime | None) -> tuple[float, float]:
    if pattern.polarity != "present":
        return QUIET, 0.0
    if not pattern.count:
        return _STOPPED, 0.0
    if pattern.baseline_count != 0:
        as_ever = pattern.count < _GROWN * (pattern.baseline_count or 0.0)
        return (QUIET if as_ever else _ORDER["log_pattern"] if pattern.severity in FAILURES else _LATER), 0.0
    later = detected is not None and pattern.first_seen is not None and pattern.first_seen > detected
    if pattern.severity not in FAILURES or later:
        return _STOPPED, 0.0
    return (_NEAR if near else _OTHERS), -_NEW_FAILURE_DOUBLINGS


def _doublings(before: float, after: float) -> float:
    """How many times it doubled or halved; the most where it is no number, or came from nothing."""
    if before == after:
        return 0.0
    if not math.isfinite(before) or not math.isfinite(after):
        return 0.0
    ratio = after / before if before else 0.0
    return min(abs(math.log2(ratio)), _MOST_DOUBLINGS) if ratio > 0 else _MOST_DOUBLINGS
