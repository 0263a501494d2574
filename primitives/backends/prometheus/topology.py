"""Topology: who calls whom, as the callers' own metrics say, and what runs where."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from primitives.backends.prometheus.client import Reply, Row
from primitives.backends.prometheus.measures import ClientFamily, Family
from primitives.backends.prometheus.promql import RESOURCE, SERVICE_LABELS, named_by
from primitives.backends.prometheus.survey import Survey
from primitives.errors import SourceError
from primitives.records import Edge, Resource, Topology
from primitives.terms import ResourceKind

__all__ = ["PEER", "build_topology", "edges_expression"]

PEER: Final = "cloudops_peer"
_NAMES_SHOWN: Final = ("external", "other", "workload", "service", "node", "queue", "cache", "database")
"""Of two kinds that a resource's metrics suggest, the later one says more."""


def edges_expression(client: ClientFamily) -> str:
    """Which callers have a series about which called."""
    identity = client.identity or SERVICE_LABELS
    space = (client.peer_namespace,) if client.peer_namespace else ()
    inner = f"max by ({', '.join((client.namespace, *identity, *space, *client.peer))}) ({client.probe})"
    peer = named_by(inner, client.peer).replace(RESOURCE, PEER)
    return f"max by ({', '.join((client.namespace, RESOURCE, *space, PEER))}) ({named_by(peer, identity)})"


def build_topology(
    survey: Survey,
    known: Iterable[tuple[Family, Reply | SourceError]],
    calls: Iterable[tuple[ClientFamily, Reply | SourceError]],
) -> Topology:
    """The topology of the families' resources (`known`) and the clients' rows (`calls`)."""
    kinds: dict[str, ResourceKind] = {}
    edges: dict[tuple[str, str], Edge] = {}

    def see(resource: str, kind: ResourceKind) -> None:
        if _NAMES_SHOWN.index(kind) >= _NAMES_SHOWN.index(kinds.get(resource, "external")):
            kinds[resource] = kind

    for family, reply in known:
        for row in _rows(reply):
            if resource := survey.resource(family, row):
                see(resource, family.kind)
    for client, reply in calls:
        for row in _rows(reply):
            caller, peer = row.labels.get(RESOURCE, ""), row.labels.get(PEER, "")
            if not caller or not peer or "unknown" in (caller, peer):
                continue
            namespace = row.labels.get(client.namespace, "")
            elsewhere = row.labels.get(client.peer_namespace) if client.peer_namespace else None
            source = survey.names.service(namespace, caller)
            target, is_known = survey.names.peer(peer, namespace, elsewhere)
            see(source, "service")
            see(target, client.kind or ("service" if is_known else "external"))
            if source != target:
                edges[source, target] = Edge(source=source, target=target, kind="calls")
    for (namespace, pod), nodes in survey.names.hosts.items():
        workload = survey.names.pod(namespace, pod)
        see(workload, "workload")
        for name in nodes:
            node = survey.names.node(name)
            see(node, "node")
            edges[workload, node] = Edge(source=workload, target=node, kind="hosts")
    return Topology(
        resources=tuple(Resource(id=name, kind=kinds[name]) for name in sorted(kinds)),
        edges=tuple(edges[key] for key in sorted(edges)),
    )


def _rows(reply: Reply | SourceError) -> tuple[Row, ...]:
    return reply.rows if isinstance(reply, Reply) else ()
