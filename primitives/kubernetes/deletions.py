"""What is being deleted and can't go: namespaces with what is left in them, objects that a finalizer holds.

Kubernetes documentation, "Finalizers" and "Namespaces": an object stays until every finalizer was removed by its
controller, and a namespace until all of its content is gone and every API group was asked for more.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.fields import instant, maps, message_of, text, texts
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.kinds import KubeObject

__all__ = ["find_deletions"]

# A controller removes its finalizer within seconds; twice the grace period of pods is no haste.
_PATIENCE: Final = timedelta(minutes=2)
_MOST: Final = 10


def find_deletions(cluster: Cluster) -> Iterator[Finding]:
    """Namespaces that stay Terminating, and objects that a finalizer keeps."""
    held = [item for kind in cluster.kinds if kind not in ("Pod", "Namespace", "Event")
            for item in cluster.all(kind) if _is_held(cluster, item)]  # fmt: skip
    for item in held:
        details = {"finalizers": texts(item.raw, "metadata", "finalizers")}
        since = instant(item.raw, "metadata", "deletionTimestamp")
        yield Finding("DeletionStuck", item.id, item.kind, item.id, since=since, details=details)
    for namespace in cluster.all("Namespace"):
        if text(namespace.raw, "status", "phase") == "Terminating":
            yield _namespace(cluster, namespace, [item.id for item in held if item.namespace == namespace.name])


def _is_held(cluster: Cluster, item: KubeObject) -> bool:
    deleted = instant(item.raw, "metadata", "deletionTimestamp")
    late = deleted is not None and cluster.now - deleted >= _PATIENCE
    return late and bool(texts(item.raw, "metadata", "finalizers"))


def _namespace(cluster: Cluster, namespace: KubeObject, left: list[str]) -> Finding:
    """What a namespace's own conditions say, and the objects in it that a finalizer holds."""
    true = [c for c in maps(namespace.raw, "status", "conditions") if text(c, "status") == "True"]
    unasked = any(text(condition, "type") == "NamespaceDeletionDiscoveryFailure" for condition in true)
    away = [item.id for item in cluster.all("APIService") if text(item.condition("Available"), "status") == "False"]
    details = {
        "conditions": [text(condition, "type") for condition in true],
        "remaining": left[:_MOST],
        "finalizers": texts(namespace.raw, "spec", "finalizers"),
        "because_of": [*left, *(away if unasked else ())][:_MOST],
    }
    message = next((m for condition in true if (m := message_of(condition, "message"))), "")
    return Finding(
        "NamespaceTerminating", namespace.id, namespace.kind, namespace.id, message=message, details=details,
        since=instant(namespace.raw, "metadata", "deletionTimestamp"),
    )  # fmt: skip
