"""Probes that fail, and whether their own settings are to blame: port, protocol, path, command or timing.

Messages are those of the kubelet's probers; defaults (period 10 s, timeout 1 s, three failures) are the API's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.event_records import Event
from primitives.kubernetes.fields import at, instant, integer, mapping, maps, text
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.pods_view import Container, Pod
from primitives.kubernetes.probe_readings import probe_reading
from primitives.kubernetes.revisions import earlier_container
from primitives.patterns import lazy_pattern

__all__ = ["classify_probe_error", "find_probes", "probe_event"]

_KIND: Final = lazy_pattern(r"^(Liveness|Readiness|Startup) probe (?:failed|errored|warning)")
_KILLED: Final = lazy_pattern(r"failed (liveness|startup) probe")
_ERRORS: Final = tuple(
    (kind, lazy_pattern(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("protocol", (r"malformed http|server gave http response to https|http/1\.x transport connection broken"
                     r"|http request to an https server|tls: first record|frame too large|http2: |preface"
                     r"|unimplemented|unknown service grpc\.health|x509:|received http/0\.9")),
        ("connection_refused", r"connection refused"),
        ("timeout", r"context deadline exceeded|timed? ?out|timeout|client\.timeout|deadline exceeded"),
        ("status", r"statuscode: \d+"),
        ("command", r"no such file|executable file not found|not found in \$path|permission denied"),
        ("connection", r"no route to host|connection reset|\beof\b|network is unreachable|broken pipe"),
        ("not_serving", r"not_serving|service unhealthy"),
    )
)  # fmt: skip
_STATUS: Final = lazy_pattern(r"statuscode: (\d+)", re.IGNORECASE)
_HANDLERS: Final = ("httpGet", "tcpSocket", "grpc", "exec")
# Budgets shorter than this leave no room for a start-up; it is what the API's defaults give (3 failures, 10 s apart).
_SHORT_BUDGET_S: Final = 30
# Enough siblings to compare with, however many a workload has.
_PEERS: Final = 50
# What a container has after SIGTERM before it is killed (terminationGracePeriodSeconds).
_GRACE_S: Final = 30
# The server was reached, and its answer is that this path or method is none of its own, or wants credentials.
_WIRING: Final = (401, 403, 404, 405, 410)
_KILLED_CODES: Final = (137, 143)


def classify_probe_error(message: str) -> str | None:
    """The kind of failure in the kubelet's message."""
    return next((kind for kind, pattern in _ERRORS if pattern.search(message)), None)


def probe_event(cluster: Cluster, event: Event, pod: Pod | None) -> Finding | None:
    """The finding for an `Unhealthy` event, or for a `Killing` one that names a probe."""
    match = _KIND.match(event.message) or _KILLED.search(event.message)
    if match is None:
        return None
    kind = match.group(1).lower()
    container = _container(pod, event.container, kind)
    error = classify_probe_error(event.message) if event.reason == "Unhealthy" else None
    return _finding(
        cluster, pod, container, kind, error, event.message,
        target=event.target, resource=pod.resource if pod else event.target, event=event,
    )  # fmt: skip


def find_probes(cluster: Cluster) -> Iterator[Finding]:
    """Probes of pods in trouble whose settings can't work, whether or not an event says so."""
    for pod in cluster.pods:
        if pod.healthy or not pod.live or pod.phase != "Running":
            continue
        for container in pod.containers:
            for kind in ("liveness", "readiness", "startup"):
                if _in_question(container, kind):
                    finding = _finding(
                        cluster, pod, container, kind, None, "", target=pod.item.id, resource=pod.resource
                    )
                    if not finding.state.endswith("Failed"):
                        yield finding


def _in_question(container: Container, kind: str) -> bool:
    if not mapping(container.spec, f"{kind}Probe") or container.ready is not False:
        return False
    if kind == "readiness":
        return container.running and not _ends_by_itself(container)
    return integer(container.last, "exitCode") in _KILLED_CODES and text(container.last, "reason") != "OOMKilled"


def _ends_by_itself(container: Container) -> bool:
    """Whether it keeps ending with an error of its own: then it isn't ready because it starts again and again."""
    code = integer(container.last, "exitCode")
    return container.restarts > 1 and code not in (None, 0, *_KILLED_CODES)


def _container(pod: Pod | None, name: str | None, kind: str) -> Container | None:
    if pod is None:
        return None
    probed = [c for c in pod.containers if mapping(c.spec, f"{kind}Probe")]
    named = [c for c in pod.containers if c.name == name]
    only = probed if len(probed) == 1 else pod.containers if len(pod.containers) == 1 else ()
    return next(iter(named or only), None)


