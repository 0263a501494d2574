"""Containers that end at once and may not write to the node's directory that they mount.

Kubernetes documentation, "Volumes" (hostPath): directories on the node are only writable by root, and fsGroup changes
nothing about them ("Configure a Security Context for a Pod or Container"). A container that isn't root can't use one
unless somebody changed its owner on the node.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.fields import at, instant, integer, mapping, maps, text
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.pods_view import Container, Pod

__all__ = ["find_host_paths"]

# A server that can't open its data ends before it serves; whatever ends later has got beyond that.
_AT_ONCE_S: Final = 10.0
_DIRECTORIES: Final = ("", "Directory", "DirectoryOrCreate")
# Beyond these the shell or a signal ended it, not the process itself.
_OWN_CODES: Final = range(1, 126)


def find_host_paths(cluster: Cluster) -> Iterator[Finding]:
    """Containers without last words that end at once, run as another user than root, and mount a node's directory."""
    for pod in cluster.pods:
        if not pod.live or maps(pod.spec, "initContainers"):
            continue  # an init container may change the owner
        for container in pod.containers:
            mount = _mount(pod, container) if _ends_at_once(container) and not _is_root(pod, container) else None
            if mount is not None and not cluster.logs_of(pod, container):
                details = {"mount": text(mount, "mountPath"), "volume": text(mount, "name"), **_users(pod, container)}
                yield Finding(
                    "HostPathNotWritable", pod.item.id, "Pod", pod.resource, container=container.name,
                    exit_code=integer(container.last, "exitCode"), restarts=container.restarts, details=details,
                    since=instant(container.last, "finishedAt"),
                )  # fmt: skip


def _ends_at_once(container: Container) -> bool:
    started, finished = instant(container.last, "startedAt"), instant(container.last, "finishedAt")
    if started is None or finished is None or integer(container.last, "exitCode") not in _OWN_CODES:
        return False
    return not container.ready and (finished - started).total_seconds() <= _AT_ONCE_S


def _users(pod: Pod, container: Container) -> dict[str, Any]:
    """The user and group that it runs as; the container's own setting comes before the pod's."""
    contexts = (mapping(container.spec, "securityContext"), mapping(pod.spec, "securityContext"))
    user = next((known for context in contexts if (known := integer(context, "runAsUser")) is not None), None)
    return {"run_as_user": user, "fs_group": at(pod.spec, "securityContext", "fsGroup")}


def _is_root(pod: Pod, container: Container) -> bool:
    """Whether it runs as root, as far as the settings say: without any, the image decides."""
    contexts = (mapping(container.spec, "securityContext"), mapping(pod.spec, "securityContext"))
    if any(context.get("privileged") is True for context in contexts):
        return True
    user = _users(pod, container)["run_as_user"]
    return not user and not any(context.get("runAsNonRoot") is True for context in contexts)


def _mount(pod: Pod, container: Container) -> Mapping[str, Any] | None:
    paths = {
        text(volume, "name")
        for volume in maps(pod.spec, "volumes")
        if mapping(volume, "hostPath") and text(volume, "hostPath", "type") in _DIRECTORIES
    }
    return next(
        (
            mount
            for mount in maps(container.spec, "volumeMounts")
            if text(mount, "name") in paths and mount.get("readOnly") is not True
        ),
        None,
    )
