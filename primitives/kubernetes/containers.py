"""Pods and their containers: crashes, memory, start errors, readiness, eviction, being torn down, recovery."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from primitives.identity import base_name, kind_of, kubernetes_id
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.fields import at, instant, integer, mapping, maps, message_of, moment_text, text, texts
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.images import PULL_REASONS, pull_failure
from primitives.kubernetes.leftovers import ended_at, is_superseded
from primitives.kubernetes.pods_view import Container, Pod
from primitives.kubernetes.references import missing_in_message
from primitives.patterns import lazy_pattern

__all__ = [
    "RECOVERED_AFTER",
    "exit_meaning",
    "find_pods",
    "over_own_limit",
    "refuses_image",
    "start_error",
    "torn_down",
    "well_throughout",
]

# A container that has run for ten minutes gets its restart back-off reset: Kubernetes calls it recovered then.
RECOVERED_AFTER: Final = timedelta(minutes=10)
_FORGOTTEN_AFTER: Final = timedelta(hours=24)
_START_ERRORS: Final = frozenset({
    "CreateContainerError", "RunContainerError", "StartError", "ContainerCannotRun", "PostStartHookError",
    "PreStartHookError", "PreCreateHookError", "VerifyNonRootError",
})  # fmt: skip
_REJECTED: Final = lazy_pattern(r"OutOf\w+|NodeAffinity|UnexpectedAdmissionError|NodePorts|NodeShutdown|Terminated")
_COMMAND: Final = lazy_pattern(
    r"executable file not found|no such file or directory|exec format error|exec:? [^\n]{0,300}permission denied",
    re.IGNORECASE,
)
# runc: the limit is too small even for its own process that starts the container.
_TOO_SMALL: Final = lazy_pattern(r"init was oom-?killed|memory limit too low", re.IGNORECASE)
_PROBE_KILL: Final = lazy_pattern(r"failed (?:liveness|startup) probe|is unhealthy, it will be killed", re.IGNORECASE)
_KILLING_PROBE: Final = lazy_pattern(r"(?:Liveness|Startup) probe (?:failed|errored)")
_STARVED: Final = lazy_pattern(r"low on resource: ([\w.-]+)|(\w[\w-]{0,60}) (?:usage|limit) exceed", re.IGNORECASE)
_OWN_LIMIT: Final = lazy_pattern(
    r"usage of emptydir volume|ephemeral local storage usage exceeds|exceeded its local ephemeral storage limit",
    re.IGNORECASE,
)
_SIGNALS: Final = {132: "SIGILL", 133: "SIGTRAP", 134: "SIGABRT", 135: "SIGBUS", 136: "SIGFPE", 137: "SIGKILL",
                   138: "SIGUSR1", 139: "SIGSEGV", 141: "SIGPIPE", 143: "SIGTERM", 159: "SIGSYS"}  # fmt: skip
# Signals that the kernel sends to a process for what it does itself (POSIX: core dumps).
_FAULTS: Final = (132, 133, 134, 135, 136, 139, 159)
_OFTEN: Final = 3
_LONGEST_COMMAND: Final = 200
_CREATING_PATIENCE_S: Final = 60.0
_UNSEEN_PATIENCE_S: Final = 60.0
_GRACE_S: Final = 30


def find_pods(cluster: Cluster) -> Iterator[Finding]:
    """What is wrong with pods, one finding a pod or container; what has recovered too."""
    for pod in cluster.pods:
        if pod.terminating:
            yield _terminating(cluster, pod)
        elif torn_down(cluster, pod) and not pod.healthy:
            yield _of(pod, "TornDown")
        elif pod.phase == "Failed" and is_superseded(cluster, pod):
            yield _of(pod, "Recovered", since=ended_at(pod))
        elif pod.phase != "Succeeded":
            yield from _pod(cluster, pod)


def torn_down(cluster: Cluster, pod: Pod) -> bool:
    """Whether the pod belongs to a ReplicaSet that wants no pods any more: an old revision being removed."""
    if kind_of(pod.controller) != "replicaset":
        return False
    owner = cluster.get("ReplicaSet", pod.item.namespace, base_name(pod.controller))
    return owner is not None and integer(owner.raw, "spec", "replicas") == 0


def well_throughout(cluster: Cluster, container: Container) -> bool:
    """Whether it ran all through the window and is ready: what ended its last instance was before the incident."""
    ended, started = instant(container.last, "finishedAt"), container.started_at
    before = ended is None or ended < cluster.window.start
    return before and container.ready is True and started is not None and started < cluster.window.start


def exit_meaning(code: int | None) -> str | None:
    """What an exit code says by convention (POSIX shells: 126, 127, 128 + signal)."""
    if code is None:
        return None
    if code in (126, 127):
        return "command not executable" if code == 126 else "command not found"
    return {0: "ended without error"}.get(code, _SIGNALS.get(code, "application error" if code < 128 else "signal"))


def over_own_limit(message: str) -> bool:
    """Whether a pod was evicted for its own use of local storage (an emptyDir's limit, or its containers')."""
    return bool(_OWN_LIMIT.search(message))


def refuses_image(message: str) -> bool:
    """Whether the kubelet refuses to run the image as the security context demands (runAsNonRoot)."""
    return "runAsNonRoot" in message or "run as root" in message


def start_error(message: str, fallback: str = "StartError") -> str:
    """The state for a runtime's refusal to start a container."""
    if _TOO_SMALL.search(message):
        return "OOMKilled"
    return "InvalidCommand" if _COMMAND.search(message) else fallback


