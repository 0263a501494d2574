"""A small made-up cluster, as its API server would give it: what the cases in `cases.kubernetes` are built of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

NOW: Final = datetime(2026, 3, 10, 14, 45, tzinfo=UTC)
NS: Final = "shop"
Object = dict[str, Any]

_API: Final = {
    "Deployment": "apps/v1",
    "ReplicaSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "StatefulSet": "apps/v1",
    "Job": "batch/v1",
    "Ingress": "networking.k8s.io/v1",
    "IngressClass": "networking.k8s.io/v1",
    "NetworkPolicy": "networking.k8s.io/v1",
    "StorageClass": "storage.k8s.io/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
}


def ago(minutes: float) -> str:
    """A moment before now, as Kubernetes writes it."""
    return (NOW - timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


def obj(kind: str, name: str, namespace: str | None = NS, age: float = 9_000, **fields: Any) -> Object:
    metadata = {
        "name": name,
        "uid": f"{kind}-{namespace}-{name}".lower(),
        "creationTimestamp": ago(age),
        **fields.pop("metadata", {}),
    }
    if namespace is not None:
        metadata["namespace"] = namespace
    return {"apiVersion": _API.get(kind, "v1"), "kind": kind, "metadata": metadata, **fields}


def container(name: str, port: int | None = 8080, **fields: Any) -> Object:
    ports = {"ports": [{"name": "http", "containerPort": port, "protocol": "TCP"}]} if port else {}
    resources = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}}
    return {"name": name, "image": f"registry.example/{name}:1.4", "resources": resources, **ports, **fields}


def running(minutes: float = 9_000, *, ready: bool = True, restarts: int = 0, last: Object | None = None) -> Object:
    return {
        "ready": ready,
        "started": True,
        "restartCount": restarts,
        "state": {"running": {"startedAt": ago(minutes)}},
        "lastState": {"terminated": last} if last else {},
    }


def waiting(reason: str, message: str = "", *, restarts: int = 0, last: Object | None = None) -> Object:
    return {
        "ready": False,
        "started": False,
        "restartCount": restarts,
        "state": {"waiting": {"reason": reason, "message": message}},
        "lastState": {"terminated": last} if last else {},
    }


def ended(code: int, reason: str = "Error", minutes: float = 1, runtime: float = 0.1) -> Object:
    return {"exitCode": code, "reason": reason, "startedAt": ago(minutes + runtime), "finishedAt": ago(minutes)}


def pod(
    name: str,
    spec: Mapping[str, Any],
    labels: Mapping[str, str],
    status: Object | None,
    *,
    owner: str,
    namespace: str = NS,
    node: str | None = "n1",
    age: float = 9_000,
    scheduling: str = "",
    phase: str = "",
) -> Object:
    """A pod whose containers are all in `status`; None means that the kubelet has not reported on them."""
    kind, _, owner_name = owner.partition("/")
    metadata = {
        "labels": dict(labels),
        "ownerReferences": [
            {
                "apiVersion": _API.get(kind, "v1"),
                "kind": kind,
                "name": owner_name,
                "controller": True,
                "uid": f"{kind}-{namespace}-{owner_name}".lower(),
            }
        ],
    }
    ready = bool(status and status["ready"])
    since = ago(age - 1) if ready else ago(min(age, 20))
    conditions = [{"type": "PodScheduled", "status": "True", "lastTransitionTime": ago(age)}] if node else []
    if scheduling:
        conditions = [
            {
                "type": "PodScheduled",
                "status": "False",
                "reason": "Unschedulable",
                "message": scheduling,
                "lastTransitionTime": ago(age),
            }
        ]
    state: Object = {"phase": phase or ("Running" if status else "Pending")}
    if status is not None:
        reason = status["state"].get("waiting", {}).get("reason", "")
        if not phase and reason and reason != "CrashLoopBackOff":
            state["phase"] = "Pending"
        conditions += [
            {"type": kind, "status": str(ready), "lastTransitionTime": since} for kind in ("Ready", "ContainersReady")
        ]
        state["startTime"] = ago(age)
        state["containerStatuses"] = [
            {
                "name": one["name"],
                "image": one["image"],
                "imageID": "" if not status["started"] else "sha256:1",
                **status,
            }
            for one in spec["containers"]
        ]
    state["conditions"] = conditions
    placed = {"nodeName": node} if node else {}
    return obj("Pod", name, namespace, age, metadata=metadata, spec={**spec, **placed}, status=state)


def deployment(
    name: str,
    *containers: Object,
    status: Object | None = None,
    replicas: int = 1,
    pods: int | None = None,
    namespace: str = NS,
    node: str | None = "n1",
    scheduling: str = "",
    age: float = 9_000,
    kind: str = "Deployment",
    condition: Object | None = None,
    labels: Mapping[str, str] | None = None,
    **spec: Any,
) -> list[Object]:
    """A Deployment (or DaemonSet) with its ReplicaSet and pods; unless told otherwise its pods run."""
    labels = labels or {"app": name}
    whole = {
        "containers": list(containers or [container(name)]),
        "serviceAccountName": "default",
        "restartPolicy": "Always",
        **spec,
    }
    template = {"metadata": {"labels": labels}, "spec": whole}
    if status is None and not scheduling and node:
        status = running()
    ready = replicas if status and status["ready"] else 0
    owner = f"{kind}/{name}" if kind == "DaemonSet" else f"ReplicaSet/{name}-5c9d"
    made = [
        pod(
            f"{name}-5c9d-x{i}",
            whole,
            labels,
            status,
            owner=owner,
            namespace=namespace,
            node=node,
            age=age,
            scheduling=scheduling,
        )
        for i in range(replicas if pods is None else pods)
    ]
    if kind == "DaemonSet":
        state = {"desiredNumberScheduled": replicas, "numberReady": ready, "currentNumberScheduled": replicas}
        return [
            obj(
                kind,
                name,
                namespace,
                metadata={"labels": labels},
                status=state,
                spec={"selector": {"matchLabels": labels}, "template": template},
            ),
            *made,
        ]
    available = {"type": "Available", "status": str(ready == replicas), "lastTransitionTime": ago(20)}
    progress = condition or {
        "type": "Progressing",
        "status": "True",
        "reason": "NewReplicaSetAvailable",
        "lastTransitionTime": ago(8_990),
    }
    counts = {
        "replicas": len(made),
        "updatedReplicas": len(made),
        "readyReplicas": ready,
        "unavailableReplicas": replicas - ready,
        "observedGeneration": 1,
    }
    selector = {"matchLabels": labels}
    revision = {"annotations": {"deployment.kubernetes.io/revision": "1"}}
    return [
        obj(
            kind,
            name,
            namespace,
            metadata={"generation": 1, "labels": labels, **revision},
            spec={"replicas": replicas, "selector": selector, "template": template},
            status={**{key: value for key, value in counts.items() if value}, "conditions": [available, progress]},
        ),
        obj(
            "ReplicaSet",
            f"{name}-5c9d",
            namespace,
            age,
            metadata={
                "labels": labels,
                **revision,
                "ownerReferences": [
                    {"apiVersion": "apps/v1", "kind": kind, "name": name, "controller": True, "uid": "d"}
                ],
            },
            spec={"replicas": replicas, "selector": selector, "template": template},
            status={"replicas": len(made), **({"readyReplicas": ready} if ready else {})},
        ),
        *made,
    ]


def service(name: str, selector: Mapping[str, str] | None = None, namespace: str = NS, **port: Any) -> Object:
    ports = [{"name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP", **port}]
    return obj(
        "Service",
        name,
        namespace,
        status={"loadBalancer": {}},
        spec={
            "type": "ClusterIP",
            "clusterIP": "10.0.0.7",
            "selector": dict(selector or {"app": name}),
            "ports": ports,
        },
    )


def event(
    reason: str,
    message: str,
    about: str,
    *,
    minutes: float = 1,
    first: float = 20,
    count: int = 9,
    namespace: str = NS,
    field: str = "",
    kind: str = "Warning",
) -> Object:
    target_kind, _, target = about.partition("/")
    involved = {"kind": target_kind, "name": target, "namespace": namespace}
    if field:
        involved["fieldPath"] = f"spec.containers{{{field}}}"
    return obj(
        "Event",
        f"{target}.{reason.lower()}.{count}{int(minutes)}",
        namespace,
        first,
        involvedObject=involved,
        type=kind,
        reason=reason,
        message=message,
        count=count,
        firstTimestamp=ago(first),
        lastTimestamp=ago(minutes),
        source={"component": "kubelet"},
    )


def node(
    name: str, ready: Object | None = None, *conditions: Object, labels: Mapping[str, str] | None = None, **spec: Any
) -> Object:
    calm = [
        {"type": kind, "status": "False", "reason": f"KubeletHas{kind}", "lastTransitionTime": ago(9_000)}
        for kind in ("MemoryPressure", "DiskPressure", "PIDPressure")
        if kind not in {one["type"] for one in conditions}
    ]
    good = {"type": "Ready", "status": "True", "reason": "KubeletReady", "lastTransitionTime": ago(9_000)}
    size = {"cpu": "4", "memory": "8Gi", "pods": "110"}
    return obj(
        "Node",
        name,
        None,
        metadata={"labels": {"kubernetes.io/hostname": name, **(labels or {})}},
        spec=spec,
        status={"conditions": [*calm, *conditions, ready or good], "allocatable": size, "capacity": size},
    )


def joined(*parts: Object | Sequence[Object]) -> tuple[Object, ...]:
    return tuple(one for part in parts for one in ([part] if isinstance(part, dict) else part))


def with_default_objects(objects: Iterable[Object]) -> tuple[Object, ...]:
    """The objects, with what every cluster has beside them unless they bring it along themselves."""
    given = tuple(objects)
    known = {(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in given}
    usual = joined(
        [obj("Namespace", name, None) for name in ("default", "kube-system", NS)],
        [obj("ServiceAccount", "default", name) for name in ("default", "kube-system", NS)],
        [node(f"n{i}") for i in (1, 2, 3)],
        obj(
            "StorageClass",
            "standard",
            None,
            provisioner="ebs.csi.aws.com",
            metadata={"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        ),
        deployment(
            "coredns", container("coredns", 53), namespace="kube-system", labels={"k8s-app": "kube-dns"}, replicas=2
        ),
        service("kube-dns", {"k8s-app": "kube-dns"}, "kube-system", port=53, targetPort=53),
        deployment("web"),
        service("web"),
        deployment("search", node="n2"),
        service("search"),
    )
    named = [(one, (one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"])) for one in usual]
    replaced = {one["metadata"]["name"] for one in given if one["kind"] == "Deployment"}
    return given + tuple(
        one
        for one, key in named
        if key not in known and (one["kind"] in ("Service", "Node") or key[2].split("-5c9d")[0] not in replaced)
    )


def crowd(number: int = 24) -> tuple[Object, ...]:
    """Healthy workloads of other teams, with their Services, as a cluster that is in use has them."""
    return joined(
        *(
            part
            for index in range(number)
            for part in (
                deployment(f"team-{index}", namespace=f"other-{index % 3}", node=f"n{index % 3 + 1}", replicas=2),
                service(f"team-{index}", namespace=f"other-{index % 3}"),
            )
        )
    )


def stateful_set(name: str, status: Object | None, *, pods: int = 1, replicas: int = 1, **spec: Any) -> list[Object]:
    """A StatefulSet with its first pods, all in `status` (None: not reported), and no governing Service."""
    labels = {"app": name}
    whole = {"containers": [container(name, 5432)], "restartPolicy": "Always", **spec}
    ready = pods if status and status["ready"] else 0
    return [
        obj(
            "StatefulSet",
            name,
            metadata={"labels": labels, "generation": 1},
            spec={
                "replicas": replicas,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": whole},
            },
            status={"replicas": pods, "readyReplicas": ready, "observedGeneration": 1},
        ),
        *(pod(f"{name}-{index}", whole, labels, status, owner=f"StatefulSet/{name}") for index in range(pods)),
    ]
