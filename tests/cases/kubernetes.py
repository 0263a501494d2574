"""Made incidents of Kubernetes: one for each cause that shows in objects, events and container logs.

Every object is as the API server documents it, every message as the component that writes it words it; nothing is taken
from a recorded incident. A case may be built with red herrings: old warnings and restarts of workloads that are well.
"""

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
    deployment,
    ended,
    event,
    joined,
    node,
    obj,
    pod,
    running,
    service,
    waiting,
    with_default_objects,
)

from primitives.bundle import BundleParts, Manifest
from primitives.records import ContainerLog, KubernetesDump, Window

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
}


@dataclass(frozen=True)
class MadeCase:
    """Objects of a made incident, and the (resource, cause) that must come first; no resource for NO_FAULT."""

    name: str
    resource: str | None
    cause_id: str
    objects: tuple[Object, ...]
    logs: Mapping[str, str] = field(default_factory=dict)


def parts(case: MadeCase, *, red_herrings: bool) -> BundleParts:
    """The case as a bundle; with `red_herrings` innocent things have happened beside it."""
    objects = with_default_objects(case.objects)
    if red_herrings:
        objects = _disturbed(objects)
    dumps = tuple(
        KubernetesDump(time=NOW, kind=plural, items=tuple(one for one in objects if one["kind"] == kind))
        for kind, plural in _KINDS.items()
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
    return BundleParts(manifest=manifest, kubernetes=dumps, kubernetes_logs=logs, notice=notice)


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


def _crashing(code: int = 1, reason: str = "Error", *containers: Object, **spec: Any) -> list[Object]:
    back_off = "back-off 5m0s restarting failed container=api pod=api"
    last = ended(code, reason)
    return [
        *deployment("api", *containers, status=waiting("CrashLoopBackOff", back_off, restarts=7, last=last), **spec),
        service("api"),
        event("BackOff", "Back-off restarting failed container api in pod api", f"Pod/{POD}", field="api"),
    ]


def _unpulled(error: str) -> tuple[Object, ...]:
    image = "registry.example/api:1.5"
    status = waiting("ImagePullBackOff", f'Back-off pulling image "{image}"')
    return joined(
        deployment("api", container("api", image=image), status=status, age=20),
        service("api"),
        event("Failed", f'Failed to pull image "{image}": {error}', f"Pod/{POD}", field="api"),
        event("BackOff", f'Back-off pulling image "{image}"', f"Pod/{POD}", field="api"),
    )


def _pending(
    message: str, *extra: Object, requests: Mapping[str, str] | None = None, **spec: Any
) -> tuple[Object, ...]:
    one = container("api")
    if requests:
        one["resources"] = {"requests": dict(requests)}
    return joined(
        deployment("api", one, node=None, scheduling=message, age=20, **spec),
        service("api"),
        event("FailedScheduling", message, f"Pod/{POD}"),
        *extra,
    )


def _probed(kind: str, error: str, probe: Object, *, restarts: int) -> tuple[Object, ...]:
    word = kind.capitalize()
    last = ended(137, "Error", 2, 3) if restarts else None
    killed = f"Container api failed {kind} probe, will be restarted"
    # Without a readiness probe a container is ready as soon as it has started.
    status = running(1 if restarts else 20, ready=kind == "liveness", restarts=restarts, last=last)
    status["started"] = kind != "startup"
    made = deployment("api", container("api", **{f"{kind}Probe": probe}), status=status, age=30)
    told = [event("Unhealthy", f"{word} probe failed: {error}", f"Pod/{POD}", field="api")]
    if restarts:
        told.append(event("Killing", killed, f"Pod/{POD}", field="api", kind="Normal"))
    return joined(made, service("api"), told)


def _http_probe(port: int, path: str = "/") -> Object:
    return {
        "httpGet": {"path": path, "port": port, "scheme": "HTTP"},
        "periodSeconds": 10,
        "failureThreshold": 3,
        "timeoutSeconds": 1,
        "successThreshold": 1,
    }


def _config_error(message: str, **fields: Any) -> tuple[Object, ...]:
    return joined(
        deployment("api", container("api", **fields), status=waiting("CreateContainerConfigError", message), age=20),
        service("api"),
        event("Failed", f"Error: {message}", f"Pod/{POD}", field="api"),
    )


def _unready_node(reason: str, message: str, status: str = "False") -> tuple[Object, ...]:
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


def _healthy(**fields: Any) -> tuple[Object, ...]:
    return joined(deployment("api", container("api", **fields)), service("api"))


def _env(name: str, value: str) -> list[Object]:
    return [{"name": name, "value": value}]


def _cause(
    cause_id: str, objects: tuple[Object, ...] | list[Object], resource: str = API, name: str = "", **logs: str
) -> MadeCase:
    written = {f"{POD}/api" + ("/previous" if key == "previous" else ""): value for key, value in logs.items()}
    return MadeCase(name or cause_id, resource, cause_id, tuple(objects), written)


def _claim(storage_class: str) -> Object:
    return obj(
        "PersistentVolumeClaim",
        "data",
        age=20,
        status={"phase": "Pending"},
        spec={
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": storage_class,
            "resources": {"requests": {"storage": "10Gi"}},
        },
    )


_DATA: Final = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
_BOUND: Final = obj(
    "PersistentVolumeClaim",
    "data",
    status={"phase": "Bound"},
    spec={"accessModes": ["ReadWriteOnce"], "storageClassName": "standard", "volumeName": "pv-1"},
)


def _affinity(kind: str, terms: Any) -> Object:
    return {kind: {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


def workload_failures() -> list[MadeCase]:
    none = "preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
    zone = {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}
    apart = [{"labelSelector": {"matchLabels": {"app": "api"}}, "topologyKey": "kubernetes.io/hostname"}]
    tainted = [node(f"n{i}", taints=[{"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}]) for i in (1, 2, 3)]
    mounted = container("api", volumeMounts=[{"name": "data", "mountPath": "/var/data"}])
    return [
        _cause("application_crash", _crashing(), previous="panic: runtime error: index out of range [3]\n"),
        _cause(
            "application_error",
            _healthy(),
            api="".join(
                f"{ago(9 - i)} ERROR request failed: java.lang.NullPointerException: order is null\n" for i in range(8)
            ),
        ),
        _cause("out_of_memory_killed", _crashing(137, "OOMKilled")),
        _cause(
            "image_not_found",
            _unpulled(
                "rpc error: code = NotFound desc = failed to pull and unpack image: registry.example/api:1.5: not found"
            ),
        ),
        _cause(
            "image_registry_unreachable",
            _unpulled(
                'failed to do request: Head "https://registry.example/v2/api/manifests/1.5": '
                "dial tcp: lookup registry.example: no such host"
            ),
        ),
        _cause(
            "image_pull_unauthorized",
            _unpulled("failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized"),
        ),
        _cause(
            "liveness_probe_misconfigured",
            _probed(
                "liveness",
                'Get "http://10.1.0.5:9090/": dial tcp 10.1.0.5:9090: connect: connection refused',
                _http_probe(9090),
                restarts=6,
            ),
        ),
        _cause(
            "readiness_probe_misconfigured",
            _probed("readiness", "HTTP probe failed with statuscode: 404", _http_probe(8080, "/helthz"), restarts=0),
        ),
        _cause(
            "startup_probe_misconfigured",
            _probed(
                "startup",
                'Get "http://10.1.0.5:9090/": dial tcp 10.1.0.5:9090: connect: connection refused',
                _http_probe(9090),
                restarts=6,
            ),
        ),
        _cause(
            "missing_service_account",
            joined(
                deployment("api", status=waiting(""), pods=0, serviceAccountName="api", age=20),
                service("api"),
                event(
                    "FailedCreate",
                    'Error creating: pods "api-5c9d-" is forbidden: error looking up service account '
                    'shop/api: serviceaccount "api" not found',
                    "ReplicaSet/api-5c9d",
                ),
            ),
        ),
        _cause(
            "volume_mount_failed",
            joined(
                deployment("api", mounted, status=waiting("ContainerCreating"), volumes=_DATA, age=20),
                service("api"),
                _BOUND,
                event(
                    "FailedAttachVolume",
                    'Multi-Attach error for volume "pv-1" Volume is already exclusively attached '
                    "to one node and can't be attached to another",
                    f"Pod/{POD}",
                ),
                event(
                    "FailedMount",
                    "Unable to attach or mount volumes: unmounted volumes=[data], "
                    "unattached volumes=[data]: timed out waiting for the condition",
                    f"Pod/{POD}",
                ),
            ),
        ),
        _cause(
            "volume_permission_denied",
            joined(_crashing(1, "Error", mounted, volumes=_DATA), _BOUND),
            previous="ERROR cannot start: mkdir /var/data/wal: permission denied\n",
        ),
        _cause(
            "volume_claim_unbound",
            _pending(
                "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. " + none,
                _claim("fast"),
                event(
                    "ProvisioningFailed", 'storageclass.storage.k8s.io "fast" not found', "PersistentVolumeClaim/data"
                ),
                volumes=_DATA,
            ),
        ),
        _cause(
            "insufficient_cpu", _pending("0/3 nodes are available: 3 Insufficient cpu. " + none, requests={"cpu": "16"})
        ),
        _cause(
            "insufficient_memory",
            _pending("0/3 nodes are available: 3 Insufficient memory. " + none, requests={"memory": "64Gi"}),
        ),
        _cause(
            "insufficient_extended_resource",
            _pending(
                "0/3 nodes are available: 3 Insufficient nvidia.com/gpu. " + none, requests={"nvidia.com/gpu": "1"}
            ),
        ),
        _cause(
            "node_selector_mismatch",
            _pending(
                "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. " + none,
                nodeSelector={"disk": "ssd"},
            ),
        ),
        _cause(
            "node_affinity_mismatch",
            _pending(
                "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. " + none,
                affinity=_affinity("nodeAffinity", {"nodeSelectorTerms": [zone]}),
            ),
        ),
        _cause(
            "pod_affinity_conflict",
            _pending(
                "0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules. " + none,
                affinity=_affinity("podAntiAffinity", apart),
            ),
        ),
        _cause(
            "taint_not_tolerated",
            _pending("0/3 nodes are available: 3 node(s) had untolerated taint {dedicated: gpu}. " + none, *tainted),
        ),
        _cause("job_failed", _failed_job(), "shop/job/import"),
    ]


def _failed_job() -> tuple[Object, ...]:
    labels, spec = {"job-name": "import"}, {"containers": [container("import", None)], "restartPolicy": "Never"}
    status = {"ready": False, "started": False, "restartCount": 0, "state": {"terminated": ended(2)}, "lastState": {}}
    pods = [pod(f"import-{i}", spec, labels, status, owner="Job/import", age=15 - i, phase="Failed") for i in range(3)]
    message = "Job has reached the specified backoff limit"
    return joined(
        obj(
            "Job",
            "import",
            age=20,
            spec={
                "backoffLimit": 2,
                "completions": 1,
                "parallelism": 1,
                "template": {"metadata": {"labels": labels}, "spec": spec},
            },
            status={
                "failed": 3,
                "startTime": ago(20),
                "conditions": [
                    {
                        "type": "Failed",
                        "status": "True",
                        "reason": "BackoffLimitExceeded",
                        "message": message,
                        "lastTransitionTime": ago(5),
                    }
                ],
            },
        ),
        pods,
        event("BackoffLimitExceeded", message, "Job/import"),
        _healthy(),
    )


def network_failures() -> list[MadeCase]:
    backend = {"service": {"name": "api-v2", "port": {"number": 80}}}
    rule = {"host": "shop.example", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    policy = obj(
        "NetworkPolicy",
        "only-search",
        age=30,
        spec={
            "podSelector": {"matchLabels": {"app": "api"}},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "search"}}}]}],
        },
    )
    caller = deployment("web", container("web", env=_env("API_URL", "http://api:80")))
    dns = container("coredns", 53)
    down = deployment(
        "coredns", dns, namespace="kube-system", labels={"k8s-app": "kube-dns"}, replicas=2, status=running(ready=False)
    )
    return [
        _cause(
            "dns_resolution_failed",
            joined(down, _healthy()),
            "kube-system/deployment/coredns",
            api="ERROR dial tcp: lookup search on 10.0.0.10:53: server misbehaving\n" * 6,
        ),
        _cause(
            "service_selector_mismatch", joined(deployment("api"), service("api", {"app": "apii"})), "shop/service/api"
        ),
        _cause("service_port_mismatch", joined(deployment("api"), service("api", targetPort=9999)), "shop/service/api"),
        _cause(
            "service_protocol_mismatch", joined(deployment("api"), service("api", protocol="UDP")), "shop/service/api"
        ),
        _cause(
            "ingress_misrouted",
            joined(
                _healthy(),
                obj("IngressClass", "nginx", None),
                obj("Ingress", "front", spec={"ingressClassName": "nginx", "rules": [rule]}),
            ),
            "shop/ingress/front",
        ),
        _cause("network_policy_blocked", joined(_healthy(), caller, service("web"), policy)),
    ]


def infrastructure_failures() -> list[MadeCase]:
    cordon = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule", "timeAdded": ago(30)}
    full = {
        "type": "DiskPressure",
        "status": "True",
        "reason": "KubeletHasDiskPressure",
        "message": "kubelet has disk pressure",
        "lastTransitionTime": ago(15),
    }
    evicted = pod(
        "api-5c9d-old",
        {"containers": [container("api")]},
        {"app": "api"},
        None,
        owner="ReplicaSet/api-5c9d",
        age=60,
        phase="Failed",
    )
    evicted["status"] |= {"reason": "Evicted", "message": "The node was low on resource: ephemeral-storage."}
    proxy = deployment(
        "kube-proxy",
        container("kube-proxy", None),
        namespace="kube-system",
        kind="DaemonSet",
        labels={"k8s-app": "kube-proxy"},
        status=waiting("CrashLoopBackOff", restarts=9, last=ended(1)),
    )
    scheduler = pod(
        "kube-scheduler-n1",
        {"containers": [container("kube-scheduler", None)]},
        {"component": "kube-scheduler", "tier": "control-plane"},
        waiting("CrashLoopBackOff", restarts=9, last=ended(1)),
        owner="Node/n1",
        namespace="kube-system",
    )
    return [
        _cause("node_not_ready", _unready_node("KubeletNotReady", "node is shutting down"), "node/n1"),
        _cause(
            "node_cordoned",
            joined(
                node("n1", taints=[cordon], unschedulable=True),
                [
                    node(f"n{i}", taints=[{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}])
                    for i in (2, 3)
                ],
                _pending(
                    "0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) had untolerated taint "
                    "{node-role.kubernetes.io/control-plane: }."
                ),
            ),
            "node/n1",
        ),
        _cause(
            "node_pressure",
            joined(
                node("n1", None, full, taints=[{"key": "node.kubernetes.io/disk-pressure", "effect": "NoSchedule"}]),
                _healthy(),
                evicted,
                event("Evicted", "The node was low on resource: ephemeral-storage.", "Pod/api-5c9d-old"),
                event(
                    "EvictionThresholdMet", "Attempting to reclaim ephemeral-storage", "Node/n1", namespace="default"
                ),
            ),
            "node/n1",
        ),
        _cause(
            "kubelet_unavailable",
            _unready_node("NodeStatusUnknown", "Kubelet stopped posting node status.", "Unknown"),
            "node/n1",
        ),
        _cause(
            "container_runtime_unavailable",
            _unready_node("KubeletNotReady", "[container runtime is down, PLEG is not healthy]"),
            "node/n1",
        ),
        _cause("kube_proxy_unavailable", joined(proxy, _healthy()), "kube-system/daemonset/kube-proxy"),
        _cause(
            "scheduler_unavailable",
            joined(scheduler, deployment("api", node=None, age=20), service("api")),
            "kube-system/pod/kube-scheduler-n1",
        ),
    ]


def scaling_failures() -> list[MadeCase]:
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "api"},
        "minReplicas": 1,
        "maxReplicas": 3,
        "metrics": [
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}},
            }
        ],
    }
    able = {"type": "AbleToScale", "status": "True", "reason": "ReadyForNewScale"}
    limited = [
        able,
        {"type": "ScalingActive", "status": "True", "reason": "ValidMetricFound"},
        {
            "type": "ScalingLimited",
            "status": "True",
            "reason": "TooManyReplicas",
            "lastTransitionTime": ago(30),
            "message": "the desired replica count is more than the maximum replica count",
        },
    ]
    current = [{"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 97}}}]
    failing = [
        able,
        {
            "type": "ScalingActive",
            "status": "False",
            "reason": "FailedGetResourceMetric",
            "lastTransitionTime": ago(30),
            "message": "the HPA was unable to compute the replica count: failed "
            "to get cpu utilization: unable to fetch metrics from resource metrics API",
        },
    ]
    busy = joined(deployment("api", replicas=3), service("api"))
    quota = {"requests.cpu": "2"}
    return [
        _cause(
            "autoscaler_at_limit",
            joined(
                busy,
                obj(
                    "HorizontalPodAutoscaler",
                    "api",
                    spec=spec,
                    status={
                        "currentReplicas": 3,
                        "desiredReplicas": 3,
                        "conditions": limited,
                        "currentMetrics": current,
                    },
                ),
            ),
        ),
        _cause(
            "autoscaler_not_scaling",
            joined(
                busy,
                obj(
                    "HorizontalPodAutoscaler",
                    "api",
                    spec=spec,
                    status={"currentReplicas": 3, "desiredReplicas": 3, "conditions": failing},
                ),
                event("FailedGetResourceMetric", "failed to get cpu utilization", "HorizontalPodAutoscaler/api"),
            ),
        ),
        _cause(
            "quota_exceeded",
            joined(
                deployment("api", status=waiting(""), pods=0, age=20),
                service("api"),
                obj(
                    "ResourceQuota",
                    "compute",
                    spec={"hard": quota},
                    status={"hard": quota, "used": {"requests.cpu": "2"}},
                ),
                event(
                    "FailedCreate",
                    'Error creating: pods "api-5c9d-x0" is forbidden: exceeded quota: compute, '
                    "requested: requests.cpu=100m, used: requests.cpu=2, limited: requests.cpu=2",
                    "ReplicaSet/api-5c9d",
                ),
            ),
        ),
    ]


def configuration_and_access() -> list[MadeCase]:
    from_map = [{"name": "MODE", "valueFrom": {"configMapKeyRef": {"name": "api-settings", "key": "mode"}}}]
    from_secret = [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "api-db", "key": "password"}}}]
    missing = exec_error('exec: "serve": executable file not found in $PATH')
    stalled = {
        "type": "Progressing",
        "status": "False",
        "reason": "ProgressDeadlineExceeded",
        "message": 'ReplicaSet "api-5c9d" has timed out progressing.',
        "lastTransitionTime": ago(10),
    }
    denied = (
        'pods is forbidden: User "system:serviceaccount:shop:default" cannot list resource "pods" in API group "" '
        'in the namespace "shop"'
    )
    return [
        _cause("bad_configuration", [*_crashing(127, "StartError", container("api", command=["serve"])), missing]),
        _cause("missing_configuration", _config_error('configmap "api-settings" not found', env=from_map)),
        _cause("missing_secret", _config_error('secret "api-db" not found', env=from_secret)),
        _cause(
            "wrong_address",
            _crashing(1, "Error", container("api", env=_env("SEARCH_URL", "http://serach:80"))),
            previous="FATAL dial tcp: lookup serach on 10.0.0.10:53: no such host\n",
        ),
        _cause(
            "wrong_port",
            _crashing(1, "Error", container("api", env=_env("SEARCH_URL", "http://search:8081"))),
            previous="FATAL dial tcp 10.0.0.7:8081: connect: connection refused\n",
        ),
        _cause(
            "port_conflict",
            _crashing(1, "Error", container("api"), container("metrics")),
            previous="FATAL listen tcp :8080: bind: address already in use\n",
        ),
        _cause(
            "scaled_to_zero",
            joined(
                deployment("api", replicas=0),
                service("api"),
                event(
                    "ScalingReplicaSet", "Scaled down replica set api-5c9d to 0 from 3", "Deployment/api", kind="Normal"
                ),
            ),
        ),
        _cause(
            "rollout_stuck",
            joined(deployment("api", status=running(ready=False), age=20, condition=stalled), service("api")),
        ),
        _cause("invalid_credentials", _crashing(), previous='FATAL: password authentication failed for user "shop"\n'),
        _cause("permission_denied", _crashing(), previous=f"FATAL {denied}\n"),
        _cause(
            "certificate_expired",
            _crashing(),
            previous="FATAL tls: failed to verify certificate: x509: certificate has expired or is not yet valid\n",
        ),
        _cause("token_expired", _crashing(), previous="FATAL 401 Unauthorized: invalid_token: the token has expired\n"),
    ]


