"""Services: whether the selector fits, a pod is ready, and something listens on the target port."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from primitives.identity import base_name, kind_of
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.fields import at, instant, integer, mapping, maps, strings, text
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.kinds import KubeObject, template_of
from primitives.kubernetes.listening import listening_ports
from primitives.kubernetes.pods_view import Pod
from primitives.kubernetes.replicas import ready_replicas
from primitives.kubernetes.selectors import service_selects

__all__ = ["find_services", "pods_behind"]

_LOAD_BALANCER_PATIENCE: Final = timedelta(minutes=5)
# kubeadm, EKS, GKE, AKS and k3s all label the DNS pods so.
_DNS_LABELS: Final = {"k8s-app": "kube-dns"}
_DNS_NAMES: Final = ("coredns", "kube-dns", "rke2-coredns-rke2-coredns")
_PEERS: Final = 20
# Keys whose value is by convention the application's name (Kubernetes: Recommended Labels; kubectl create writes app).
_NAME_LABELS: Final = ("app", "app.kubernetes.io/name", "app.kubernetes.io/instance", "k8s-app", "name", "run")
_SPELLED: Final = 0.9


def find_services(cluster: Cluster) -> Iterator[Finding]:
    """What is wrong with Services."""
    for service in cluster.all("Service"):
        selector = strings(service.raw, "spec", "selector")
        kind = text(service.raw, "spec", "type")
        if kind == "ExternalName":
            yield from _external(cluster, service)
            continue
        if kind == "LoadBalancer":
            yield from _load_balancer(cluster, service)
        if selector and cluster.dumped("Pod"):
            yield from _routed(cluster, service, selector)
        elif cluster.dumped("Endpoints") or cluster.dumped("EndpointSlice"):
            yield from _endpoints(cluster, service, bool(selector))
    yield from _dns(cluster)


def pods_behind(cluster: Cluster, service: KubeObject) -> list[Pod]:
    """The pods that a Service's selector fits and that are meant to serve."""
    selector = strings(service.raw, "spec", "selector")
    if not selector:
        return []
    return [pod for pod in cluster.selected(service.namespace, {"matchLabels": selector}) if pod.live]


def _finding(service: KubeObject, state: str, message: str = "", variant: str = "", **details: Any) -> Finding:
    return Finding(state, service.id, service.kind, service.id, message=message, variant=variant, details=details)


def _routed(cluster: Cluster, service: KubeObject, selector: Mapping[str, str]) -> Iterator[Finding]:
    pods = pods_behind(cluster, service)
    if not pods:
        if _labels_known(cluster, service):
            yield _without_pods(cluster, service, selector)
        return
    stated = [pod for pod in pods if pod.ready is not None]
    if stated and not any(pod.ready for pod in stated) and service.spec.get("publishNotReadyAddresses") is not True:
        workloads = sorted({pod.resource for pod in pods})
        yield _finding(service, "NoReadyEndpoints", selector=dict(selector), workloads=workloads, pods=len(pods))
    yield from _ports(cluster, service, pods)


def _labels_known(cluster: Cluster, service: KubeObject) -> bool:
    """Whether a selector can be compared. A table of pods has no labels: then an empty list of endpoints decides."""
    if cluster.pods_have_labels or not cluster.pods_in.get(service.namespace):
        return True
    return _addresses(cluster, service) == (0, 0)


def _without_pods(cluster: Cluster, service: KubeObject, selector: Mapping[str, str]) -> Finding:
    """No pod is selected: because the workload has none now, or because the labels don't fit."""
    details: dict[str, Any] = {"selector": dict(selector)}
    cluster.spend(len(cluster.workloads))
    for workload in cluster.workloads:
        # A Deployment keeps the ReplicaSets of its former revisions, with the labels that its pods had then.
        former = workload.kind == "ReplicaSet" and maps(workload.raw, "metadata", "ownerReferences")
        if not former and service_selects(service, workload):
            replicas = integer(workload.raw, "spec", "replicas")
            return _finding(service, "NoEndpoints", **details, workload=workload.id, replicas=replicas)
    near = _nearest(cluster, service, selector)
    if near is None:
        return _finding(service, "NoEndpoints", **details, workload=None)
    workload_id, labels = near
    wrong = {
        key: {"selector": value, "label": labels.get(key)}
        for key, value in selector.items()
        if labels.get(key) != value
    }
    return _finding(
        service, "SelectorMismatch", **details, workload=workload_id, closest_labels=labels, differs=wrong,
    )  # fmt: skip


