"""NetworkPolicies: the connections that workloads need and that a policy denies.

A connection is needed where a container's settings name a Service, or where the topology says that one calls the
other. Pods that no policy of a direction selects are open in that direction; those that some select need one that
allows it (Kubernetes documentation, "Network Policies").
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final

from primitives.dataclass import dataclass
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.fields import at, integer, mapping, maps, text, texts
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.kinds import KubeObject
from primitives.kubernetes.pods_view import Pod
from primitives.kubernetes.selectors import selects, shown_selector
from primitives.kubernetes.services import pods_behind
from primitives.kubernetes.settings import addresses_of, service_at

__all__ = ["find_policies"]

_MOST_FLOWS: Final = 2000
_DNS_PORT: Final = 53


@dataclass(frozen=True, slots=True)
class _Flow:
    client: Pod
    server: Pod
    port: int | None
    named: str
    protocol: str = "TCP"


def find_policies(cluster: Cluster) -> Iterator[Finding]:
    """Policies that deny something needed, deny everything, or select nothing; needs pods and policies."""
    policies = list(cluster.all("NetworkPolicy"))
    if not policies or not cluster.dumped("Pod"):
        return
    with_dns = {policy.namespace for policy in policies if _allows_dns(policy)}
    for policy in policies:
        yield from _by_itself(cluster, policy, with_dns)
    for flow in _flows(cluster):
        cluster.spend(len(policies))
        blocker = _blocker(cluster, policies, flow)
        if blocker is not None:
            yield _blocked(flow, *blocker)


def _by_itself(cluster: Cluster, policy: KubeObject, with_dns: AbstractSet[str]) -> Iterator[Finding]:
    pods = [pod for pod in cluster.selected(policy.namespace, mapping(policy.raw, "spec", "podSelector")) if pod.live]
    selector = shown_selector(mapping(policy.raw, "spec", "podSelector"))
    if not pods:
        if selector:
            yield Finding(
                "NetworkPolicySelectsNothing", policy.id, policy.kind, policy.id, details={"selector": selector}
            )
        return
    workloads = sorted({pod.resource for pod in pods})
    details = {"selector": selector, "workloads": workloads[:20], "directions": sorted(_directions(policy))}
    denied = [d for d in sorted(_directions(policy)) if not maps(policy.raw, "spec", d)]
    if denied:
        yield Finding(
            "NetworkPolicyDeniesAll", policy.id, policy.kind, policy.id, details={**details, "denied": denied}
        )
    if "egress" in _directions(policy) and policy.namespace not in with_dns:
        yield Finding(
            "NetworkPolicyBlocksDns", policy.id, policy.kind, policy.id, details={**details, "affects": workloads[:20]}
        )


def _directions(policy: KubeObject) -> set[str]:
    stated = {word.lower() for word in texts(policy.raw, "spec", "policyTypes")}
    # Without policyTypes ingress is always meant, and egress where there are egress rules.
    return stated & {"ingress", "egress"} or (
        {"ingress", "egress"} if maps(policy.raw, "spec", "egress") else {"ingress"}
    )


def _allows_dns(policy: KubeObject) -> bool:
    return any(_port_allowed(rule, _DNS_PORT, "", "UDP") for rule in maps(policy.raw, "spec", "egress"))


def _flows(cluster: Cluster) -> list[_Flow]:
    flows: dict[tuple[str, str, int | None], _Flow] = {}
    for source in cluster.sources:
        if not source.pods:
            continue
        for address in addresses_of(cluster, source):
            service, _ = service_at(cluster, source.namespace, address.host)
            if service is not None:
                _add(flows, source.pods[0], service, pods_behind(cluster, service), address.port)
    for topology in cluster.topologies:
        for edge in topology.edges:
            clients, servers = cluster.pods_of.get(edge.source, ()), cluster.pods_of.get(edge.target, ())
            if edge.kind == "calls" and clients and servers:
                key = (clients[0].resource, servers[0].resource, None)
                flows.setdefault(key, _Flow(clients[0], servers[0], None, ""))
    return list(flows.values())[:_MOST_FLOWS]


def _add(
    flows: dict[tuple[str, str, int | None], _Flow], client: Pod, service: KubeObject, pods: list[Pod], port: int | None
) -> None:
    if not pods:
        return
    entries = maps(service.raw, "spec", "ports")
    entry = next((e for e in entries if integer(e, "port") == port), entries[0] if len(entries) == 1 else {})
    target = at(entry, "targetPort")
    number = integer(target) if target is not None else integer(entry, "port")
    named = target if isinstance(target, str) and number is None else ""
    if named:
        number = next(
            (
                n
                for c in pods[0].containers
                for p in maps(c.spec, "ports")
                if text(p, "name") == named and (n := integer(p, "containerPort"))
            ),
            None,
        )
    flow = _Flow(client, pods[0], number, named, text(entry, "protocol") or "TCP")
    flows.setdefault((client.resource, pods[0].resource, number), flow)


def _blocker(cluster: Cluster, policies: list[KubeObject], flow: _Flow) -> tuple[str, list[KubeObject]] | None:
    """The direction and the policies that deny the flow, or None."""
    for direction, subject, peer in (("ingress", flow.server, flow.client), ("egress", flow.client, flow.server)):
        selecting = [
            policy
            for policy in policies
            if policy.namespace == subject.item.namespace
            and direction in _directions(policy)
            and selects(mapping(policy.raw, "spec", "podSelector"), subject.item.labels)
        ]
        if selecting and not any(_allows(cluster, policy, direction, peer, flow) for policy in selecting):
            return direction, selecting
    return None


def _allows(cluster: Cluster, policy: KubeObject, direction: str, peer: Pod, flow: _Flow) -> bool:
    field = "from" if direction == "ingress" else "to"
    for rule in maps(policy.raw, "spec", direction):
        peers = maps(rule, field)
        reached = not peers or any(_is_peer(cluster, policy, entry, peer) for entry in peers)
        if reached and (flow.port is None or _port_allowed(rule, flow.port, flow.named, flow.protocol)):
            return True
    return False


def _is_peer(cluster: Cluster, policy: KubeObject, entry: Mapping[str, Any], pod: Pod) -> bool:
    if mapping(entry, "ipBlock"):
        return _in_block(text(pod.item.raw, "status", "podIP"), mapping(entry, "ipBlock"))
    if "namespaceSelector" in entry:
        labels = {"kubernetes.io/metadata.name": pod.item.namespace}
        namespace = cluster.get("Namespace", "", pod.item.namespace)
        labels |= namespace.labels if namespace else {}
        if not selects(entry.get("namespaceSelector") or {}, labels):
            # Without the namespaces' labels nobody can say that the selector fails.
            return (
                not cluster.dumped("Namespace")
                and set(shown_selector(entry.get("namespaceSelector"))) - set(labels) != set()
            )
    elif policy.namespace != pod.item.namespace:
        return False
    return "podSelector" not in entry or selects(entry.get("podSelector") or {}, pod.item.labels)


def _in_block(address: str, block: Mapping[str, Any]) -> bool:
    try:
        host = ipaddress.ip_address(address)
        excepted = any(host in ipaddress.ip_network(cidr, strict=False) for cidr in texts(block, "except"))
        return host in ipaddress.ip_network(text(block, "cidr"), strict=False) and not excepted
    except ValueError:
        return True  # an address that isn't known can't be said to be outside


def _port_allowed(rule: Mapping[str, Any], number: int, name: str, protocol: str) -> bool:
    ports = maps(rule, "ports")
    for port in ports:
        wanted = at(port, "port")
        first, last = integer(wanted), integer(port, "endPort")
        if (text(port, "protocol") or "TCP") != protocol:
            continue
        if wanted is None or first == number or (name and wanted == name):
            return True
        if first is not None and last is not None and first <= number <= last:
            return True
    return not ports


def _blocked(flow: _Flow, direction: str, policies: list[KubeObject]) -> Finding:
    # What the policy protects (ingress) or binds (egress) is where the fault is felt and mended.
    subject = flow.server if direction == "ingress" else flow.client
    details = {
        "policies": [policy.id for policy in policies],
        "direction": direction,
        "from": flow.client.resource,
        "to": flow.server.resource,
        "port": flow.port,
    }
    variant = f"{direction}:{flow.client.resource}:{flow.server.resource}:{flow.port}"
    return Finding(
        "NetworkPolicyBlocked", policies[0].id, "NetworkPolicy", subject.resource, variant=variant, details=details
    )
