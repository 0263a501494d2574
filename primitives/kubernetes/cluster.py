"""A cluster as it was dumped: indexed once, then asked by every family of analysis."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from primitives.dataclass import dataclass
from primitives.identity import kubernetes_id
from primitives.kubernetes.event_records import Event, read_events
from primitives.kubernetes.fields import integer, mapping, maps, quantity, strings, text
from primitives.kubernetes.kinds import WORKLOADS, KubeObject, kind_of_dump, read_object, template_of
from primitives.kubernetes.owners import Owners
from primitives.kubernetes.pods_view import Container, Pod, read_pod
from primitives.kubernetes.selectors import expression_holds
from primitives.patterns import lazy_pattern
from primitives.records import ContainerLog, KubernetesDump, Topology, Window

__all__ = ["MOST_COMPARISONS", "Check", "Cluster", "PodSource", "TooManyComparisons"]

MOST_COMPARISONS: Final = 3_000_000
"""Of selectors with objects, for one cluster: some seconds. 5,000 Services with 50 pods each take a tenth of it."""

_MADE: Final = lazy_pattern(r"(?:Created|Deleted) pod: ([a-z0-9][-a-z0-9.]*)")

# Taints that say a node's state come and go with it (Kubernetes: Taints and Tolerations).
_OF_STATE: Final = "node.kubernetes.io/"
_LATE: Final = lazy_pattern(r"deadline exceeded|timed? ?out|timeout", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class PodSource:
    """One pod specification in use: that of a controller's pods, or of a workload's template when it has no pods."""

    resource: str
    object: str
    kind: str
    namespace: str
    labels: Mapping[str, str]
    spec: Mapping[str, Any]
    pods: tuple[Pod, ...]
    idle: bool = False

    @property
    def troubled(self) -> bool:
        """Whether some of its pods aren't ready, or it has none although it wants some."""
        return not self.idle if not self.pods else any(not pod.healthy for pod in self.pods)


@dataclass(frozen=True, slots=True)
class Check:
    """The newest result of an active check: who or what was asked (`target`: `api:8080`), and whether it was well."""

    resource: str
    probe: str
    target: str
    healthy: bool


class TooManyComparisons(ValueError):
    """So many objects fit one another that they aren't compared."""


