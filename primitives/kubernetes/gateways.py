"""Gateway API: routes to Services that don't exist or lack the port, to Gateways that don't exist, and what is refused.

Conditions are those of the specification: Accepted, Programmed and ResolvedRefs (gateway.networking.k8s.io/v1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from primitives.identity import kubernetes_id
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.fields import instant, integer, mapping, maps, message_of, text
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.kinds import KubeObject
from primitives.kubernetes.selectors import selects

__all__ = ["find_gateways"]

_ROUTES: Final = ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")
_CONDITIONS: Final = ("Accepted", "Programmed", "ResolvedRefs")


def find_gateways(cluster: Cluster) -> Iterator[Finding]:
    """What is wrong with Gateways and their routes."""
    for kind in _ROUTES:
        for route in cluster.all(kind):
            yield from _parents(cluster, route)
            for rule in maps(route.raw, "spec", "rules"):
                for backend in maps(rule, "backendRefs"):
                    yield from _backend(cluster, route, backend)
    for gateway in cluster.all("Gateway"):
        name = text(gateway.spec, "gatewayClassName")
        if name and cluster.lacks("GatewayClass", "", name):
            yield _finding(gateway, "IngressClassMissing", name, ingress_class=name)
        yield from _refused(gateway, maps(gateway.raw, "status", "conditions"))


def _finding(item: KubeObject, state: str, variant: str, **details: Any) -> Finding:
    return Finding(state, item.id, item.kind, item.id, variant=variant, details=details)


def _parents(cluster: Cluster, route: KubeObject) -> Iterator[Finding]:
    for reference in maps(route.raw, "spec", "parentRefs"):
        kind = text(reference, "kind") or "Gateway"
        namespace, name = text(reference, "namespace") or route.namespace, text(reference, "name")
        if kind == "Gateway" and name and cluster.lacks(kind, namespace, name):
            yield _finding(route, "GatewayMissing", name, gateway=kubernetes_id(kind, namespace, name))
        gateway = cluster.get("Gateway", namespace, name) if kind == "Gateway" else None
        if gateway is not None and not _allowed(cluster, gateway, route, text(reference, "sectionName")):
            yield _finding(
                route, "RouteRefused", "Accepted", condition="Accepted", reason="NotAllowedByListeners",
                gateway=gateway.id,
            )  # fmt: skip
    for parent in maps(route.raw, "status", "parents"):
        yield from _refused(route, maps(parent, "conditions"))


def _allowed(cluster: Cluster, gateway: KubeObject, route: KubeObject, section: str) -> bool:
    """Whether a listener of the Gateway takes the route: by its kind and namespace (by default its own)."""
    listeners = [entry for entry in maps(gateway.raw, "spec", "listeners") if section in ("", text(entry, "name"))]
    return not listeners or any(_takes(cluster, gateway, route, listener) for listener in listeners)


def _takes(cluster: Cluster, gateway: KubeObject, route: KubeObject, listener: Mapping[str, Any]) -> bool:
    kinds = [text(entry, "kind") for entry in maps(listener, "allowedRoutes", "kinds")]
    if kinds and route.kind not in kinds:
        return False
    match text(listener, "allowedRoutes", "namespaces", "from") or "Same":
        case "Same":
            return route.namespace == gateway.namespace
        case "Selector":
            home = cluster.get("Namespace", "", route.namespace)
            labels = {"kubernetes.io/metadata.name": route.namespace, **(home.labels if home else {})}
            # Without the namespace's labels nobody can say that the selector fails.
            return home is None or selects(mapping(listener, "allowedRoutes", "namespaces", "selector"), labels)
        case "None":
            return False
        case _:
            return True


def _refused(item: KubeObject, conditions: list[Mapping[str, Any]]) -> Iterator[Finding]:
    for condition in conditions:
        name = text(condition, "type")
        if name in _CONDITIONS and text(condition, "status") in ("False", "Unknown"):
            yield Finding(
                "RouteRefused", item.id, item.kind, item.id, variant=name, message=message_of(condition, "message"),
                since=instant(condition, "lastTransitionTime"),
                details={"condition": name, "reason": text(condition, "reason")},
            )  # fmt: skip


def _backend(cluster: Cluster, route: KubeObject, backend: Mapping[str, Any]) -> Iterator[Finding]:
    if (text(backend, "kind") or "Service") != "Service":
        return
    namespace, name = text(backend, "namespace") or route.namespace, text(backend, "name")
    service = cluster.get("Service", namespace, name)
    if service is None:
        if name and cluster.dumped("Service"):
            yield _finding(route, "IngressBackendMissing", name, service=name, namespace=namespace)
        return
    number = integer(backend, "port")
    numbers = sorted(n for port in maps(service.raw, "spec", "ports") if (n := integer(port, "port")) is not None)
    if number is not None and numbers and number not in numbers:
        yield _finding(route, "IngressPortMismatch", name, service=name, port=number, service_ports=numbers)
