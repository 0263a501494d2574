"""Dependencies between objects: Ingresses on Services, Services on workloads, workloads on the Services they name.

So a Service without endpoints is known to be a dependency of its callers, although no telemetry names it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from weakref import WeakKeyDictionary

from primitives.identity import kind_of, kubernetes_id, same_name
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.fields import mapping, maps, text
from primitives.kubernetes.kinds import KubeObject
from primitives.kubernetes.selectors import service_selects
from primitives.kubernetes.services import find_services, pods_behind
from primitives.kubernetes.settings import addresses_of, service_at
from primitives.resolver import is_address

__all__ = ["MOST_LINKS", "find_links", "misleading_services", "outside_calls"]

Link = tuple[str, str, str]

_ASTRAY: Final = frozenset(
    {"SelectorMismatch", "TargetPortMismatch", "TargetPortNameMissing", "ServiceProtocolMismatch"}
)

MOST_LINKS: Final = 1_000

# Several analyzers ask for the same links, some of them once for each workload.
_found: Final[WeakKeyDictionary[Cluster, tuple[dict[str, str], tuple[Link, ...]]]] = WeakKeyDictionary()


def find_links(cluster: Cluster) -> tuple[dict[str, str], tuple[Link, ...]]:
    """The resources with their kinds, and (from, to, kind) where from depends on to; at most `MOST_LINKS`."""
    known = _found.get(cluster)
    if known is None:
        known = _found[cluster] = _find(cluster)
    return known


def _find(cluster: Cluster) -> tuple[dict[str, str], tuple[Link, ...]]:
    edges = tuple(dict.fromkeys((*_callers(cluster), *_services(cluster), *_ingresses(cluster))))[:MOST_LINKS]
    return {name: _kind(name) for edge in edges for name in edge[:2]}, edges


def outside_calls(cluster: Cluster) -> tuple[Link, ...]:
    """Who names a host outside of the cluster in its settings; at most `MOST_LINKS`."""
    calls = {
        (source.resource, address.host.lower().rstrip("."), "calls"): None
        for source in cluster.sources
        for address in addresses_of(cluster, source)
        if _is_outside(cluster, source.namespace, address.host)
    }
    return tuple(calls)[:MOST_LINKS]


def _is_outside(cluster: Cluster, namespace: str, host: str) -> bool:
    """Whether it is a name of several labels that no Service can have."""
    named = host.rstrip(".").count(".") >= 2 and not is_address(host)
    return named and service_at(cluster, namespace, host) == (None, False)


def misleading_services(cluster: Cluster) -> dict[str, str]:
    """The misconfigured Service in front of each workload, by the workload.

    A message that fits both names means the Service, because callers reach the workload through it.
    """
    astray = {finding.resource for finding in find_services(cluster) if finding.state in _ASTRAY}
    services_of = {workload: front for front, workload, _ in _services(cluster) if front in astray}
    return {workload: front for workload, front in services_of.items() if same_name(workload, front)}


def _kind(name: str) -> str:
    return {"service": "network", "ingress": "gateway", "pod": "pod"}.get(kind_of(name), "workload")


def _callers(cluster: Cluster) -> Iterator[Link]:
    """By the addresses in settings; and by the topology, where the called workload has one Service."""
    for source in cluster.sources:
        for address in addresses_of(cluster, source):
            service, _ = service_at(cluster, source.namespace, address.host)
            if service is not None:
                yield source.resource, service.id, "calls"
    services_of: dict[str, list[str]] = {}
    for front, workload, _ in _services(cluster):
        services_of.setdefault(workload, []).append(front)
    for topology in cluster.topologies:
        for edge in topology.edges:
            named = services_of.get(edge.target, ())
            if edge.kind == "calls" and len(named) == 1 and edge.source != named[0]:
                yield edge.source, named[0], "calls"


def _services(cluster: Cluster) -> Iterator[Link]:
    for service in cluster.all("Service"):
        behind = {pod.resource for pod in pods_behind(cluster, service)} or set(_intended(cluster, service))
        for workload in sorted(behind):
            yield service.id, workload, "depends"


def _intended(cluster: Cluster, service: KubeObject) -> Iterator[str]:
    """The intended workloads of a Service without pods: those whose template it selects, else the one of its name."""
    same = [item for item in cluster.workloads if item.namespace == service.namespace]
    fitting = [item.id for item in same if service_selects(service, item)]
    named = [item.id for item in same if item.name == service.name and item.kind in ("Deployment", "StatefulSet")]
    yield from fitting or named[:1]


def _ingresses(cluster: Cluster) -> Iterator[Link]:
    for ingress in cluster.all("Ingress"):
        backends = [mapping(ingress.raw, "spec", "defaultBackend")]
        backends += [
            mapping(p, "backend") for r in maps(ingress.raw, "spec", "rules") for p in maps(r, "http", "paths")
        ]
        for backend in backends:
            name = text(backend, "service", "name") or text(backend, "serviceName")
            if name and cluster.get("Service", ingress.namespace, name) is not None:
                yield ingress.id, kubernetes_id("Service", ingress.namespace, name), "depends"
