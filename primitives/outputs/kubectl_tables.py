"""Tables of `kubectl get` as the objects that they were printed from, as far as they show them.

What each column holds stands in Kubernetes' printers (pkg/printers/internalversion/printers.go) and under
"kubectl get" of its reference. Kinds that others are looked up in by labels or name (Service, ConfigMap, Secret) aren't
made: what a table leaves out would seem to be missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from primitives.identity import parse_id
from primitives.kubernetes.kinds import kind_of_dump
from primitives.outputs.tables import Row, columns
from primitives.outputs.texts import Output
from primitives.patterns import lazy_pattern
from primitives.quantities import parse_age

__all__ = ["object_kind", "objects_in_tables"]

_HEADER: Final = lazy_pattern(r"^(?:NAMESPACE\s+)?(?:NAME\s|LAST SEEN\s)")
_SHARE: Final = lazy_pattern(r"^(\d{1,6})/(\d{1,6})$")
_RESTARTS: Final = lazy_pattern(r"^(\d{1,7})(?:\s{0,3}\((\S{1,20}?)(?: ago)?\))?$")
_EVENT_AGE: Final = lazy_pattern(r"^(\S{1,20})(?: \(x(\d{1,9}) over (\S{1,20})\))?$")
_CODE: Final = lazy_pattern(r"^(ExitCode|Signal):(\d{1,3})$")
_TARGET: Final = lazy_pattern(r"(\d{1,9})%/(\d{1,9})%")
_WAITING: Final = frozenset(
    {"CrashLoopBackOff", "ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull",
     "CreateContainerConfigError", "CreateContainerError", "RunContainerError", "ContainerCreating", "PodInitializing",
     "RegistryUnavailable", "ImageInspectError"}
)  # fmt: skip
_ENDED: Final = frozenset({"Error", "OOMKilled", "ContainerCannotRun", "StartError", "DeadlineExceeded"})
_FAILED: Final = frozenset({"Evicted", "Failed", "NodeLost", "OutOfcpu", "OutOfmemory", "NodeAffinity", "Preempting"})
_SHORT: Final = {"node": "Node", "pod": "Pod", "deployment": "Deployment", "replicaset": "ReplicaSet",
                 "statefulset": "StatefulSet", "daemonset": "DaemonSet", "job": "Job", "cronjob": "CronJob",
                 "horizontalpodautoscaler": "HorizontalPodAutoscaler", "ingress": "Ingress",
                 "persistentvolumeclaim": "PersistentVolumeClaim"}  # fmt: skip


def object_kind(word: str) -> str:
    """The kind that a word of a command or of an event's object column names (`po`, `pods`, `Pod`)."""
    lowered = word.partition(".")[0].lower()
    return _SHORT.get(lowered) or kind_of_dump(lowered) or kind_of_dump(lowered + "s")


def objects_in_tables(output: Output) -> tuple[list[dict[str, Any]], list[str]]:
    """The objects of every table in the output, and the lines that are of none."""
    objects: list[dict[str, Any]] = []
    rest: list[str] = []
    lines = list(output.lines)
    while lines:
        line = lines.pop(0)
        read = _reader(line) if _HEADER.search(line) else None
        if read is None:
            rest.append(line)
            continue
        end = next((place for place, row in enumerate(lines) if not row.strip() or _HEADER.search(row)), len(lines))
        for row in columns(line, lines[:end]):
            objects += [made for made in read(row, output) if made["metadata"]["name"]]
        del lines[:end]
    return objects, rest


def _reader(header: str) -> Any:
    names = set(header.split())
    for wanted, read in _READERS:
        if wanted <= names:
            return read
    return None


def _object(kind: str, row: Row, output: Output, **parts: Any) -> dict[str, Any]:
    name = row.get("NAME", "").rpartition("/")[2]
    made: dict[str, Any] = {
        "kind": kind, "metadata": {"name": name, "namespace": row.get("NAMESPACE") or output.namespace}, **parts
    }  # fmt: skip
    if created := _ago(row.get("AGE", ""), output.time):
        made["metadata"]["creationTimestamp"] = created
    return made


def _ago(age: str, now: datetime) -> str | None:
    seconds = parse_age(age)
    return (now - timedelta(seconds=seconds)).isoformat() if seconds is not None and seconds < 3e9 else None


