"""The previous revision: from a Deployment's ReplicaSets, or from an earlier dump of the workload."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from primitives.identity import kind_of
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.fields import integer, mapping, maps, text
from primitives.kubernetes.kinds import KubeObject, template_of
from primitives.kubernetes.pods_view import Pod

__all__ = ["differences", "earlier_container", "revision", "revisions_of"]

_REVISION: Final = "deployment.kubernetes.io/revision"
_LIMIT: Final = 20
_LONGEST_VALUE: Final = 120
# Every rollout or the API server writes them again; they say nothing.
_NOISE: Final = frozenset({
    "pod-template-hash", "creationTimestamp", "kubectl.kubernetes.io/restartedAt", "managedFields", "resourceVersion",
})  # fmt: skip


def revision(item: KubeObject) -> int:
    """The rollout's revision that a ReplicaSet stands for; 0 where it doesn't say."""
    return integer(mapping(item.raw, "metadata", "annotations"), _REVISION) or 0


def revisions_of(cluster: Cluster, resource: str) -> list[KubeObject]:
    """The ReplicaSets of a Deployment, newest revision first; those without a revision are left out."""
    revisions = [item for item in cluster.replica_sets_of.get(resource, ()) if revision(item)]
    return sorted(revisions, key=revision, reverse=True)


def earlier_container(cluster: Cluster, pod: Pod, name: str) -> Mapping[str, Any]:
    """The container's spec in the revision before the pod's; empty where it isn't known."""
    templates = [template_of(item) for item in revisions_of(cluster, pod.resource) if item.id != pod.controller][:1]
    kind = kind_of(pod.resource)
    for earlier in (e for key, values in cluster.earlier.items() if key.lower() == kind for e in values):
        templates += [template_of(item) for item in earlier.values() if item.id == pod.resource]
    for template in templates:
        for container in maps(template, "spec", "containers"):
            if text(container, "name") == name:
                return container
    return {}


def differences(before: Any, after: Any, path: str = "") -> list[dict[str, Any]]:
    """Where two JSON-like values differ: `path`, `before` and `after` of at most twenty places.

    Lists of named things (containers, variables) are compared by name.
    """
    differing: list[dict[str, Any]] = []
    _compare(before, after, path, differing)
    return differing[:_LIMIT]


def _compare(before: Any, after: Any, path: str, differing: list[dict[str, Any]]) -> None:
    if before == after or len(differing) >= _LIMIT:
        return
    old, new = _named(before), _named(after)
    # What wasn't there at all is compared place by place too: it may be there for its noise alone.
    old = {} if old is None and isinstance(new, Mapping) else old
    new = {} if new is None and isinstance(old, Mapping) else new
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in [*old, *(key for key in new if key not in old)]:
            if key not in _NOISE:
                _compare(old.get(key), new.get(key), f"{path}.{key}" if path else str(key), differing)
        return
    differing.append({"path": path, "before": _shown(before), "after": _shown(after)})


def _named(value: Any) -> Any:
    if (
        isinstance(value, list)
        and value
        and all(isinstance(i, Mapping) and isinstance(i.get("name"), str) for i in value)
    ):
        return {item["name"]: item for item in value}
    return value


def _shown(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping) and isinstance(value.get("value"), str) and "name" in value:
        value = value["value"]
    shown = value if isinstance(value, str) else repr(value)
    return shown if len(shown) <= _LONGEST_VALUE else shown[: _LONGEST_VALUE - 1] + "…"
