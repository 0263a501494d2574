"""A dump of a large Kubernetes cluster: how long until every finding is there, merged and judged.

5,000 pods of 500 workloads on 100 nodes, a fifth of them ill, and 20,000 events. The reference is reading every pod and
event once.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.figures import Figure, Reference, Result, Target
from benchmarks.isolated import isolated
from benchmarks.options import Options

__all__ = ["dumps", "made_objects"]

_NOW = datetime(2026, 3, 10, 14, 45, tzinfo=UTC)
_NAMESPACES = 20
_PODS_EACH = 10
_TARGET = Target(3_000)
_FULL = "0/100 nodes are available: 60 Insufficient cpu, 40 Insufficient memory."
_WARNINGS = (
    ("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"),
    ("BackOff", "Back-off restarting failed container app in pod"),
    ("FailedScheduling", _FULL),
    ("FailedMount", 'MountVolume.SetUp failed for volume "data" : timed out waiting for the condition'),
)


def dumps(options: Options) -> Result:
    """5,000 pods with 20,000 events; quick: a tenth of that."""
    workloads = 50 if options.quick else 500
    read_ms, whole_ms = isolated(measured, workloads, options.times(3, 2))
    pods = workloads * _PODS_EACH
    name = f"{pods:,} pods, {pods * len(_WARNINGS):,} events"
    target = None if options.quick else _TARGET
    reference = Reference("reading the objects", read_ms)
    return Result([Figure("kubernetes", name, whole_ms, "ms", target, reference)])


def measured(workloads: int, rounds: int) -> tuple[float, float]:
    """The least processor times of a few rounds, in ms: of reading alone, and of the whole analysis."""
    from primitives.kubernetes.analysis import FAMILIES, merge, ordered
    from primitives.kubernetes.cluster import Cluster
    from primitives.kubernetes.relevance import judge_relevance
    from primitives.records import KubernetesDump, Window

    window = Window(start=_NOW - timedelta(hours=1), end=_NOW)
    dumped = [KubernetesDump(time=_NOW, kind=kind, items=items) for kind, items in made_objects(workloads).items()]
    reads, wholes = [], []
    for _ in range(rounds):
        started = time.process_time()
        cluster = Cluster(dumped, window)
        assert len(cluster.pods) < len(cluster.events)
        reads.append(time.process_time() - started)
        findings = [finding for _, find in FAMILIES for finding in find(cluster)]
        assert ordered(judge_relevance(cluster, merge(cluster, findings)))
        wholes.append(time.process_time() - started)
    return 1_000 * min(reads), 1_000 * min(wholes)


def made_objects(workloads: int, now: datetime = _NOW) -> dict[str, tuple[dict[str, Any], ...]]:
    """The objects by the name of their dump; at `now` a fifth of the pods have been ill for some minutes."""
    made: dict[str, tuple[dict[str, Any], ...]] = _shifted(_made_objects(workloads), now - _NOW)
    return made


def _shifted(value: Any, by: timedelta) -> Any:
    """The same with all its times later by so much."""
    if not by:
        return value
    if isinstance(value, dict):
        return {name: _shifted(item, by) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_shifted(item, by) for item in value)
    if isinstance(value, str) and value.startswith("2026-03-") and value.endswith("Z"):
        return _stamp(datetime.fromisoformat(value) + by)
    return value


def _made_objects(workloads: int) -> dict[str, tuple[dict[str, Any], ...]]:
    made: dict[str, list[dict[str, Any]]] = {
        "nodes": [_node(number) for number in range(100)], "deployments": [], "replicasets": [], "services": [],
        "pods": [], "events": [], "configmaps": [],
    }  # fmt: skip
    for number in range(workloads):
        name, namespace = f"app{number}", f"ns{number % _NAMESPACES}"
        template = _template(name, f"app{(number + _NAMESPACES) % workloads}")
        spec, labels = {"replicas": _PODS_EACH, "template": template}, {"app": name}
        state = {"replicas": _PODS_EACH, "readyReplicas": _PODS_EACH - 2}
        owner = [{"kind": "Deployment", "name": name, "controller": True}]
        made["deployments"].append(_object("Deployment", name, namespace, spec=spec, status=state))
        made["replicasets"].append(
            _object("ReplicaSet", f"{name}-5c", namespace, {"ownerReferences": owner}, spec=spec, status=state)
        )
        ports = [{"port": 80, "targetPort": 8080}]
        made["services"].append(_object("Service", name, namespace, spec={"selector": labels, "ports": ports}))
        for place in range(_PODS_EACH):
            made["pods"].append(_pod(name, namespace, template, place, (number + place) % 100))
            made["events"] += [_event(f"{name}-5c-{place}", namespace, kind) for kind in range(len(_WARNINGS))]
    return {kind: tuple(items) for kind, items in made.items()}


def _ago(minutes: float) -> str:
    return _stamp(_NOW - timedelta(minutes=minutes))


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _object(kind: str, name: str, namespace: str, more: Any = None, **fields: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace, "creationTimestamp": _ago(900), **(more or {})}
    return {"kind": kind, "metadata": metadata, **fields}


def _node(number: int) -> dict[str, Any]:
    state = {"allocatable": {"cpu": "64", "memory": "256Gi"}, "conditions": [{"type": "Ready", "status": "True"}]}
    return {"kind": "Node", "metadata": {"name": f"n{number}"}, "spec": {}, "status": state}


def _template(name: str, upstream: str) -> dict[str, Any]:
    app = {
        "name": "app", "image": "registry.example/app:1", "ports": [{"containerPort": 8080}],
        "env": [{"name": "UPSTREAM", "value": f"http://{upstream}:80"}],
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}},
    }  # fmt: skip
    return {"metadata": {"labels": {"app": name}}, "spec": {"containers": [app]}}


def _pod(name: str, namespace: str, template: Any, place: int, node: int) -> dict[str, Any]:
    """The last of each workload waits for a node, the one before it crashes, the others are well."""
    pending, crashing = place == _PODS_EACH - 1, place == _PODS_EACH - 2
    ready = {"type": "Ready", "status": str(not pending and not crashing), "lastTransitionTime": _ago(30)}
    state: dict[str, Any] = {"phase": "Pending" if pending else "Running", "conditions": [ready]}
    if pending:
        state["conditions"].append({"type": "PodScheduled", "status": "False", "message": _FULL})
    else:
        state["containerStatuses"] = [_status(crashing)]
    owner = [{"kind": "ReplicaSet", "name": f"{name}-5c", "controller": True}]
    more = {"labels": {"app": name}, "ownerReferences": owner}
    spec = {**template["spec"], **({} if pending else {"nodeName": f"n{node}"})}
    return _object("Pod", f"{name}-5c-{place}", namespace, more, spec=spec, status=state)


def _status(crashing: bool) -> dict[str, Any]:
    if not crashing:
        return {"name": "app", "ready": True, "restartCount": 0, "state": {"running": {"startedAt": _ago(700)}}}
    ended = {"exitCode": 1, "reason": "Error", "startedAt": _ago(3), "finishedAt": _ago(2)}
    return {
        "name": "app", "ready": False, "restartCount": 5, "lastState": {"terminated": ended},
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}},
    }  # fmt: skip


def _event(pod: str, namespace: str, kind: int) -> dict[str, Any]:
    reason, message = _WARNINGS[kind]
    return _object(
        "Event", f"{pod}.{kind}", namespace, involvedObject={"kind": "Pod", "name": pod, "namespace": namespace},
        type="Warning", reason=reason, message=message, count=3, firstTimestamp=_ago(40), lastTimestamp=_ago(kind + 1),
    )  # fmt: skip
