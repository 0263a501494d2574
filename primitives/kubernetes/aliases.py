"""Other names of Kubernetes objects: in telemetry, in DNS, and the IP addresses that they had for a time.

How a workload's telemetry names its service: OpenTelemetry's conventions for Kubernetes
(https://opentelemetry.io/docs/specs/semconv/non-normative/k8s-attributes/) take the annotation
`resource.opentelemetry.io/service.name`, then the label `app.kubernetes.io/name`, then the workload's own name;
`OTEL_SERVICE_NAME`, `DD_SERVICE` and the label `tags.datadoghq.com/service` name it outright. What DNS answers:
https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Any, Final

from primitives.dataclass import dataclass
from primitives.identity import qualified
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.fields import instant, mapping, maps, strings, text, texts
from primitives.kubernetes.kinds import KubeObject, kind_of_dump, read_object, template_of
from primitives.kubernetes.owners import Owners
from primitives.kubernetes.services import pods_behind
from primitives.records import KubernetesDump
from primitives.resolver import Alias, is_address

__all__ = ["KINDS", "object_aliases", "object_ids"]

KINDS: Final = (
    "pods", "services", "nodes", "deployments", "statefulsets", "daemonsets", "replicasets", "jobs", "cronjobs",
    "ingresses",
)  # fmt: skip
"""The kinds of objects that aliases are read from."""

_ANNOTATION: Final = "resource.opentelemetry.io/service.name"
_SERVICE_LABELS: Final = ("tags.datadoghq.com/service",)
_SERVICE_VARIABLES: Final = ("OTEL_SERVICE_NAME", "DD_SERVICE")
_APPLICATION_LABELS: Final = ("app.kubernetes.io/name", "app", "k8s-app")
_CLUSTER_DOMAIN: Final = "cluster.local"
_NO_ADDRESS: Final = ("", "None")


def object_ids(dumps: Iterable[KubernetesDump]) -> Iterator[str]:
    """The identifiers of all dumped objects but events."""
    for dump in dumps:
        if dump.kind != "events":
            yield from (item.id for raw in dump.items if (item := read_object(raw, dump.kind)) is not None)


def object_aliases(cluster: Cluster, dumps: Sequence[KubernetesDump]) -> Iterator[Alias]:
    """The aliases in the objects; `dumps` are all dumps of `cluster`, to date the pods' addresses."""
    for item in cluster.workloads:
        owner = cluster.owners.resource(item)
        if owner == item.id:
            yield from _workload(item)
        else:
            yield Alias(item.name, owner, "owner", item.id)
            yield Alias(qualified(item.namespace, item.name), owner, "owner", item.id)
    for service in cluster.all("Service"):
        yield from _service(service, {pod.resource for pod in pods_behind(cluster, service)})
    for node in cluster.all("Node"):
        yield from _node(node)
    for ingress in cluster.all("Ingress"):
        yield from (Alias(host, ingress.id, "dns") for rule in maps(ingress.raw, "spec", "rules")
                    if (host := text(rule, "host")))  # fmt: skip
    yield from _pods(cluster.owners, dumps)


def _workload(item: KubeObject) -> Iterator[Alias]:
    template = template_of(item)
    yield Alias(item.name, item.id, "name")
    yield Alias(qualified(item.namespace, item.name), item.id, "name")
    for name in _service_names(item, template):
        yield Alias(name, item.id, "service")
        yield Alias(qualified(item.namespace, name), item.id, "service")
    labels: dict[str, str] = {**strings(template, "metadata", "labels"), **item.labels}
    for name in (labels[key] for key in _APPLICATION_LABELS if labels.get(key)):
        yield Alias(name, item.id, "label")
        yield Alias(qualified(item.namespace, name), item.id, "label")


def _service_names(item: KubeObject, template: Mapping[str, Any]) -> Iterator[str]:
    """The names that the workload was given for its telemetry."""
    for metadata in (mapping(template, "metadata"), mapping(item.raw, "metadata")):
        if name := text(metadata, "annotations", _ANNOTATION):
            yield name
        yield from (name for key in _SERVICE_LABELS if (name := text(metadata, "labels", key)))
    for container in maps(template, "spec", "containers"):
        for variable in maps(container, "env"):
            if text(variable, "name") in _SERVICE_VARIABLES and (name := text(variable, "value")):
                yield name


