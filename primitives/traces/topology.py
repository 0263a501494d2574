"""Who calls whom, as spans show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from primitives.identity import is_kubernetes
from primitives.records import Edge, Resource, Span, Topology
from primitives.resolver import host_of
from primitives.terms import ResourceKind

__all__ = ["topology_of"]

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
    handled = {(span.trace_id, span.parent_span_id) for span in spans}
    for span in spans:
        if _kind(span) in _CALLS and (span.trace_id, span.span_id) not in handled and (peer := _peer(span.attributes)):
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
    system = attributes.get("db.system.name", attributes.get("db.system"))
    if system:
        return "cache" if str(system).lower() in _CACHES else "database"
    if attributes.get("messaging.system"):
        return "queue"
    return "external"
