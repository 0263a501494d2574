"""Hosts that ran full of disk or CPU by something else than the services that suffer on them.

What shares a disk or a CPU waits for whoever uses it up: a backup, a check of a RAID, a neighbour (B. Gregg, Systems
Performance, 2020, chapter 2: resource analysis; the "noisy neighbour" of cloud providers' guides). A service that
uses more itself, or is asked more, fills its own host.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from engine.reason.catalogue import causes, causes_of_family, causes_of_metric, causes_that_concern
from engine.reason.fact_index import FactIndex, more_than_usual
from engine.reason.stores import is_store
from primitives.facts import LogPattern, MetricAtLimit, MetricShift

__all__ = ["asked_more", "loaded_untimed", "newly_full_hosts"]

# What was half full before is filled anew; it was so when the trouble began, give or take some samples.
_HALF: Final = 0.6
_TOGETHER: Final = timedelta(minutes=3)
# Requests pile up before a store is full of them.
_FILLS_UP: Final = timedelta(minutes=5)
# From this growth on there are more requests; below it is the noise of traffic.
_MORE: Final = 1.15


def newly_full_hosts(case: FactIndex) -> dict[str, tuple[str, tuple[str, ...]]]:
    """The hosts that ran full when the trouble began: the fact that says so, and what they carry that didn't do it."""
    full: dict[str, tuple[str, tuple[str, ...]]] = {}
    for name, fact in case.present(MetricAtLimit):
        kinds = causes_that_concern("host").intersection(causes_of_metric(fact.metric))
        if fact.resource is not None and fact.resource in case.hosted and kinds and _is_new(case, fact):
            carried = tuple(held for held in case.hosted[fact.resource] if _only_suffers(case, held, kinds))
            full.setdefault(fact.resource, (name, carried))
    return full


def loaded_untimed(case: FactIndex) -> dict[str, tuple[str, str]]:
    """What ran full when the trouble began and whose answers nobody times: the fact, and what is full.

    A store by itself, or what a full host carries; also a store that says so in its own words. The time that it takes
    counts as its caller's where only the caller is timed (B. Sigelman et al., Dapper, 2010: what isn't instrumented).
    """
    timed = {fact.resource for _, fact in case.of(MetricShift)
             if fact.kind == "latency" and not causes_of_metric(fact.metric)}  # fmt: skip
    loaded: dict[str, tuple[str, str]] = {}
    for name, fact in case.present(MetricAtLimit):
        kinds = causes_of_metric(fact.metric)
        waited = any(causes()[cause_id].waited_for or cause_id in causes_that_concern("host") for cause_id in kinds)
        if fact.resource and waited and is_store(case, fact.resource) and _is_new(case, fact, _FILLS_UP):
            loaded.setdefault(fact.resource, (name, fact.resource))
    for host, (name, carried) in case.once(newly_full_hosts).items():
        for held in carried:
            loaded.setdefault(held, (name, host))
    for name, pattern in case.present(LogPattern):
        if pattern.resource and _says_that_it_holds_up(case, pattern):
            loaded.setdefault(pattern.resource, (name, pattern.resource))
    return {resource: full for resource, full in loaded.items() if resource not in timed}


def _says_that_it_holds_up(case: FactIndex, pattern: LogPattern) -> bool:
    """Whether a store says, newly and since about the onset, what those who use it wait for: that it is full, or slow.

    A store that is blocked answers nobody and measures nothing of it (RabbitMQ: disk alarms; PostgreSQL:
    `log_lock_waits`, `log_min_duration_statement`).
    """
    if pattern.resource is None or not is_store(case, pattern.resource) or not more_than_usual(pattern):
        return False
    if case.onset is None or pattern.first_seen is None or abs(pattern.first_seen - case.onset) > _FILLS_UP:
        return False
    told = [causes()[cause_id] for cause_id, _ in causes_of_family(pattern.family or "")]
    return any(cause.waited_for or cause.felt_by_callers for cause in told)


def asked_more(case: FactIndex, name: str) -> bool:
    """Whether a resource gets clearly more requests than usual."""
    return any(fact.resource == name and fact.kind == "traffic" and _rose(fact)
               for _, fact in case.present(MetricShift))  # fmt: skip


def _is_new(case: FactIndex, fact: MetricAtLimit, within: timedelta = _TOGETHER) -> bool:
    if fact.since is None or case.onset is None or fact.baseline is None or not fact.limit:
        return False
    return fact.baseline <= _HALF * fact.limit and abs(fact.since - case.onset) <= within


def _only_suffers(case: FactIndex, name: str, kinds: frozenset[str]) -> bool:
    """Whether it is asked no more than usual and uses no more; its use of a CPU has to be measured for that."""
    if asked_more(case, name):
        return False
    own = [fact for _, fact in case.of(MetricShift) if fact.resource == name]
    used = [fact for fact in own if kinds.intersection(causes_of_metric(fact.metric))]
    if any(fact.polarity == "present" and _rose(fact) for fact in used):
        return False
    return bool(used) or not _is_of_processors(kinds)


def _is_of_processors(kinds: frozenset[str]) -> bool:
    return not kinds.isdisjoint(causes_of_metric("cpu utilization"))


def _rose(fact: MetricShift) -> bool:
    return fact.current > _MORE * fact.baseline
