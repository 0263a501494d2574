"""Scheduling, references and ports: one small object after another, each with its state."""

from __future__ import annotations

import pytest
from kubernetes_objects import (
    UNSCHEDULABLE,
    Case,
    check,
    config_map,
    container,
    crashing,
    event,
    node,
    owned,
    pod,
    running,
    status,
    waiting,
)


def pending(message: str, **fields: object) -> dict:
    return pod(statuses=[], phase="Pending", node=None, conditions=[{**UNSCHEDULABLE, "message": message}], **fields)


SCHEDULING = [
    Case(
        "cpu",
        owned(
            pending(
                "0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: 2 No preemption victims found",  # noqa: E501
                containers=[container(resources={"requests": {"cpu": "8"}})],
            ),
            node(),
        ),
        "InsufficientCPU",
        details={"requested": 8.0, "largest_allocatable": 4.0, "fits_an_empty_node": False, "nodes": 2, "main": True},
    ),
    Case("memory", owned(pending("0/2 nodes are available: 2 Insufficient memory.")), "InsufficientMemory"),
    Case(
        "ephemeral storage",
        owned(pending("0/2 nodes are available: 2 Insufficient ephemeral-storage.")),
        "InsufficientEphemeralStorage",
    ),
    Case(
        "extended resource",
        owned(pending("0/2 nodes are available: 2 Insufficient nvidia.com/gpu.")),
        "InsufficientExtendedResource",
        details={"resource_name": "nvidia.com/gpu"},
    ),
    Case("too many pods", owned(pending("0/1 nodes are available: 1 Too many pods.")), "TooManyPods"),
    Case(
        "selector",
        owned(
            pending(
                "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
                spec={"nodeSelector": {"disk": "ssd"}},
            ),
            node(metadata={"labels": {"disk": "hdd"}}),
        ),
        "NodeSelectorMismatch",
        details={"node_selector": {"disk": "ssd"}, "node_labels": {"disk": ["hdd"]}},
    ),
    Case(
        "affinity",
        owned(
            pending(
                "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
                spec={
                    "affinity": {
                        "nodeAffinity": {
                            "requiredDuringSchedulingIgnoredDuringExecution": {
                                "nodeSelectorTerms": [
                                    {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}
                                ]
                            }
                        }
                    }
                },
            )
        ),
        "NodeAffinityMismatch",
        details={"node_affinity": [{"zone": "In a"}]},
    ),
    Case(
        "anti-affinity",
        owned(
            pending(
                "0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules.",
                spec={
                    "affinity": {
                        "podAntiAffinity": {
                            "requiredDuringSchedulingIgnoredDuringExecution": [
                                {
                                    "topologyKey": "kubernetes.io/hostname",
                                    "labelSelector": {"matchLabels": {"app": "api"}},
                                }
                            ]
                        }
                    }
                },
            )
        ),
        "PodAffinityConflict",
        details={
            "rule": "anti-affinity",
            "rules": [{"rule": "anti-affinity", "topology_key": "kubernetes.io/hostname", "selector": {"app": "api"}}],
        },
    ),
    Case(
        "anti-affinity of others",
        owned(pending("0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules.")),
        "PodAffinityConflict",
        details={"of_existing_pods": True},
    ),
    Case(
        "taint, the control plane's aside",
        owned(
            pending(
                "0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 node(s) had untolerated taint {team: data}."  # noqa: E501
            )
        ),
        "TaintNotTolerated",
        details={"taint": "team=data", "nodes": 2},
    ),
    Case(
        "taint, as old schedulers said it",
        owned(pending("0/3 nodes are available: 3 node(s) had taint {dedicated: gpu}, that the pod didn't tolerate.")),
        "TaintNotTolerated",
        details={"taint": "dedicated=gpu", "main": True},
    ),
    Case(
        "cordoned",
        owned(pending("0/1 nodes are available: 1 node(s) were unschedulable."), node(spec={"unschedulable": True})),
        "NodesUnschedulable",
        "node/n1",
        details={"cordoned": ["n1"]},
    ),
    Case(
        "not ready",
        owned(pending("0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }.")),
        "NodesNotReady",
    ),
    Case(
        "spread",
        owned(pending("0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints.")),
        "TopologySpreadConflict",
    ),
    Case(
        "volume's zone",
        owned(pending("0/1 nodes are available: 1 node(s) had volume node affinity conflict.")),
        "VolumeNodeConflict",
    ),
    Case(
        "volume count",
        owned(pending("0/1 nodes are available: 1 node(s) exceed max volume count.")),
        "MaxVolumeCountExceeded",
    ),
    Case(
        "host port",
        owned(pending("0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.")),
        "HostPortConflict",
    ),
    Case(
        "unbound claim",
        owned(
            pending(
                "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
                spec={"volumes": [{"persistentVolumeClaim": {"claimName": "data"}}]},
            )
        ),
        "UnboundVolumeClaim",
        details={"claims": ["data"]},
    ),
    Case(
        "missing claim",
        owned(pending('persistentvolumeclaim "data" not found')),
        "VolumeClaimMissing",
        details={"name": "data"},
    ),
    Case(
        "by an event",
        owned(
            pod(statuses=[], phase="Pending", node=None, conditions=[UNSCHEDULABLE]),
            event("FailedScheduling", "0/1 nodes are available: 1 Insufficient memory."),
        ),
        "InsufficientMemory",
        details={"occurrences": 3},
    ),
    Case(
        "computed from the nodes, where the scheduler's words are missing",
        owned(pending("", spec={"nodeSelector": {"disk": "ssd"}}), node()),
        "NodeSelectorMismatch",
        details={"nodes": 1},
    ),
    Case(
        "computed: a taint",
        owned(pending(""), node(spec={"taints": [{"key": "team", "value": "data", "effect": "NoSchedule"}]})),
        "TaintNotTolerated",
        details={"taint": "team"},
    ),
    Case("unknown", owned(pending("no preemption victims")), "FailedScheduling"),
]
REFERENCES = [
    Case(
        "config map",
        owned(pod(statuses=[waiting("CreateContainerConfigError", 'configmap "settings" not found')], phase="Pending")),
        "ConfigMapMissing",
        details={"name": "settings"},
        never=("CreateContainerConfigError",),
    ),
    Case(
        "config map key",
        owned(
            pod(
                statuses=[
                    waiting("CreateContainerConfigError", "couldn't find key DB_HOST in ConfigMap shop/settings")
                ],
                phase="Pending",
            )
        ),
        "ConfigMapKeyMissing",
        details={"name": "settings", "key": "DB_HOST"},
    ),
    Case(
        "secret",
        owned(pod(statuses=[waiting("CreateContainerConfigError", 'secret "db" not found')], phase="Pending")),
        "SecretMissing",
        details={"name": "db"},
    ),
    Case(
        "secret key",
        owned(
            pod(
                statuses=[waiting("CreateContainerConfigError", "couldn't find key password in Secret shop/db")],
                phase="Pending",
            )
        ),
        "SecretKeyMissing",
        details={"key": "password"},
    ),
    Case(
        "seen from the spec",
        owned(pod(statuses=[status()], containers=[container(envFrom=[{"configMapRef": {"name": "settings"}}])])),
        "ConfigMapMissing",
        dumped=("ConfigMap",),
    ),
    Case(
        "a key seen from the spec",
        owned(
            pod(
                statuses=[status()],
                containers=[
                    container(env=[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "A"}}}])
                ],
            ),
            config_map("settings", {"B": "1"}),
        ),
        "ConfigMapKeyMissing",
        details={"name": "settings", "key": "A", "variable": "A"},
    ),
    Case(
        "service account",
        owned(pod(statuses=[status()], spec={"serviceAccountName": "runner"})),
        "ServiceAccountMissing",
        details={"name": "runner"},
        dumped=("ServiceAccount",),
    ),
    Case(
        "claim",
        owned(
            pod(statuses=[status()], spec={"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]})
        ),
        "VolumeClaimMissing",
        details={"name": "data"},
        dumped=("PersistentVolumeClaim",),
    ),
    Case(
        "a mount names the missing secret",
        owned(
            pod(statuses=[waiting("ContainerCreating")], phase="Pending"),
            event("FailedMount", 'MountVolume.SetUp failed for volume "tls" : secret "tls" not found'),
        ),
        "SecretMissing",
        details={"name": "tls", "volume": "tls"},
    ),
]
PORTS = [
    Case(
        "two containers declare one port",
        owned(
            pod(
                containers=[
                    container(ports=[{"containerPort": 8080}]),
                    container("proxy", ports=[{"containerPort": 8080}]),
                ],
                statuses=[running(), running("proxy", ready=False)],
            )
        ),
        "ContainerPortConflict",
        details={"port": 8080, "containers": ["api", "proxy"], "pods_troubled": True},
    ),
    Case(
        "the log says the port is taken",
        owned(
            pod(
                containers=[container(ports=[{"containerPort": 8080}]), container("proxy")],
                statuses=[running(), crashing(1, name="proxy")],
            )
        ),
        "AddressInUse",
        details={"port": 8080, "declared_by": ["api"]},
        fields={"container": "proxy", "reported": True},
        logs={"api-1/proxy": "listen tcp :8080: bind: address already in use\n"},
    ),
    Case(
        "the log says the password is refused",
        owned(pod(statuses=[crashing(1)])),
        "CredentialsRefused",
        fields={"reported": True},
        logs={"api-1/api": 'FATAL: password authentication failed for user "shop"\n'},
    ),
    Case(
        "the log says the token has expired",
        owned(pod(statuses=[crashing(1)])),
        "TokenExpired",
        fields={"reported": True},
        logs={"api-1/api": "FATAL 401 Unauthorized: the token has expired\n"},
    ),
    Case(
        "the log says the certificate has expired",
        owned(pod(statuses=[crashing(1)])),
        "CertificateInvalid",
        fields={"reported": True},
        logs={"api-1/api": "FATAL x509: certificate has expired or is not yet valid\n"},
    ),
    Case(
        "the log says a permission is lacking",
        owned(pod(statuses=[crashing(1)])),
        "PermissionRefused",
        fields={"reported": True},
        logs={"api-1/api": 'FATAL pods is forbidden: User "system:serviceaccount:shop:api" cannot list "pods"\n'},
    ),
    Case(
        "the log says the volume may not be written",
        owned(
            pod(
                containers=[
                    container(
                        volumeMounts=[{"name": "data", "mountPath": "/data"}], securityContext={"runAsUser": 1000}
                    )
                ],
                statuses=[crashing(1)],
            )
        ),
        "VolumePermissionDenied",
        details={"mount": "/data", "volume": "data", "run_as_user": 1000},
        logs={"api-1/api": "mkdir: cannot create directory '/data/x': Permission denied\n"},
    ),
    Case(
        "the log says the volume is read-only",
        owned(
            pod(
                containers=[container(volumeMounts=[{"name": "data", "mountPath": "/data", "readOnly": True}])],
                statuses=[crashing(1)],
            )
        ),
        "VolumeReadOnly",
        details={"read_only": True},
        logs={"api-1/api": "open /data/x: read-only file system\n"},
    ),
]


@pytest.mark.parametrize("case", [*SCHEDULING, *REFERENCES, *PORTS], ids=lambda case: case.name)
def test_state_is_found(case: Case) -> None:
    check(case)
