"""What wrote a span: one identifier, by the attributes of OpenTelemetry's resource.

A workload of Kubernetes where the attributes name one with its namespace, else the service's own name. So traces, logs
and metrics of one service meet (docs/loki.md, docs/traces.md).
https://opentelemetry.io/docs/specs/semconv/resource/k8s/, https://opentelemetry.io/docs/specs/semconv/resource/#service
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from primitives.identity import kubernetes_id

__all__ = ["UNNAMED", "writer_of"]

_WORKLOADS: Final[Mapping[str, str]] = {
    "k8s.deployment.name": "Deployment", "k8s.statefulset.name": "StatefulSet", "k8s.daemonset.name": "DaemonSet",
    "k8s.cronjob.name": "CronJob",
}  # fmt: skip
UNNAMED: Final = "unnamed service"


def writer_of(attributes: Mapping[str, Any], service: str) -> str:
    """The identifier of what has these attributes and calls itself `service`."""
    namespace = attributes.get("k8s.namespace.name")
    if isinstance(namespace, str) and namespace:
        for key, kind in _WORKLOADS.items():
            if isinstance(name := attributes.get(key), str) and name:
                return kubernetes_id(kind, namespace, name)
    return service or UNNAMED
