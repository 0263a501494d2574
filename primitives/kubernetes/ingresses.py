"""Ingresses: backends, ports, TLS secrets and classes that don't exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.fields import at, integer, mapping, maps, strings, text
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.kinds import KubeObject

__all__ = ["find_ingresses"]

# GKE's controller serves these, and Ingresses without a class, with no IngressClass object (GKE: Ingress annotations).
_OF_GKE: Final = ("gce", "gce-internal")


def find_ingresses(cluster: Cluster) -> Iterator[Finding]:
    """What is wrong with Ingresses."""
    for ingress in cluster.all("Ingress"):
        for host, path, backend in _backends(ingress):
            yield from _backend(cluster, ingress, host, path, backend)
        for entry in maps(ingress.raw, "spec", "tls"):
            secret = text(entry, "secretName")
            if secret and cluster.lacks("Secret", ingress.namespace, secret):
                yield _finding(ingress, "IngressTlsSecretMissing", secret, secret=secret)
        yield from _class(cluster, ingress)


def _finding(ingress: KubeObject, state: str, variant: str, **details: Any) -> Finding:
    return Finding(state, ingress.id, ingress.kind, ingress.id, variant=variant, details=details)


def _backends(ingress: KubeObject) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    default = mapping(ingress.raw, "spec", "defaultBackend") or mapping(ingress.raw, "spec", "backend")
    if default:
        yield "", "", default
    for rule in maps(ingress.raw, "spec", "rules"):
        for path in maps(rule, "http", "paths"):
            yield text(rule, "host"), text(path, "path"), mapping(path, "backend")


def _backend(
    cluster: Cluster, ingress: KubeObject, host: str, path: str, backend: Mapping[str, Any]
) -> Iterator[Finding]:
    # networking.k8s.io/v1 nests the service; v1beta1 had serviceName and servicePort.
    name = text(backend, "service", "name") or text(backend, "serviceName")
    if not name:
        return
    details = {"host": host, "path": path, "service": name}
    service = cluster.get("Service", ingress.namespace, name)
    if service is None:
        if cluster.dumped("Service"):
            yield _finding(ingress, "IngressBackendMissing", f"{host}{path}", **details)
        return
    old = at(backend, "servicePort")
    number = integer(backend, "service", "port", "number") or integer(old)
    port_name = text(backend, "service", "port", "name") or (old if isinstance(old, str) and number is None else "")
    ports = maps(service.raw, "spec", "ports")
    numbers = sorted(n for port in ports if (n := integer(port, "port")) is not None)
    names = sorted(text(port, "name") for port in ports if text(port, "name"))
    if ports and ((number is not None and number not in numbers) or (port_name and port_name not in names)):
        yield _finding(
            ingress, "IngressPortMismatch", f"{host}{path}", **details, port=number or port_name,
            service_ports=numbers, service_port_names=names,
        )  # fmt: skip


def _is_gke(cluster: Cluster) -> bool:
    return any(label.startswith("cloud.google.com/gke") for node in cluster.all("Node") for label in node.labels)


def _class(cluster: Cluster, ingress: KubeObject) -> Iterator[Finding]:
    annotations = strings(ingress.raw, "metadata", "annotations")
    name = text(ingress.raw, "spec", "ingressClassName")
    if name in _OF_GKE or (not name and _is_gke(cluster)):
        return
    if name and cluster.lacks("IngressClass", "", name):
        yield _finding(ingress, "IngressClassMissing", name, ingress_class=name)
    elif not name and "kubernetes.io/ingress.class" not in annotations and cluster.dumped("IngressClass"):
        defaults = [
            item
            for item in cluster.all("IngressClass")
            if strings(item.raw, "metadata", "annotations").get("ingressclass.kubernetes.io/is-default-class") == "true"
        ]
        if not defaults:
            yield _finding(ingress, "IngressClassMissing", "", ingress_class=None)
