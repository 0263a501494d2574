"""What reading a cluster needs: the least role, and which diagnostics lack what isn't granted.

https://kubernetes.io/docs/reference/access-authn-authz/rbac/
"""

from __future__ import annotations

from typing import Final

from primitives.dataclass import dataclass

__all__ = ["NEEDS", "Need", "role_text"]


@dataclass(frozen=True, slots=True)
class Need:
    """A resource of an API group that is listed, and what is told by it. `namespaced`: whether namespaces hold it."""

    group: str
    version: str
    resource: str
    told: str
    namespaced: bool = True

    @property
    def path(self) -> str:
        """Where the whole cluster's list is."""
        return f"/apis/{self.group}/{self.version}/{self.resource}" if self.group else f"/api/v1/{self.resource}"


NEEDS: Final = (
    Need("", "v1", "pods", "inspect_workloads: which workloads are in trouble"),
    Need("", "v1", "events", "inspect_workloads: why pods don't start or were ended"),
    Need("apps", "v1", "deployments", "inspect_workloads, check_recent_changes: workloads and their rollouts"),
    Need("apps", "v1", "replicasets", "check_recent_changes: rollouts"),
    Need("apps", "v1", "statefulsets", "inspect_workloads: workloads with an identity"),
    Need("apps", "v1", "daemonsets", "inspect_workloads: workloads of each node"),
    Need("batch", "v1", "jobs", "inspect_workloads: jobs that fail"),
    Need("batch", "v1", "cronjobs", "inspect_workloads: jobs that are due"),
    Need("autoscaling", "v2", "horizontalpodautoscalers", "inspect_workloads: scaling that is stuck"),
    Need("policy", "v1", "poddisruptionbudgets", "inspect_workloads: drains that are blocked"),
    Need("", "v1", "services", "trace_dependencies: who calls whom; Services without endpoints"),
    Need("", "v1", "endpoints", "inspect_workloads: Services without endpoints"),
    Need("discovery.k8s.io", "v1", "endpointslices", "inspect_workloads: Services without endpoints"),
    Need("networking.k8s.io", "v1", "ingresses", "trace_dependencies: where requests enter"),
    Need("networking.k8s.io", "v1", "networkpolicies", "inspect_workloads: traffic that is refused"),
    Need("", "v1", "configmaps", "diff_configuration: settings, and the hosts that they name"),
    Need("", "v1", "secrets", "inspect_workloads: Secrets that are missing (only their names are read)"),
    Need("", "v1", "serviceaccounts", "inspect_workloads: accounts that are missing"),
    Need("", "v1", "persistentvolumeclaims", "inspect_workloads: volumes that are pending or full"),
    Need("", "v1", "resourcequotas", "inspect_workloads: quotas that are used up"),
    Need("", "v1", "limitranges", "inspect_workloads: limits that a namespace sets"),
    Need("", "v1", "nodes", "inspect_workloads: machines that are not ready or under pressure", namespaced=False),
    Need("", "v1", "namespaces", "inspect_workloads: namespaces that are being deleted", namespaced=False),
    Need("", "v1", "persistentvolumes", "inspect_workloads: volumes that can't be bound", namespaced=False),
    Need("storage.k8s.io", "v1", "storageclasses", "inspect_workloads: volumes that nobody makes", namespaced=False),
    Need("apiregistration.k8s.io", "v1", "apiservices", "inspect_workloads: APIs that don't answer", namespaced=False),
    Need(
        "admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations",
        "inspect_workloads: webhooks that refuse", namespaced=False,
    ),
    Need(
        "admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations",
        "inspect_workloads: webhooks that refuse", namespaced=False,
    ),
)  # fmt: skip
"""What is read of Kubernetes' own kinds, what decides most incidents first."""

_HEAD: Final = """\
# The least that CloudOps reads a cluster with. It may change nothing.
# kubectl apply -f this, then bind it, for example to a group of people:
#   kubectl create clusterrolebinding cloudops-read --clusterrole=cloudops-read --group=on-call
# In single namespaces only: make it a Role there, without the kinds that have no namespace, and set `namespaces`.
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: cloudops-read
rules:
"""
_TAIL: Final = """\
- apiGroups: [""]
  resources: [pods/log]          # analyze_logs: the last words of what ended
  verbs: [get]
# Custom resources (Argo CD, Flux, cert-manager, ...) are read where their groups are granted too:
# - {apiGroups: [argoproj.io], resources: ["*"], verbs: [list]}
"""


def role_text() -> str:
    """The role as YAML, to be applied by whoever may grant it."""
    groups: dict[str, list[str]] = {}
    for need in NEEDS:
        groups.setdefault(need.group, []).append(need.resource)
    rules = [
        f'- apiGroups: ["{group}"]\n  resources: [{", ".join(resources)}]\n  verbs: [list]\n'
        for group, resources in groups.items()
    ]
    return _HEAD + "".join(rules) + _TAIL
