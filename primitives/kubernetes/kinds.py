"""Kinds of objects: their names in dumps, their identifiers, their pod templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from primitives.dataclass import dataclass
from primitives.identity import CLUSTER_WIDE, kubernetes_id
from primitives.kubernetes.fields import mapping, maps, strings, text
from primitives.text import safe_line

__all__ = ["KINDS_BY_NAME", "WORKLOADS", "KubeObject", "kind_of_dump", "read_object", "template_of"]

_PLURALS: Final = {
    "pods": "Pod", "po": "Pod", "services": "Service", "svc": "Service", "endpoints": "Endpoints", "ep": "Endpoints",
    "endpointslices": "EndpointSlice", "deployments": "Deployment", "deploy": "Deployment",
    "replicasets": "ReplicaSet", "rs": "ReplicaSet", "statefulsets": "StatefulSet", "sts": "StatefulSet",
    "daemonsets": "DaemonSet", "ds": "DaemonSet", "replicationcontrollers": "ReplicationController",
    "jobs": "Job", "cronjobs": "CronJob", "events": "Event", "nodes": "Node", "namespaces": "Namespace",
    "configmaps": "ConfigMap", "cm": "ConfigMap", "secrets": "Secret", "serviceaccounts": "ServiceAccount",
    "sa": "ServiceAccount", "persistentvolumeclaims": "PersistentVolumeClaim", "pvc": "PersistentVolumeClaim",
    "persistentvolumes": "PersistentVolume", "pv": "PersistentVolume", "storageclasses": "StorageClass",
    "sc": "StorageClass", "resourcequotas": "ResourceQuota", "quota": "ResourceQuota", "limitranges": "LimitRange",
    "horizontalpodautoscalers": "HorizontalPodAutoscaler", "hpa": "HorizontalPodAutoscaler",
    "poddisruptionbudgets": "PodDisruptionBudget", "pdb": "PodDisruptionBudget", "ingresses": "Ingress",
    "ing": "Ingress", "ingressclasses": "IngressClass", "networkpolicies": "NetworkPolicy", "netpol": "NetworkPolicy",
    "gateways": "Gateway", "gtw": "Gateway", "gatewayclasses": "GatewayClass", "gc": "GatewayClass",
    "httproutes": "HTTPRoute", "grpcroutes": "GRPCRoute", "tlsroutes": "TLSRoute", "tcproutes": "TCPRoute",
    "udproutes": "UDPRoute", "leases": "Lease", "componentstatuses": "ComponentStatus", "cs": "ComponentStatus",
    "validatingwebhookconfigurations": "ValidatingWebhookConfiguration",
    "mutatingwebhookconfigurations": "MutatingWebhookConfiguration", "priorityclasses": "PriorityClass",
    "apiservices": "APIService", "customresourcedefinitions": "CustomResourceDefinition",
    "crds": "CustomResourceDefinition", "volumeattachments": "VolumeAttachment",
}  # fmt: skip
KINDS_BY_NAME: Final = {kind.lower(): kind for kind in _PLURALS.values()}
"""Each kind by its name in lower case."""

WORKLOADS: Final = ("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "ReplicaSet", "ReplicationController")


@dataclass(frozen=True, slots=True, eq=False)
class KubeObject:
    """An object of a dump. `namespace` is empty for cluster-wide kinds; `id` is the bundle's identifier for it."""

    kind: str
    namespace: str
    name: str
    id: str
    labels: Mapping[str, str]
    raw: Mapping[str, Any]

    @property
    def spec(self) -> Mapping[str, Any]:
        """Its spec."""
        return mapping(self.raw, "spec")

    @property
    def status(self) -> Mapping[str, Any]:
        """Its status."""
        return mapping(self.raw, "status")

    def condition(self, name: str) -> Mapping[str, Any]:
        """Its status condition of type `name`; empty where it has none."""
        return next((c for c in maps(self.raw, "status", "conditions") if c.get("type") == name), {})


def kind_of_dump(plural: str) -> str:
    """The kind that a dump named `plural` (`pods`, `deployments.apps`, `po`) holds; empty where that isn't known."""
    return _PLURALS.get(plural.partition(".")[0].lower(), "")


def read_object(raw: Mapping[str, Any], dump_kind: str) -> KubeObject | None:
    """The object that `raw` is; None where it has no name or no kind."""
    kind = safe_line(text(raw, "kind") or kind_of_dump(dump_kind), limit=63)
    name = safe_line(text(raw, "metadata", "name"), limit=253)
    if not kind or not name:
        return None
    namespace = "" if kind in CLUSTER_WIDE else safe_line(text(raw, "metadata", "namespace"), limit=63) or "default"
    return KubeObject(
        kind, namespace, name, kubernetes_id(kind, namespace, name), strings(raw, "metadata", "labels"), raw
    )


def template_of(item: KubeObject) -> Mapping[str, Any]:
    """The pod template of a workload; empty where it has none."""
    if item.kind == "CronJob":
        return mapping(item.raw, "spec", "jobTemplate", "spec", "template")
    return mapping(item.raw, "spec", "template")
