"""What stands about in an old cluster and hurts nobody: settings that a linter names, leftovers, remains of jobs.

All of it is a year old or more and lives in a namespace of its own, or is cluster-wide and concerns no pod.
"""

from __future__ import annotations

from typing import Any

from bundle_files import Object

_OLD = "2024-02-03T04:05:06Z"
_OLD_END = "2024-02-03T04:06:06Z"
_LABELS = {"app": "attic"}
_CONTAINER: Object = {"name": "main", "image": "registry.invalid/attic:1", "resources": {}}


STANDALONE = frozenset(
    ("cronjobs", "horizontalpodautoscalers", "ingresses", "networkpolicies", "poddisruptionbudgets", "resourcequotas",
     "validatingwebhookconfigurations")
)  # fmt: skip
"""Kinds that nothing refers to by name: that the others of the kind weren't dumped makes nothing look missing."""


def attic() -> dict[str, list[Object]]:
    """The objects by the kind under which they are dumped."""
    made: dict[str, list[Object]] = {
        "namespaces": [_made("Namespace", "v1", "attic", None, status={"phase": "Active"})]
    }
    for part in (_workloads(), _jobs(), _network(), _storage(), _limits(), _cluster()):
        for kind, objects in part.items():
            made.setdefault(kind, []).extend(objects)
    return made


def _made(kind: str, version: str, name: str, namespace: str | None = "attic", **more: Any) -> Object:
    place = {"namespace": namespace} if namespace else {}
    meta = {"name": name, "creationTimestamp": _OLD, "generation": 1, **place, **more.pop("metadata", {})}
    return {"apiVersion": version, "kind": kind, "metadata": meta, **more}


def _owned(kind: str, version: str, name: str) -> Object:
    owner = {"apiVersion": version, "kind": kind, "name": name, "controller": True, "uid": f"attic-{name}"}
    return {"ownerReferences": [owner], "labels": _LABELS}


def _template(**spec: Any) -> Object:
    return {"metadata": {"labels": _LABELS}, "spec": {"containers": [_CONTAINER], **spec}}


def _workloads() -> dict[str, list[Object]]:
    """A Deployment that is switched off and reads a missing ConfigMap, its old ReplicaSets, an idle autoscaler."""
    missing = {**_CONTAINER, "envFrom": [{"configMapRef": {"name": "attic-settings"}}]}
    spec = {"replicas": 0, "selector": {"matchLabels": _LABELS}, "template": _template(containers=[missing])}
    old_sets = [
        _made("ReplicaSet", "apps/v1", f"attic-{number}", metadata=_owned("Deployment", "apps/v1", "attic"),
              spec=spec, status={"replicas": 0, "observedGeneration": 1})
        for number in ("5d9", "6c7", "7b4")
    ]  # fmt: skip
    inactive = {"type": "ScalingActive", "status": "False", "reason": "ScalingDisabled", "lastTransitionTime": _OLD,
                "message": "scaling is disabled since the replica count of the target is zero"}  # fmt: skip
    target = {"kind": "Deployment", "name": "attic", "apiVersion": "apps/v1"}
    return {
        "deployments": [_made("Deployment", "apps/v1", "attic", spec=spec, status={"observedGeneration": 1})],
        "replicasets": old_sets,
        "horizontalpodautoscalers": [
            _made("HorizontalPodAutoscaler", "autoscaling/v2", "attic",
                  spec={"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 3},
                  status={"currentReplicas": 0, "desiredReplicas": 0, "conditions": [inactive]}),
        ],
    }  # fmt: skip


def _jobs() -> dict[str, list[Object]]:
    """A Job that completed and one that failed, long ago, with the failed one's pod; a suspended CronJob."""
    gone = {**_CONTAINER, "envFrom": [{"secretRef": {"name": "attic-token"}}]}
    failed = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "lastTransitionTime": _OLD_END,
              "message": "Job has reached the specified backoff limit"}  # fmt: skip
    complete = {"type": "Complete", "status": "True", "lastTransitionTime": _OLD_END}
    template = _template(restartPolicy="Never")
    schedule = {"schedule": "0 3 * * *", "suspend": True, "jobTemplate": {"spec": {"template": template}}}
    ended = {"exitCode": 1, "reason": "Error", "startedAt": _OLD, "finishedAt": _OLD_END}
    status = {"name": "main", "ready": False, "restartCount": 0, "image": _CONTAINER["image"],
              "state": {"terminated": ended}}  # fmt: skip
    return {
        "jobs": [
            _made("Job", "batch/v1", "attic-migrate", spec={"template": _template(containers=[gone])},
                  status={"succeeded": 1, "conditions": [complete], "startTime": _OLD, "completionTime": _OLD_END}),
            _made("Job", "batch/v1", "attic-import", spec={"backoffLimit": 0, "template": template},
                  status={"failed": 1, "startTime": _OLD, "conditions": [failed]}),
        ],
        "cronjobs": [_made("CronJob", "batch/v1", "attic-nightly", spec=schedule, status={"lastScheduleTime": _OLD})],
        "pods": [
            _made("Pod", "v1", "attic-import-x7k2p", metadata=_owned("Job", "batch/v1", "attic-import"),
                  spec={"containers": [_CONTAINER], "restartPolicy": "Never", "nodeName": "attic-node"},
                  status={"phase": "Failed", "startTime": _OLD, "containerStatuses": [status]}),
        ],
    }  # fmt: skip


