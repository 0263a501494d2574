"""What containers' raw logs say of a fault: families of errors, and what they point at.

Log lines are text that the workload wrote: what rests on them is reported, not measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.fields import at, maps, text
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.pods_view import Container, Pod
from primitives.kubernetes.ports import declared_by
from primitives.kubernetes.settings import service_at
from primitives.text import safe_line

__all__ = ["LogNote", "find_in_logs", "log_family", "log_notes"]

_LAST_CHARACTERS: Final = 200_000
_EXAMPLE_LENGTH: Final = 240
# In order: what is more precise first ("dial tcp ... lookup x: no such host" is about names, not connections).
_FAMILIES: Final[tuple[tuple[str, re.Pattern[str]], ...]] = tuple(
    (family, re.compile(pattern, re.IGNORECASE))
    for family, pattern in (
        ("address_in_use", (r"address already in use|eaddrinuse|port \d+ (?:is |was )?already (?:in use|allocated)"
                           r"|port already in use")),
        ("missing_configuration", (r"required (?:env(?:ironment)?[ -]?var\w*|variable|setting|config\w*|key)"
                                  r"|environment variable\S* .{0,60}(?:not set|missing|required|undefined|unset|empty)"
                                  r"|missing (?:required )?(?:config\w*|env\w*|setting|parameter|property)"
                                  r"|could not resolve placeholder|no configuration (?:found|provided)"
                                  r"|config\w*(?: file)? not found|must be set|configuration error")),
        ("dns", (r"no such host|enotfound|eai_again|name or service not known|name resolution|could not resolve"
                r"|nxdomain|unknownhost|server misbehaving|getaddrinfo|unable to resolve|name does not resolve")),
        ("tls", (r"x509|certificate (?:has expired|verify failed|is not valid|signed by)|tls handshake"
                r"|sslhandshake|pkix|ssl: |ssl routines")),
        ("authentication", (r"authentication failed|access denied for user|password authentication|invalid credentials"
                           r"|wrongpass|noauth|unauthori[sz]ed|login failed|invalid (?:username|password|token|api key)"
                           r"|role \"[^\"]*\" does not exist|sasl authentication")),
        ("too_many_connections", (r"too many (?:connections|clients)|connection slots|no connection from the pool"
                                 r"|pool (?:is )?exhausted|timeout waiting for (?:a )?(?:idle object|connection)"
                                 r"|connection is not available, request timed out|max_connections")),
        ("read_only", (r"read-only (?:file ?system|mode|transaction|option|replica)|erofs|readonly (?:you|mode)"
                      r"|--read-only|cannot execute \w+ in a read-only")),
        ("disk_full", r"no space left|enospc|disk (?:is )?full|disk quota exceeded"),
        ("permission_denied", r"permission denied|eacces|operation not permitted|access is denied|accessdenied"),
        ("out_of_memory", r"outofmemory|out of memory|java heap space|cannot allocate memory|memoryerror|oom[- ]kill"),
        ("connection_refused", r"connection refused|econnrefused|actively refused"),
        ("unavailable", (r"all host\(s\) tried|no available connection|service unavailable|\b503\b|no route to host"
                        r"|host is (?:down|unreachable)|ehostunreach|connection (?:reset|closed|aborted)|econnreset"
                        r"|(?:failed|unable|cannot|could not|couldn't) (?:to )?(?:connect|reach)|broken pipe"
                        r"|communications link failure")),
        ("timeout", r"timed? ?-?out|deadline exceeded|etimedout"),
        ("quota", r"quota exceeded|rate limit|throttl|too many requests|\b429\b"),
        ("crash", (r"panic:|segmentation fault|fatal error|unhandled (?:exception|rejection)|traceback \(most recent"
                  r"|exception in thread|core dumped|assertion failed")),
    )
)  # fmt: skip
_QUIET: Final = re.compile(r"\b(?:INFO|DEBUG|TRACE)\b|\"level\":\"(?:info|debug)\"", re.IGNORECASE)
_HOST: Final = re.compile(
    r"(?:lookup|enotfound|eai_again|resolve host:?|unknownhostexception:?|getaddrinfo|resolve) +\"?"
    r"([a-z0-9][-a-z0-9.]*)"
    r"|(?:^|[\s(/@\"'=\[])([a-z][-a-z0-9.]*[a-z0-9]):(\d{2,5})\b",
    re.IGNORECASE,
)
_PATH: Final = re.compile(r"(/[\w.@-]+(?:/[\w.@-]*)*)")
_PORT: Final = re.compile(r"(?::|port )(\d{2,5})\b", re.IGNORECASE)
_VARYING: Final = re.compile(r"\b(?:[0-9a-f]{8,}|\d+(?:[.:\-]\d+)*\w*)\b", re.IGNORECASE)
_SHORTEST_TARGET: Final = 2


@dataclass(frozen=True, slots=True)
class LogNote:
    """Lines of one family in one workload's container logs; `points_at` is the Service or host that they blame."""

    resource: str
    container: str
    family: str
    count: int
    template: str
    example: str
    points_at: str | None
    previous: bool


