"""What a series is about: from labels to one identifier for each resource.

The scheme, so that a service's latency and its workload's CPU meet (docs/prometheus.md):

1. What Kubernetes runs is `namespace/kind/name` of the workload that owns it, as kube-state-metrics tells the owners.
   A ReplicaSet whose owner isn't told belongs to the known Deployment whose name and a template's hash make its own.
2. A service whose pods all belong to one workload is that workload; so is one in whose namespace there is exactly one
   workload of the very same name.
3. Any other service is what its label says, with its namespace before it where that name occurs in several.
4. A machine is `node/NAME` where Kubernetes knows it, else its host name.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import Final

from primitives.backends.prometheus.client import Row
from primitives.backends.prometheus.promql import RESOURCE
from primitives.dataclass import dataclass
from primitives.identity import deployment_of_replica_set, kubernetes_id, qualified

__all__ = ["Names"]

_NO_OWNER: Final = ("", "<none>", "Node")
_WORKLOADS: Final = {
    "kube_deployment_spec_replicas": "deployment",
    "kube_statefulset_replicas": "statefulset",
    "kube_daemonset_status_desired_number_scheduled": "daemonset",
}
_OWNERS: Final = {"kube_replicaset_owner": ("replicaset", "ReplicaSet"), "kube_job_owner": ("job_name", "Job")}

Owner = tuple[str, str]
"""A kind, as Kubernetes writes it, and a name."""


@dataclass(slots=True)
class Names:
    """Identifiers for the labels of one Prometheus. `clean` makes labels harmless before they become part of one."""

    clean: Callable[[str], str]
    pods: dict[tuple[str, str], Owner] = field(default_factory=dict)
    owners: dict[tuple[str, str, str], Owner] = field(default_factory=dict)
    workloads: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    services: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    hosts: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    nodes: set[str] = field(default_factory=set)

    def learn_kubernetes(self, rows: Mapping[str, Iterable[Row]]) -> None:
        """Take in what kube-state-metrics says: rows by metric name."""
        for row in rows.get("kube_pod_info", ()):
            key = (row.labels.get("namespace", ""), row.labels.get("pod", ""))
            self.pods[key] = (row.labels.get("created_by_kind", ""), row.labels.get("created_by_name", ""))
            if node := row.labels.get("node"):
                self.hosts[key].add(node)
                self.nodes.add(node)
        for metric, (label, kind) in _OWNERS.items():
            for row in rows.get(metric, ()):
                owner = (row.labels.get("owner_kind", ""), row.labels.get("owner_name", ""))
                if owner[0] not in _NO_OWNER:
                    self.owners[(row.labels.get("namespace", ""), kind, row.labels.get(label, ""))] = owner
        for metric, label in _WORKLOADS.items():
            for row in rows.get(metric, ()):
                self.workloads[(row.labels.get("namespace", ""), row.labels.get(label, ""))].add(label)
        self.nodes.update(row.labels.get("node", "") for row in rows.get("kube_node_info", ()))
        self.nodes.discard("")

    def learn_services(self, rows: Iterable[Row], namespace: str = "namespace") -> None:
        """Take in which services there are, and in which pods: rows with namespace, `RESOURCE` and pod."""
        for row in rows:
            if name := row.labels.get(RESOURCE, ""):
                pods = self.services[(row.labels.get(namespace, ""), name)]
                if pod := row.labels.get("pod"):
                    pods.add(pod)

    def service(self, namespace: str, name: str) -> str:
        """The identifier of what calls itself `name`."""
        owners = {self._owner_of_pod(namespace, pod) for pod in self.services.get((namespace, name), ())} - {None}
        if len(owners) == 1:
            kind, owner = next(iter(owners)) or ("", "")
            if kind != "ReplicaSet":
                return self._id(namespace, kind, owner)
        kinds = self.workloads.get((namespace, name), set())
        if len(kinds) == 1:
            return self._id(namespace, next(iter(kinds)), name)
        if namespace and sum(known == name for _, known in self.services) > 1:
            return self.clean(qualified(namespace, name))
        return self.clean(name)

    def workload(self, namespace: str, kind: str, name: str) -> str:
        """The identifier of the workload at the top of `kind` `name`'s chain of owners."""
        if kind in _NO_OWNER:
            return self._id(namespace, "pod", name)
        top_kind, top = self._top(namespace, kind, name)
        if top_kind == "ReplicaSet":
            made = {pod for (space, pod), owner in self.pods.items() if space == namespace and owner == (kind, name)}
            served = [service for (space, service), pods in self.services.items() if space == namespace and pods & made]
            # Without kube_replicaset_owner the service that all its pods carry is the only link to the Deployment.
            if len(served) == 1:
                return self.service(namespace, served[0])
        return self._id(namespace, top_kind, top)

    def pod(self, namespace: str, pod: str) -> str:
        """The identifier of the workload that owns `pod`, or of the pod where nobody does."""
        kind, name = self.pods.get((namespace, pod), ("", ""))
        return self.workload(namespace, kind, pod if kind in _NO_OWNER else name)

    def node(self, name: str) -> str:
        """The identifier of a machine."""
        return self.clean(kubernetes_id("Node", "", name) if name in self.nodes else name)

    def peer(self, address: str, near: str, namespace: str | None = None) -> tuple[str, bool]:
        """The identifier of what a client calls `address`, and whether it is a known resource.

        `near` is the caller's namespace: a name without a namespace means the one there.
        """
        host = _host(address)
        short, _, rest = host.partition(".")
        space = rest.partition(".")[0]
        tries = [(namespace if namespace is not None else near, host)]
        if not _is_address(host):
            tries += [(space, short)] if space else []
            elsewhere = [key for key in self.services if key[1] == host]
            tries += elsewhere if len(elsewhere) == 1 else []
        for key in tries:
            if key in self.services or key in self.workloads:
                return self.service(*key), True
        return self.clean(host), False

    def _owner_of_pod(self, namespace: str, pod: str) -> Owner | None:
        owner = self.pods.get((namespace, pod))
        if owner is None or owner[0] in _NO_OWNER:
            return None
        return self._top(namespace, *owner)

    def _top(self, namespace: str, kind: str, name: str) -> Owner:
        above = self.owners.get((namespace, kind, name))
        if above is not None:
            return above
        deployment = deployment_of_replica_set(name) if kind == "ReplicaSet" else None
        if deployment is not None and "deployment" in self.workloads.get((namespace, deployment), ()):
            return "Deployment", deployment
        return kind, name

    def _id(self, namespace: str, kind: str, name: str) -> str:
        return self.clean(kubernetes_id(kind, namespace, name))


def _host(address: str) -> str:
    """The host of `host:port`, `[v6]:port` or a bare host."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    host, colon, port = address.rpartition(":")
    return host if colon and port.isdigit() and ":" not in host else address


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
