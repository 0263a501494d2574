"""Workloads that don't run: one case for each cause of WORKLOAD_FAILURE."""

from __future__ import annotations

from typing import Any, Final

from cases.cluster_objects import (
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
    service,
    waiting,
)
from cases.made import POD, MadeCase, cause, crashing, healthy, http_probe, pending, probed, unpulled

DATA: Final = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]


BOUND: Final = obj(
    "PersistentVolumeClaim",
    "data",
    status={"phase": "Bound"},
    spec={"accessModes": ["ReadWriteOnce"], "storageClassName": "standard", "volumeName": "pv-1"},
)


def claim(storage_class: str) -> Object:
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


def affinity(kind: str, terms: Any) -> Object:
    return {kind: {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


def workload_failures() -> list[MadeCase]:
    none = "preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
    zone = {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}
    apart = [{"labelSelector": {"matchLabels": {"app": "api"}}, "topologyKey": "kubernetes.io/hostname"}]
    tainted = [node(f"n{i}", taints=[{"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}]) for i in (1, 2, 3)]
    mounted = container("api", volumeMounts=[{"name": "data", "mountPath": "/var/data"}])
    return [
        cause("application_crash", crashing(), previous="panic: runtime error: index out of range [3]\n"),
        cause(
            "application_error",
            healthy(),
            api="".join(
                f"{ago(9 - i)} ERROR request failed: java.lang.NullPointerException: order is null\n" for i in range(8)
            ),
        ),
        cause("out_of_memory_killed", crashing(137, "OOMKilled")),
        cause(
            "image_not_found",
            unpulled(
                "rpc error: code = NotFound desc = failed to pull and unpack image: registry.example/api:1.5: not found"
            ),
        ),
        cause(
            "image_registry_unreachable",
            unpulled(
                'failed to do request: Head "https://registry.example/v2/api/manifests/1.5": '
                "dial tcp: lookup registry.example: no such host"
            ),
        ),
        cause(
            "image_pull_unauthorized",
            unpulled("failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized"),
        ),
        cause(
            "liveness_probe_misconfigured",
            probed(
                "liveness",
                'Get "http://10.1.0.5:9090/": dial tcp 10.1.0.5:9090: connect: connection refused',
                http_probe(9090),
                restarts=6,
            ),
        ),
        cause(
            "readiness_probe_misconfigured",
            probed("readiness", "HTTP probe failed with statuscode: 404", http_probe(8080, "/helthz"), restarts=0),
        ),
        cause(
            "startup_probe_misconfigured",
            probed(
                "startup",
                'Get "http://10.1.0.5:9090/": dial tcp 10.1.0.5:9090: connect: connection refused',
                http_probe(9090),
                restarts=6,
            ),
        ),
        cause(
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
        cause(
            "volume_mount_failed",
            joined(
                deployment("api", mounted, status=waiting("ContainerCreating"), volumes=DATA, age=20),
                service("api"),
                BOUND,
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
        cause(
            "volume_permission_denied",
            joined(crashing(1, "Error", mounted, volumes=DATA), BOUND),
            previous="ERROR cannot start: mkdir /var/data/wal: permission denied\n",
        ),
        cause(
            "volume_claim_unbound",
            pending(
                "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. " + none,
                claim("fast"),
                event(
                    "ProvisioningFailed", 'storageclass.storage.k8s.io "fast" not found', "PersistentVolumeClaim/data"
                ),
                volumes=DATA,
            ),
        ),
        cause(
            "insufficient_cpu", pending("0/3 nodes are available: 3 Insufficient cpu. " + none, requests={"cpu": "16"})
        ),
        cause(
            "insufficient_memory",
            pending("0/3 nodes are available: 3 Insufficient memory. " + none, requests={"memory": "64Gi"}),
        ),
        cause(
            "insufficient_extended_resource",
            pending(
                "0/3 nodes are available: 3 Insufficient nvidia.com/gpu. " + none, requests={"nvidia.com/gpu": "1"}
            ),
        ),
        cause(
            "node_selector_mismatch",
            pending(
                "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. " + none,
                nodeSelector={"disk": "ssd"},
            ),
        ),
        cause(
            "node_affinity_mismatch",
            pending(
                "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. " + none,
                affinity=affinity("nodeAffinity", {"nodeSelectorTerms": [zone]}),
            ),
        ),
        cause(
            "pod_affinity_conflict",
            pending(
                "0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules. " + none,
                affinity=affinity("podAntiAffinity", apart),
            ),
        ),
        cause(
            "taint_not_tolerated",
            pending("0/3 nodes are available: 3 node(s) had untolerated taint {dedicated: gpu}. " + none, *tainted),
        ),
        cause("job_failed", failed_job(), "shop/job/import"),
    ]


def failed_job() -> tuple[Object, ...]:
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
        healthy(),
    )
