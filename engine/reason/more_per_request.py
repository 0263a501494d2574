"""A caller that asks more of what it calls for each request that it gets: the load below is the caller's doing.

A loop that calls once for each row, a switch that adds a call, a cache that no longer answers: the callee's requests
multiply while nobody asks the caller for more (M. Fowler, Patterns of Enterprise Application Architecture: ripple
loading; Google SRE book, chapter 22: caching). What gets the calls is slower since, and has no fault of its own. A
callee that fails is asked again (the same chapter: retries): there more calls are an effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from engine.reason.fact_index import COMPLAINTS, FactIndex, more_than_usual
from primitives.facts import LogPattern, MetricShift, SpanErrors
from primitives.metric_names import metric_words
from primitives.patterns import lazy_pattern

__all__ = ["MoreAsked", "asked_more_per_request", "emptied"]

# Calls, by the words of metrics; rows, bytes and commits are what one call does.
_CALLS: Final = lazy_pattern(
    r"\b(?:requests?|reqs?|calls?|rpcs?|queries|questions|commands?|cmds?|hits|invocations|lookups?|operations?|ops|"
    r"rps|qps|handled)\b"
)
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
    failing = case.once(_failing) if grown else frozenset()
    for resource, (name, fact) in grown.items():
        slow_since = case.once(_slower).get(resource)
        # Who waits too long asks again: then the calls rose later than what their receiver suffered.
        if resource in failing or (slow_since and fact.onset and fact.onset > slow_since + _SLACK):
            continue
        caller = _who_asks_more(case, resource, fact.current / fact.baseline - 1.0)
        if caller is not None:
            asked[resource] = MoreAsked(caller, name, emptied(case, caller))
    return asked


def _who_asks_more(case: FactIndex, resource: str, more: float) -> str | None:
    """The caller that is asked as ever and must ask more itself; None where one passes it on, or several may be it.

    One whose requests nobody counts may be it, unless a cache of another one answers less.
    """
    asking = {caller: case.once(_growths).get(caller) for caller in case.above.get(resource, ())}
    known = {caller: growth for caller, growth in asking.items() if growth is not None}
    if any(growth - 1.0 > _CALLERS_PART * more for growth in known.values()):
        return None
    with_reason = [caller for caller in known if emptied(case, caller)]
    if len(known) < len(asking) or len(with_reason) == 1:
        return with_reason[0] if len(with_reason) == 1 else None
    ill = [caller for caller in known if caller in case.once(_slower)] if len(known) > 1 else list(known)
    return ill[0] if len(ill) == 1 else None


def emptied(case: FactIndex, caller: str) -> str | None:
    """The cache of a caller that answers less of what it is asked since the trouble began, if it is only one."""
    caches = case.once(_emptied_caches).intersection(case.below.get(caller, ()))
    return next(iter(caches)) if len(caches) == 1 else None


def _is_calls(fact: MetricShift) -> bool:
    return fact.kind == "traffic" and bool(_CALLS.search(metric_words(fact.metric)))


def _growths(case: FactIndex) -> Mapping[str, float]:
    """How many times more requests each resource gets whose requests are counted."""
    growths: dict[str, float] = {}
    for _, fact in case.of(MetricShift):
        if fact.resource and fact.baseline > 0 and _is_calls(fact):
            growth = 1.0 if fact.polarity == "absent" else fact.current / fact.baseline
            growths[fact.resource] = max(growth, growths.get(fact.resource, growth))
    return growths


def _slower(case: FactIndex) -> Mapping[str, datetime | None]:
    """What is slower, and since when at the earliest."""
    since: dict[str, datetime | None] = {}
    for _, fact in case.present(MetricShift):
        if fact.resource and fact.worse and fact.kind == "latency":
            known = since.get(fact.resource)
            since[fact.resource] = min((at for at in (known, fact.onset) if at is not None), default=None)
    return since


def _failing(case: FactIndex) -> frozenset[str | None]:
    """What fails its callers, or says or is said to be down: they try again."""
    failing = {fact.resource for _, fact in case.present(MetricShift) if fact.worse and fact.kind in _FAILING}
    failing |= {place for _, fact in case.present(SpanErrors) if fact.errors for place in (fact.resource, fact.peer)}
    failing |= {fact.points_at for _, fact in case.present(LogPattern)
                if fact.family in COMPLAINTS and more_than_usual(fact)}  # fmt: skip
    return frozenset(failing) | case.crashing


def _emptied_caches(case: FactIndex) -> frozenset[str | None]:
    return frozenset(fact.resource for _, fact in case.present(MetricShift)
                     if _answers_less(fact) and _with_onset(case, fact))  # fmt: skip


def _answers_less(fact: MetricShift) -> bool:
    words = metric_words(fact.metric)
    if _HITS.search(words):
        return fact.current < _FELL * fact.baseline
    return bool(_LOST.search(words)) and fact.current > _ROSE * fact.baseline


def _with_onset(case: FactIndex, fact: MetricShift) -> bool:
    return fact.onset is None or case.onset is None or abs(fact.onset - case.onset) <= _TOGETHER
