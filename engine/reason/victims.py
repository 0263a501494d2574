"""Victims: resources that fail only because a resource that they call is down or too slow.

Their symptoms count as evidence against the resource they call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from engine.reason.claims import PlaceEvidence
from engine.reason.complaints import accused
from engine.reason.fact_index import FactIndex, is_failing, more_than_usual
from engine.reason.full_hosts import loaded_untimed, newly_full_hosts
from engine.reason.full_together import filled_instances
from engine.reason.ill_hosts import ill_hosts
from engine.reason.more_per_request import asked_more_per_request
from engine.reason.store_refusals import is_of_store
from engine.reason.stores import is_store
from primitives.dataclass import dataclass
from primitives.facts import (
    LogPattern,
    MetricMissing,
    MetricShift,
    OwnShare,
    ReplicaComparison,
    SpanErrors,
    SpanShift,
    WireDelay,
)
from primitives.quantities import TIME_UNITS

__all__ = [
    "FAILS_INSTEAD",
    "Blame",
    "blames",
    "ill_replicas",
    "known_to_fail",
    "newly_failing",
    "passed_on",
    "silent",
    "slow",
    "still_asked",
]

# A resource is a victim where at least this share of its new errors is about the one that it can't reach.
_MIN_SHARE: Final = 0.4
# Of the evidence for a victim's place: the part that it keeps, and the part that goes to the resource it blames.
_KEPT: Final = 0.3
_PASSED: Final = 0.6
FAILS_INSTEAD: Final = 0.3
"""What is left of a lost success for who fails a request: the failure says already that it wasn't done."""
_FAILS_WITHOUT: Final = "what calls it fails without it"
_OWN: Final = ("own share", "span errors", "span time", "felt", "errors")
# Where more resources than this fall silent together, the collection failed, not the resources.
_MOST_SILENT: Final = 3
_LEAST_SILENT: Final = 2
# Own time that grew this many times and by as many seconds may exceed a caller's time-out.
_FAR: Final = 4.0
_LATE_S: Final = 0.25
_CLEARLY_ILL: Final = 0.5
_FAILING: Final = ("errors", "availability")


@dataclass(frozen=True, slots=True)
class Blame:
    """`resource` is why, according to `fact`: mostly it can't be reached; `why` says how the blamed is seen."""

    resource: str
    fact: str
    why: str = _FAILS_WITHOUT


def blames(case: FactIndex) -> dict[str, Blame]:
    """For each victim the resource it blames.

    Who asks it for more with each request, or what is named in its errors, else a dependency that is silent, has ill
    replicas, ran full untimed or is far too slow, or the host that ran full under it.
    """
    blamed = _named_in_errors(case)
    _blame_who_asks_more(case, blamed)
    failing = {errors.resource for _, errors in case.present(SpanErrors) if errors.errors}
    gone = case.once(silent)
    for resource, fact in gone.items():
        _blame(blamed, (caller for caller in case.above.get(resource, ()) if caller not in gone), resource, fact)
    for resource, fact in ill_replicas(case).items():
        _blame(blamed, case.above.get(resource, ()), resource, fact)
    for name, delay in case.present(WireDelay):
        for caller, called in delay.pair_names:
            if delay.resource == called:
                blamed.setdefault(caller, Blame(called, name))
    for hosts in (newly_full_hosts, ill_hosts):
        for host, (fact, carried) in case.once(hosts).items():
            _blame(blamed, carried, host, fact)
    for instance, (service, fact) in case.once(filled_instances).items():
        blamed.setdefault(instance, Blame(service, fact, "all that run it ran full since it was changed"))
    # Who waits for what is full is late, or gives up and fails.
    ill = {fact.resource for _, fact in case.present(MetricShift) if fact.worse and fact.kind in ("latency", *_FAILING)}
    for resource, (fact, full) in case.once(loaded_untimed).items():
        _blame(blamed, (caller for caller in case.above.get(resource, ()) if caller in ill), full, fact)
    for resource, fact in _far_too_slow(case, failing).items():
        _blame(blamed, (caller for caller in case.above.get(resource, ()) if caller in failing), resource, fact)
    return {victim: blame for victim, blame in blamed.items() if blamed.get(blame.resource, blame).resource != victim}


def _blame_who_asks_more(case: FactIndex, blamed: dict[str, Blame]) -> None:
    """The load is its caller's doing, and where a cache answers less, that of the cache."""
    for resource, more in case.once(asked_more_per_request).items():
        why = "it leaves more to ask for each request" if more.by else "it asks for more with each request"
        blamed[resource] = Blame(more.by or more.caller, more.fact, why)
        if more.by is not None:
            blamed[more.caller] = Blame(more.by, more.fact, why)
        elif more.caller in blamed and blamed[more.caller].resource == resource:
            del blamed[more.caller]


def _blame(blamed: dict[str, Blame], victims: Iterable[str], resource: str, fact: str) -> None:
    for victim in victims:
        blamed.setdefault(victim, Blame(resource, fact))


