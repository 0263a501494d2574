"""What a failed probe says beyond its own settings: the application answers with an error, has no CPU, or asks another.

Whoever answers with an HTTP status has been reached, so neither port nor wiring is wrong (RFC 9110: a status is the
server's answer). A container with a few per cent of a core gets that share of each 100 ms and sleeps for the rest
(Linux: CFS bandwidth control), so it starts and answers late. A command that asks another host tells that host's
health (Kubernetes: liveness probes should not depend on back ends).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.fields import integer, quantity, texts
from primitives.kubernetes.pods_view import Container, Pod
from primitives.kubernetes.settings import service_at
from primitives.patterns import lazy_pattern

__all__ = ["probe_reading"]

# Cores below which a container waits most of the time: less than 10 ms of each 100 ms.
_TINY_CPU: Final = 0.1
_QUOTED: Final = lazy_pattern(r"command [^\"]{0,40}\"(.{1,400})\"")
_CLIENT: Final = lazy_pattern(
    r"\b(?:wget|curl|nc|ncat|netcat|telnet|nslookup|getent hosts|dig|pg_isready|psql|mysql|mysqladmin|redis-cli"
    r"|mongosh?|grpc_health_probe|cqlsh|rabbitmqadmin|ldapsearch)\b|/dev/tcp/"
)
_HOSTS: Final = tuple(
    lazy_pattern(pattern, re.IGNORECASE)
    for pattern in (
        r"[a-z][a-z0-9+.-]{0,20}://(?:[^@/\s\"']{1,100}@)?(\[[0-9a-f:]{2,40}\]|[^/:\s\"'?]{1,250})",
        r"/dev/tcp/([^/\s]{1,250})/",
        r"(?:\s-h|--host(?:name)?|-addr)[ =]?([^\s:\"']{1,250})",
        r"\b(?:nc|ncat|netcat|telnet)(?: -[a-z]{1,4}(?: ?\d{1,3})?){0,4} ([^\s:\"'-][^\s:\"']{0,250})",
        r"\b(?:nslookup|getent hosts|dig) ([^\s:\"'-][^\s:\"']{0,250})",
    )
)
# A placeholder where a host or an address was taken out.
_HIDDEN: Final = lazy_pattern(r"<(?:url|host|hostname|address|ip|endpoint)>|\[redacted", re.IGNORECASE)
_LOCAL: Final = lazy_pattern(
    r"(?:localhost|127\.[\d.]+|0\.0\.0\.0|\[?::1?\]?|\$.{0,10}hostname.{0,10}|`hostname.{0,10}|\$.{0,3}(?:pod_?ip|my_?ip).{0,3})$",
    re.IGNORECASE,
)


def probe_reading(
    cluster: Cluster, pod: Pod, container: Container, probe: Mapping[str, Any], message: str, details: Mapping[str, Any]
) -> tuple[str, dict[str, Any]] | None:
    """The state that says more than that the probe failed, with its details; None where nothing does."""
    error, suspicion = details["error"], details["suspicion"]
    if error == "status" and suspicion is None:
        return None if _ends_in_order(container, details) else ("ProbeAnsweredError", {})
    asked = _asked_host(pod, probe, message) if error != "command" else None
    if asked is not None and message:
        service, _ = service_at(cluster, pod.item.namespace, asked)
        return "ProbeNeedsAnother", {"host": asked or None, "because_of": [service.id] if service else []}
    limit = quantity(container.spec, "resources", "limits", "cpu")
    late = error == "timeout" and not _late_elsewhere(cluster, pod)
    if limit is not None and limit < _TINY_CPU and (late or suspicion == "timing"):
        return "CpuLimitTooLow", {"cpu_limit": limit}
    return None


def _ends_in_order(container: Container, details: Mapping[str, Any]) -> bool:
    """Whether the container that the probe ends is well enough to stop in order: after SIGTERM it exits with 0."""
    kills = details["probe"] in ("liveness", "startup")
    return kills and bool(container.last) and integer(container.last, "exitCode") == 0


def _late_elsewhere(cluster: Cluster, pod: Pod) -> bool:
    """Whether probes of another workload time out as well: what they share is slow."""
    return any(resource != pod.resource for resource in cluster.timed_out)


def _asked_host(pod: Pod, probe: Mapping[str, Any], message: str) -> str | None:
    """The other host that the probe's command asks; empty where it is hidden, None where it asks nobody else."""
    quoted = _QUOTED.search(message)
    command = " ".join(texts(probe, "exec", "command")) or (quoted[1] if quoted else "")
    if not _CLIENT.search(command):
        return None
    hosts = [match[1] for pattern in _HOSTS if (match := pattern.search(command))]
    own = {pod.item.name, str(pod.item.status.get("podIP") or ""), str(pod.spec.get("hostname") or "")}
    others = [host for host in hosts if not _LOCAL.match(host) and host not in own and not _HIDDEN.match(host)]
    if others:
        return others[0].lower().rstrip(".")
    return "" if _HIDDEN.search(command) else None
