"""Who calls whom, as spans show it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from primitives.identity import is_kubernetes
from primitives.records import Edge, Resource, Span, Topology
from primitives.resolver import host_of
from primitives.terms import ResourceKind

__all__ = ["peers_of", "topology_of"]

_CALLS: Final = frozenset({"client", "producer"})
_PEERS: Final = (
    "peer.service", "server.address", "net.peer.name", "net.sock.peer.name", "http.host", "db.name",
    "messaging.destination.name", "messaging.destination",
)  # fmt: skip
"""What may name the called where it writes no spans itself, best first."""
_CACHES: Final = frozenset({"redis", "memcached", "valkey"})


def topology_of(spans: Sequence[Span], links: Iterable[tuple[str, str]] = ()) -> Topology:
    """The resources and calls of `spans`, and of `links`, pairs of services that the store itself tells of."""
    services = {service: span.resource for span in spans if (service := _service(span))}
    kinds: dict[str, ResourceKind] = {}
    attributes: dict[str, dict[str, Any]] = {}
    edges: set[tuple[str, str]] = {
        (services.get(caller, caller), services.get(called, called)) for caller, called in links
    }
    for span in spans:
        name, service = span.resource, _service(span)
        kinds[name] = "workload" if is_kubernetes(name) else "service"
        attributes[name] = {"service": service} if service and service != name else {}
    for caller, called in edges:
        kinds.setdefault(caller, "service")
        kinds.setdefault(called, "service")
    by_id = {(span.trace_id, span.span_id): span for span in spans}
    for span in spans:
        parent = by_id.get((span.trace_id, span.parent_span_id or ""))
        if parent is not None and parent.resource != span.resource:
            edges.add((parent.resource, span.resource))
    for span, peer in zip(spans, peers_of(spans), strict=True):
        if peer:
            called = services.get(peer, peer)
            kinds.setdefault(called, _kind_of_peer(span.attributes))
            edges.add((span.resource, called))
    return Topology(
        resources=tuple(
            Resource(id=name, kind=kinds[name], attributes=attributes.get(name, {})) for name in sorted(kinds)
        ),
        edges=tuple(
            Edge(source=caller, target=called, kind="calls") for caller, called in sorted(edges) if caller != called
        ),
    )


def peers_of(spans: Sequence[Span]) -> list[str]:
    """For each span that calls what writes no spans itself, what it calls; empty for all others."""
    handled = {(span.trace_id, span.parent_span_id) for span in spans}
    writers = {span.resource for span in spans}
    return [
        _called(span, writers) if _is_call(span) and (span.trace_id, span.span_id) not in handled else ""
        for span in spans
    ]


def _called(span: Span, writers: Collection[str]) -> str:
    """Its peer; a database that is called like a service is another thing, of which the name tells nothing."""
    peer = _peer(span.attributes)
    return "" if peer in writers and _database(span.attributes) else peer


def _is_call(span: Span) -> bool:
    """Whether it is a call by its kind, or, where it has none, as a statement for a database (client by convention)."""
    return _kind(span) in _CALLS or (not _kind(span) and bool(_database(span.attributes)))


def _service(span: Span) -> str:
    value = span.attributes.get("service.name")
    return value if isinstance(value, str) else ""


def _kind(span: Span) -> str:
    return str(span.attributes.get("span.kind", "")).lower()


def _peer(attributes: Mapping[str, Any]) -> str:
    for key in _PEERS:
        if isinstance(value := attributes.get(key), str) and value:
            return host_of(value)
    return ""


def _kind_of_peer(attributes: Mapping[str, Any]) -> ResourceKind:
    if system := _database(attributes):
        return "cache" if str(system).lower() in _CACHES else "database"
    if attributes.get("messaging.system"):
        return "queue"
    return "external"


def _database(attributes: Mapping[str, Any]) -> Any:
    return attributes.get("db.system.name", attributes.get("db.system"))