def _service(item: KubeObject, behind: Collection[str]) -> Iterator[Alias]:
    meant = next(iter(behind)) if len(behind) == 1 else item.id
    yield Alias(item.name, meant, "selector")
    yield Alias(qualified(item.namespace, item.name), meant, "selector")
    name = f"{item.name}.{item.namespace}"
    for host in (name, f"{name}.svc", f"{name}.svc.{_CLUSTER_DOMAIN}"):
        yield Alias(host, item.id, "dns")
    addresses = [text(item.raw, "spec", "clusterIP"), *texts(item.raw, "spec", "clusterIPs")]
    addresses += [text(entry, "ip") for entry in maps(item.raw, "status", "loadBalancer", "ingress")]
    for address in dict.fromkeys(addresses):
        if address not in _NO_ADDRESS:
            yield Alias(address, item.id, "address")


def _node(item: KubeObject) -> Iterator[Alias]:
    yield Alias(item.name, item.id, "name")
    for entry in maps(item.raw, "status", "addresses"):
        if address := text(entry, "address"):
            yield Alias(address, item.id, "address" if is_address(address) else "dns")


def _pods(owners: Owners, dumps: Sequence[KubernetesDump]) -> Iterator[Alias]:
    """Pods by their names, and by the addresses that they had while they ran."""
    ordered = sorted((dump for dump in dumps if kind_of_dump(dump.kind) == "Pod"), key=lambda dump: dump.time)
    named: dict[str, Alias] = {}
    leases: dict[tuple[str, str], _Lease] = {}
    for dump, following in zip_longest(ordered, ordered[1:]):
        for item in (item for raw in dump.items if (item := read_object(raw, dump.kind)) is not None):
            owner = owners.resource(item)
            named[item.id] = Alias(item.name, owner, "name" if owner == item.id else "owner", item.id)
            for address in _addresses(item):
                start = instant(item.raw, "status", "startTime") or dump.time
                lease = leases.setdefault((item.id, address), _Lease(address, owner, item.id, start))
                lease.end = _ended(item, dump.time) or (following.time if following else None)
    yield from named.values()
    yield from _addressed(leases.values())


@dataclass(slots=True)
class _Lease:
    """How long a pod had an address; `end` is None while it has it."""

    address: str
    owner: str
    pod: str
    start: datetime
    end: datetime | None = None


def _addressed(leases: Iterable[_Lease]) -> Iterator[Alias]:
    """The leases as aliases; one ends at the latest when another pod gets its address."""
    by_address: dict[str, list[_Lease]] = defaultdict(list)
    for lease in leases:
        by_address[lease.address].append(lease)
    for shared in by_address.values():
        shared.sort(key=lambda lease: lease.start)
        for lease, later in zip_longest(shared, shared[1:]):
            ends = [end for end in (lease.end, later.start if later else None) if end is not None]
            yield Alias(lease.address, lease.owner, "address", lease.pod, lease.start, min(ends, default=None))


def _addresses(pod: KubeObject) -> list[str]:
    """Its own addresses; one in the host's network has the node's."""
    if mapping(pod.raw, "spec").get("hostNetwork") is True:
        return []
    own = [text(pod.raw, "status", "podIP"), *(text(entry, "ip") for entry in maps(pod.raw, "status", "podIPs"))]
    return [address for address in dict.fromkeys(own) if address]


def _ended(pod: KubeObject, seen: datetime) -> datetime | None:
    """When a pod that has run to its end gave its address back; None while it runs."""
    if text(pod.raw, "status", "phase") not in ("Succeeded", "Failed"):
        return None
    ends = [
        moment
        for status in maps(pod.raw, "status", "containerStatuses")
        if (moment := instant(status, "state", "terminated", "finishedAt"))
    ]
    return max(ends, default=seen)
