"""Pods, images, probes, scheduling, ports and their events: one small object after another, each with its state."""

from __future__ import annotations

import pytest
from kubernetes_objects import (
    API,
    NS,
    Case,
    ago,
    check,
    cluster_of,
    config_map,
    container,
    deployment,
    ended,
    event,
    findings,
    node,
    obj,
    pod,
    replica_set,
    running,
    status,
    waiting,
)

from primitives.kubernetes.analysis import analyse
from primitives.records import Edge, Topology

RS, DEPLOYMENT = replica_set(), deployment()
POD = "shop/pod/api-1"
CREATING = {"type": "PodScheduled", "status": "True", "lastTransitionTime": ago(9)}
UNSCHEDULABLE = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}


def owned(*items: dict) -> tuple:
    return (RS, DEPLOYMENT, *items)


def crashing(code: int, reason: str = "Error", runtime_s: float = 2.0, **fields: object) -> dict:
    return waiting(
        "CrashLoopBackOff",
        "back-off 5m0s restarting",
        restartCount=7,
        lastState={"terminated": ended(code, reason, runtime_s)},
        **fields,
    )


def pulling(message: str, reason: str = "ImagePullBackOff") -> dict:
    return pod(statuses=[waiting(reason, message)], phase="Pending")


def pending(message: str, **fields: object) -> dict:
    return pod(statuses=[], phase="Pending", node=None, conditions=[{**UNSCHEDULABLE, "message": message}], **fields)


