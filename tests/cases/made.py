"""What made incidents are built of: a case, its bundle, and the few shapes that most of them share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from cases.cluster_objects import (
    NOW,
    NS,
    Object,
    ago,
    container,
    crowd,
    deployment,
    ended,
    event,
    joined,
    node,
    running,
    service,
    waiting,
    with_default_objects,
)

from primitives.bundle import BundleParts, Manifest
from primitives.records import ConfigurationSnapshot, ContainerLog, KubernetesDump, Probe, Window

API: Final = "shop/deployment/api"


POD: Final = "api-5c9d-x0"


_KINDS: Final = {
    "Pod": "pods",
    "ReplicaSet": "replicasets",
    "Deployment": "deployments",
    "DaemonSet": "daemonsets",
    "StatefulSet": "statefulsets",
    "Service": "services",
    "Event": "events",
    "Node": "nodes",
    "Namespace": "namespaces",
    "ConfigMap": "configmaps",
    "Secret": "secrets",
    "ServiceAccount": "serviceaccounts",
    "PersistentVolumeClaim": "persistentvolumeclaims",
    "PersistentVolume": "persistentvolumes",
    "StorageClass": "storageclasses",
    "ResourceQuota": "resourcequotas",
    "Job": "jobs",
    "HorizontalPodAutoscaler": "horizontalpodautoscalers",
    "Ingress": "ingresses",
    "IngressClass": "ingressclasses",
    "NetworkPolicy": "networkpolicies",
    "CronJob": "cronjobs",
    "PodDisruptionBudget": "poddisruptionbudgets",
    "Gateway": "gateways",
    "HTTPRoute": "httproutes",
    "Lease": "leases",
    "ComponentStatus": "componentstatuses",
}
# Extensions that a cluster needn't have: not dumped where there are none.
_OPTIONAL: Final = ("Gateway", "HTTPRoute", "Lease", "ComponentStatus")


@dataclass(frozen=True)
class MadeCase:
    """Objects of a made incident, and the (resource, cause) that must come first; no resource for NO_FAULT.

    `also` are other answers that are right as well. `crowd` puts many healthy workloads around it.
    """

    name: str
    resource: str | None
    cause_id: str
    objects: tuple[Object, ...]
    logs: Mapping[str, str] = field(default_factory=dict)
    also: tuple[tuple[str, str], ...] = ()
    probes: tuple[Probe, ...] | None = None
    configuration: tuple[ConfigurationSnapshot, ...] | None = None
    crowd: bool = False


def parts(case: MadeCase, *, red_herrings: bool) -> BundleParts:
    """The case as a bundle; with `red_herrings` innocent things have happened beside it."""
    objects = with_default_objects(case.objects)
    if case.crowd:
        objects = (*objects, *crowd())
    if red_herrings:
        objects = _disturbed(objects)
    dumps = tuple(
        KubernetesDump(time=NOW, kind=plural, items=tuple(one for one in objects if one["kind"] == kind))
        for kind, plural in _KINDS.items()
        if kind not in _OPTIONAL or any(one["kind"] == kind for one in objects)
    )
    logs = tuple(
        ContainerLog(
            namespace=NS,
            pod=name.split("/")[0],
            container=name.split("/")[1],
            previous=name.endswith("/previous"),
            text=text,
        )
        for name, text in case.logs.items()
    )
    manifest = Manifest(
        id=f"made-{case.name.replace('_', '-')}",
        title="Something is wrong in the shop",
        query="what is wrong in namespace shop",
        detected_at=NOW,
        window=Window.model_validate({"from": NOW - timedelta(hours=1), "to": NOW}),
        platform=("kubernetes",),
    )
    notice = "Made for a test of CloudOps; no such cluster exists.\n"
    return BundleParts(
        manifest=manifest,
        kubernetes=dumps,
        kubernetes_logs=logs,
        probes=case.probes,
        configuration=case.configuration,
        notice=notice,
    )


def _disturbed(objects: tuple[Object, ...]) -> tuple[Object, ...]:
    """Bystanders with an old restart and old warnings; all have been well for long."""
    told = [
        event(
            "FailedScheduling", "0/3 nodes are available: 3 Insufficient cpu.", "Pod/web-5c9d-x0", minutes=50, first=55
        ),
        event(
            "Unhealthy",
            "Readiness probe failed: HTTP probe failed with statuscode: 503",
            "Pod/search-5c9d-x0",
            minutes=45,
            first=46,
            count=2,
        ),
    ]
    restarted = deployment("reports", status=running(4_000, restarts=1, last=ended(137, "OOMKilled", 4_001)), node="n3")
    return (*objects, *told, *restarted)


def cause(
    cause_id: str, objects: tuple[Object, ...] | list[Object], resource: str = API, name: str = "", **logs: str
) -> MadeCase:
    written = {f"{POD}/api" + ("/previous" if key == "previous" else ""): value for key, value in logs.items()}
    return MadeCase(name or cause_id, resource, cause_id, tuple(objects), written)


def healthy(**fields: Any) -> tuple[Object, ...]:
    return joined(deployment("api", container("api", **fields)), service("api"))


def crashing(code: int = 1, reason: str = "Error", *containers: Object, **spec: Any) -> list[Object]:
    back_off = "back-off 5m0s restarting failed container=api pod=api"
    last = ended(code, reason)
    return [
        *deployment("api", *containers, status=waiting("CrashLoopBackOff", back_off, restarts=7, last=last), **spec),
        service("api"),
        event("BackOff", "Back-off restarting failed container api in pod api", f"Pod/{POD}", field="api"),
    ]


def unpulled(error: str) -> tuple[Object, ...]:
    image = "registry.example/api:1.5"
    status = waiting("ImagePullBackOff", f'Back-off pulling image "{image}"')
    return joined(
        deployment("api", container("api", image=image), status=status, age=20),
        service("api"),
        event("Failed", f'Failed to pull image "{image}": {error}', f"Pod/{POD}", field="api"),
        event("BackOff", f'Back-off pulling image "{image}"', f"Pod/{POD}", field="api"),
    )


def pending(message: str, *extra: Object, requests: Mapping[str, str] | None = None, **spec: Any) -> tuple[Object, ...]:
    one = container("api")
    if requests:
        one["resources"] = {"requests": dict(requests)}
    return joined(
        deployment("api", one, node=None, scheduling=message, age=20, **spec),
        service("api"),
        event("FailedScheduling", message, f"Pod/{POD}"),
        *extra,
    )


def probed(kind: str, error: str, probe: Object, *, restarts: int) -> tuple[Object, ...]:
    word = kind.capitalize()
    last = ended(137, "Error", 2, 0.3) if restarts else None
    killed = f"Container api failed {kind} probe, will be restarted"
    # Without a readiness probe a container is ready as soon as it has started.
    status = running(1 if restarts else 20, ready=kind == "liveness", restarts=restarts, last=last)
    status["started"] = kind != "startup"
    made = deployment("api", container("api", **{f"{kind}Probe": probe}), status=status, age=30)
    told = [event("Unhealthy", f"{word} probe failed: {error}", f"Pod/{POD}", field="api")]
    if restarts:
        told.append(event("Killing", killed, f"Pod/{POD}", field="api", kind="Normal"))
    return joined(made, service("api"), told)


def http_probe(port: int, path: str = "/") -> Object:
    return {
        "httpGet": {"path": path, "port": port, "scheme": "HTTP"},
        "periodSeconds": 10,
        "failureThreshold": 3,
        "timeoutSeconds": 1,
        "successThreshold": 1,
    }


def config_error(message: str, **fields: Any) -> tuple[Object, ...]:
    return joined(
        deployment("api", container("api", **fields), status=waiting("CreateContainerConfigError", message), age=20),
        service("api"),
        event("Failed", f"Error: {message}", f"Pod/{POD}", field="api"),
    )


def unready_node(reason: str, message: str, status: str = "False") -> tuple[Object, ...]:
    ready = {"type": "Ready", "status": status, "reason": reason, "message": message, "lastTransitionTime": ago(15)}
    taint = {
        "key": "node.kubernetes.io/" + ("unreachable" if status == "Unknown" else "not-ready"),
        "effect": "NoExecute",
        "timeAdded": ago(15),
    }
    return joined(
        node("n1", ready, taints=[taint]),
        deployment("api", status=running(ready=False)),
        service("api"),
        event("NodeNotReady", "Node n1 status is now: NodeNotReady", "Node/n1", namespace="default", kind="Normal"),
        event("NodeNotReady", "Node is not ready", f"Pod/{POD}"),
    )


def env(name: str, value: str) -> list[Object]:
    return [{"name": name, "value": value}]
