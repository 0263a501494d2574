"""The least permissions on a cluster, as ClusterRoles: one to read for investigations, one to execute actions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from primitives.actions.kubernetes_objects import Access

__all__ = ["READS", "access_of", "cluster_role", "workload_permissions"]

WORKLOADS: Final = ("deployments.apps", "statefulsets.apps", "daemonsets.apps")

READS: Final = (
    *(
    f"{verb} {resource}"
    for resource in (
        "pods", "events", "services", "endpoints", "nodes", "configmaps", "persistentvolumeclaims", "persistentvolumes",
        "resourcequotas", "limitranges", "namespaces", "serviceaccounts", "deployments.apps", "replicasets.apps",
        "statefulsets.apps", "daemonsets.apps", "jobs.batch", "cronjobs.batch", "ingresses.networking.k8s.io",
        "networkpolicies.networking.k8s.io", "horizontalpodautoscalers.autoscaling", "poddisruptionbudgets.policy",
        "endpointslices.discovery.k8s.io", "storageclasses.storage.k8s.io",
    )
    for verb in ("get", "list")
    ),
    "get pods/log",
)  # fmt: skip
"""What an investigation reads. Not Secrets: their metadata would show that one is missing, but no role can allow the
metadata without the values."""


def workload_permissions(*verbs: str) -> tuple[str, ...]:
    """Permissions for the verbs on the three kinds of workloads."""
    return tuple(f"{verb} {kind}" for verb in verbs for kind in WORKLOADS)


def access_of(permission: str) -> Access:
    """A permission as words ("patch deployments.apps", "get pods/log") taken apart."""
    verb, _, what = permission.partition(" ")
    named, _, subresource = what.partition("/")
    resource, _, group = named.partition(".")
    return Access(verb, group, resource, subresource)


def cluster_role(name: str, permissions: Iterable[str]) -> dict[str, Any]:
    """A ClusterRole with `permissions` ("patch deployments.apps", "get pods/log"), and nothing else."""
    verbs: dict[tuple[str, str], set[str]] = {}
    for permission in permissions:
        access = access_of(permission)
        resource = "/".join(filter(None, (access.resource, access.subresource)))
        verbs.setdefault((access.group, resource), set()).add(access.verb)
    rules: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (group, resource), allowed in sorted(verbs.items()):
        rules.setdefault((group, tuple(sorted(allowed))), []).append(resource)
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": [
            {"apiGroups": [group], "resources": resources, "verbs": list(allowed)}
            for (group, allowed), resources in rules.items()
        ],
    }
