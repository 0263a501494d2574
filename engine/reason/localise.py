"""Where the cause is: which resources explain the symptom, and which only show the symptom of another's fault.

What a resource adds to the symptom itself, without its dependencies, counts for it (own share; B. Sigelman et al.,
Dapper, 2010). A symptom that a dependency explains counts against it. What began first counts for it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from engine.reason.backlogs import is_backlog
from engine.reason.catalogue import causes, causes_of_metric
from engine.reason.claims import PlaceEvidence
from engine.reason.complaints import accused
from engine.reason.fact_index import FactIndex, more_than_usual
from engine.reason.full_hosts import loaded_untimed
from engine.reason.late_ends import late_end
from engine.reason.more_per_request import asked_more_per_request
from engine.reason.reach_of_changes import taken_away
from engine.reason.speakers import subject_of
from engine.reason.stores import is_store
from engine.reason.victims import (
    FAILS_INSTEAD,
    blames,
    ill_replicas,
    known_to_fail,
    passed_on,
    silent,
    slow,
    still_asked,
)
from primitives.analysis.cancellation import gave_up
from primitives.facts import (
    LogPattern,
    MetricAtLimit,
    MetricMissing,
    MetricShift,
    MoreCalls,
    OwnShare,
    SpanErrors,
    SpanShift,
    WireDelay,
)
from primitives.quantities import TIME_UNITS
from primitives.terms import FAILURES

__all__ = ["is_chance", "is_manifold", "locations", "stale_stores"]

SYMPTOM_KINDS: Final = ("latency", "errors", "availability")
"""Kinds of metric that callers feel, so that a dependency's may explain a caller's."""

# Of so many spans or more, few failures are chance: so many, or standard deviations of a Poisson count.
_MANY_SPANS: Final = 50
_FEW_ERRORS: Final = 3.0
# From so many times its usual level on a metric is out of all proportion: an order of magnitude.
_MANIFOLD: Final = 10.0

_SHARE: Final = 3.4
_WHOLE: Final = 0.95
# The share of a resource that didn't clearly change, in a symptom that didn't clearly change either.
_UNMOVED: Final = 0.3
_SUFFERED: Final = ("own share", "span time", "felt")
_SEVERAL: Final = 2
_HOSTED: Final = 0.6
_TOGETHER: Final = 0.3
_AFTER: Final = -0.8
_SLACK_S: Final = 30.0
_BEFORE_S: Final = 1800.0
_SILENT: Final = 1.0
_WHOLES: Final = {"%": 100.0, "1": 1.0}
_OWN_TIME: Final = 1.0
_LATE_CALLS: Final = 2.5
_SPAN_ERRORS: Final = 1.6
_CHANCE: Final = 0.2
_FELT_SHIFT: Final = 0.8
_EXPLAINED: Final = -0.8
_NAMED: Final = 0.6
_STOPPED: Final = 0.65
# Who adds nothing to the symptom, or was left by its callers, suffers from another (B. Sigelman et al., Dapper, 2010).
_NOTHING_OWN: Final = -1.2
_GIVEN_UP: Final = -1.2
_NAMES_ANOTHER: Final = -0.3
# For each doubling of errors, up to so many; what was never logged before is more of a sign.
_PER_MORE_ERRORS: Final = 0.25
_MOST_MORE: Final = 4.0
_NEVER_BEFORE: Final = 1.4
# An unclear shift keeps this part; where shares of the symptom are known they say better who causes it.
_UNCLEAR: Final = 0.3
_BESIDE_SHARES: Final = 0.4


def locations(case: FactIndex) -> Iterator[PlaceEvidence]:
    """All evidence for or against a resource as the place of the cause."""
    own = (*_own_shares(case), *_spans(case), *_felt(case), *_logs(case), *_missing(case), *_onsets(case))
    placed = (*passed_on(own, blames(case)), *_late_calls(case))
    yield from placed
    yield from _hosts(case, placed)


def is_manifold(fact: MetricShift) -> bool:
    """Whether a level is an order of magnitude from its usual one, or what never was is now counted or waited for."""
    if fact.kind == "traffic":
        return False
    if fact.baseline == 0:
        from_zero = fact.current * TIME_UNITS.get(fact.unit, 1.0 if fact.unit.startswith("{") else 0.0)
        return fact.kind == "saturation" and from_zero >= _MANIFOLD
    if fact.baseline < 0:
        return False
    return not 1 / _MANIFOLD < fact.current / fact.baseline < _MANIFOLD


def is_chance(fact: SpanErrors) -> bool:
    """Whether so few of so many spans failed that they may always do."""
    usual = (fact.baseline_ratio or 0.0) * fact.total
    return fact.total >= _MANY_SPANS and fact.errors <= usual + _FEW_ERRORS * max(1.0, usual**0.5)


def strength(score: float) -> float:
    """How clear a shift of `score` spreads is, from 0 to 1: 0 at 3 spreads, nearly 1 at 30."""
    return min(1.0, max(0.0, math.log10(max(abs(score), 1e-9) / 3.0)))


def magnitude(shift: MetricShift) -> float:
    """How much a level changed, from 0 to 1: 1 for a change by half or more, and for any change from zero.

    For an availability the failures are compared: from 100 % to 98 % is a large change.
    """
    baseline, current = shift.baseline, shift.current
    if shift.kind == "availability" and shift.unit in _WHOLES:
        baseline, current = _WHOLES[shift.unit] - baseline, _WHOLES[shift.unit] - current
    return min(1.0, 2.0 * abs(current - baseline) / abs(baseline)) if baseline else 1.0


def _own_shares(case: FactIndex) -> Iterator[PlaceEvidence]:
    failing = {fact.resource for _, fact in case.present(LogPattern) if _deviates(fact) and not fact.points_at}
    still = {(fact.resource, fact.metric) for _, fact in case.absent(MetricShift)}
    moved = {fact.resource for _, fact in case.present(MetricShift) if fact.worse and fact.kind in SYMPTOM_KINDS}
    late = slow(case)
    many = _manifold_stores(case) | _waiting_stores(case) | frozenset(case.once(loaded_untimed))
    # What never answers records no failures, and what is called late works as fast as ever.
    ill = {*ill_replicas(case), *(delay.resource for _, delay in case.present(WireDelay))}
    asking = {more.caller for more in case.once(asked_more_per_request).values()}
    whole = Counter(fact.metric for _, fact in case.present(OwnShare) if fact.share >= _WHOLE)
    gone = taken_away(case)
    for name, fact in case.of(OwnShare):
        if fact.resource is None:
            continue
        if fact.polarity == "present" and not gone.isdisjoint(case.below.get(fact.resource, ())):
            continue  # What has lost what it calls fails by that: nobody measures what isn't there.
        if fact.polarity == "absent":
            if fact.resource in ill or fact.resource in asking or (fact.unit in TIME_UNITS and fact.resource in many):
                continue
            if fact.unit in TIME_UNITS and fact.resource in failing:
                continue  # What gives up early takes no time of its own.
            if fact.unit not in TIME_UNITS and fact.resource in late:
                continue  # What answers too late fails its callers and not itself.
            yield PlaceEvidence(
                fact.resource, name, _NOTHING_OWN, "explains nothing of the symptom by itself", "own share"
            )
        elif fact.own_excess > fact.noise:
            # A share within the noise of normal times says nothing; one of ten times the noise says all it can.
            clear = 1.0 - max(fact.noise, 0.0) / fact.own_excess if fact.own_excess > 0 else 0.0
            # Where several claim all of it, at most one of them is right.
            disputed = max(whole[fact.metric], 1) if fact.share >= _WHOLE else 1
            weight = _SHARE * min(max(fact.share, 0.0), 1.0) * clear / disputed
            if (fact.symptom_resource, fact.metric) in still and fact.resource not in moved:
                weight *= _UNMOVED
            # No time of theirs can be taken off the request's; who reads what is old fails by that.
            behind = many if fact.unit in TIME_UNITS else case.once(stale_stores).keys()
            if fact.resource not in behind and not behind.isdisjoint(case.behind(fact.resource)):
                weight *= _UNMOVED
            yield PlaceEvidence(fact.resource, name, weight, "explains the symptom by itself", "own share")


def _manifold_stores(case: FactIndex) -> frozenset[str]:
    """The stores that answer an order of magnitude slower than usual.

    A request reads and writes many times, so their time per operation can't be taken off the request's (M. Fowler,
    Patterns of Enterprise Application Architecture, Lazy Load: ripple loading).
    """
    return frozenset(
        fact.resource
        for _, fact in case.present(MetricShift)
        if fact.resource and fact.worse and fact.kind == "latency" and fact.current > fact.baseline
        and is_manifold(fact) and is_store(case, fact.resource)
    )  # fmt: skip


def _waiting_stores(case: FactIndex) -> frozenset[str]:
    """The stores that say that their sessions wait for each other.

    Who waits for a lock reads and writes nothing: the time of a disk operation doesn't hold it (PostgreSQL,
    `log_lock_waits`; Amazon RDS, ReadLatency and WriteLatency).
    """
    return frozenset(
        fact.resource
        for _, fact in case.present(LogPattern)
        if fact.resource and fact.family == "deadlock" and more_than_usual(fact) and is_store(case, fact.resource)
    )


def _spans(case: FactIndex) -> Iterator[PlaceEvidence]:
    for name, fact in case.present(SpanErrors):
        if fact.resource is None or not fact.errors:
            continue
        ratio = fact.errors / max(fact.total, 1)
        usual = fact.baseline_ratio or 0.0
        weight = _SPAN_ERRORS * max(0.0, ratio - usual) ** 0.25 * (_CHANCE if is_chance(fact) else 1.0)
        why = f"calls to it fail, of {fact.resource}" if fact.peer else "fails by itself: none of its children failed"
        yield PlaceEvidence(fact.peer or fact.resource, name, weight, why, "span errors")
    for name, shift in case.present(SpanShift):
        if shift.resource is None or abs(shift.score) < 3:
            continue
        grown = shift.current / shift.baseline if shift.baseline > 0 else 2.0
        if grown > 1.0:
            weight = _OWN_TIME * strength(shift.score) * min(1.0, math.log2(grown))
            why = f"{shift.resource} waits for it" if shift.peer else "its own time grew, its children's taken away"
            yield PlaceEvidence(shift.peer or shift.resource, name, weight, why, "span time")
    for name, calls in case.present(MoreCalls):
        if calls.resource is not None:
            weight = _OWN_TIME * min(1.0, math.log2(calls.current / max(calls.baseline, 0.1)))
            yield PlaceEvidence(calls.resource, name, weight, "makes more calls each time", "span time")


def _felt(case: FactIndex) -> Iterator[PlaceEvidence]:
    worse = {fact.resource for _, fact in case.present(MetricShift)
             if fact.worse and fact.kind in SYMPTOM_KINDS and not gave_up(fact.metric)
             and not is_backlog(case, fact)} | case.once(stale_stores).keys()  # fmt: skip
    shared = any(True for _ in case.of(OwnShare))
    for name, fact in case.present(MetricShift):
        if not fact.worse or fact.resource is None or fact.kind not in SYMPTOM_KINDS or gave_up(fact.metric):
            continue
        deeper = [dependency for dependency in case.below.get(fact.resource, ()) if dependency in worse]
        if deeper and not shared:
            why = f"a dependency is worse as well: {deeper[0]}"
            yield PlaceEvidence(fact.resource, name, _EXPLAINED * strength(fact.score), why, "explained below")
        elif not deeper:
            # Where shares of the symptom are known they say better who causes it.
            weight = (
                _FELT_SHIFT * (_UNCLEAR + (1.0 - _UNCLEAR) * strength(fact.score)) * (_BESIDE_SHARES if shared else 1.0)
            )
            weight *= magnitude(fact)
            yield PlaceEvidence(fact.resource, name, weight, "got worse, and none of its dependencies did", "felt")


def stale_stores(case: FactIndex) -> Mapping[str, Mapping[str, MetricShift]]:
    """Who clearly answers with what is old, and the shifts that say so by the ids of their facts.

    No time and no error of its own tells it, only what its readers miss.
    """
    stale: dict[str, dict[str, MetricShift]] = {}
    for name, fact in case.present(MetricShift):
        old = any(causes()[cause_id].answers_stale for cause_id in causes_of_metric(fact.metric))
        # One that is never behind lags from zero.
        behind = fact.current * TIME_UNITS.get(fact.unit, 0.0) if fact.baseline == 0 else 0.0
        if old and fact.resource and fact.worse and (is_manifold(fact) or behind >= _MANIFOLD):
            stale.setdefault(fact.resource, {})[name] = fact
    return stale


def _logs(case: FactIndex) -> Iterator[PlaceEvidence]:
    for name, fact in case.present(LogPattern):
        if fact.resource and fact.family == "cancelled" and more_than_usual(fact):
            yield PlaceEvidence(fact.resource, name, _GIVEN_UP, "its callers gave up first", "cancelled")
        if fact.resource and not fact.count and fact.baseline_count and fact.severity not in FAILURES:
            # What came twice an hour may be late; what each of a dozen requests did is not done any more.
            weight = _STOPPED * min(math.log2(fact.baseline_count + 1), _MOST_MORE) * still_asked(case)
            weight *= FAILS_INSTEAD if fact.resource in case.once(known_to_fail) else 1.0
            yield PlaceEvidence(
                fact.resource, name, weight, "no longer logs what it logged for each request", "stopped"
            )
        if fact.resource is None or fact.severity not in FAILURES:
            continue
        usual = fact.baseline_count or 0.0
        more = math.log2((fact.count + 1) / (usual + 1))
        if more < 1:
            continue
        subject = subject_of(case, fact)
        others = accused(case, fact)
        if subject is not None:
            weight = _PER_MORE_ERRORS * min(more, _MOST_MORE) * (1.0 if usual else _NEVER_BEFORE)
            yield PlaceEvidence(subject, name, weight, "its host logs what befell it", "errors")
        elif fact.points_at and fact.points_at != fact.resource:
            yield PlaceEvidence(fact.points_at, name, _NAMED, "errors of others name it", "named in errors")
            yield PlaceEvidence(
                fact.resource, name, _NAMES_ANOTHER, f"its errors name {fact.points_at}", "named in errors"
            )
        elif others:
            why = "errors of what calls it are about what it calls"
            for target in others:
                yield PlaceEvidence(target, name, _NAMED / len(others), why, "named in errors")
            yield PlaceEvidence(
                fact.resource, name, _NAMES_ANOTHER, "its errors are about what it calls", "named in errors"
            )
        else:
            why = "logs more errors than usual" if usual else "logs errors that it never logged before"
            yield PlaceEvidence(
                fact.resource,
                name,
                _PER_MORE_ERRORS * min(more, _MOST_MORE) * (1.0 if usual else _NEVER_BEFORE),
                why,
                "errors",
            )


def _deviates(fact: LogPattern) -> bool:
    """Whether a resource fails in a new way, or no longer logs what it logged for each request."""
    if fact.severity in FAILURES:
        return more_than_usual(fact)
    return not fact.count and bool(fact.baseline_count)


def _missing(case: FactIndex) -> Iterator[PlaceEvidence]:
    gone = case.once(silent)
    for name, fact in case.present(MetricMissing):
        if fact.resource in gone:
            yield PlaceEvidence(fact.resource, name, _SILENT, "fell silent", "silence")


def _onsets(case: FactIndex) -> Iterator[PlaceEvidence]:
    """A resource that got worse with the symptom or before it may cause it; one that got worse later hardly does."""
    symptom = case.onset
    own = [fact for _, fact in case.present(MetricShift) if fact.resource in case.symptom_resources and fact.onset]
    if symptom is None or not own:
        return
    first: dict[str, tuple[str, MetricShift]] = {}
    for name, fact in case.present(MetricShift):
        if fact.worse and fact.resource and fact.onset and (fact.kind in SYMPTOM_KINDS or fact.kind == "saturation"):
            known = first.get(fact.resource)
            if known is None or known[1].onset is None or fact.onset < known[1].onset:
                first[fact.resource] = (name, fact)
    doubt = max(fact.onset_uncertainty_s or 0.0 for fact in own)
    for resource, (name, fact) in first.items():
        if resource in case.symptom_resources or fact.onset is None:
            continue
        late = (fact.onset - symptom).total_seconds()
        slack = max(_SLACK_S, doubt + (fact.onset_uncertainty_s or 0.0))
        if late <= slack:
            if late >= -_BEFORE_S:
                yield PlaceEvidence(resource, name, _TOGETHER, "began with the symptom or shortly before it", "onset")
        elif not _fills_up_by_waiting(case, resource, fact):
            weight = _AFTER * min(1.0, (late - slack) / (3.0 * slack))
            yield PlaceEvidence(resource, name, weight, "began to suffer after the symptom", "onset")


def _fills_up_by_waiting(case: FactIndex, resource: str, fact: MetricShift) -> bool:
    """Whether what its callers hold piles up at a store: they wait first, and more of them are there later."""
    if not is_store(case, resource):
        return False
    return any(causes()[cause_id].felt_by_callers for cause_id in causes_of_metric(fact.metric))


def _late_calls(case: FactIndex) -> Iterator[PlaceEvidence]:
    """Time that requests lose on their way to or from a resource."""
    for name, delay in case.present(WireDelay):
        if (place := late_end(case, delay)) is not None:
            why = "requests lose their time on the way to or from it"
            yield PlaceEvidence(place, name, _LATE_CALLS * min(delay.share, 1.0), why, "wire")


def _hosts(case: FactIndex, placed: Sequence[PlaceEvidence]) -> Iterator[PlaceEvidence]:
    """A full host of several failing resources: part of the evidence for each of them counts for the host."""
    full = {fact.resource for _, fact in case.present(MetricAtLimit)}
    for host, hosted in case.hosted.items():
        if host not in full:
            continue
        suffering = [
            location
            for location in placed
            if location.resource in hosted and location.weight > 0 and location.group in _SUFFERED
        ]
        if len({location.resource for location in suffering}) >= _SEVERAL:
            for location in suffering:
                why = f"it hosts {case.names(location.resource)}"
                yield PlaceEvidence(host, location.fact, _HOSTED * location.weight, why, f"hosts {location.resource}")
