"""What a change reaches beyond its resource: the readers of a shared setting, and what ran full of what it lowered."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from typing import Final

from engine.reason.catalogue import causes_of_metric
from engine.reason.claims import Claim, HypothesisKey
from engine.reason.diffs import lowered
from engine.reason.fact_index import FactIndex
from primitives.facts import ChangeFound, Dependencies, MetricAtLimit
from primitives.records import Change

__all__ = ["left_without", "ran_full", "readers", "taken_away", "takes_the_last"]

# Node groups, parameter groups, launch templates, shared configuration: nothing is measured on them.
_CARRIERS: Final = ("other", "node")
_CARRIED_BY: Final = ("depends", "hosts", "reads")
_DEPTH: Final = 3
# Log-odds: the limit and what is full are of one kind, on one resource, in this order.
_RAN_FULL: Final = 1.2
_SOON: Final = timedelta(hours=2)
_STEP: Final = timedelta(minutes=1)
# Log-odds: there is nothing left that could answer, and what needs the answer is in trouble since.
_NOTHING_LEFT: Final = 4.2


def readers(case: FactIndex, resource: str) -> Collection[str]:
    """What a change of a shared thing reaches: its nodes and their pods, its databases, those that read it.

    Amazon EKS: a node group's nodes are replaced with its template; Amazon RDS: a parameter group's values apply to
    every database that uses it. Of a service or a database nothing is said here: its callers are its callers.
    """
    if case.resources.get(resource) not in _CARRIERS:
        return ()
    reached, edge = {resource}, {resource}
    for _ in range(_DEPTH):
        links = [link for _, fact in case.of(Dependencies) for link in fact.edges]
        up = {source for source, target, kind in links if target in edge and kind in _CARRIED_BY}
        down = {target for source, target, kind in links if source in edge and kind == "owns"}
        edge = (up | down) - reached
        reached |= edge
    return reached - {resource}


def ran_full(case: FactIndex, key: HypothesisKey, name: str, change: Change) -> Iterator[Claim]:
    """A change that lowered a limit, where the resource then ran full of that very thing."""
    limits = {cause_id for setting in lowered(change) for cause_id in causes_of_metric(setting)}
    if not limits:
        return
    for _, fact in case.present(MetricAtLimit):
        after = fact.since - change.time if fact.since is not None else None
        if fact.resource != key.resource or after is None or not -_STEP <= after <= _SOON:
            continue
        if not limits.isdisjoint(causes_of_metric(fact.metric)):
            yield Claim(key, name, _RAN_FULL, "what it lowered ran full afterwards", "full")
            return


def takes_the_last(change: Change) -> bool:
    """Whether the change leaves no replica: its resource answers nobody any more, at once."""
    return change.kind == "scaling" and isinstance(change.after, Mapping) and change.after.get("replicas") == 0


def taken_away(case: FactIndex) -> frozenset[str]:
    """What was scaled to zero before the symptom began, and isn't back."""
    last: dict[str, Change] = {}
    for _, fact in case.present(ChangeFound):
        change = fact.change
        if change is not None and change.resource is not None and change.kind == "scaling":
            last[change.resource] = max(last.get(change.resource, change), change, key=lambda entry: entry.time)
    gone = {name: change for name, change in last.items() if takes_the_last(change)}
    slack = timedelta(seconds=case.onset_uncertainty_s)
    return frozenset(name for name, change in gone.items() if case.onset and change.time <= case.onset + slack)


def left_without(case: FactIndex, key: HypothesisKey, name: str, change: Change) -> Iterator[Claim]:
    """What the symptom depends on was scaled to zero before (Kubernetes documentation, "Scaling a Deployment").

    Nobody measures what isn't there: its callers alone show that it is gone.
    """
    if not takes_the_last(change) or key.resource is None or key.resource not in taken_away(case):
        return
    felt_by = case.dependents((key.resource,)) - {key.resource}
    if felt_by.isdisjoint(case.symptom_resources):
        return
    yield Claim(key, name, _NOTHING_LEFT, "nothing is left of what the symptom depends on", "removed")