PODS = [
    Case(
        "out of memory",
        owned(
            pod(statuses=[crashing(137, "OOMKilled")], containers=[container(resources={"limits": {"memory": "64Mi"}})])
        ),
        "OOMKilled",
        details={"memory_limit": "64Mi", "waiting": "CrashLoopBackOff"},
        fields={"exit_code": 137, "restarts": 7},
        never=("CrashLoopBackOff",),
    ),
    Case(
        "runs between two out-of-memory kills",
        owned(
            pod(
                statuses=[
                    running(minutes=2, restartCount=4, lastState={"terminated": ended(137, "OOMKilled", minutes=2.1)})
                ]
            )
        ),
        "OOMKilled",
        details={"running": True},
    ),
    Case(
        "crash loop",
        owned(pod(statuses=[crashing(1)])),
        "CrashLoopBackOff",
        details={"last_reason": "Error", "exit_meaning": "application error", "runtime_s": 2.0},
        fields={"exit_code": 1, "container": "api"},
    ),
    Case(
        "a back-off event dates the crash loop",
        owned(pod(statuses=[crashing(1)]), event("BackOff", "Back-off restarting failed container", count=9)),
        "CrashLoopBackOff",
        details={"occurrences": 9},
        never=("BackOff",),
    ),
    Case(
        "segmentation fault",
        owned(pod(statuses=[crashing(139)])),
        "CrashLoopBackOff",
        details={"exit_meaning": "SIGSEGV"},
    ),
    Case("a bare pod stands for itself", (pod(statuses=[crashing(1)], owner=None),), "CrashLoopBackOff", POD),
    Case(
        "a pod whose ReplicaSet isn't dumped stands for itself", (pod(statuses=[crashing(1)]),), "CrashLoopBackOff", POD
    ),
    Case(
        "the topology knows the owner of a pod whose ReplicaSet isn't dumped",
        (pod(statuses=[crashing(1)]),),
        "CrashLoopBackOff",
        topology=Topology(edges=(Edge(source=API, target=POD, kind="owns"),)),
    ),
    Case("a Deployment's selector knows it too", (DEPLOYMENT, pod(statuses=[crashing(1)])), "CrashLoopBackOff"),
    Case(
        "a StatefulSet is named by the reference alone",
        (pod(statuses=[crashing(1)], owner="StatefulSet/db"),),
        "CrashLoopBackOff",
        "shop/statefulset/db",
    ),
    Case(
        "ended with an error",
        owned(pod(statuses=[status(state={"terminated": ended(3)})])),
        "ContainerFailed",
        fields={"exit_code": 3},
    ),
    Case(
        "runs but not ready after a crash",
        owned(pod(statuses=[running(minutes=1, ready=False, restartCount=3, lastState={"terminated": ended(1)})])),
        "ContainerFailed",
    ),
    Case("command not found", owned(pod(statuses=[crashing(127)])), "InvalidCommand"),
    Case(
        "executable missing",
        owned(pod(statuses=[waiting("RunContainerError", 'exec: "serve": executable file not found in $PATH')])),
        "InvalidCommand",
    ),
    Case(
        "start error",
        owned(pod(statuses=[waiting("RunContainerError", "failed to create shim task: OCI runtime create failed")])),
        "StartError",
    ),
    Case(
        "create error",
        owned(pod(statuses=[waiting("CreateContainerError", "context deadline exceeded")])),
        "CreateContainerError",
    ),
    Case(
        "create error by configuration",
        owned(
            pod(
                statuses=[
                    waiting("CreateContainerConfigError", "container has runAsNonRoot and image will run as root")
                ]
            )
        ),
        "CreateContainerConfigError",
    ),
    Case(
        "evicted",
        owned(
            pod(
                phase="Failed",
                statuses=[],
                status={"reason": "Evicted", "message": "The node was low on resource: ephemeral-storage."},
            )
        ),
        "Evicted",
        "node/n1",
        details={"starved": "ephemeral-storage"},
    ),
    Case(
        "rejected by the kubelet",
        owned(pod(phase="Failed", statuses=[], status={"reason": "OutOfcpu"})),
        "PodRejected",
        details={"reason": "OutOfcpu"},
    ),
    Case("failed without a word", owned(pod(phase="Failed", statuses=[])), "PodFailed"),
    Case(
        "deadline", owned(pod(phase="Failed", statuses=[], status={"reason": "DeadlineExceeded"})), "DeadlineExceeded"
    ),
    Case("its node is lost", owned(pod(phase="Unknown", statuses=[])), "NodeLost", details={"node": "n1"}),
    Case("running but not ready", owned(pod(statuses=[running(ready=False)])), "NotReady", fields={"container": "api"}),
    Case(
        "a readiness gate",
        owned(pod(ready=False, spec={"readinessGates": [{"conditionType": "target-health"}]})),
        "ReadinessGateNotMet",
        details={"gate": "target-health"},
    ),
    Case(
        "creating for long",
        owned(pod(statuses=[waiting("ContainerCreating")], phase="Pending", conditions=[CREATING])),
        "ContainerCreating",
        details={"waiting_s": 540},
    ),
    Case(
        "sandbox",
        owned(
            pod(statuses=[waiting("ContainerCreating")], phase="Pending"),
            event("FailedCreatePodSandBox", 'plugin type="cni" failed (add)'),
        ),
        "SandboxFailed",
    ),
    Case(
        "init container still runs",
        owned(
            pod(
                phase="Pending",
                statuses=[],
                spec={"initContainers": [container("wait")]},
                status={"initContainerStatuses": [running("wait", ready=False)]},
            )
        ),
        "InitContainerNotFinished",
        fields={"container": "wait"},
    ),
    Case("pending without a word", owned(pod(phase="Pending", statuses=[], node=None)), "PodPending"),
    Case(
        "no scheduler speaks",
        owned(pod(phase="Pending", statuses=[], node=None)),
        "NotScheduled",
        details={"scheduler": "default-scheduler"},
        dumped=("Event",),
    ),
    Case(
        "the kubelet never reported",
        owned(pod(phase="Pending", statuses=[], status={"startTime": None})),
        "NotStarted",
        details={"node": "n1"},
    ),
    Case(
        "stuck while terminating",
        owned(pod(metadata={"deletionTimestamp": ago(30), "finalizers": ["example.com/hold"]})),
        "TerminatingStuck",
        details={"finalizers": ["example.com/hold"]},
    ),
    Case(
        "just being deleted",
        owned(pod(statuses=[crashing(1)], metadata={"deletionTimestamp": ago(0.1)})),
        "TornDown",
        never=("CrashLoopBackOff",),
    ),
    Case(
        "an old ReplicaSet is torn down",
        (
            replica_set(replicas=0),
            DEPLOYMENT,
            pod(statuses=[crashing(143)]),
            event("Unhealthy", "Readiness probe failed: connection refused"),
        ),
        "TornDown",
        never=("CrashLoopBackOff", "ReadinessProbeFailed"),
    ),
    Case(
        "restarted a moment ago",
        owned(pod(statuses=[running(minutes=3, restartCount=1, lastState={"terminated": ended(1, minutes=3)})])),
        "RestartedRecently",
    ),
    Case(
        "recovered",
        owned(
            pod(statuses=[running(minutes=40, restartCount=1)]),
            event("BackOff", "Back-off restarting failed container", minutes=40.5, count=1),
        ),
        "Recovered",
        fields={"restarts": 1},
        never=("BackOff", "CrashLoopBackOff"),
    ),
    Case(
        "its warning is of the past",
        owned(
            pod(statuses=[running(minutes=40, restartCount=1)]),
            event("BackOff", "Back-off restarting failed container", minutes=40.5, count=1),
        ),
        "PastEvent",
        details={"past": "recovered", "was": "BackOff"},
    ),
    Case(
        "a gone pod's warning is of the past",
        owned(pod(), event("BackOff", "Back-off restarting failed container", about="Pod/api-0")),
        "PastEvent",
        "shop/pod/api-0",
        details={"past": "gone"},
    ),
    Case(
        "a gone pod belongs to who says that it made it",
        owned(
            pod(),
            event("SuccessfulCreate", "Created pod: api-0", about="ReplicaSet/api-5c", kind="Normal"),
            event("BackOff", "Back-off restarting failed container", about="Pod/api-0"),
        ),
        "PastEvent",
        details={"past": "gone"},
    ),
    Case(
        "backing off, without its object",
        (event("BackOff", "Back-off restarting failed container api in pod api-1_shop(1)"),),
        "BackOff",
        POD,
        fields={"container": "api"},
    ),
    Case(
        "can't be killed",
        owned(pod(statuses=[running(ready=False)]), event("FailedKillPod", "error killing pod")),
        "FailedKillPod",
    ),
    Case(
        "any other warning",
        owned(pod(statuses=[running(ready=False)]), event("DNSConfigForming", "Nameserver limits were exceeded")),
        "WarningEvent",
        details={"reason": "DNSConfigForming"},
    ),
]

