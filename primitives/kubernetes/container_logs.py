"""What containers' raw logs add to the objects: why a container ended, a port that is taken, a volume it may not write.

Log lines are text that the workload wrote: a state that rests on them alone is reported, not measured. Patterns of
messages are `analyze_logs`' part.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from primitives.analysis.error_families import family_of
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.fields import at, integer, maps, text
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.pods_view import Container, Pod
from primitives.kubernetes.ports import declared_by
from primitives.kubernetes.settings import service_at
from primitives.patterns import lazy_pattern
from primitives.records import ContainerLog
from primitives.text import safe_line

__all__ = ["families_in_logs", "find_in_logs"]

_LAST_CHARACTERS: Final = 200_000
_EXAMPLE_LENGTH: Final = 240
# Lines at the end of an ended container's log: why it ended, whatever level it gave them (as `analyze_logs` reads it).
_LAST_WORDS: Final = 5
_QUIET: Final = lazy_pattern(r"\b(?:INFO|DEBUG|TRACE)\b|\"level\":\"(?:info|debug)\"", re.IGNORECASE)
_PATH: Final = lazy_pattern(r"(/[\w.@-]+(?:/[\w.@-]*)*)")
_REFUSED: Final = {
    "authentication": "CredentialsRefused",
    "certificate": "CertificateInvalid",
    "permission": "PermissionRefused",
}
_EXPIRED: Final = lazy_pattern(
    r"(?:token|jwt|session|credentials?)\b.{0,200}?\bexpired|expired\b.{0,200}?\b(?:token|credentials?)|expiredtoken",
    re.IGNORECASE,
)
# The operating system refuses a path, not a service its caller.
_PATH_DENIED: Final = lazy_pattern(
    r"permission denied$|EACCES|EPERM|: permission denied|operation not permitted", re.IGNORECASE
)
_UNANSWERED: Final = frozenset({"connection_refused", "unreachable"})
_HOST: Final = lazy_pattern(r"[a-z0-9](?:[-a-z0-9.]{0,250}[a-z0-9])?", re.IGNORECASE)
_PORT: Final = lazy_pattern(r"(?::|port )(\d{2,5})\b", re.IGNORECASE)


def families_in_logs(cluster: Cluster, pod: Pod, container: Container) -> list[str]:
    """The families of errors (`error_families`) in a container's logs, the most frequent first."""
    counts = Counter(family for log in cluster.logs_of(pod, container) for _, family in _telling(log, container))
    return [family for family, _ in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))]


def find_in_logs(cluster: Cluster) -> Iterator[Finding]:
    """States that only the log shows: a port that is taken, a volume that may not be written."""
    sources = {source.resource: source for source in cluster.sources}
    for pod in cluster.pods if cluster.logs else ():
        for container in pod.containers:
            for log in cluster.logs_of(pod, container):
                for line, family in _telling(log, container):
                    state_and_details = _from_line(pod, container, line, family) or _unanswered(
                        cluster, pod, container, line, family
                    )
                    if state_and_details is None:
                        continue
                    state, details = state_and_details
                    if state == "AddressInUse" and pod.resource in sources:
                        declared = declared_by(sources[pod.resource])
                        details["declared_by"] = sorted(
                            {name for (port, _), names in declared.items() if port == details["port"] for name in names}
                        )
                    yield Finding(
                        state, pod.item.id, "Pod", pod.resource, container=container.name, reported=True,
                        variant=str(details.get("port") or details.get("mount") or ""), details=details,
                        message=safe_line(line.strip(), limit=_EXAMPLE_LENGTH),
                    )  # fmt: skip


def _telling(log: ContainerLog, container: Container) -> Iterator[tuple[str, str]]:
    """The lines of a known family of errors, without calm ones unless they are the last words of one that failed."""
    lines = [line for line in log.text[-_LAST_CHARACTERS:].splitlines() if line.strip()]
    last = len(lines) - _LAST_WORDS if _is_of_failed(log, container) else len(lines)
    for place, line in enumerate(lines):
        family = family_of(line)
        if family is not None and (place >= last or not _QUIET.search(line)):
            yield line, family


def _is_of_failed(log: ContainerLog, container: Container) -> bool:
    """Whether the log is that of an instance that ended, and not with success.

    While the next instance waits to be started, the log is still the last one's (Kubernetes: Debug Running Pods).
    """
    ended = log.previous or bool(container.last and not container.running)
    return ended and integer(container.last, "exitCode") != 0


def _from_line(pod: Pod, container: Container, line: str, family: str) -> tuple[str, dict[str, Any]] | None:
    if family == "port_in_use":
        match = _PORT.search(line)
        return "AddressInUse", {"port": int(match.group(1)) if match else None}
    if family in _REFUSED and integer(container.last, "exitCode"):
        expired = family == "authentication" and _EXPIRED.search(line)
        if expired or not _PATH_DENIED.search(line):
            return ("TokenExpired" if expired else _REFUSED[family]), {}
    if family not in ("permission", "read_only"):
        return None
    mount = next((m for path in _PATH.findall(line) if (m := _mount(container, path)) is not None), None)
    if mount is None:
        return None
    details: dict[str, Any] = {
        "mount": text(mount, "mountPath"),
        "volume": text(mount, "name"),
        "read_only": mount.get("readOnly") is True,
        "run_as_user": at(container.spec, "securityContext", "runAsUser")
        or at(pod.spec, "securityContext", "runAsUser"),
        "fs_group": at(pod.spec, "securityContext", "fsGroup"),
    }
    return ("VolumeReadOnly" if family == "read_only" else "VolumePermissionDenied"), details


def _unanswered(
    cluster: Cluster, pod: Pod, container: Container, line: str, family: str
) -> tuple[str, dict[str, Any]] | None:
    """What an ended container failed to reach; for a Service of the cluster other states give the reason."""
    if family not in _UNANSWERED or not integer(container.last, "exitCode"):
        return None
    hosts = _HOST.findall(line)
    if any(service_at(cluster, pod.item.namespace, host.lower())[0] is not None for host in hosts):
        return None
    return "DependencyUnanswered", {}


def _mount(container: Container, path: str) -> Mapping[str, Any] | None:
    for mount in maps(container.spec, "volumeMounts"):
        root = text(mount, "mountPath").rstrip("/")
        if root and (path == root or path.startswith(root + "/")):
            return mount
    return None
