"""Members of a cluster that lost their role: who was the primary or the leader isn't any more.

Exporters give the role as a number. MongoDB: replica set member states (1 is PRIMARY); PostgreSQL: pg_is_in_recovery();
Redis: INFO replication; etcd: has_leader, is_leader; Amazon Aurora and others: is_writer.
"""

from __future__ import annotations

from typing import Final

from engine.reason.fact_index import FactIndex
from engine.reason.stores import is_store
from primitives.facts import ConfigurationDifference, MetricShift
from primitives.metric_names import metric_words
from primitives.patterns import lazy_pattern

__all__ = ["exchanged_roles", "lost_roles", "made_read_only", "takes_writes_again"]

_MEMBER: Final = lazy_pattern(r"\b(?:rs|repl ?set|replica ?set)\b(?: (?:members?|my|self))? state\b")
_PRIMARY: Final = 1
_LEADS: Final = lazy_pattern(r"\b(?:is|has) (?:leader|primary|master|writer)\b")
_FOLLOWS: Final = lazy_pattern(r"\b(?:in recovery|is (?:replica|slave|standby|secondary|follower))\b")
# MySQL: read_only, super_read_only; PostgreSQL: default_transaction_read_only; Redis: replica-read-only aside.
_READ_ONLY: Final = lazy_pattern(r"(?i)(?:^|[.\s])(?:super_|default_transaction_|innodb_)?read_only$")
# A file system that is mounted so says nothing of the store.
_MOUNTED: Final = lazy_pattern(r"(?i)mount|volume|disks?\b")
_ON: Final = frozenset({"1", "on", "true", "yes"})
_READS_ONLY: Final = lazy_pattern(r"\bread ?only\b")
_HALF: Final = 0.5


def lost_roles(case: FactIndex) -> dict[str, str]:
    """The members that lost their role, each with the fact that says so."""
    lost: dict[str, str] = {}
    for name, fact in case.present(MetricShift):
        if fact.resource and _is_lost(metric_words(fact.metric), fact):
            lost.setdefault(fact.resource, name)
    return {**_swapped(case), **lost}


def exchanged_roles(case: FactIndex) -> frozenset[str]:
    """The facts of roles that went from one member to another: one leads again, as it should be."""
    flags = [(name, fact) for name, fact in case.present(MetricShift) if _LEADS.search(metric_words(fact.metric))]
    lost = {fact.metric for _, fact in flags if fact.baseline > _HALF > fact.current}
    taken = {fact.metric for _, fact in flags if fact.baseline < _HALF < fact.current}
    return frozenset(name for name, fact in flags if fact.metric in lost & taken)


def _swapped(case: FactIndex) -> dict[str, str]:
    """The store that takes no writes since another takes them (MySQL: read_only; Orchestrator: topology recovery)."""
    flags = [(name, fact) for name, fact in case.present(MetricShift)
             if fact.resource and _READS_ONLY.search(metric_words(fact.metric))]  # fmt: skip
    takes = any(fact.baseline > _HALF > fact.current for _, fact in flags)
    return {str(fact.resource): name for name, fact in flags if takes and fact.baseline < _HALF < fact.current}


def made_read_only(case: FactIndex) -> dict[str, str]:
    """The stores whose settings were changed so that they take no writes, each with the fact that says so."""
    changed: dict[str, str] = {}
    for name, fact in case.present(ConfigurationDifference):
        if fact.resource is None or not is_store(case, fact.resource) or _MOUNTED.search(fact.path):
            continue
        if _READ_ONLY.search(fact.path) and str(fact.after).casefold() in _ON:
            changed.setdefault(fact.resource, name)
    return changed


def takes_writes_again(fact: MetricShift) -> bool:
    """Whether a flag says that a store isn't read-only any more: no such trouble, whatever else that means."""
    return fact.current < fact.baseline and bool(_READS_ONLY.search(metric_words(fact.metric)))


def _is_lost(words: str, fact: MetricShift) -> bool:
    if _MEMBER.search(words):
        return round(fact.baseline) == _PRIMARY != round(fact.current)
    if _LEADS.search(words):
        return fact.baseline > _HALF > fact.current
    return bool(_FOLLOWS.search(words)) and fact.baseline < _HALF < fact.current
