"""Hosts or instances of one service that run full since it was changed: what they run fills them, none by itself.

A fault of a host is of one host, and of an instance of one. What all of them have in common is what runs there (Google
SRE book, chapter 12: "what touched it last"; SRE workbook, chapter 16: a rollout shows host by host).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from engine.reason.catalogue import cause_of_change, causes_of_metric, causes_that_concern
from engine.reason.claims import Claim, HypothesisKey
from engine.reason.fact_index import FactIndex
from engine.reason.full_hosts import asked_more
from primitives.facts import ChangeFound, MetricAtLimit, change_key
from primitives.records import Change
from primitives.terms import ChangeKind

__all__ = ["filled_instances", "full_together"]

# New code and new settings; a job or a scaling is load.
_CODE: Final[tuple[ChangeKind, ...]] = ("deployment", "configuration", "feature_flag")
_SEVERAL: Final = 2
# A rollout takes minutes; what is full long after it has another reason.
_SOON: Final = timedelta(minutes=15)
# What leaks fills up slowly: connections, threads, memory that each request leaves behind.
_LEAKS: Final = timedelta(hours=2)
_FAR: Final = 0.6
_COMMON: Final = 1.2
_NOT_ITS_OWN: Final = -1.2


def full_together(case: FactIndex) -> Iterator[Claim]:
    """Claims for the change of what runs on all hosts that ran full since it, and against each of the hosts."""
    for change, service, full in _filling_changes(case):
        blamed = HypothesisKey(cause_of_change(change.kind), service, change_key(change))
        for limit, place, cause_id in full:
            yield Claim(blamed, limit, _COMMON, "all that run it ran full since", "full together")
            why = f"so did the others that run {case.names(service)}"
            yield Claim(HypothesisKey(cause_id, place), limit, _NOT_ITS_OWN, why, "full together")


def filled_instances(case: FactIndex) -> dict[str, tuple[str, str]]:
    """The instances that ran full together since their service was changed: that service, and the fact."""
    return {
        place: (service, limit)
        for _, service, full in _filling_changes(case)
        for limit, place, _ in full
        if place in case.parts.get(service, ())
    }


def _filling_changes(case: FactIndex) -> Iterator[tuple[Change, str, list[tuple[str, str, str]]]]:
    for _, fact in case.present(ChangeFound):
        change = fact.change
        if change is None or change.resource is None or change.kind not in _CODE or asked_more(case, change.resource):
            continue
        full = _full_since(case, change.resource, change.time)
        if full is not None:
            yield change, change.resource, full


def _full_since(case: FactIndex, service: str, changed: datetime) -> list[tuple[str, str, str]] | None:
    """The facts that all hosts of a service ran full soon after it was changed, by host and cause; None where not."""
    hosts = {host for host in case.below.get(service, ()) if service in case.hosted.get(host, ())}
    instances = set(case.parts.get(service, ())) - hosts
    shared = causes_that_concern("host")
    full = [(name, fact.resource, cause_id) for name, fact in case.present(MetricAtLimit)
            if fact.since is not None and timedelta(0) <= fact.since - changed
            for cause_id in causes_of_metric(fact.metric)
            if (fact.resource in hosts and cause_id in shared and fact.since - changed <= _SOON)
            or (fact.resource in instances and fact.since - changed <= _LEAKS and _was_far(fact))]  # fmt: skip
    for several in (hosts, instances):
        same = [limit for limit in full if limit[1] in several]
        if len(several) >= _SEVERAL and {name for _, name, _ in same} == several:
            return same
    return None


def _was_far(fact: MetricAtLimit) -> bool:
    """Whether it was far from its limit in normal times, so that something new fills it."""
    return fact.baseline is not None and fact.baseline <= _FAR * fact.limit
