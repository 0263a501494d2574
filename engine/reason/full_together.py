"""Hosts of one service that run full one after another since it was changed: what they run fills them, no host does.

A fault of a host is of one host. What all of them have in common is what runs there (Google SRE book, chapter 12:
"what touched it last"; SRE workbook, chapter 16: a rollout shows host by host).
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
from primitives.terms import ChangeKind

__all__ = ["full_together"]

# New code and new settings; a job or a scaling is load.
_CODE: Final[tuple[ChangeKind, ...]] = ("deployment", "configuration", "feature_flag")
_SEVERAL: Final = 2
# A rollout takes minutes; what is full long after it has another reason.
_SOON: Final = timedelta(minutes=15)
_COMMON: Final = 1.2
_NOT_ITS_OWN: Final = -1.2


def full_together(case: FactIndex) -> Iterator[Claim]:
    """Claims for the change of what runs on all hosts that ran full since it, and against each of the hosts."""
    for _, fact in case.present(ChangeFound):
        change = fact.change
        if change is None or change.resource is None or change.kind not in _CODE or asked_more(case, change.resource):
            continue
        full = _full_since(case, change.resource, change.time)
        if full is None:
            continue
        blamed = HypothesisKey(cause_of_change(change.kind), change.resource, change_key(change))
        for limit, host, cause_id in full:
            yield Claim(blamed, limit, _COMMON, "all hosts that run it ran full since", "full together")
            why = f"so did the others that run {case.names(change.resource)}"
            yield Claim(HypothesisKey(cause_id, host), limit, _NOT_ITS_OWN, why, "full together")


def _full_since(case: FactIndex, service: str, changed: datetime) -> list[tuple[str, str, str]] | None:
    """The facts that all hosts of a service ran full soon after it was changed, by host and cause; None where not."""
    hosts = {host for host in case.below.get(service, ()) if service in case.hosted.get(host, ())}
    shared = causes_that_concern("host")
    full = [(name, fact.resource, cause_id) for name, fact in case.present(MetricAtLimit)
            if fact.resource in hosts and fact.since is not None and timedelta(0) <= fact.since - changed <= _SOON
            for cause_id in causes_of_metric(fact.metric) if cause_id in shared]  # fmt: skip
    return full if len(hosts) >= _SEVERAL and {host for _, host, _ in full} == hosts else None
