"""What only a store says, and which store a client's message of it is from.

A driver hands on what the store refused: that it takes no writes, waits for locks, is full, throttles, has no
connection left. The trouble is the store's, not that of the client that logs it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final

from engine.reason.catalogue import causes, causes_of_family, causes_of_metric
from engine.reason.fact_index import FactIndex
from engine.reason.roles import lost_roles, made_read_only
from engine.reason.stores import is_store, stores_beside, stores_called
from primitives.facts import LogPattern, MetricAtLimit, MetricShift
from primitives.identity import base_name
from primitives.patterns import lazy_pattern
from primitives.terms import IncidentClass

__all__ = ["is_of_store", "peer_spoken_of", "refusing_stores", "says_of_itself"]

# Redis: errors OOM and MISCONF; RabbitMQ: connection.blocked.
_STORE_SAYS: Final = lazy_pattern(
    r"oom command not allowed|misconf redis|blocked by (?:the )?(?:broker|server)|connection\.blocked", re.IGNORECASE
)
# What only a store writes of itself (etcd, PostgreSQL, MySQL, Oracle, MongoDB, Elasticsearch: lists of errors); drivers
# hand it on to who asked.
_OF_STORES: Final = lazy_pattern(
    r"etcdserver|\bmvcc\b|sqlstate|\bora-\d{5}|psqlexception|\bmysql|mongo(?:db|server|write)\w{0,24}error|"
    r"could not extend file|the table \S{1,200} is full|cluster_block_exception|notwritableprimary|redis\w{0,24}error",
    re.IGNORECASE,
)
# Amazon DynamoDB and Kinesis refuse so; the SDK (botocore: `ClientError`) hands on what the service said.
_THROTTLES: Final = lazy_pattern(r"throughput ?exceeded|provisioned throughput", re.IGNORECASE)
# A store that is up and doesn't serve yet, or any more: PostgreSQL 57P03, Redis LOADING and CLUSTERDOWN.
_NOT_SERVING: Final = lazy_pattern(
    r"(?:database system|dataset|redis|mongod|node|cluster) is (?:still )?(?:loading|starting up|shutting down|"
    r"down|in recovery)|"
    r"\bclusterdown\b",
    re.IGNORECASE,
)
# A file system is its host's or its container's, whoever writes to it (POSIX: EROFS).
_FILES: Final = lazy_pattern(r"file ?system|\berofs\b|\bmount|\bread-only directory", re.IGNORECASE)
# Controllers elect one of their own replicas (Kubernetes: leases), whatever store the lease is in.
_OWN_ELECTION: Final = lazy_pattern(r"leader ?election|\blease\b|leadership", re.IGNORECASE)
# A server ended a statement that took longer than it may: PostgreSQL 57014, MySQL 3024, MongoDB 50, Oracle 1013.
_ENDS_STATEMENTS: Final = lazy_pattern(
    r"cancel?ling statement due to|maximum statement execution time exceeded|query execution was interrupted|"
    r"maxtimemsexpired|operation exceeded time limit|ora-01013|statement timeout|\bsqlexception",
    re.IGNORECASE,
)
# A server's own words for it: MySQL error 1040, PostgreSQL 53300, Redis and MongoDB. A client's pool has others.
_NO_SLOT: Final = lazy_pattern(
    r"too many (?:clients|connections)|remaining connection slots|er_con_count_error|connection limit exceeded for|"
    r"max(?:imum)? number of (?:clients|connections) reached",
    re.IGNORECASE,
)
# A client times its queries and its requests with the same words.
_QUERY: Final = lazy_pattern(r"\b(?:quer(?:y|ies)|sql|select|insert|update|statement|aggregat\w+)\b", re.IGNORECASE)
_OWN_POOL: Final = lazy_pattern(r"pool", re.IGNORECASE)
# The number of a member in a series of names.
_ORDINAL: Final = lazy_pattern(r"[-_.]?\d{1,5}$")
# Past this many nothing is said of any of them.
_MOST: Final = 4


def says_of_itself(case: FactIndex, fact: LogPattern) -> bool:
    """Whether a store says what only a store says: the client that it names is who had asked."""
    return fact.resource is not None and is_store(case, fact.resource) and is_of_store(fact)


def peer_spoken_of(case: FactIndex, fact: LogPattern) -> str | None:
    """The other member of its cluster that a store says is short of something; None where it speaks of itself.

    A cluster's master reports for all (Elasticsearch: disk watermarks; Ceph: monitors; MongoDB: replica set members):
    it names the member, and is well enough to write. Members are called by the same callers, or named in one series.
    """
    other, writer = fact.points_at, fact.resource
    if not other or not writer or other == writer or not _is_short_of(fact.family or ""):
        return None
    if not (is_store(case, writer) and is_store(case, other)):
        return None
    alike = _ORDINAL.sub("", base_name(writer)) == _ORDINAL.sub("", base_name(other))
    return other if alike or set(case.above.get(writer, ())) & set(case.above.get(other, ())) else None


def is_of_store(fact: LogPattern) -> bool:
    """Whether only a store says so: it takes no writes, locks, is full, or refuses commands."""
    text = fact.example or fact.template
    if _is_short_of(fact.family or "") and _OF_STORES.search(text):
        return True
    if fact.family == "too_many_connections":
        return bool(_NO_SLOT.search(text)) and not _OWN_POOL.search(text)
    if fact.family in ("timeout", "cancelled") and _ENDS_STATEMENTS.search(text):
        return True
    if fact.family == "rate_limited":
        return bool(_THROTTLES.search(text))
    if fact.family == "unavailable" and _NOT_SERVING.search(text):
        return True
    if fact.family == "read_only" and _FILES.search(text):
        return False
    if fact.family == "failover":
        return not _OWN_ELECTION.search(text)
    if fact.family == "slow_query":
        return bool(_QUERY.search(text))
    # Only what stores data copies it (PostgreSQL, MySQL, MongoDB: replication).
    return fact.family in ("read_only", "deadlock", "replication_lag") or bool(_STORE_SAYS.search(text))


def _is_short_of(family: str) -> bool:
    """Whether messages of a family tell of a shortage of the store's own; connections may be a client's."""
    told = [causes()[cause_id].cause_class for cause_id, _ in causes_of_family(family)]
    return family != "too_many_connections" and IncidentClass.RESOURCE_SATURATION in told


def refusing_stores(case: FactIndex, writer: str, fact: LogPattern) -> tuple[str, ...]:
    """The stores of a writer, that is none itself, that may have said so.

    Of several those that say the same themselves, else those of which it is measured, else each of a few.
    """
    if is_store(case, writer):
        return ()
    family, stores = fact.family, stores_called(case, writer, fact.example or fact.template)
    if family == "deadlock":
        # Rows and transactions are a database's; caches and queues have neither.
        stores = tuple(name for name in stores if case.resources.get(name) == "database") or stores
    if len(stores) > _MOST:
        return ()
    if fact.family == "rate_limited":
        return _throttling(case, stores)
    if len(stores) == 1:
        return stores
    meant = {cause_id for cause_id, _ in causes_of_family(family or "")}
    saying = {peer_spoken_of(case, other) or other.resource for _, other in case.present(LogPattern)
              if other.family == family and other.count}  # fmt: skip
    if not stores:
        # No call is known; a store beside the writer says the same of itself, or the only one that does anywhere.
        beside = tuple(name for name in stores_beside(case, writer) if name in saying)
        alike = tuple(sorted(name for name in saying if name and is_store(case, name)))
        return beside or (alike if len(alike) == 1 and not case.below.get(writer) else ())
    if family in ("read_only", "failover"):
        changed = (*case.once(lost_roles), *case.once(made_read_only))
        if alike := tuple(name for name in stores if name in changed):
            return alike
    measured = _measured(case, meant)
    for known in (saying, measured):
        if alike := tuple(name for name in stores if name in known):
            return alike
    return tuple(stores)


def _measured(case: FactIndex, meant: Collection[str]) -> frozenset[str | None]:
    """The resources of which it is measured that one of the causes that are meant is so."""
    metrics = [(shift.resource, shift.metric) for _, shift in case.present(MetricShift)]
    metrics += [(limit.resource, limit.metric) for _, limit in case.present(MetricAtLimit)]
    return frozenset(name for name, metric in metrics if not set(meant).isdisjoint(causes_of_metric(metric)))


def _throttling(case: FactIndex, stores: Sequence[str]) -> tuple[str, ...]:
    """The one store of which it is measured that it refuses; else who asks too much is meant (RFC 6585, section 4)."""
    measured = _measured(case, {cause_id for cause_id, _ in causes_of_family("rate_limited")})
    alike = tuple(name for name in stores if name in measured)
    return alike if len(alike) == 1 else ()