def _finding(
    cluster: Cluster, pod: Pod | None, container: Container | None, kind: str, error: str | None, message: str,
    *, target: str, resource: str, event: Event | None = None,
) -> Finding:  # fmt: skip
    details: dict[str, Any] = {"probe": kind, "error": error, "suspicion": None}
    if event is not None and event.reason == "Killing":
        details["killed"] = True
    if match := _STATUS.search(message):
        details["status_code"] = int(match.group(1))
    if pod is not None and container is not None:
        details |= _settings(pod, container, kind)
        details["suspicion"] = _suspicion(cluster, pod, container, kind, error, details)
    elif error in ("protocol", "command"):
        details["suspicion"] = error
    state = f"{kind.capitalize()}Probe{'Misconfigured' if details['suspicion'] else 'Failed'}"
    if pod is not None and container is not None:
        probe = mapping(container.spec, f"{kind}Probe")
        state, more = probe_reading(cluster, pod, container, probe, message, details) or (state, {})
        details |= more
    elif error == "status" and details["status_code"] not in _WIRING:
        state = "ProbeAnsweredError"
    return Finding(
        state=state, object=target, kind="Pod", resource=resource, message=message,
        container=container.name if container else event.container if event else None,
        restarts=container.restarts if container else None,
        since=event.first if event else None, last_seen=event.last if event else None,
        events=event.count if event else 0, details=details,
    )  # fmt: skip


def _settings(pod: Pod, container: Container, kind: str) -> dict[str, Any]:
    probe = mapping(container.spec, f"{kind}Probe")
    handler = _handler(probe)
    initial = integer(probe, "initialDelaySeconds") or 0
    period = integer(probe, "periodSeconds") or 10
    failures = integer(probe, "failureThreshold") or 3
    return {
        "handler": handler,
        "port": at(probe, handler, "port") if handler else None,
        "path": text(probe, "httpGet", "path") or None,
        "scheme": text(probe, "httpGet", "scheme") or None,
        "declared_ports": sorted({number for c in pod.containers for number in _ports(c).values()}),
        "budget_s": initial + period * failures,
        "initial_delay_s": initial,
        "period_s": period,
        "failure_threshold": failures,
        "timeout_s": integer(probe, "timeoutSeconds") or 1,
        "startup_probe": bool(mapping(container.spec, "startupProbe")),
    }


def _handler(probe: Mapping[str, Any]) -> str | None:
    return next((name for name in _HANDLERS if mapping(probe, name)), None)


def _ports(container: Container) -> dict[str, int]:
    """Declared ports by name (unnamed ones by number)."""
    ports: dict[str, int] = {}
    for port in maps(container.spec, "ports"):
        number = integer(port, "containerPort")
        if number is not None:
            ports[text(port, "name") or str(number)] = number
    return ports


def _suspicion(
    cluster: Cluster, pod: Pod, container: Container, kind: str, error: str | None, details: Mapping[str, Any]
) -> str | None:
    if error == "protocol" or _speaks_otherwise(container, kind):
        return "protocol"
    if error == "command":
        return "command"
    if not _answered(error, details) and not _serves(container, details) and _wrong_port(container, kind, details):
        return "port"
    if error == "status":
        code = details.get("status_code", 0)
        return "path" if code in _WIRING else _changed(cluster, pod, container, kind)
    return _timing(cluster, pod, container, kind, error, details) or _changed(cluster, pod, container, kind)


def _answered(error: str | None, details: Mapping[str, Any]) -> bool:
    """Whether something listens on the port: it answered, or took the connection and was too slow.

    Declaring a port is only information (API reference, containerPort). A gRPC client that is refused tries again until
    its time is over, so its time-outs say nothing.
    """
    return error in ("status", "not_serving") or (error == "timeout" and details["handler"] in ("httpGet", "tcpSocket"))


def _serves(container: Container, details: Mapping[str, Any]) -> bool:
    """Whether the port was answered: by the container's startup probe, which has passed."""
    startup = _probe_handler(container, "startup")
    return container.started and details["port"] is not None and startup.get("port") == details["port"]


def _wrong_port(container: Container, kind: str, details: Mapping[str, Any]) -> bool:
    port, declared = details["port"], details["declared_ports"]
    if port is None:
        return False
    number = integer(port)
    if number is None:
        return bool(declared) and isinstance(port, str) and port not in _ports(container)
    if declared:
        return number not in declared
    others = {
        integer(at(_probe_handler(container, other), "port")) for other in ("liveness", "readiness") if other != kind
    }
    others.discard(None)
    return bool(others) and number not in others and container.ready is True


