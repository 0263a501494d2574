"""A caller that asks more of what it calls for each request that it gets: the load below is the caller's doing.

A loop that calls once for each row, a switch that adds a call, a cache that no longer answers: the callee's requests
multiply while nobody asks the caller for more (M. Fowler, Patterns of Enterprise Application Architecture: ripple
loading; Google SRE book, chapter 22: caching). What gets the calls is slower since, and has no fault of its own. A
callee that fails is asked again (the same chapter: retries): there more calls are an effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, NamedTuple

from engine.reason.fact_index import COMPLAINTS, FactIndex, more_than_usual
from primitives.facts import LogPattern, MetricShift, SpanErrors, WorkloadState
from primitives.metric_names import metric_words
from primitives.patterns import lazy_pattern

__all__ = ["MoreAsked", "asked_more_per_request", "emptied"]

# Calls, by the words of metrics; rows, bytes and commits are what one call does.
_CALLS: Final = lazy_pattern(r"\b(?:requests?|reqs?|calls?|rpcs?|queries|commands|hits|invocations)\b")
# A doubling is beyond what a mix of pages makes; the caller's own requests grew by no more than a third of that.
_MULTIPLIED: Final = 2.0
_CALLERS_PART: Final = 0.33
# The calls rise before what they load is slower, give or take some samples.
_SLACK: Final = timedelta(minutes=2)
_TOGETHER: Final = timedelta(minutes=10)
_FAILING: Final = ("errors", "availability")
# A cache: its hits fell by a quarter, or what it threw out, or missed, grew by half.
_HITS: Final = lazy_pattern(r"\bhits? (?:ratio|rate|percent\w*)\b|\bcache ?hits?\b")
_LOST: Final = lazy_pattern(r"\bmiss(?:es)?\b|\bevict\w*")
_FELL: Final = 0.75
_ROSE: Final = 1.5


class MoreAsked(NamedTuple):
    """`caller` asks more of a resource for each of its own requests, according to `fact`; `by` is why, where known."""

    caller: str
    fact: str
    by: str | None


def asked_more_per_request(case: FactIndex) -> Mapping[str, MoreAsked]:
    """For each resource that gets more calls for each request of its one caller: that caller, and the fact of it."""
    grown = {fact.resource: (name, fact) for name, fact in case.present(MetricShift)
             if fact.resource and _is_calls(fact) and fact.current >= _MULTIPLIED * fact.baseline > 0}  # fmt: skip
    asked: dict[str, MoreAsked] = {}
    for resource, (name, fact) in grown.items():
        if _fails(case, resource) or not _is_first(case, resource, fact):
            continue
        # Who is asked as ever, among those whose requests are counted; with one that asks more too, it is passed on.
        asking = {caller: _growth(case, caller) for caller in case.above.get(resource, ())}
        known = {caller: growth for caller, growth in asking.items() if growth is not None}
        more = fact.current / fact.baseline - 1.0
        calm = [caller for caller, growth in known.items() if growth - 1.0 <= _CALLERS_PART * more]
        if len(calm) == 1 and len(known) == 1:
            asked[resource] = MoreAsked(calm[0], name, emptied(case, calm[0]))
    return asked


def emptied(case: FactIndex, caller: str) -> str | None:
    """The cache of a caller that answers less of what it is asked since the trouble began, if it is only one."""
    below = case.below.get(caller, ())
    caches = {fact.resource for _, fact in case.present(MetricShift)
              if fact.resource in below and _answers_less(fact) and _with_onset(case, fact)}  # fmt: skip
    return caches.pop() if len(caches) == 1 else None


def _is_calls(fact: MetricShift) -> bool:
    return fact.kind == "traffic" and bool(_CALLS.search(metric_words(fact.metric)))


def _growth(case: FactIndex, resource: str) -> float | None:
    """How many times more requests a resource gets; None where they aren't counted."""
    known = [1.0 if fact.polarity == "absent" else fact.current / fact.baseline
             for _, fact in case.of(MetricShift)
             if fact.resource == resource and _is_calls(fact) and fact.baseline > 0]  # fmt: skip
    return max(known, default=None)


def _is_first(case: FactIndex, resource: str, calls: MetricShift) -> bool:
    """Whether the calls rose no later than what their receiver suffered: who waits too long asks again."""
    if calls.onset is None:
        return True
    suffered = [fact.onset for _, fact in case.present(MetricShift)
                if fact.resource == resource and fact.worse and fact.onset and fact.kind == "latency"]  # fmt: skip
    return all(calls.onset <= onset + _SLACK for onset in suffered)


def _fails(case: FactIndex, resource: str) -> bool:
    """Whether a resource fails its callers, or says or is said to be down: they try again."""
    if any(fact.resource == resource and fact.worse and fact.kind in _FAILING
           for _, fact in case.present(MetricShift)):  # fmt: skip
        return True
    if any(resource in (fact.resource, fact.peer) and fact.errors for _, fact in case.present(SpanErrors)):
        return True
    if any(fact.resource == resource and fact.bearing != "past" for _, fact in case.present(WorkloadState)):
        return True
    return any(
        fact.family in COMPLAINTS and more_than_usual(fact) and resource == fact.points_at
        for _, fact in case.present(LogPattern)
    )


def _answers_less(fact: MetricShift) -> bool:
    words = metric_words(fact.metric)
    if _HITS.search(words):
        return fact.current < _FELL * fact.baseline
    return bool(_LOST.search(words)) and fact.current > _ROSE * fact.baseline


def _with_onset(case: FactIndex, fact: MetricShift) -> bool:
    return fact.onset is None or case.onset is None or abs(fact.onset - case.onset) <= _TOGETHER