IMAGES = [
    Case(
        "no such tag",
        owned(pulling('Back-off pulling image "x": ErrImagePull: manifest for x:9 not found: manifest unknown')),
        "ImageNotFound",
        details={"error": "not_found", "image": "registry.example/api:1"},
    ),
    Case(
        "the event tells what the status doesn't",
        owned(
            pulling("Back-off pulling image"),
            event(
                "Failed", 'Failed to pull image "registry.example/api:1": rpc error: code = NotFound desc = not found'
            ),
        ),
        "ImageNotFound",
        never=("ImagePullBackOff",),
    ),
    Case(
        "unauthorized",
        owned(pulling("failed to authorize: 401 Unauthorized", "ErrImagePull")),
        "ImagePullUnauthorized",
        details={"error": "unauthorized"},
    ),
    Case(
        "denied or missing",
        owned(pulling("pull access denied, repository does not exist or may require authorization")),
        "ImagePullDenied",
        details={"pull_secrets": [], "repository_used_elsewhere": False},
    ),
    Case(
        "denied, and the pull secret is missing",
        owned(
            pod(
                statuses=[
                    waiting(
                        "ErrImagePull", "pull access denied, repository does not exist or may require authorization"
                    )
                ],
                phase="Pending",
                spec={"imagePullSecrets": [{"name": "regcred"}]},
            )
        ),
        "ImagePullUnauthorized",
        details={"missing_pull_secrets": ["regcred"]},
        dumped=("Secret",),
    ),
    Case(
        "the pull secret itself",
        owned(
            pod(
                statuses=[waiting("ErrImagePull", "denied")],
                phase="Pending",
                spec={"imagePullSecrets": [{"name": "regcred"}]},
            )
        ),
        "ImagePullSecretMissing",
        dumped=("Secret",),
    ),
    Case(
        "no such registry",
        owned(pulling("dial tcp: lookup registry.example on 10.0.0.10:53: no such host")),
        "ImageRegistryUnreachable",
        details={"registry": "registry.example"},
    ),
    Case(
        "registry times out",
        owned(
            pulling(
                "net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)"  # noqa: E501
            )
        ),
        "ImageRegistryUnreachable",
    ),
    Case(
        "rate limit",
        owned(
            pulling("429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit")
        ),
        "ImagePullRateLimited",
    ),
    Case(
        "malformed name",
        owned(
            pulling('Failed to apply default image tag "A:b:c": couldn\'t parse image reference', "InvalidImageName")
        ),
        "InvalidImageName",
    ),
    Case(
        "never pull",
        owned(pulling('Container image "x" is not present with pull policy of Never', "ErrImageNeverPull")),
        "ErrImageNeverPull",
    ),
    Case("platform", owned(pulling("no match for platform in manifest: not found")), "ImagePlatformMismatch"),
    Case(
        "disk full",
        owned(pulling("failed to extract layer: write /var/lib/x: no space left on device")),
        "ImagePullNoSpace",
    ),
    Case("nothing said", owned(pulling('Back-off pulling image "registry.example/api:1"')), "ImagePullBackOff"),
]


