"""Service meshes: servers that accept only the mesh's own mutual TLS, and clients that don't speak it.

Istio: PeerAuthentication, mode STRICT: "connection is an mTLS tunnel (TLS with client cert must be presented)"; a pod
without a proxy calls in plain text and is cut off ("Mutual TLS Migration"). A DestinationRule with TLS mode DISABLE
makes a client with a proxy do the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from primitives.identity import kind_of
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.fields import instant, mapping, strings, text
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.kinds import KubeObject
from primitives.kubernetes.links import find_links
from primitives.kubernetes.pods_view import Pod
from primitives.kubernetes.selectors import selects
from primitives.kubernetes.services import pods_behind

__all__ = ["find_mesh"]

_STRICT: Final = "STRICT"
# Where a rule of the whole mesh is, unless the installation says otherwise (Istio: global mesh options, rootNamespace).
_ROOT: Final = "istio-system"
_PROXY: Final = "istio-proxy"
_INJECTED: Final = "sidecar.istio.io/status"
_AMBIENT: Final = "ambient.istio.io/redirection"


def find_mesh(cluster: Cluster) -> Iterator[Finding]:
    """Connections that workloads need and that a server refuses because they don't come by the mesh."""
    rules = list(cluster.all("PeerAuthentication"))
    if not any(text(rule.raw, "spec", "mtls", "mode") == _STRICT for rule in rules) or not cluster.dumped("Pod"):
        return
    plain = _sent_in_plain_text(cluster)
    for client, server, service in _calls(cluster):
        rule = _rule_of(rules, server)
        if rule is None or text(rule.raw, "spec", "mtls", "mode") != _STRICT or not _in_mesh(server):
            continue
        # Ports may be exempt; which one is called isn't known.
        if mapping(rule.raw, "spec", "portLevelMtls") or (_in_mesh(client) and service not in plain):
            continue
        yield Finding(
            "MutualTlsRequired", rule.id, rule.kind, rule.id, variant=f"{client.resource} {server.resource}",
            since=instant(rule.raw, "metadata", "creationTimestamp"),
            details={
                "from": client.resource, "to": server.resource, "client_has_proxy": _in_mesh(client),
                "affects": [client.resource],
            },
        )  # fmt: skip


def _calls(cluster: Cluster) -> Iterator[tuple[Pod, Pod, str]]:
    """A pod of each known caller, one of whom it calls, and the Service between them, if any."""
    calls = [(source, target) for source, target, kind in find_links(cluster)[1] if kind == "calls"]
    calls += [(edge.source, edge.target) for known in cluster.topologies for edge in known.edges
              if edge.kind in ("calls", "reads", "writes")]  # fmt: skip
    services = {service.id: service for service in cluster.all("Service")}
    for source, target in dict.fromkeys(calls):
        clients = _serving(cluster.pods_of.get(source, ()))
        behind = pods_behind(cluster, services[target]) if target in services else cluster.pods_of.get(target, ())
        servers = _serving(behind)
        if clients and servers and source != target:
            yield clients[0], servers[0], target if kind_of(target) == "service" else ""


def _serving(pods: list[Pod] | tuple[Pod, ...]) -> list[Pod]:
    return [pod for pod in pods if pod.live]


def _rule_of(rules: list[KubeObject], server: Pod) -> KubeObject | None:
    """The rule that holds for a pod: the one that selects it, else its namespace's, else the mesh's.

    A rule that leaves the mode unset inherits it.
    """
    stated = [rule for rule in rules if text(rule.raw, "spec", "mtls", "mode") not in ("", "UNSET")]
    own = [rule for rule in stated if rule.namespace == server.item.namespace]
    selecting = [rule for rule in own if strings(rule.raw, "spec", "selector", "matchLabels")
                 and selects(mapping(rule.raw, "spec", "selector"), server.item.labels)]  # fmt: skip
    wide = [rule for rule in own if not mapping(rule.raw, "spec", "selector")]
    mesh = [rule for rule in stated if rule.namespace == _ROOT and not mapping(rule.raw, "spec", "selector")]
    return next(iter((*selecting, *wide, *mesh)), None)


def _in_mesh(pod: Pod) -> bool:
    """Whether a proxy takes what the pod sends and receives."""
    noted = strings(pod.item.raw, "metadata", "annotations")
    return any(container.name == _PROXY for container in pod.containers) or _INJECTED in noted or _AMBIENT in noted


def _sent_in_plain_text(cluster: Cluster) -> set[str]:
    """The Services whose clients are told not to use TLS."""
    disabled = [rule for rule in cluster.all("DestinationRule")
                if text(rule.raw, "spec", "trafficPolicy", "tls", "mode") == "DISABLE"]  # fmt: skip
    named = {tuple([*text(rule.raw, "spec", "host").split("."), rule.namespace][:2]) for rule in disabled}
    return {service.id for service in cluster.all("Service") if (service.name, service.namespace) in named}