def _probe_handler(container: Container, kind: str) -> Mapping[str, Any]:
    probe = mapping(container.spec, f"{kind}Probe")
    handler = _handler(probe)
    return mapping(probe, handler) if handler else {}


def _speaks_otherwise(container: Container, kind: str) -> bool:
    """An HTTP probe on what the port's name or another probe calls gRPC, the reverse, or HTTPS on a port named http."""
    probe = mapping(container.spec, f"{kind}Probe")
    handler = _handler(probe)
    if handler not in ("httpGet", "grpc"):
        return False
    number = _number(container, at(probe, handler, "port"))
    names = [name for name, port in _ports(container).items() if port == number]
    named_grpc = any(name == "grpc" or name.startswith("grpc-") for name in names)
    named_http = any(name == "http" or name.startswith(("http-", "http1")) for name in names)
    others = {
        _handler(mapping(container.spec, f"{other}Probe"))
        for other in ("liveness", "readiness", "startup")
        if other != kind and _number(container, at(_probe_handler(container, other), "port")) == number
    }
    if handler == "httpGet":
        return named_grpc or "grpc" in others or (named_http and text(probe, "httpGet", "scheme").upper() == "HTTPS")
    return named_http or "httpGet" in others


def _number(container: Container, port: Any) -> int | None:
    return (
        integer(port) if integer(port) is not None else _ports(container).get(port) if isinstance(port, str) else None
    )


def _timing(
    cluster: Cluster, pod: Pod, container: Container, kind: str, error: str | None, details: Mapping[str, Any]
) -> str | None:
    """The probe kills the container before it could have started."""
    if (
        kind == "readiness"
        or error not in (None, "connection_refused", "timeout", "connection")
        or details["handler"] is None
    ):
        return None
    if kind == "liveness" and details["startup_probe"]:
        return None
    if error == "timeout" and _slow_elsewhere(cluster, pod):
        return None  # what all of them suffer from is no setting of this one
    if mapping(container.spec, "readinessProbe") and (container.ready is True or _was_ready(pod)):
        return None  # it did start in time once, as its readiness probe says
    if not (details.get("killed") or integer(container.last, "exitCode") in _KILLED_CODES):
        return None
    if (_ran_s(container) or 0.0) > details["budget_s"] + _GRACE_S:
        return None  # it had started, and passed its probe for a while
    needed = _usual_start_s(cluster, pod, container.name)
    if needed is not None:
        return "timing" if needed >= details["budget_s"] else None
    return "timing" if details["budget_s"] < _SHORT_BUDGET_S else None


def _slow_elsewhere(cluster: Cluster, pod: Pod) -> bool:
    """Whether probes of another workload time out as well."""
    return any(resource != pod.resource for resource in cluster.timed_out)


def _was_ready(pod: Pod) -> bool:
    """Whether a pod that isn't ready now once was: its condition has changed since it started."""
    changed = instant(pod.item.condition("Ready"), "lastTransitionTime")
    started = instant(pod.item.raw, "status", "startTime")
    return changed is not None and started is not None and (changed - started).total_seconds() > _GRACE_S


def _ran_s(container: Container) -> float | None:
    """How long the instance that ended last had run; seconds."""
    started, finished = instant(container.last, "startedAt"), instant(container.last, "finishedAt")
    return (finished - started).total_seconds() if started and finished else None


def _usual_start_s(cluster: Cluster, pod: Pod, name: str) -> float | None:
    """How long the same container takes to become ready in the workload's healthy pods; seconds, the longest."""
    delays: list[float] = []
    for other in cluster.pods_of.get(pod.resource, [])[:_PEERS]:
        ready_at = instant(other.item.condition("Ready"), "lastTransitionTime") if other.ready else None
        delays += [
            (ready_at - container.started_at).total_seconds()
            for container in other.containers
            if container.name == name and container.started_at and ready_at and ready_at > container.started_at
        ]
    return max(delays) if delays else None


def _changed(cluster: Cluster, pod: Pod, container: Container, kind: str) -> str | None:
    """Which setting of the probe differs from the revision before, which worked."""
    before = mapping(earlier_container(cluster, pod, container.name), f"{kind}Probe")
    now = mapping(container.spec, f"{kind}Probe")
    if not before or not now or before == now:
        return None
    old, new = _handler(before), _handler(now)
    if old != new or text(before, "httpGet", "scheme") != text(now, "httpGet", "scheme"):
        return "protocol"
    for key, word in (("port", "port"), ("path", "path"), ("command", "command")):
        if new and at(before, new, key) != at(now, new, key):
            return word
    return "timing"