def probed(kind: str, probe: dict, *, ports: list | None = None, **pod_fields: object) -> dict:
    spec = container(
        **{f"{kind}Probe": probe}, ports=[{"containerPort": 8080, "name": "http"}] if ports is None else ports
    )
    return pod(containers=[spec], **{"statuses": [running(ready=False)], **pod_fields})


HTTP = {"httpGet": {"port": 8080, "path": "/healthz"}}
KILLED = [running(minutes=0.2, ready=False, restartCount=5, lastState={"terminated": ended(137, "Error", 12)})]
PROBES = [
    Case(
        "liveness on another port",
        owned(
            probed("liveness", {"httpGet": {"port": 9999, "path": "/"}}, statuses=KILLED),
            event(
                "Unhealthy",
                'Liveness probe failed: Get "http://10.1.1.1:9999/": dial tcp 10.1.1.1:9999: connect: connection refused',  # noqa: E501
            ),
        ),
        "LivenessProbeMisconfigured",
        details={"suspicion": "port", "port": 9999, "declared_ports": [8080], "error": "connection_refused"},
    ),
    Case(
        "the wrong port is seen without an event",
        owned(probed("liveness", {"tcpSocket": {"port": 9999}}, statuses=KILLED)),
        "LivenessProbeMisconfigured",
        details={"suspicion": "port", "handler": "tcpSocket"},
    ),
    Case(
        "a port's name that doesn't exist",
        owned(probed("readiness", {"httpGet": {"port": "web"}})),
        "ReadinessProbeMisconfigured",
        details={"suspicion": "port"},
    ),
    Case(
        "HTTP probe on a gRPC server",
        owned(
            probed("liveness", HTTP),
            event(
                "Unhealthy",
                'Liveness probe failed: Get "http://10.1.1.1:8080/healthz": net/http: HTTP/1.x transport connection broken: malformed HTTP response',  # noqa: E501
            ),
        ),
        "LivenessProbeMisconfigured",
        details={"suspicion": "protocol"},
    ),
    Case(
        "HTTP probe on a port named grpc",
        owned(probed("readiness", HTTP, ports=[{"containerPort": 8080, "name": "grpc"}])),
        "ReadinessProbeMisconfigured",
        details={"suspicion": "protocol"},
    ),
    Case(
        "gRPC readiness beside HTTP liveness on one port",
        owned(
            pod(
                containers=[
                    container(
                        readinessProbe={"grpc": {"port": 8080}}, livenessProbe=HTTP, ports=[{"containerPort": 8080}]
                    )
                ],
                statuses=[running(ready=False)],
            )
        ),
        "ReadinessProbeMisconfigured",
        details={"suspicion": "protocol"},
    ),
    Case(
        "HTTPS probe on an HTTP server",
        owned(
            probed("readiness", {"httpGet": {"port": 8080, "scheme": "HTTPS"}}, ports=[]),
            event("Unhealthy", "Readiness probe failed: http: server gave HTTP response to HTTPS client"),
        ),
        "ReadinessProbeMisconfigured",
        details={"suspicion": "protocol"},
    ),
    Case(
        "path",
        owned(
            probed("readiness", HTTP),
            event("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 404"),
        ),
        "ReadinessProbeMisconfigured",
        details={"suspicion": "path", "status_code": 404, "path": "/healthz"},
    ),
    Case(
        "the application's own error",
        owned(
            probed("readiness", HTTP),
            event("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"),
        ),
        "ReadinessProbeFailed",
        details={"status_code": 503},
        never=("ReadinessProbeMisconfigured",),
    ),
    Case(
        "command",
        owned(
            probed("startup", {"exec": {"command": ["/check"]}}),
            event("Unhealthy", 'Startup probe failed: exec: "/check": stat /check: no such file or directory'),
        ),
        "StartupProbeMisconfigured",
        details={"suspicion": "command"},
    ),
    Case(
        "startup",
        owned(
            probed("startup", HTTP), event("Unhealthy", "Startup probe failed: HTTP probe failed with statuscode: 500")
        ),
        "StartupProbeFailed",
    ),
    Case(
        "too impatient",
        owned(
            probed(
                "liveness",
                {**HTTP, "initialDelaySeconds": 1, "periodSeconds": 2, "failureThreshold": 1},
                statuses=KILLED,
            ),
            event("Unhealthy", "Liveness probe failed: dial tcp 10.1.1.1:8080: connect: connection refused"),
        ),
        "LivenessProbeMisconfigured",
        details={"suspicion": "timing", "budget_s": 3},
    ),
    Case(
        "more impatient than its healthy sibling needs",
        owned(
            probed("liveness", {**HTTP, "initialDelaySeconds": 30}, statuses=KILLED),
            pod("api-2", [running(minutes=602)], age=600, containers=[container()]),
            event("Unhealthy", "Liveness probe failed: dial tcp 10.1.1.1:8080: connect: connection refused"),
        ),
        "LivenessProbeMisconfigured",
        details={"suspicion": "timing", "budget_s": 60},
    ),
    Case(
        "a liveness failure that isn't the probe's fault",
        owned(
            probed("liveness", {**HTTP, "initialDelaySeconds": 60}, statuses=[crashing(1)]),
            event("Unhealthy", "Liveness probe failed: dial tcp 10.1.1.1:8080: connect: connection refused"),
        ),
        "LivenessProbeFailed",
        never=("LivenessProbeMisconfigured",),
    ),
    Case(
        "the revision before had another port",
        (
            replica_set("api-5c", revision=2),
            DEPLOYMENT,
            replica_set(
                "api-4b",
                0,
                1,
                template={
                    "metadata": {"labels": {"app": "api"}},
                    "spec": {"containers": [container(readinessProbe={"tcpSocket": {"port": 8080}})]},
                },
            ),
            pod(containers=[container(readinessProbe={"tcpSocket": {"port": 9090}})], statuses=[running(ready=False)]),
            event("Unhealthy", "Readiness probe failed: dial tcp 10.1.1.1:9090: connect: connection refused"),
        ),
        "ReadinessProbeMisconfigured",
        details={"suspicion": "port"},
    ),
]

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
        owned(
            pending(
                "0/3 nodes are available: 1 node(s) had taint {dedicated: gpu}, that the pod didn't tolerate, 2 Insufficient cpu."  # noqa: E501
            )
        ),
        "TaintNotTolerated",
        details={"taint": "dedicated=gpu", "main": False},
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