class Cluster:
    """The newest dump of each kind, and the earlier ones.

    `window` is the incident's; its end is now. A kind that wasn't dumped is unknown, not empty: ask `dumped` before
    concluding that something doesn't exist.
    """

    def __init__(
        self,
        dumps: Iterable[KubernetesDump],
        window: Window,
        topologies: Sequence[Topology] = (),
        logs: Sequence[ContainerLog] = (),
        checks: Sequence[Check] = (),
    ) -> None:
        self.window = window
        self.checks = tuple(checks)
        self.topologies = tuple(topologies)
        self.logs = tuple(logs)
        by_time: dict[str, dict[datetime, list[KubernetesDump]]] = defaultdict(lambda: defaultdict(list))
        for dump in dumps:
            by_time[kind_of_dump(dump.kind) or dump.kind][dump.time].append(dump)
        self.times = {kind: max(times) for kind, times in by_time.items()}
        self._objects = _index(dump for kind, times in by_time.items() for dump in times[self.times[kind]])
        self.earlier = {
            kind: [_index(times[time]).get(kind, {}) for time in sorted(times, reverse=True)[1:]]
            for kind, times in by_time.items()
        }
        self._allocatable: dict[str, list[float]] = {}
        self._comparisons = 0
        # Filled by `scheduling`: thousands of pods wait for the same few reasons.
        self.scheduling_reasons: dict[tuple[str, str], list[tuple[str, int, dict[str, Any]]]] = {}
        # Filled by `services`: the workloads that a Service of the namespace reaches.
        self.served: dict[str, set[str]] = {}
        self.owners = Owners(self._objects, self.topologies)

    @property
    def now(self) -> datetime:
        """The moment that is looked at."""
        return self.window.end

    def dumped(self, kind: str) -> bool:
        """Whether objects of `kind` were dumped at all."""
        return kind in self.times or bool(self._objects.get(kind))

    @property
    def kinds(self) -> Iterable[str]:
        """The kinds of which there are objects."""
        return self._objects.keys()

    def all(self, kind: str) -> Iterable[KubeObject]:
        """The objects of `kind`, in the dump's order."""
        return self._objects.get(kind, {}).values()

    def get(self, kind: str, namespace: str, name: str) -> KubeObject | None:
        """The object of that name, or None."""
        return self._objects.get(kind, {}).get((namespace, name))

    def lacks(self, kind: str, namespace: str, name: str) -> bool:
        """Whether it is certain that there is no such object: its kind was dumped and it isn't there."""
        return self.dumped(kind) and (namespace, name) not in self._objects.get(kind, {})

    @cached_property
    def pods(self) -> list[Pod]:
        """Every pod."""
        return [read_pod(item, self.owners.resource(item), self.owners.controller(item)) for item in self.all("Pod")]

    @cached_property
    def pod_by_id(self) -> dict[str, Pod]:
        """The pods by identifier."""
        return {pod.item.id: pod for pod in self.pods}

    @cached_property
    def pods_of(self) -> dict[str, list[Pod]]:
        """The pods of each workload."""
        pods_of: dict[str, list[Pod]] = defaultdict(list)
        for pod in self.pods:
            pods_of[pod.resource].append(pod)
        return dict(pods_of)

    @cached_property
    def slices_of(self) -> dict[tuple[str, str], list[KubeObject]]:
        """The EndpointSlices of each Service, by its namespace and name."""
        slices_of: dict[tuple[str, str], list[KubeObject]] = defaultdict(list)
        for item in self.all("EndpointSlice"):
            slices_of[item.namespace, item.labels.get("kubernetes.io/service-name", "")].append(item)
        return dict(slices_of)

    @cached_property
    def pods_have_labels(self) -> bool:
        """Whether any pod has labels: a table of pods has none."""
        return any(pod.item.labels for pod in self.pods)

    @cached_property
    def _pods_by_label(self) -> dict[tuple[str, str, str], list[Pod]]:
        by_label: dict[tuple[str, str, str], list[Pod]] = defaultdict(list)
        for pod in self.pods:
            for key, value in pod.item.labels.items():
                by_label[pod.item.namespace, key, value].append(pod)
        return by_label

    @cached_property
    def pods_in(self) -> dict[str, list[Pod]]:
        """The pods of each namespace."""
        pods_in: dict[str, list[Pod]] = defaultdict(list)
        for pod in self.pods:
            pods_in[pod.item.namespace].append(pod)
        return dict(pods_in)

    def spend(self, comparisons: int) -> None:
        """Count comparisons of objects with objects. Raises `TooManyComparisons`.

        Thousands of selectors that each fit tens of thousands of pods say nothing, and would take hours.
        """
        self._comparisons += 1 + comparisons
        if self._comparisons > MOST_COMPARISONS:
            raise TooManyComparisons(f"it takes over {MOST_COMPARISONS:,} comparisons of selectors with objects")

    def selected(self, namespace: str, selector: Any) -> list[Pod]:
        """The pods of `namespace` that a LabelSelector selects."""
        if not isinstance(selector, Mapping):
            return []
        wanted, expressions = strings(selector, "matchLabels"), maps(selector, "matchExpressions")
        candidates: Sequence[Pod] = self.pods_in.get(namespace, ())
        if wanted:
            lists = [self._pods_by_label.get((namespace, key, value), []) for key, value in wanted.items()]
            candidates = min(lists, key=len)
        self.spend(len(candidates))
        if len(wanted) > 1:
            candidates = [pod for pod in candidates if wanted.items() <= pod.item.labels.items()]
        if not expressions:
            return list(candidates)
        return [pod for pod in candidates if all(expression_holds(entry, pod.item.labels) for entry in expressions)]

    @cached_property
    def events(self) -> list[Event]:
        """Every event of any dump (the API server keeps them for an hour only), oldest first."""
        items = {item.id: item for older in reversed(self.earlier.get("Event", [])) for item in older.values()}
        items.update({item.id: item for item in self.all("Event")})
        return read_events(items.values())

    @cached_property
    def events_of(self) -> dict[str, list[Event]]:
        """The events about each object, oldest first."""
        events_of: dict[str, list[Event]] = defaultdict(list)
        for event in self.events:
            events_of[event.target].append(event)
        return dict(events_of)

    def allocatable(self, name: str) -> Sequence[float]:
        """How much of a resource each node has for pods, of the nodes that say so."""
        if name not in self._allocatable:
            sizes = [quantity(node.raw, "status", "allocatable", name) for node in self.all("Node")]
            self._allocatable[name] = [size for size in sizes if size is not None]
        return self._allocatable[name]

    def requested_on(self, node: str) -> Mapping[str, float]:
        """The CPU (cores) and memory (bytes) that the pods on a node request."""
        return self._requested.get(node, {})

    @cached_property
    def lasting_taints(self) -> dict[str, KubeObject]:
        """The nodes that have taints other than those of their state, by name and with these taints only."""
        nodes: dict[str, KubeObject] = {}
        for node in self.all("Node"):
            taints = [t for t in maps(node.raw, "spec", "taints") if not text(t, "key").startswith(_OF_STATE)]
            if taints:
                nodes[node.name] = replace(node, raw={"spec": {"taints": taints}})
        return nodes

    @cached_property
    def _requested(self) -> dict[str, dict[str, float]]:
        requested: dict[str, dict[str, float]] = defaultdict(lambda: {"cpu": 0.0, "memory": 0.0})
        for pod in self.pods:
            if pod.node and not pod.finished:
                for container in pod.containers:
                    for name in ("cpu", "memory"):
                        asked = quantity(container.spec, "resources", "requests", name) or 0.0
                        requested[pod.node][name] += 0.0 if container.init else asked
        return dict(requested)

    @cached_property
    def timed_out(self) -> frozenset[str]:
        """The workloads whose probes got no answer in time, by the kubelet's events within the window."""
        return frozenset(
            self.pod_by_id[event.target].resource
            for event in self.events
            if event.reason == "Unhealthy"
            and event.target in self.pod_by_id
            and _LATE.search(event.message)
            and (event.last is None or event.last >= self.window.start)
        )

    @cached_property
    def made_by(self) -> dict[str, Event]:
        """The controller's event that created or deleted each pod; for pods that may be gone by now."""
        return {
            kubernetes_id("Pod", event.namespace, match.group(1)): event
            for event in self.events
            if event.kind != "Pod" and (match := _MADE.fullmatch(event.message))
        }

    @cached_property
    def workloads(self) -> list[KubeObject]:
        """Every object that has a pod template."""
        return [item for kind in WORKLOADS for item in self.all(kind)]

    @cached_property
    def replica_sets_of(self) -> dict[str, list[KubeObject]]:
        """The ReplicaSets of each workload."""
        replica_sets: dict[str, list[KubeObject]] = defaultdict(list)
        for item in self.all("ReplicaSet"):
            replica_sets[self.owners.resource(item)].append(item)
        return dict(replica_sets)

    @cached_property
    def sources(self) -> list[PodSource]:
        """Each pod specification in use, once: thousands of pods share a few."""
        groups: dict[str, list[Pod]] = defaultdict(list)
        for pod in self.pods:
            if pod.live:
                groups[pod.controller].append(pod)
        sources = [_pod_source(pods) for pods in groups.values()]
        with_pods = {source.resource for source in sources if mapping(source.spec)}
        sources += [
            PodSource(
                item.id, item.id, item.kind, item.namespace, strings(template_of(item), "metadata", "labels"),
                mapping(template_of(item), "spec"), (), _wants_no_pods(item),
            )
            for item in self.workloads
            if item.id not in with_pods and self.owners.resource(item) == item.id
        ]  # fmt: skip
        return sources

    @cached_property
    def _log_index(self) -> dict[tuple[str, str, str], list[ContainerLog]]:
        logs_of: dict[tuple[str, str, str], list[ContainerLog]] = defaultdict(list)
        for log in self.logs:
            logs_of[log.namespace, log.pod, log.container].append(log)
        return logs_of

    def logs_of(self, pod: Pod, container: Container) -> list[ContainerLog]:
        """The container's logs, that of its last terminated instance first."""
        logs = self._log_index.get((pod.item.namespace, pod.item.name, container.name), [])
        return sorted(logs, key=lambda log: not log.previous)


def _wants_no_pods(item: KubeObject) -> bool:
    """Whether no pod is to be made of the template: none is asked for, or the Job has completed."""
    if item.kind == "Job":
        return text(item.condition("Complete"), "status") == "True"
    return "replicas" in item.spec and integer(item.raw, "spec", "replicas") == 0


def _index(dumps: Iterable[KubernetesDump]) -> dict[str, dict[tuple[str, str], KubeObject]]:
    objects: dict[str, dict[tuple[str, str], KubeObject]] = defaultdict(dict)
    for dump in dumps:
        for raw in dump.items:
            item = read_object(raw, dump.kind)
            if item is not None:
                objects[item.kind][item.namespace, item.name] = item
    return dict(objects)


def _pod_source(pods: list[Pod]) -> PodSource:
    first = next((pod for pod in pods if pod.spec.get("containers")), pods[0])
    return PodSource(
        first.resource, first.item.id, "Pod", first.item.namespace, first.item.labels, first.spec, tuple(pods)
    )
