"""What stores data, and which store a client's message is about.

A client hands on what its store said: that it takes no writes, waits for locks, is full, has no connection left. The
trouble is the store's. Which one is known from what the client calls; where no call is known, from the product that the
message names, if one store of the client's namespace is of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from engine.reason.fact_index import FactIndex
from primitives.identity import KEPT_RUNNING, base_name, kind_of, namespace_of
from primitives.patterns import lazy_pattern

__all__ = ["is_store", "stores_beside", "stores_called"]

# Kinds of resources that store data: when one refuses writes, its callers log the error.
_STORES: Final = frozenset({"database", "cache", "queue", "topic", "storage", "search"})

# Words by which resources and messages name one product, or what replaces it. OpenTelemetry semantic conventions:
# `db.system.name`, `messaging.system`.
_PRODUCTS: Final = tuple(
    frozenset(words.split())
    for words in (
        "mysql mariadb percona aurora innodb",
        "postgres postgresql pg psql timescaledb psqlexception",
        "mongo mongodb documentdb",
        "redis valkey keydb elasticache",
        "memcached memcache",
        "rabbitmq rabbit amqp",
        "kafka redpanda",
        "elasticsearch opensearch elastic",
        "cassandra scylla scylladb",
        "etcd etcdserver",
        "clickhouse",
        "cockroach cockroachdb crdb",
        "minio",
        "nats jetstream",
        "mssql sqlserver",
        "zookeeper",
        "influxdb",
    )
)
_NAMES: Final = frozenset().union(*_PRODUCTS) | {"db", "database", "sql"}
# What is named after a store and is none.
_BESIDE: Final = frozenset(
    """
    exporter backup restore operator proxy admin ui web migrate migration migrator migrations init client sync monitor
    api gateway worker consumer connector connect service svc job cron dump loader importer
    producer publisher subscriber listener agent express commander router runner streams app adapter bridge
    """.split()  # noqa: SIM905 - a list of words reads as words
)
# What stands before stores and hands on what they say.
_PROXY_PRODUCTS: Final = frozenset({
    "maxscale", "proxysql", "pgbouncer", "pgpool", "odyssey", "haproxy", "twemproxy", "mongos", "rdsproxy", "envoy",
})  # fmt: skip
_PROXIES: Final = _PROXY_PRODUCTS | {"proxy", "router"}
_WORD: Final = lazy_pattern(r"[a-z]+")
_LONGEST: Final = 2_000


def is_store(case: FactIndex, resource: str) -> bool:
    """Whether a resource stores data, by its kind or, where its kind says only how it runs, by its name."""
    if case.resources.get(resource) in _STORES and not _is_proxy(resource):
        return True
    words = _words(base_name(resource))
    says_how_it_runs = kind_of(resource) in {*KEPT_RUNNING, "pod"} or case.resources.get(resource) in (None, "other")
    return says_how_it_runs and not words.isdisjoint(_NAMES) and words.isdisjoint(_BESIDE)


def stores_called(case: FactIndex, client: str, text: str) -> tuple[str, ...]:
    """The stores that a client calls, also behind Services; of several those of the product that `text` names.

    Where no call to a store of that product is known: the only one of it in the client's Kubernetes namespace, those
    aside that are named after another workload (a database for each service: C. Richardson, Microservices Patterns).
    """
    reached = _behind_services(case, case.below.get(client, ()))
    reached += [name for proxy in reached if _is_proxy(proxy) for name in case.below.get(proxy, ())]
    called = [name for name in dict.fromkeys(reached) if name != client and is_store(case, name)]
    named = _products(text[:_LONGEST])
    if alike := _of_products(named, called):
        return tuple(alike)
    near = _of_products(named, stores_beside(case, client))
    if len(near) > 1:
        near = [name for name in near if not _is_of_another(case, name, client)]
    return tuple(near if len(near) == 1 else called)


def _is_of_another(case: FactIndex, store: str, client: str) -> bool:
    """Whether a store bears the name of a workload beside it that isn't the client (`cart-db`, `cartdb-mysql`)."""
    owner = base_name(store).lower().split("-")[0].removesuffix("db")
    if not owner or owner in _NAMES or owner in _words(base_name(client)):
        return False
    namespace = namespace_of(store)
    return any(namespace_of(name) == namespace and not is_store(case, name) and owner in _words(base_name(name))
               for name in case.resources)  # fmt: skip


def stores_beside(case: FactIndex, client: str) -> tuple[str, ...]:
    """The stores in the Kubernetes namespace of a client; none where it has no namespace."""
    namespace = namespace_of(client)
    return tuple(name for name in case.resources
                 if namespace and namespace_of(name) == namespace and kind_of(name) in KEPT_RUNNING
                 and is_store(case, name))  # fmt: skip


def _is_proxy(name: str) -> bool:
    """Whether a name ends on what a proxy does, or has a proxy's product in it; `router-db` is the router's store."""
    words = _WORD.findall(base_name(name).lower())
    telling = [word for word in words if word in _PROXIES or word in _NAMES]
    return not _PROXY_PRODUCTS.isdisjoint(words) or (bool(telling) and telling[-1] in _PROXIES)


def _behind_services(case: FactIndex, names: Iterable[str]) -> list[str]:
    """The names; each Service is replaced by what it leads to."""
    behind = case.graph.behind_services
    return list(dict.fromkeys(place for name in names for place in behind.get(name, (name,))))


def _of_products(named: frozenset[int], stores: Iterable[str]) -> list[str]:
    return [name for name in stores if not named.isdisjoint(_products(base_name(name)))]


def _products(text: str) -> frozenset[int]:
    """The products that a text names, by their place in `_PRODUCTS`."""
    words = _words(text)
    return frozenset(number for number, product in enumerate(_PRODUCTS) if not product.isdisjoint(words))


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower()))