def _named_in_errors(case: FactIndex) -> dict[str, Blame]:
    blamed: dict[str, Blame] = {}
    for resource, patterns in _new_errors(case).items():
        counts: Counter[str] = Counter()
        first: dict[str, str] = {}
        for name, pattern in patterns:
            targets = accused(case, pattern)
            if len(targets) == 1:
                counts[targets[0]] += pattern.count
                first.setdefault(targets[0], name)
        total = sum(pattern.count for _, pattern in patterns)
        if counts:
            target, count = min(counts.items(), key=lambda pair: (-pair[1], pair[0]))
            if count >= _MIN_SHARE * total:
                blamed[resource] = Blame(target, first[target])
    return blamed


def ill_replicas(case: FactIndex) -> dict[str, str]:
    """The resources some of whose replicas, just added, don't serve or fail beside old ones that do, and the fact.

    Their callers get the failures; what never answers records none of its own.
    """
    ill: dict[str, str] = {}
    for name, fact in case.present(ReplicaComparison):
        clear = any(
            measure.strength >= _CLEARLY_ILL
            and (measure.verdict == "silent" or (measure.verdict == "worse" and measure.kind in _FAILING))
            for measure in fact.measures
        )
        if fact.resource and clear:
            ill.setdefault(fact.resource, name)
    return ill


def silent(case: FactIndex) -> dict[str, str]:
    """The resources whose data of several kinds ended, each with a fact that says so; none where many ended together.

    Missing latencies alone don't count: there may have been no requests.
    """
    missing: dict[str, dict[str, str]] = {}
    for name, fact in case.present(MetricMissing):
        if fact.resource:
            missing.setdefault(fact.resource, {}).setdefault(fact.kind, name)
    gone = {resource: next(iter(kinds.values())) for resource, kinds in missing.items() if len(kinds) >= _LEAST_SILENT}
    return gone if len(missing) <= _MOST_SILENT else {}


def still_asked(case: FactIndex) -> float:
    """The part of the usual requests (0 to 1) whose missing lines say something: the others are only late.

    Who waits for an answer asks less meanwhile, so where calls lose their time on the way, all log less of everything
    (a closed system: N. Gunther, Guerrilla Capacity Planning, 2007, chapter 2).
    """
    late = sum(delay.share for _, delay in case.present(WireDelay))
    return max(0.0, 1.0 - late)


def known_to_fail(case: FactIndex) -> frozenset[str]:
    """Who is measured to fail, or says that a store fails it: that it logs no success any more says nothing new."""
    measured = {fact.resource for _, fact in case.present(MetricShift)
                if fact.resource and fact.worse and fact.kind in _FAILING}  # fmt: skip
    refused = {fact.resource for _, fact in case.present(LogPattern)
               if fact.resource and is_failing(fact) and any(is_store(case, name) for name in accused(case, fact)
                                                             if name != fact.resource)}  # fmt: skip
    return frozenset(measured | refused)


def newly_failing(case: FactIndex) -> frozenset[str]:
    """Those, and who logs failures that are new: these say what it does in place of its work."""
    failing = {fact.resource for _, fact in case.present(LogPattern) if fact.resource and is_failing(fact)}
    return case.once(known_to_fail) | failing


def slow(case: FactIndex) -> frozenset[str]:
    """Resources whose own time grew, or that take much of the symptom's time: their callers may time out."""
    shifted = {
        fact.resource for _, fact in case.present(SpanShift) if fact.resource and fact.current > 2 * fact.baseline
    }
    sharing = {
        fact.resource
        for _, fact in case.present(OwnShare)
        if fact.resource and fact.unit in TIME_UNITS and fact.share > 0.3
    }
    return frozenset(shifted | sharing)


def _far_too_slow(case: FactIndex, failing: Collection[str | None]) -> dict[str, str]:
    """Resources slow enough to hit a caller's time-out that don't fail themselves."""
    return {
        shift.resource: name
        for name, shift in case.present(SpanShift)
        if shift.resource and shift.resource not in failing
        and shift.current > _FAR * shift.baseline and shift.current - shift.baseline > _LATE_S
    }  # fmt: skip


def passed_on(locations: Iterable[PlaceEvidence], blamed: Mapping[str, Blame]) -> Iterator[PlaceEvidence]:
    """The same evidence, but most of a victim's weight goes to the resource that it blames."""
    for location in locations:
        blame = blamed.get(location.resource)
        own = _OWN if blame is None or blame.why == _FAILS_WITHOUT else (*_OWN, "stopped")
        if blame is None or location.weight <= 0 or location.group not in own:
            yield location
            continue
        yield replace(location, weight=_KEPT * location.weight)
        yield replace(location, resource=blame.resource, weight=_PASSED * location.weight, why=blame.why)


def _new_errors(case: FactIndex) -> dict[str, list[tuple[str, LogPattern]]]:
    patterns: dict[str, list[tuple[str, LogPattern]]] = {}
    for name, pattern in case.present(LogPattern):
        # What only a store says is handed on as a warning as well: the client could go on.
        handed_on = pattern.severity == "WARN" and more_than_usual(pattern) and is_of_store(pattern)
        if pattern.resource and (is_failing(pattern) or handed_on):
            patterns.setdefault(pattern.resource, []).append((name, pattern))
    return patterns
