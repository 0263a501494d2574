"""Streams and resources: who wrote a stream, by its labels.

The names fit those that metrics have: a workload where labels name one with its namespace,
else the service's own name, qualified by its namespace where several have it. The order of the labels that may name a
service is the one in which Loki itself looks for it (`discover_service_name` in its limits_config).
https://grafana.com/docs/loki/latest/configure/#limits_config
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from primitives.dataclass import dataclass
from primitives.identity import base_name, kubernetes_id, qualified
from primitives.resolver import host_of

__all__ = ["IDENTITY_LABELS", "NAMESPACE_LABELS", "Stream", "StreamNames"]

NAMESPACE_LABELS: Final = ("namespace", "k8s_namespace_name", "kubernetes_namespace_name")
_WORKLOADS: Final[Mapping[str, str]] = {
    "k8s_deployment_name": "Deployment", "k8s_statefulset_name": "StatefulSet", "k8s_daemonset_name": "DaemonSet",
    "k8s_cronjob_name": "CronJob", "deployment": "Deployment", "statefulset": "StatefulSet", "daemonset": "DaemonSet",
}  # fmt: skip
_SERVICES: Final = (
    "service_name", "service", "app", "application", "app_name", "name", "app_kubernetes_io_name", "container",
    "container_name", "k8s_container_name", "component", "workload", "job", "k8s_job_name",
)  # fmt: skip
_PODS: Final = ("pod", "k8s_pod_name", "pod_name", "kubernetes_pod_name")
_HOSTS: Final = ("node_name", "host", "hostname", "nodename", "instance")
_LAST: Final = ("filename", "unit", "source")
_UNKNOWN: Final = "unknown_service"
"""What Loki and OpenTelemetry write where nothing names the service."""

_NOBODY: Final = "unnamed log stream"

IDENTITY_LABELS: Final = (*_WORKLOADS, *_SERVICES, *_PODS, *_HOSTS, *_LAST, *NAMESPACE_LABELS)
"""The labels that may say who wrote a stream, best first."""

Stream = Mapping[str, str]
"""The labels of a stream."""


@dataclass(frozen=True, slots=True)
class _Writer:
    """Who wrote a stream: the label that says so, the namespace, and the identifier without any namespace in front."""

    label: str
    namespace: str
    name: str
    is_service: bool = False


class StreamNames:
    """The identifiers of streams. `streams` are those of the window; they tell which names occur in two namespaces."""

    def __init__(self, streams: Iterable[Stream] = ()) -> None:
        self._namespaces: dict[str, set[str]] = {}
        for stream in streams:
            writer = _writer(stream)
            if writer.is_service and writer.namespace:
                self._namespaces.setdefault(writer.name, set()).add(writer.namespace)

    def resource(self, labels: Stream) -> str:
        """The identifier of what wrote a stream with these labels."""
        writer = _writer(labels)
        if writer.is_service and writer.namespace and len(self._namespaces.get(writer.name, ())) > 1:
            return qualified(writer.namespace, writer.name)
        return writer.name

    def service(self, labels: Stream) -> str:
        """The service's name where the identifier is that of a workload; empty elsewhere."""
        writer = _writer(labels)
        if writer.label not in _WORKLOADS:
            return ""
        name = labels.get("service_name", "")
        return "" if name.startswith(_UNKNOWN) else name

    def naming_labels(self, streams: Iterable[Stream], resources: Collection[str]) -> dict[str, list[Stream]]:
        """The streams of `resources`, by the label that names what wrote them."""
        chosen: dict[str, list[Stream]] = {}
        for stream in streams:
            if self.resource(stream) in resources:
                chosen.setdefault(_writer(stream).label, []).append(stream)
        return chosen


def namespace_label(labels: Stream) -> str:
    """The label that holds the namespace; empty where none does."""
    return next((label for label in NAMESPACE_LABELS if labels.get(label)), "")


def _writer(labels: Stream) -> _Writer:
    namespace = labels.get(namespace_label(labels), "")
    for label, kind in _WORKLOADS.items():
        if namespace and (name := labels.get(label)):
            return _Writer(label, namespace, kubernetes_id(kind, namespace, name))
    for label in _SERVICES:
        name = labels.get(label, "")
        if name and not name.startswith(_UNKNOWN):
            # Promtail and Alloy write NAMESPACE/NAME into a job.
            return _Writer(label, namespace, base_name(name) if label == "job" else name, is_service=True)
    for label in _PODS:
        if name := labels.get(label):
            return _Writer(label, namespace, kubernetes_id("Pod", namespace, name) if namespace else name)
    for label in (*_HOSTS, *_LAST, *NAMESPACE_LABELS):
        if name := labels.get(label):
            return _Writer(label, namespace, host_of(name) if label == "instance" else name)
    return _Writer(next(iter(labels), ""), namespace, _NOBODY)