def _nearest(cluster: Cluster, service: KubeObject, selector: Mapping[str, str]) -> tuple[str, dict[str, str]] | None:
    """The workload of the namespace whose pods' labels come nearest to the selector, if any comes near.

    Near is: it shares a pair with the selector, its values for the same keys look alike, the Service's own labels
    fit it, or the selector spells its name.
    """
    best: tuple[float, str, dict[str, str]] | None = None
    candidates = {
        source.resource: dict(source.labels) for source in cluster.sources if source.namespace == service.namespace
    }
    cluster.spend(len(cluster.sources))
    served = _served(cluster, service.namespace)
    for resource in sorted(candidates):
        labels = candidates[resource]
        score = max(_likeness(selector, labels, service.labels), _SPELLED if _spells(selector, resource) else 0.0)
        score -= 0.5 if resource in served else 0.0
        if score > 0.5 and (best is None or score > best[0]):
            best = (score, resource, {k: v for k, v in labels.items() if k != "pod-template-hash"})
    return (best[1], best[2]) if best else None


def _spells(selector: Mapping[str, str], resource: str) -> bool:
    """Whether a value of the selector is the workload's name, or the stem of the name of a pod without a controller."""
    name = base_name(resource)
    values = {selector[key] for key in _NAME_LABELS if key in selector}
    return name in values or (kind_of(resource) == "pod" and any(name.startswith(f"{value}-") for value in values))


def _served(cluster: Cluster, namespace: str) -> set[str]:
    """Workloads that some Service of the namespace reaches: less likely to be the intended one."""
    if namespace not in cluster.served:
        cluster.served[namespace] = {
            pod.resource
            for service in cluster.all("Service")
            if service.namespace == namespace
            for pod in pods_behind(cluster, service)[:_PEERS]
        }
    return cluster.served[namespace]


def _likeness(selector: Mapping[str, str], labels: Mapping[str, str], own: Mapping[str, str]) -> float:
    score = 0.0
    for key, value in selector.items():
        have = labels.get(key)
        if have == value:
            score += 1.0
        elif have is not None and have and (have.startswith(value) or value.startswith(have) or _alike(have, value)):
            score += 0.9
        elif value in labels.values():
            score += 0.8
    return score + sum(1.0 for key, value in own.items() if labels.get(key) == value)


def _alike(first: str, second: str) -> bool:
    shared = sum((Counter(first) & Counter(second)).values())
    return 2 * shared >= 1.6 * max(len(first), len(second))


def _ports(cluster: Cluster, service: KubeObject, pods: Sequence[Pod]) -> Iterator[Finding]:
    declared = _declared(pods) or {(number, "", "TCP") for number in listening_ports(cluster, pods)}
    if not declared:
        return
    numbers = sorted({number for number, _, _ in declared})
    workloads = sorted({pod.resource for pod in pods})
    for port in maps(service.raw, "spec", "ports"):
        number = integer(port, "port")
        target = at(port, "targetPort")
        wanted = integer(target) if target is not None else number
        protocol = text(port, "protocol") or "TCP"
        details = {
            "port": number, "target_port": target if target is not None else number, "protocol": protocol,
            "container_ports": numbers, "workloads": workloads,
        }  # fmt: skip
        variant = f"{number}/{protocol}"
        if wanted is None and isinstance(target, str):
            names = sorted({name for _, name, _ in declared if name})
            protocols = {p for _, name, p in declared if name == target}
            if not protocols:
                yield _finding(service, "TargetPortNameMissing", "", variant, **details, port_names=names)
        else:
            protocols = {p for declared_number, _, p in declared if declared_number == wanted}
            if wanted and not protocols and wanted not in _probed(pods):
                yield _finding(service, "TargetPortMismatch", "", variant, **details)
        if protocols and protocol not in protocols:
            yield _finding(
                service, "ServiceProtocolMismatch", "", variant, **details, container_protocols=sorted(protocols)
            )