def log_family(line: str) -> str | None:
    """The family of errors that a log line belongs to; None for any other line."""
    return next((family for family, pattern in _FAMILIES if pattern.search(line)), None)


def log_notes(cluster: Cluster) -> list[LogNote]:
    """The families of errors in every container's log, the most frequent first."""
    found: dict[tuple[str, str, str, str | None], LogNote] = {}
    for log in cluster.logs:
        pod = cluster.pod_by_id.get(f"{log.namespace}/pod/{log.pod}")
        resource = pod.resource if pod else f"{log.namespace}/pod/{log.pod}"
        for line, family in _telling(log.text):
            target = _points_at(cluster, log.namespace, line)
            key = (resource, log.container, family, target)
            known = found.get(key)
            example = safe_line(line.strip(), limit=_EXAMPLE_LENGTH)
            found[key] = LogNote(
                resource, log.container, family, known.count + 1 if known else 1, _VARYING.sub("<*>", example),
                example, target, log.previous,
            )  # fmt: skip
    return sorted(found.values(), key=lambda n: (-n.count, n.resource, n.container, n.family, n.points_at or ""))


def find_in_logs(cluster: Cluster) -> Iterator[Finding]:
    """States that only the log shows: a port that is taken, a volume that may not be written."""
    sources = {source.resource: source for source in cluster.sources}
    for pod in cluster.pods if cluster.logs else ():
        for container in pod.containers:
            for log in cluster.logs_of(pod, container):
                for line, family in _telling(log.text):
                    found = _from_line(pod, container, line, family)
                    if found is None:
                        continue
                    state, details = found
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


def _telling(log: str) -> Iterator[tuple[str, str]]:
    for line in log[-_LAST_CHARACTERS:].splitlines():
        family = log_family(line)
        if family is not None and not _QUIET.search(line):
            yield line, family


def _from_line(pod: Pod, container: Container, line: str, family: str) -> tuple[str, dict[str, Any]] | None:
    if family == "address_in_use":
        match = _PORT.search(line)
        return "AddressInUse", {"port": int(match.group(1)) if match else None}
    if family not in ("permission_denied", "read_only"):
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


def _mount(container: Container, path: str) -> Mapping[str, Any] | None:
    for mount in maps(container.spec, "volumeMounts"):
        root = text(mount, "mountPath").rstrip("/")
        if root and (path == root or path.startswith(root + "/")):
            return mount
    return None


def _points_at(cluster: Cluster, namespace: str, line: str) -> str | None:
    for match in _HOST.finditer(line):
        host = (match.group(1) or match.group(2) or "").strip(".")
        if len(host) < _SHORTEST_TARGET or host.lower() in ("localhost", "tcp", "http", "https"):
            continue
        service, _ = service_at(cluster, namespace, host)
        return service.id if service else host
    return None