def _of(pod: Pod, state: str, container: Container | None = None, **fields: Any) -> Finding:
    name = container.name if container else None
    return Finding(state, pod.item.id, "Pod", pod.resource, container=name, **fields)


def _terminating(cluster: Cluster, pod: Pod) -> Finding:
    deleted = instant(pod.item.raw, "metadata", "deletionTimestamp")
    # The API server writes the end of the grace period into deletionTimestamp.
    late_s = (cluster.now - deleted).total_seconds() if deleted else 0.0
    if late_s < 2 * _GRACE_S:
        return _of(pod, "TornDown", since=deleted)
    finalizers = texts(pod.item.raw, "metadata", "finalizers")
    details = {"late_s": round(late_s), "finalizers": finalizers, "node": pod.node}
    return _of(pod, "TerminatingStuck", since=deleted, details=details)


def _pod(cluster: Cluster, pod: Pod) -> Iterator[Finding]:
    findings = [f for c in pod.containers if (f := _container(cluster, pod, c)) is not None]
    whole = _whole_pod(cluster, pod, findings)
    yield from findings
    if whole is not None:
        yield whole


def _whole_pod(cluster: Cluster, pod: Pod, findings: list[Finding]) -> Finding | None:
    reason, message = text(pod.item.raw, "status", "reason"), message_of(pod.item.raw, "status", "message")
    if pod.phase == "Failed":
        return _failed(pod, reason, message, findings)
    if pod.phase == "Unknown" or reason == "NodeLost":
        return _of(pod, "NodeLost", message=message, details={"node": pod.node})
    if findings:
        return None
    if pod.phase == "Pending":
        return _pending(cluster, pod)
    if pod.phase == "Running" and pod.ready is False:
        return _gate(pod) or _of(
            pod, "NotReady", since=instant(pod.item.condition("Ready"), "lastTransitionTime"),
            message=message_of(pod.item.condition("Ready"), "message"), details={"node": pod.node},
        )  # fmt: skip
    return None


def _failed(pod: Pod, reason: str, message: str, findings: list[Finding]) -> Finding | None:
    if reason == "Evicted":
        match = _STARVED.search(message)
        starved = next((group.rstrip(".") for group in match.groups() if group), None) if match else None
        state = "StorageLimitExceeded" if over_own_limit(message) else "Evicted"
        finding = _of(pod, state, message=message, details={"starved": starved, "node": pod.node})
        # The node ran short; a pod that broke its own limit has itself to blame.
        by_node = pod.node and "node was low" in message
        return replace(finding, resource=kubernetes_id("Node", "", pod.node)) if by_node else finding
    if reason == "DeadlineExceeded":
        return _of(pod, "DeadlineExceeded", message=message)
    if _REJECTED.fullmatch(reason):
        return _of(pod, "PodRejected", message=message, details={"reason": reason, "node": pod.node})
    if findings:
        return None
    return _of(pod, "PodFailed", message=message, details={"reason": reason, "node": pod.node})


def _pending(cluster: Cluster, pod: Pod) -> Finding | None:
    created = instant(pod.item.raw, "metadata", "creationTimestamp")
    age_s = (cluster.now - created).total_seconds() if created else None
    events = cluster.events_of.get(pod.item.id, ())
    if not pod.node:
        if text(pod.item.condition("PodScheduled"), "status") == "False" or events:
            return None  # `scheduling` gives the reason
        if (
            cluster.dumped("Event")
            and mapping(pod.item.raw, "spec").get("containers")
            and (age_s or 0) > _UNSEEN_PATIENCE_S
        ):
            scheduler = text(pod.spec, "schedulerName") or "default-scheduler"
            details = {"scheduler": scheduler, "age_s": round(age_s or 0)}
            waits = _of(pod, "NotScheduled", since=created, details=details)
            down = _scheduler_down(cluster)
            return replace(waits, resource=down) if down and scheduler == "default-scheduler" else waits
        return _of(pod, "PodPending", since=created)
    if not at(pod.item.raw, "status", "startTime") and not events and (age_s or 0) > _UNSEEN_PATIENCE_S:
        return _of(pod, "NotStarted", since=created, variant=pod.node, details={"node": pod.node})
    return _of(pod, "PodPending", since=created, details={"node": pod.node})