def _declared(pods: Sequence[Pod]) -> set[tuple[int, str, str]]:
    """Number, name and protocol of the declared container ports. Pods of one workload are alike: a few will do."""
    return {
        (number, text(port, "name"), text(port, "protocol") or "TCP")
        for pod in pods[:_PEERS]
        for container in pod.containers
        for port in maps(container.spec, "ports")
        if (number := integer(port, "containerPort")) is not None
    }


def _probed(pods: Sequence[Pod]) -> set[int | None]:
    """Ports that readiness probes reach: a process listens there, whether the port is declared or not."""
    return {
        integer(at(container.spec, "readinessProbe", handler, "port"))
        for pod in pods[:_PEERS]
        if pod.ready
        for container in pod.containers
        for handler in ("httpGet", "tcpSocket", "grpc")
    }


def _endpoints(cluster: Cluster, service: KubeObject, selecting: bool) -> Iterator[Finding]:
    """Without a dump of pods, the endpoints show whether any pod is ready."""
    listed = _addresses(cluster, service)
    ready, waiting = listed or (0, 0)
    if not ready and (selecting or listed is not None):
        state = "NoReadyEndpoints" if waiting else "NoEndpoints"
        yield _finding(service, state, selector=strings(service.raw, "spec", "selector"), not_ready=waiting)


def _addresses(cluster: Cluster, service: KubeObject) -> tuple[int, int] | None:
    """How many ready addresses are listed for the Service, and how many that aren't ready; None without a list."""
    endpoints = cluster.get("Endpoints", service.namespace, service.name)
    slices = cluster.slices_of.get((service.namespace, service.name), ())
    if endpoints is None and not slices:
        return None
    subsets = maps(endpoints.raw, "subsets") if endpoints else []
    ready = sum(len(maps(subset, "addresses")) for subset in subsets)
    waiting = sum(len(maps(subset, "notReadyAddresses")) for subset in subsets)
    for item in slices:
        for endpoint in maps(item.raw, "endpoints"):
            if mapping(endpoint, "conditions").get("ready") is False:
                waiting += 1
            else:
                ready += 1
    return ready, waiting


def _external(cluster: Cluster, service: KubeObject) -> Iterator[Finding]:
    host = text(service.raw, "spec", "externalName").rstrip(".")
    labels = host.split(".")
    if len(labels) > 2 and labels[2] == "svc" and cluster.lacks("Service", labels[1], labels[0]):
        yield _finding(service, "ExternalNameUnknown", external_name=host)


def _load_balancer(cluster: Cluster, service: KubeObject) -> Iterator[Finding]:
    created = instant(service.raw, "metadata", "creationTimestamp")
    if maps(service.raw, "status", "loadBalancer", "ingress") or created is None:
        return
    if cluster.now - created > _LOAD_BALANCER_PATIENCE and isinstance(
        at(service.raw, "status", "loadBalancer"), Mapping
    ):
        yield _finding(
            service, "LoadBalancerPending", load_balancer_class=text(service.raw, "spec", "loadBalancerClass")
        )


def _dns(cluster: Cluster) -> Iterator[Finding]:
    """The cluster's DNS: a Service or a workload that carries its label or name, without a ready pod behind it."""
    service = next(
        (s for s in cluster.all("Service") if s.namespace == "kube-system" and _DNS_LABELS.items() <= s.labels.items()),
        None,
    )
    pods = [pod for pod in cluster.selected("kube-system", {"matchLabels": _DNS_LABELS}) if pod.live]
    workload = next((item for item in cluster.workloads if _is_dns(item)), None)
    known = cluster.dumped("Pod") and (bool(pods) or workload is not None or service is not None)
    counted = workload is not None and ready_replicas(workload) not in (None, 0)
    if not known or counted or any(pod.ready is not False for pod in pods):
        return
    resource = workload.id if workload else pods[0].resource if pods else service.id if service else ""
    yield Finding(
        "ClusterDnsUnavailable", resource, kind_of(resource), resource,
        details={"pods": len(pods), "replicas": integer(workload.raw, "spec", "replicas") if workload else None},
    )  # fmt: skip


def _is_dns(item: KubeObject) -> bool:
    labels = {**item.labels, **strings(template_of(item), "metadata", "labels")}
    named = item.name in _DNS_NAMES or _DNS_LABELS.items() <= labels.items()
    return named and item.namespace == "kube-system" and item.kind in ("Deployment", "DaemonSet")
