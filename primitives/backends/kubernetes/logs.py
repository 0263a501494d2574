"""Which containers' logs are read, and reading them: those of pods in trouble first, a bounded number in all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from primitives.backends.kubernetes.client import Absent, KubernetesClient
from primitives.container_log import written_until
from primitives.dataclass import dataclass
from primitives.errors import SourceError
from primitives.kubernetes.fields import instant, integer, mapping, maps, text
from primitives.records import ContainerLog, KubernetesDump, Window
from primitives.side_by_side import side_by_side

__all__ = ["ReadLogs", "choose_containers", "read_logs"]

MOST_LOGS: Final = 80
MOST_BYTES: Final = 400_000
"""Of one log; the server sends no more of it (`limitBytes`)."""
_MOST_LINES: Final = 2_000
_WITHIN_S: Final = 15.0
# Restarted no longer ago than this, it counts as in trouble.
_LATELY: Final = timedelta(hours=1)
_SYSTEM: Final = ("kube-system", "kube-public", "kube-node-lease")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One log: of the running instance of a container, or of the one before."""

    namespace: str
    pod: str
    container: str
    previous: bool


@dataclass(frozen=True, slots=True)
class ReadLogs:
    """The logs, and why some aren't there."""

    logs: tuple[ContainerLog, ...]
    missing: tuple[str, ...] = ()


def choose_containers(dumps: Iterable[KubernetesDump], now: datetime) -> tuple[list[Wanted], int]:
    """The logs to read, those of ill pods first; and how many others there are."""
    pods = [pod for dump in dumps if dump.kind == "pods" for pod in dump.items]
    ranked = sorted(pods, key=lambda pod: (_rank(pod, now), text(pod, "metadata", "namespace"), _name(pod)))
    wanted = [entry for pod in ranked for entry in _of_pod(pod)]
    return wanted[:MOST_LOGS], max(0, len(wanted) - MOST_LOGS)


async def read_logs(client: KubernetesClient, wanted: Iterable[Wanted], window: Window) -> ReadLogs:
    """Read them side by side, each from the window's start on; what fails or is late is left out, and said."""
    tasks = await side_by_side((_read(client, entry, window) for entry in wanted), _WITHIN_S)
    late = tasks.count(None)
    logs, problems = [], [f"{late} logs took over {_WITHIN_S:g} s"] if late else []
    for task in filter(None, tasks):
        answer = task.result()
        if isinstance(answer, ContainerLog):
            logs.append(answer)
        elif answer:
            problems.append(answer)
    return ReadLogs(tuple(logs), tuple(dict.fromkeys(problems)))


async def _read(client: KubernetesClient, wanted: Wanted, window: Window) -> ContainerLog | str:
    params = {
        "container": wanted.container, "timestamps": "true", "tailLines": str(_MOST_LINES),
        "limitBytes": str(MOST_BYTES),
    }  # fmt: skip
    if wanted.previous:
        params["previous"] = "true"
    else:
        params["sinceTime"] = f"{window.start:%Y-%m-%dT%H:%M:%SZ}"
    try:
        body = await client.text(f"/api/v1/namespaces/{wanted.namespace}/pods/{wanted.pod}/log", params, 2 * MOST_BYTES)
    except Absent:
        return ""
    except SourceError as error:
        # A container that hasn't started has no log: the server says so with 400, and its state says why.
        return "" if "HTTP 400" in error.problem else f"a log: {error.problem}"
    # What was written while the answers came is left out, as a recording of this moment leaves it out.
    body = written_until(body, window.end)
    if not body:
        return ""
    return ContainerLog(
        namespace=wanted.namespace, pod=wanted.pod, container=wanted.container, previous=wanted.previous, text=body
    )


def _rank(pod: Mapping[str, Any], now: datetime) -> int:
    """0 for a pod in trouble, 2 for the system's own, 1 for the others."""
    if _in_trouble(pod, now):
        return 0
    return 2 if text(pod, "metadata", "namespace") in _SYSTEM else 1


def _in_trouble(pod: Mapping[str, Any], now: datetime) -> bool:
    phase = text(pod, "status", "phase")
    if phase == "Succeeded":
        return False
    statuses = maps(pod, "status", "containerStatuses")
    restarted = (instant(mapping(status, "lastState", "terminated"), "finishedAt") for status in statuses)
    return (
        phase != "Running"
        or any(not status.get("ready") for status in statuses)
        or any(moment is not None and now - moment < _LATELY for moment in restarted)
    )


def _of_pod(pod: Mapping[str, Any]) -> Iterator[Wanted]:
    namespace, name = text(pod, "metadata", "namespace"), _name(pod)
    statuses = [*maps(pod, "status", "initContainerStatuses"), *maps(pod, "status", "containerStatuses")]
    for status in statuses:
        container, state = text(status, "name"), mapping(status, "state")
        if not (namespace and name and container):
            continue
        if (integer(status, "restartCount") or 0) > 0:
            yield Wanted(namespace, name, container, previous=True)
        started = "running" in state or "terminated" in state
        # An init container that did its work has nothing to say about an incident.
        done = integer(mapping(state, "terminated"), "exitCode") == 0
        if started and not done:
            yield Wanted(namespace, name, container, previous=False)


def _name(pod: Mapping[str, Any]) -> str:
    return text(pod, "metadata", "name")
