"""Which workload an object belongs to: by ownerReferences, else by the topology, else by a controller's selector.

Never by how a name looks. A pod whose ReplicaSet isn't dumped, isn't in the topology and that no controller selects
is its own workload.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from primitives.identity import kind_of, kubernetes_id
from primitives.kubernetes.fields import mapping, maps, strings, text
from primitives.kubernetes.kinds import KubeObject, read_object
from primitives.kubernetes.selectors import selects
from primitives.records import KubernetesDump, Topology

__all__ = ["Owners", "workloads_of_pods"]

_FOLLOWED: Final = frozenset({"Pod", "ReplicaSet", "Job", "ReplicationController"})
_SELECTING: Final = ("Deployment", "StatefulSet", "DaemonSet")
_LONGEST_CHAIN: Final = 6


class Owners:
    """Finds owners. `objects` are the dumped ones, by kind, namespace and name."""

    def __init__(
        self, objects: Mapping[str, Mapping[tuple[str, str], KubeObject]], topologies: Iterable[Topology]
    ) -> None:
        self._objects = objects
        self._by_topology = {
            edge.target: edge.source for topology in topologies for edge in topology.edges if edge.kind == "owns"
        }
        self._selecting: dict[str, list[KubeObject]] = {}
        for kind in _SELECTING:
            for item in objects.get(kind, {}).values():
                self._selecting.setdefault(item.namespace, []).append(item)
        self._known: dict[str, str] = {}

    def resource(self, item: KubeObject) -> str:
        """The identifier of the workload that `item` belongs to; its own where it belongs to none."""
        if item.kind not in _FOLLOWED:
            return item.id
        # Thousands of pods share a few ReplicaSets: the way up from each is walked once.
        reference = _controller(item)
        parent = self._parent(item, reference)
        if parent is not None:
            workload = self._known.get(parent.id)
            if workload is None:
                workload = self._known[parent.id] = self._climb(parent)
            return workload
        return self._elsewhere(item, reference)

    def controller(self, item: KubeObject) -> str:
        """The identifier of the direct owner: the ReplicaSet of a Deployment's pod. Its own where it has none."""
        reference = _controller(item)
        name = text(reference, "name")
        return kubernetes_id(text(reference, "kind"), item.namespace, name) if name else item.id

    def _climb(self, item: KubeObject) -> str:
        for _ in range(_LONGEST_CHAIN):
            if item.kind not in _FOLLOWED:
                break
            reference = _controller(item)
            parent = self._parent(item, reference)
            if parent is None:
                return self._elsewhere(item, reference)
            item = parent
        return item.id

    def _parent(self, item: KubeObject, reference: Mapping[str, Any]) -> KubeObject | None:
        return self._objects.get(text(reference, "kind"), {}).get((item.namespace, text(reference, "name")))

    def _elsewhere(self, item: KubeObject, reference: Mapping[str, Any]) -> str:
        kind, name = text(reference, "kind"), text(reference, "name")
        named = kubernetes_id(kind, item.namespace, name) if kind and name and kind != "Node" else None
        for known in (item.id, named):
            if known in self._by_topology:
                return self._topmost(self._by_topology[known])
        if named is not None and kind != "ReplicaSet":
            return named
        return self._selector(item) or item.id

    def _topmost(self, resource: str) -> str:
        for _ in range(_LONGEST_CHAIN):
            if kind_of(resource) != "replicaset" or resource not in self._by_topology:
                break
            resource = self._by_topology[resource]
        return resource

    def _selector(self, item: KubeObject) -> str | None:
        if item.kind != "Pod" or not item.labels:
            return None
        owners = [
            owner.id
            for owner in self._selecting.get(item.namespace, ())
            if strings(owner.raw, "spec", "selector", "matchLabels")
            and selects(mapping(owner.raw, "spec", "selector"), item.labels)
        ]
        return owners[0] if len(owners) == 1 else None


def workloads_of_pods(
    dumps: Iterable[KubernetesDump], topologies: Iterable[Topology], pods: Iterable[tuple[str, str]]
) -> dict[str, str]:
    """The workload that each pod (namespace, name) belongs to, by the pods' identifiers; `dumps` oldest first.

    A pod that was never dumped is looked for in the topology; one without an owner is its own workload.
    """
    known: dict[str, dict[tuple[str, str], KubeObject]] = {}
    for dump in dumps:
        for item in (read_object(raw, dump.kind) for raw in dump.items):
            if item is not None:
                known.setdefault(item.kind, {})[item.namespace, item.name] = item
    owners = Owners(known, topologies)
    workloads: dict[str, str] = {}
    for namespace, name in pods:
        own = kubernetes_id("Pod", namespace, name)
        unseen = KubeObject("Pod", namespace, name, own, {}, {})
        workloads[own] = owners.resource(known.get("Pod", {}).get((namespace, name), unseen))
    return workloads


def _controller(item: KubeObject) -> Mapping[str, Any]:
    references = maps(item.raw, "metadata", "ownerReferences")
    return next((r for r in references if r.get("controller") is True), references[0] if references else {})