def _share(text: str) -> tuple[int, int]:
    match = _SHARE.match(text)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _pod(row: Row, output: Output) -> Iterator[dict[str, Any]]:
    status = row.get("STATUS", "")
    ready, wanted = _share(row.get("READY", ""))
    init = status.startswith("Init:")
    word = status.removeprefix("Init:")
    own: dict[str, Any] = {"name": "", "ready": bool(wanted) and ready == wanted, **_states(row, word, output)}
    pod = _object("Pod", row, output, spec={}, status={"phase": _phase(word, init)})
    if (node := row.get("NODE", "")) and node != "<none>":
        pod["spec"]["nodeName"] = node
    if word == "Terminating":
        pod["metadata"]["deletionTimestamp"] = output.time.isoformat()
    elif word in _FAILED:
        pod["status"]["reason"] = word
    elif not (word == "Pending" or word[:1].isdigit()):
        pod["status"]["initContainerStatuses" if init else "containerStatuses"] = [own]
    owned = _owner(row, output)
    if owned:
        pod["metadata"]["ownerReferences"] = [owned]
    yield pod


def _phase(word: str, init: bool) -> str:
    if word in ("Completed", "Succeeded"):
        return "Succeeded"
    if word in _FAILED:
        return "Failed"
    pulls = word in _WAITING - {"CrashLoopBackOff", "RunContainerError"}
    return "Pending" if init or pulls or word in ("Pending", "SchedulingGated") else "Running"


def _states(row: Row, word: str, output: Output) -> dict[str, Any]:
    restarts = _RESTARTS.match(row.get("RESTARTS", ""))
    last = _ago(restarts[2], output.time) if restarts and restarts[2] else None
    states: dict[str, Any] = {"restartCount": int(restarts[1]) if restarts else 0}
    code = _CODE.match(word)
    if word in _WAITING:
        states["state"] = {"waiting": {"reason": word}}
    elif word in _ENDED or code:
        number = (int(code[2]) + 128 * (code[1] == "Signal")) if code else 137 if word == "OOMKilled" else 1
        states["state"] = {"terminated": {"reason": "Error" if code else word, "exitCode": number}}
    elif word in ("Completed", "Succeeded"):
        states["state"] = {"terminated": {"reason": "Completed", "exitCode": 0}}
    else:
        states["state"] = {"running": {"startedAt": last or _ago(row.get("AGE", ""), output.time)}}
    return states


def _owner(row: Row, output: Output) -> dict[str, str] | None:
    """The workload that the output was collected of, where the pod is named after it."""
    collected_of = parse_id(output.resource)
    namespace, name = collected_of.namespace, collected_of.name
    controller = object_kind(collected_of.kind)
    same = namespace == (row.get("NAMESPACE") or output.namespace) and row.get("NAME", "").startswith(f"{name}-")
    known = controller in ("Deployment", "StatefulSet", "DaemonSet", "Job")
    return {"kind": controller, "name": name} if name and same and known else None


def _workload(row: Row, output: Output) -> Iterator[dict[str, Any]]:
    ready, wanted = _share(row.get("READY", ""))
    kind = "Deployment" if "UP-TO-DATE" in row else "StatefulSet"
    status = {"replicas": wanted, "readyReplicas": ready, "availableReplicas": ready}
    if kind == "Deployment":
        status |= {"updatedReplicas": _number(row["UP-TO-DATE"]), "availableReplicas": _number(row["AVAILABLE"])}
    yield _object(kind, row, output, spec={"replicas": wanted}, status=status)


def _daemon_set(row: Row, output: Output) -> Iterator[dict[str, Any]]:
    yield _object("DaemonSet", row, output, spec={}, status={
        "desiredNumberScheduled": _number(row["DESIRED"]), "currentNumberScheduled": _number(row["CURRENT"]),
        "numberReady": _number(row["READY"]), "numberAvailable": _number(row.get("AVAILABLE", "")),
    })  # fmt: skip


def _node(row: Row, output: Output) -> Iterator[dict[str, Any]]:
    words = row["STATUS"].split(",")
    node = _object("Node", row, output, spec={"unschedulable": True} if "SchedulingDisabled" in words else {})
    ready = "True" if "Ready" in words else "False" if "NotReady" in words else "Unknown"
    node["status"] = {"conditions": [{"type": "Ready", "status": ready}]}
    yield node