def exec_error(message: str) -> Object:
    whole = f"Error: failed to create containerd task: OCI runtime create failed: {message}: unknown"
    return event("Failed", whole, f"Pod/{POD}", field="api")


def no_faults() -> list[MadeCase]:
    """What looks like trouble and isn't: no fault must be the answer, whichever kind of it."""
    old_set = obj(
        "ReplicaSet",
        "api-4b8c",
        age=20_000,
        status={"replicas": 0},
        metadata={
            "annotations": {"deployment.kubernetes.io/revision": "0"},
            "ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "Deployment", "name": "api", "controller": True, "uid": "d"}
            ],
        },
        spec={
            "replicas": 0,
            "selector": {"matchLabels": {"app": "api"}},
            "template": {"metadata": {"labels": {"app": "api"}}, "spec": {"containers": [container("api")]}},
        },
    )
    leaving = pod(
        "api-4b8c-x0",
        {"containers": [container("api")]},
        {"app": "api"},
        running(ready=False),
        owner="ReplicaSet/api-4b8c",
        age=20_000,
    )
    leaving["metadata"] |= {"deletionTimestamp": ago(-0.2), "deletionGracePeriodSeconds": 30}
    killing = event("Killing", "Stopping container api", "Pod/api-4b8c-x0", first=1, count=1, kind="Normal")
    failing = event(
        "Unhealthy",
        "Readiness probe failed: HTTP probe failed with statuscode: 503",
        "Pod/api-4b8c-x0",
        first=1,
        count=2,
    )
    back = running(25, restarts=1, last=ended(1, "Error", 25.2))
    early = event(
        "FailedMount",
        'MountVolume.SetUp failed for volume "kube-api-access" : failed to sync configmap '
        "timed out waiting for the condition",
        f"Pod/{POD}",
        minutes=50,
        first=51,
        count=1,
    )
    return [
        MadeCase(
            "rollout_finished",
            None,
            "NO_FAULT",
            joined(deployment("api", age=5), service("api"), old_set, leaving, killing, failing),
        ),
        MadeCase("recovered_restart", None, "NO_FAULT", joined(deployment("api", status=back), service("api"))),
        MadeCase("old_warning", None, "NO_FAULT", joined(_healthy(), early)),
    ]


CASES: Final = (
    *workload_failures(),
    *network_failures(),
    *infrastructure_failures(),
    *scaling_failures(),
    *configuration_and_access(),
    *no_faults(),
)
"""Every made case."""