CASES = [*PODS, *IMAGES, *PROBES, *SCHEDULING, *REFERENCES, *PORTS]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_state_is_found(case: Case) -> None:
    check(case)


def test_a_well_cluster_yields_nothing() -> None:
    assert analyse(cluster_of(owned(pod(), node(), event("Pulled", "pulled", kind="Normal")))) == []


def test_pods_of_one_workload_are_one_finding_with_a_count() -> None:
    pods = [pod(f"api-{i}", [crashing(1)]) for i in range(5)]
    (found,) = (f for f in findings(Case("", owned(*pods), "")) if f.state == "CrashLoopBackOff")
    assert found.count == 5
    assert found.details["objects"] == [f"{NS}/pod/api-{i}" for i in range(5)]


def test_only_the_newest_revision_crashing_is_said() -> None:
    old = pod("api-old", owner="ReplicaSet/api-4b", age=5000)
    new = pod("api-new", [crashing(1)], age=10)
    objects = owned(replica_set("api-4b", revision=0), old, new)
    (found,) = (f for f in findings(Case("", objects, "")) if f.state == "CrashLoopBackOff")
    assert (found.details["revision"], found.details["pods_ready"], found.details["pods_of_workload"]) == (
        "newest",
        1,
        2,
    )


def test_a_missing_dump_is_no_evidence_of_a_missing_object() -> None:
    troubled = pod(
        statuses=[status()],
        containers=[container(envFrom=[{"configMapRef": {"name": "settings"}}])],
        spec={"serviceAccountName": "x"},
    )
    assert not {"ConfigMapMissing", "ServiceAccountMissing"} & {
        f.state for f in findings(Case("", owned(troubled), ""))
    }


def test_a_finished_job_pod_is_no_fault() -> None:
    done = pod(
        statuses=[status(state={"terminated": ended(0, "Completed")})],
        phase="Succeeded",
        ready=False,
        owner="Job/import",
        spec={"restartPolicy": "Never"},
    )
    assert (
        analyse(
            cluster_of(
                [
                    done,
                    obj(
                        "Job", "import", status={"succeeded": 1, "conditions": [{"type": "Complete", "status": "True"}]}
                    ),
                ]
            )
        )
        == []
    )