def _network() -> dict[str, list[Object]]:
    """A Service without pods, an Ingress to a missing one, a policy that selects nothing."""
    rule = {"host": "docs.invalid", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": {
        "service": {"name": "handbook", "port": {"number": 80}}}}]}}  # fmt: skip
    ports = [{"port": 80, "targetPort": 8080, "protocol": "TCP"}]
    policy = {"podSelector": {"matchLabels": _LABELS}, "policyTypes": ["Ingress"]}
    return {
        "services": [_made("Service", "v1", "attic", spec={"selector": _LABELS, "ports": ports})],
        "endpoints": [_made("Endpoints", "v1", "attic")],
        "ingresses": [_made("Ingress", "networking.k8s.io/v1", "attic", spec={"rules": [rule]}, status={})],
        "networkpolicies": [_made("NetworkPolicy", "networking.k8s.io/v1", "attic", spec=policy)],
    }


def _storage() -> dict[str, list[Object]]:
    """A volume whose claim is gone, and a claim that no pod uses and that waits for its first one."""
    gone = {"kind": "PersistentVolumeClaim", "namespace": "attic", "name": "attic-gone"}
    volume = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "claimRef": gone,
              "persistentVolumeReclaimPolicy": "Retain", "storageClassName": "attic"}  # fmt: skip
    claim = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "attic",
        "resources": {"requests": {"storage": "1Gi"}},
    }
    provisioner = {"provisioner": "attic.invalid/disk", "volumeBindingMode": "WaitForFirstConsumer"}
    return {
        "persistentvolumes": [
            _made("PersistentVolume", "v1", "attic-0", None, spec=volume, status={"phase": "Released"})
        ],
        "persistentvolumeclaims": [
            _made("PersistentVolumeClaim", "v1", "attic-unused", spec=claim, status={"phase": "Pending"})
        ],
        "storageclasses": [_made("StorageClass", "storage.k8s.io/v1", "attic", None, **provisioner)],
    }


def _limits() -> dict[str, list[Object]]:
    """A full quota, and a disruption budget over nothing."""
    counts = {"count/configmaps": "3"}
    return {
        "resourcequotas": [
            _made("ResourceQuota", "v1", "attic", spec={"hard": counts}, status={"hard": counts, "used": counts})
        ],
        "poddisruptionbudgets": [
            _made("PodDisruptionBudget", "policy/v1", "attic",
                  spec={"minAvailable": 1, "selector": {"matchLabels": _LABELS}},
                  status={"currentHealthy": 0, "desiredHealthy": 1, "expectedPods": 0, "disruptionsAllowed": 0}),
        ],
    }  # fmt: skip


def _cluster() -> dict[str, list[Object]]:
    """A cordoned control plane, a node kept for others by a taint, a webhook whose failure is ignored."""
    control = {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}
    dedicated = {"key": "attic.invalid/dedicated", "value": "batch", "effect": "NoSchedule"}
    server = {"service": {"namespace": "attic", "name": "attic-hook", "path": "/"}}
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    webhook = {"name": "hook.attic.invalid", "failurePolicy": "Ignore", "clientConfig": server, "rules": [rule]}
    api = "admissionregistration.k8s.io/v1"
    return {
        "nodes": [_node("control-plane-9", control, unschedulable=True), _node("batch-9", dedicated)],
        "validatingwebhookconfigurations": [
            _made("ValidatingWebhookConfiguration", api, "attic", None, webhooks=[webhook])
        ],
    }


def _node(name: str, taint: Object, **spec: Any) -> Object:
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "lastTransitionTime": _OLD}
    room = {"cpu": "2", "memory": "4Gi", "pods": "110"}
    return _made("Node", "v1", name, None, spec={"taints": [taint], **spec},
                 status={"conditions": [ready], "allocatable": room, "capacity": room})  # fmt: skip