def _claim(row: Row, output: Output) -> Iterator[dict[str, Any]]:
    spec = {"storageClassName": row["STORAGECLASS"]} if row.get("STORAGECLASS") else {}
    yield _object("PersistentVolumeClaim", row, output, spec=spec, status={"phase": row.get("STATUS", "")})


def _job(row: Row, output: Output) -> Iterator[dict[str, Any]]:
    done, wanted = _share(row.get("COMPLETIONS", ""))
    status: dict[str, Any] = {"succeeded": done}
    if row.get("STATUS") in ("Failed", "Complete"):
        status["conditions"] = [{"type": row["STATUS"], "status": "True"}]
    yield _object("Job", row, output, spec={"completions": wanted}, status=status)


def _autoscaler(row: Row, output: Output) -> Iterator[dict[str, Any]]:
    kind, _, name = row["REFERENCE"].partition("/")
    most, replicas = _number(row["MAXPODS"]), _number(row["REPLICAS"])
    over = any(int(now) > int(target) for now, target in _TARGET.findall(row.get("TARGETS", "")))
    conditions = []
    if "<unknown>" in row.get("TARGETS", ""):
        conditions.append({"type": "ScalingActive", "status": "False", "reason": "FailedGetResourceMetric"})
    if over and replicas >= most > 0:
        conditions.append({"type": "ScalingLimited", "status": "True", "reason": "TooManyReplicas"})
    yield _object(
        "HorizontalPodAutoscaler", row, output,
        spec={"maxReplicas": most, "minReplicas": _number(row["MINPODS"]),
              "scaleTargetRef": {"kind": kind, "name": name}},
        status={"currentReplicas": replicas, "desiredReplicas": replicas, "conditions": conditions},
    )  # fmt: skip


def _event(row: Row, output: Output) -> Iterator[dict[str, Any]]:
    word, _, name = row.get("OBJECT", "").partition("/")
    yield event(
        output, (object_kind(word), row.get("NAMESPACE") or output.namespace, name), row.get("TYPE", ""),
        row.get("REASON", ""), row.get("LAST SEEN", ""), row.get("MESSAGE", ""), _number(row.get("COUNT", "")),
    )  # fmt: skip


def event(
    output: Output, about: tuple[str, str, str], type_: str, reason: str, age: str, message: str, count: int = 0
) -> dict[str, Any]:
    """An event object as a table of events shows it; ages are counted back from the output's time."""
    kind, namespace, name = about
    seen = _EVENT_AGE.match(age)
    last = _ago(seen[1], output.time) if seen else None
    first = _ago(seen[3], output.time) if seen and seen[3] else last
    return {
        "kind": "Event", "type": type_, "reason": reason, "message": message,
        "count": count or (int(seen[2]) if seen and seen[2] else 1),
        "metadata": {"name": f"{name}.{reason}.{hash_of(message)}", "namespace": namespace or "default"},
        "involvedObject": {"kind": kind, "namespace": namespace, "name": name},
        "firstTimestamp": first, "lastTimestamp": last,
    }  # fmt: skip


def hash_of(message: str) -> str:
    """A short name for a message, the same in every run."""
    import hashlib

    return hashlib.sha256(message.encode()).hexdigest()[:12]


_READERS: Final[Sequence[tuple[frozenset[str], Any]]] = (
    (frozenset({"REASON", "OBJECT", "MESSAGE"}), _event),
    (frozenset({"READY", "STATUS", "RESTARTS"}), _pod),
    (frozenset({"STATUS", "ROLES", "VERSION"}), _node),
    (frozenset({"REFERENCE", "MINPODS", "MAXPODS", "REPLICAS"}), _autoscaler),
    (frozenset({"STATUS", "VOLUME", "STORAGECLASS"}), _claim),
    (frozenset({"COMPLETIONS", "DURATION"}), _job),
    (frozenset({"READY", "UP-TO-DATE", "AVAILABLE", "DESIRED"}), _daemon_set),
    (frozenset({"READY", "UP-TO-DATE", "AVAILABLE"}), _workload),
)