def _scheduler_down(cluster: Cluster) -> str | None:
    """The scheduler's workload (by kubeadm's label) where none of its pods is ready."""
    own = cluster.pods_in.get("kube-system", ())
    pods = [scheduler for scheduler in own if scheduler.item.labels.get("component") == "kube-scheduler"]
    return pods[0].resource if pods and not any(scheduler.ready for scheduler in pods) else None


def _gate(pod: Pod) -> Finding | None:
    if any(container.ready is False for container in pod.containers if not container.init):
        return None
    for gate in maps(pod.spec, "readinessGates"):
        name = text(gate, "conditionType")
        if name and text(pod.item.condition(name), "status") != "True":
            return _of(pod, "ReadinessGateNotMet", variant=name, details={"gate": name})
    return None


def _container(cluster: Cluster, pod: Pod, container: Container) -> Finding | None:
    if container.state("waiting"):
        return _waiting(cluster, pod, container)
    if container.state("terminated"):
        return _ended(cluster, pod, container)
    if container.running:
        return _running(cluster, pod, container)
    return None


def _waiting(cluster: Cluster, pod: Pod, container: Container) -> Finding | None:
    waiting = container.state("waiting")
    reason, message = text(waiting, "reason"), message_of(waiting, "message")
    if reason in PULL_REASONS:
        return pull_failure(cluster, pod, container)
    if reason == "CreateContainerConfigError" and refuses_image(message):
        return _of(pod, "SecurityContextConflict", container, message=message)
    if reason == "CreateContainerConfigError":
        return missing_in_message(pod, container.name, message) or _of(pod, reason, container, message=message)
    if reason in _START_ERRORS:
        state = start_error(message, "CreateContainerError" if reason == "CreateContainerError" else "StartError")
        return _of(pod, state, container, message=message, details=_crash_details(container, reason))
    if reason == "CrashLoopBackOff" or (container.restarts and container.last):
        return _crash(cluster, pod, container, reason, message)
    if reason == "ContainerCreating":
        return _creating(cluster, pod, container)
    if reason == "PodInitializing" and not container.init:
        return _uninitialised(cluster, pod)
    return None


def _uninitialised(cluster: Cluster, pod: Pod) -> Finding | None:
    """An init container of which the dump tells nothing, while the others have waited for it long enough."""
    silent = [container for container in pod.containers if container.init and not container.status]
    since = instant(pod.item.raw, "status", "startTime") or instant(pod.item.raw, "metadata", "creationTimestamp")
    if not silent or since is None or (cluster.now - since).total_seconds() < _UNSEEN_PATIENCE_S:
        return None
    return _of(pod, "InitContainerNotFinished", silent[0], since=since)


def _creating(cluster: Cluster, pod: Pod, container: Container) -> Finding | None:
    since = instant(pod.item.condition("PodScheduled"), "lastTransitionTime") or instant(
        pod.item.raw, "status", "startTime"
    )
    waited_s = (cluster.now - since).total_seconds() if since else None
    if waited_s is not None and waited_s < _CREATING_PATIENCE_S:
        return None
    details = {"waiting_s": round(waited_s) if waited_s is not None else None, "node": pod.node}
    return _of(pod, "ContainerCreating", container, since=since, details=details)


def _crash(cluster: Cluster, pod: Pod, container: Container, waiting: str, message: str) -> Finding:
    last = container.last
    reason = text(last, "reason")
    code = integer(last, "exitCode")
    state = "CrashLoopBackOff"
    if reason == "OOMKilled":
        state = "OOMKilled"
    elif code in (126, 127):
        state = "InvalidCommand"
    elif reason in _START_ERRORS:
        state = start_error(text(last, "message"))
    elif code in (137, 143) and _killed_by_probe(cluster, pod, container):
        state = "KilledByProbe"
    elif code in _FAULTS:
        state = "KilledBySignal"
    elif code == 137 and at(container.spec, "resources", "limits", "memory"):
        state = "KilledWithoutReason"
    return _of(
        pod, state, container, message=message_of(last, "message") or message, exit_code=code,
        restarts=container.restarts, since=_unready_since(pod) or instant(last, "finishedAt"),
        details=_crash_details(container, waiting),
    )  # fmt: skip


