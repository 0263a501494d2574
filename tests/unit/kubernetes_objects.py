"""Small Kubernetes objects in the API reference's shapes, and the frame that the cases of every family share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from primitives.kubernetes.analysis import analyse
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.findings import Finding
from primitives.records import ContainerLog, KubernetesDump, Topology, Window

NOW = datetime(2026, 3, 10, 14, 45, tzinfo=UTC)
WINDOW = Window(start=NOW - timedelta(hours=1), end=NOW)
NS = "shop"
API = "shop/deployment/api"


def ago(minutes: float) -> str:
    """A moment before now, as Kubernetes writes it."""
    return (NOW - timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


def obj(kind: str, name: str, namespace: str | None = NS, **fields: Any) -> dict[str, Any]:
    metadata = {"name": name, **fields.pop("metadata", {})}
    if namespace is not None:
        metadata["namespace"] = namespace
    return {"kind": kind, "metadata": metadata, **fields}


def container(name: str = "api", **fields: Any) -> dict[str, Any]:
    return {"name": name, "image": "registry.example/api:1", **fields}


def status(name: str = "api", **fields: Any) -> dict[str, Any]:
    return {"name": name, "ready": False, "restartCount": 0, **fields}


def running(name: str = "api", minutes: float = 600, **fields: Any) -> dict[str, Any]:
    return status(name, **{"ready": True, "state": {"running": {"startedAt": ago(minutes)}}, **fields})


def waiting(reason: str, message: str = "", name: str = "api", **fields: Any) -> dict[str, Any]:
    return status(name, state={"waiting": {"reason": reason, "message": message}}, **fields)


def ended(code: int, reason: str = "Error", runtime_s: float = 2.0, minutes: float = 1) -> dict[str, Any]:
    finished = NOW - timedelta(minutes=minutes)
    started = finished - timedelta(seconds=runtime_s)
    stamp = [moment.isoformat().replace("+00:00", "Z") for moment in (started, finished)]
    return {"exitCode": code, "reason": reason, "startedAt": stamp[0], "finishedAt": stamp[1]}


def pod(
    name: str = "api-1",
    statuses: Iterable[Mapping[str, Any]] | None = None,
    *,
    containers: Iterable[Mapping[str, Any]] | None = None,
    phase: str = "Running",
    ready: bool | None = None,
    owner: str | None = "ReplicaSet/api-5c",
    labels: Mapping[str, str] | None = None,
    node: str | None = "n1",
    conditions: Iterable[Mapping[str, Any]] = (),
    namespace: str = NS,
    age: float = 600,
    spec: Mapping[str, Any] | None = None,
    **extra: Any,
) -> dict[str, Any]:
    shown = list(statuses if statuses is not None else [running()])
    is_ready = ready if ready is not None else bool(shown) and all(s.get("ready") for s in shown)
    metadata: dict[str, Any] = {"creationTimestamp": ago(age), "labels": dict(labels or {"app": "api"})}
    if owner:
        kind, _, owner_name = owner.partition("/")
        metadata["ownerReferences"] = [{"kind": kind, "name": owner_name, "controller": True}]
    metadata |= extra.pop("metadata", {})
    state: dict[str, Any] = {
        "phase": phase,
        "containerStatuses": shown,
        "conditions": [
            {"type": "Ready", "status": str(is_ready), "lastTransitionTime": ago(5 if not is_ready else age)},
            *conditions,
        ],
        "startTime": ago(age),
        **extra.pop("status", {}),
    }
    whole: dict[str, Any] = {"containers": list(containers or [container()]), **(spec or {})}
    if node:
        whole["nodeName"] = node
    return obj("Pod", name, namespace, metadata=metadata, spec=whole, status=state)


def replica_set(
    name: str = "api-5c", replicas: int = 1, revision: int = 1, deployment: str = "api", **fields: Any
) -> dict[str, Any]:
    template = fields.pop(
        "template", {"metadata": {"labels": {"app": deployment}}, "spec": {"containers": [container()]}}
    )
    metadata = {
        "annotations": {"deployment.kubernetes.io/revision": str(revision)},
        "ownerReferences": [{"kind": "Deployment", "name": deployment, "controller": True}],
        "creationTimestamp": fields.pop("created", ago(6000)),
    }
    return obj("ReplicaSet", name, metadata=metadata, spec={"replicas": replicas, "template": template}, **fields)


def deployment(name: str = "api", replicas: int = 1, ready: int | None = None, **fields: Any) -> dict[str, Any]:
    labels = fields.pop("labels", {"app": name})
    template = fields.pop("template", {"metadata": {"labels": labels}, "spec": {"containers": [container(name)]}})
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template, **fields.pop("spec", {})}
    state = {"readyReplicas": replicas if ready is None else ready, **fields.pop("status", {})}
    return obj("Deployment", name, spec=spec, status=state, **fields)


def service(
    name: str = "api", selector: Mapping[str, str] | None = None, ports: Iterable[Mapping[str, Any]] = (), **spec: Any
) -> dict[str, Any]:
    namespace = spec.pop("namespace", NS)
    metadata = spec.pop("metadata", {})
    chosen = {"app": "api"} if selector is None else dict(selector)
    whole = {
        "type": "ClusterIP",
        "clusterIP": "10.0.0.7",
        "selector": chosen,
        "ports": list(ports or [{"port": 80}]),
        **spec,
    }
    return obj("Service", name, namespace, metadata=metadata, spec=whole, status={"loadBalancer": {}})


def event(
    reason: str,
    message: str,
    about: str = "Pod/api-1",
    *,
    minutes: float = 1,
    count: int = 3,
    kind: str = "Warning",
    field: str = "",
    namespace: str = NS,
) -> dict[str, Any]:
    target_kind, _, target = about.partition("/")
    involved = {"kind": target_kind, "name": target, "namespace": namespace}
    if field:
        involved["fieldPath"] = f"spec.containers{{{field}}}"
    return obj(
        "Event", f"{target}.{reason}.{abs(hash(message)) % 10**6}", namespace, involvedObject=involved, type=kind,
        reason=reason, message=message, count=count, firstTimestamp=ago(minutes + 20), lastTimestamp=ago(minutes),
    )  # fmt: skip


def node(
    name: str = "n1", ready: str = "True", reason: str = "KubeletReady", message: str = "", **fields: Any
) -> dict[str, Any]:
    conditions = [
        {"type": "Ready", "status": ready, "reason": reason, "message": message, "lastTransitionTime": ago(30)},
        *fields.pop("conditions", ()),
    ]
    state = {"conditions": conditions, "allocatable": fields.pop("allocatable", {"cpu": "4", "memory": "8Gi"})}
    return obj("Node", name, None, status=state, spec=fields.pop("spec", {}), metadata=fields.pop("metadata", {}))


def config_map(name: str, data: Mapping[str, str], namespace: str = NS) -> dict[str, Any]:
    return obj("ConfigMap", name, namespace, data=dict(data))


PLURALS = {
    "Pod": "pods",
    "ReplicaSet": "replicasets",
    "Deployment": "deployments",
    "Service": "services",
    "Event": "events",
    "Node": "nodes",
    "ConfigMap": "configmaps",
    "Secret": "secrets",
    "ServiceAccount": "serviceaccounts",
    "PersistentVolumeClaim": "persistentvolumeclaims",
    "PersistentVolume": "persistentvolumes",
    "StorageClass": "storageclasses",
    "ResourceQuota": "resourcequotas",
    "Job": "jobs",
    "CronJob": "cronjobs",
    "HorizontalPodAutoscaler": "horizontalpodautoscalers",
    "PodDisruptionBudget": "poddisruptionbudgets",
    "Ingress": "ingresses",
    "IngressClass": "ingressclasses",
    "NetworkPolicy": "networkpolicies",
    "Lease": "leases",
    "ComponentStatus": "componentstatuses",
    "StatefulSet": "statefulsets",
    "DaemonSet": "daemonsets",
    "Namespace": "namespaces",
    "Endpoints": "endpoints",
    "EndpointSlice": "endpointslices",
    "ValidatingWebhookConfiguration": "validatingwebhookconfigurations",
}


@dataclass(frozen=True)
class Case:
    """Objects, and what must be found: states with their resource and some of their details."""

    name: str
    objects: tuple[Mapping[str, Any], ...]
    state: str
    resource: str = API
    details: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    dumped: tuple[str, ...] = ()
    earlier: tuple[Mapping[str, Any], ...] = ()
    logs: Mapping[str, str] = field(default_factory=dict)
    topology: Topology | None = None
    never: tuple[str, ...] = ()


def cluster_of(
    objects: Iterable[Mapping[str, Any]], *, dumped: Iterable[str] = (), earlier: Iterable[Mapping[str, Any]] = (),
    topology: Topology | None = None, logs: Mapping[str, str] | None = None,
) -> Cluster:  # fmt: skip
    dumps = [*_dumps(earlier, NOW - timedelta(minutes=50), ()), *_dumps(objects, NOW, dumped)]
    written = [
        ContainerLog(namespace=NS, pod=key.split("/")[0], container=key.split("/")[1], text=value)
        for key, value in (logs or {}).items()
    ]
    return Cluster(dumps, WINDOW, [topology] if topology else [], written)


def _dumps(objects: Iterable[Mapping[str, Any]], time: datetime, kinds: Iterable[str]) -> list[KubernetesDump]:
    by_kind: dict[str, list[Mapping[str, Any]]] = {_plural(kind): [] for kind in kinds}
    for item in objects:
        by_kind.setdefault(_plural(item["kind"]), []).append(item)
    return [KubernetesDump(time=time, kind=kind, items=tuple(items)) for kind, items in by_kind.items()]


def _plural(kind: str) -> str:
    """How a dump of the kind is named; custom resources as the API server does by default."""
    return PLURALS.get(kind, f"{kind.lower()}s")


def findings(case: Case) -> list[Finding]:
    return analyse(
        cluster_of(case.objects, dumped=case.dumped, earlier=case.earlier, topology=case.topology, logs=case.logs)
    )


def check(case: Case) -> None:
    """Assert that the case's state is found on its resource, with its details, and what must never be found isn't."""
    found = findings(case)
    seen = [(f.state, f.resource) for f in found]
    fitting = [f for f in found if f.state == case.state and f.resource == case.resource]
    assert fitting, f"{case.state} on {case.resource} not among {seen}"
    best = fitting[0]
    assert {key: best.details.get(key) for key in case.details} == dict(case.details)
    assert {key: getattr(best, key) for key in case.fields} == dict(case.fields)
    assert not {state for state, _ in seen} & set(case.never), seen


RS, DEPLOYMENT = replica_set(), deployment()
SERVICE = "shop/service/api"
WEB = "shop/statefulset/web"
TCP80 = {"port": 80, "targetPort": 8080}
UNSCHEDULABLE = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
LISTENING = pod(containers=[container(ports=[{"containerPort": 8080, "name": "http"}])])


def owned(*items: dict) -> tuple:
    return (RS, DEPLOYMENT, *items)


def client(**env: str) -> dict:
    variables = [{"name": name, "value": value} for name, value in env.items()]
    return pod("web-1", owner="StatefulSet/web", labels={"app": "web"}, containers=[container(env=variables)])


def policy(name: str = "p", **spec: object) -> dict:
    return obj("NetworkPolicy", name, spec={"podSelector": {"matchLabels": {"app": "api"}}, **spec})


def claim(phase: str = "Pending", **spec: object) -> dict:
    whole = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "10Gi"}},
        "storageClassName": "fast",
        **spec,
    }
    return obj("PersistentVolumeClaim", "data", spec=whole, status={"phase": phase})


def autoscaler(*conditions: dict, **fields: object) -> dict:
    spec = {
        "scaleTargetRef": {"kind": "Deployment", "name": "api"},
        "minReplicas": 1,
        "maxReplicas": 3,
        **fields.pop("spec", {}),
    }
    return obj(
        "HorizontalPodAutoscaler",
        "api",
        spec=spec,
        status={"currentReplicas": 3, "desiredReplicas": 3, "conditions": list(conditions)},
    )


def crashing(code: int, reason: str = "Error", runtime_s: float = 2.0, **fields: object) -> dict:
    return waiting(
        "CrashLoopBackOff",
        "back-off 5m0s restarting",
        restartCount=7,
        lastState={"terminated": ended(code, reason, runtime_s)},
        **fields,
    )