def _killed_by_probe(cluster: Cluster, pod: Pod, container: Container) -> bool:
    """Whether the kubelet ended the container because a probe of it failed: it says so, or such a probe failed then.

    The kernel's kill for memory has a reason of its own, OOMKilled (Kubernetes: Container states).
    """
    names = (container.name, None) if len(pod.containers) == 1 else (container.name,)
    about = [event for event in cluster.events_of.get(pod.item.id, ()) if event.container in names]
    if any(event.reason == "Killing" and _PROBE_KILL.search(event.message) for event in about):
        return True
    ended = instant(container.last, "finishedAt")
    failed = [event.last for event in about if event.reason == "Unhealthy" and _KILLING_PROBE.match(event.message)]
    return any(last is None or ended is None or abs(ended - last) < RECOVERED_AFTER for last in failed)


def _crash_details(container: Container, waiting: str) -> dict[str, Any]:
    last = container.last
    started, finished = instant(last, "startedAt"), instant(last, "finishedAt")
    return {
        "waiting": waiting or None,
        "last_reason": text(last, "reason") or None,
        "exit_meaning": exit_meaning(integer(last, "exitCode")),
        "runtime_s": (finished - started).total_seconds() if started and finished else None,
        "memory_limit": at(container.spec, "resources", "limits", "memory"),
        "command": _command_of(container) or None,
        "image": text(container.spec, "image") or None,
        "last_words": message_of(last, "message") or None,
        "init": container.init,
    }


def _command_of(container: Container) -> str:
    """What the manifest lets it run, on one line; its image decides where that is empty."""
    words = " ".join([*texts(container.spec, "command"), *texts(container.spec, "args")])
    return " ".join(words[:_LONGEST_COMMAND].split())


def _ended(cluster: Cluster, pod: Pod, container: Container) -> Finding | None:
    ended = container.state("terminated")
    code, reason = integer(ended, "exitCode"), text(ended, "reason")
    if (code == 0 or reason == "Completed") and (
        container.init or pod.spec.get("restartPolicy") in ("Never", "OnFailure")
    ):
        return None
    crash = _crash(cluster, pod, container, "", "")
    return replace(crash, state="ContainerFailed") if crash.state == "CrashLoopBackOff" else crash


def _running(cluster: Cluster, pod: Pod, container: Container) -> Finding | None:
    if container.init:
        if pod.phase == "Pending":
            since = container.started_at
            return _of(pod, "InitContainerNotFinished", container, since=since, restarts=container.restarts or None)
        return None
    started = container.started_at
    last_end = instant(container.last, "finishedAt")
    if container.ready is False:
        return _not_ready(cluster, pod, container, last_end)
    if not container.restarts or (started and started < cluster.window.start - _FORGOTTEN_AFTER):
        return None
    return _restarted(cluster, pod, container, started, last_end)


def _not_ready(cluster: Cluster, pod: Pod, container: Container, last_end: datetime | None) -> Finding:
    lately = last_end is not None and cluster.now - last_end < RECOVERED_AFTER
    if container.restarts and lately and (integer(container.last, "exitCode") or text(container.last, "reason")):
        crash = _crash(cluster, pod, container, "", "")
        return replace(crash, state="ContainerFailed") if crash.state == "CrashLoopBackOff" else crash
    return _of(
        pod, "NotReady", container, since=_unready_since(pod), restarts=container.restarts or None,
        details={"node": pod.node, "readiness_probe": bool(mapping(container.spec, "readinessProbe"))},
    )  # fmt: skip


def _restarted(
    cluster: Cluster, pod: Pod, container: Container, started: datetime | None, last_end: datetime | None
) -> Finding:
    in_window = last_end is not None and cluster.window.holds(last_end)
    out_of_memory = text(container.last, "reason") == "OOMKilled"
    lately = started is not None and cluster.now - started < RECOVERED_AFTER
    recent = lately and not well_throughout(cluster, container)
    ready = pod.item.condition("Ready")
    ready_since = instant(ready, "lastTransitionTime") if text(ready, "status") == "True" else None
    details = {**_crash_details(container, ""), "running": True, "ready_since": moment_text(ready_since)}
    state = "RestartedRecently" if recent else "Recovered"
    if out_of_memory and (recent or (in_window and container.restarts >= _OFTEN)):
        state = "OOMKilled"
    elif recent and integer(container.last, "exitCode") in (137, 143) and _killed_by_probe(cluster, pod, container):
        state = "KilledByProbe"
    return _of(
        pod, state, container, since=started, restarts=container.restarts, last_seen=last_end,
        exit_code=integer(container.last, "exitCode"), details=details,
    )  # fmt: skip


def _unready_since(pod: Pod) -> datetime | None:
    return instant(pod.item.condition("Ready"), "lastTransitionTime")
