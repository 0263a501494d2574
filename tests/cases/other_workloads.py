"""The causes of WORKLOAD_FAILURE in other shapes: other runtimes, other versions' words, other kinds of workload."""

from __future__ import annotations

from typing import Any

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
    running,
    service,
    stateful_set,
    waiting,
)
from cases.made import API, POD, MadeCase, crashing, http_probe, pending, probed

DB = "shop/statefulset/ledger"


def other_workloads() -> list[MadeCase]:
    """Every case."""
    return [*_crashes(), *_images(), *_probes(), *_volumes(), *_scheduling(), *_jobs()]


def _case(name: str, resource: str, cause_id: str, *objects: Any, also: Any = (), **logs: str) -> MadeCase:
    written = {key.replace("__", "/").replace("_", "-"): text for key, text in logs.items()}
    return MadeCase(name, resource, cause_id, joined(*objects), written, also=tuple(also), crowd=True)


def _crashes() -> list[MadeCase]:
    segfault = waiting("CrashLoopBackOff", "back-off 40s", restarts=4, last=ended(139))
    back = running(1.5, restarts=14, last=ended(137, "OOMKilled", 1.6, 4))
    alone = pod("batch", {"containers": [container("batch")]}, {}, segfault, owner="Node/n1")
    del alone["metadata"]["ownerReferences"]
    init = {"name": "migrate", "image": "registry.example/migrate:3"}
    prepared = deployment("api", status=waiting("PodInitializing"), initContainers=[init], age=20)
    prepared[2]["status"]["initContainerStatuses"] = [
        {**waiting("CrashLoopBackOff", "back-off 2m40s", restarts=5, last=ended(1)), "name": "migrate", "image": "x"}
    ]
    return [
        _case("crash_of_a_stateful_set", DB, "application_crash", stateful_set("ledger", segfault)),
        _case("crash_of_a_pod_alone", "shop/pod/batch", "application_crash", alone),
        _case("crash_of_an_init_container", API, "application_crash", prepared, service("api")),
        _case(
            "out_of_memory_between_two_kills",
            API,
            "out_of_memory_killed",
            deployment("api", status=back),
            service("api"),
        ),
        _case(
            "out_of_memory_of_one_of_two_containers",
            API,
            "out_of_memory_killed",
            _sidecar_killed(),
            service("api"),
        ),
    ]


def _sidecar_killed() -> list[Object]:
    made = deployment("api", container("api"), container("cache", 11211), status=running(20), age=30)
    statuses = made[2]["status"]["containerStatuses"]
    last = ended(137, "OOMKilled", 1, 2)
    statuses[1] = {**statuses[1], **waiting("CrashLoopBackOff", "back-off 5m0s", restarts=8, last=last)}
    made[2]["status"]["conditions"][1]["status"] = "False"
    return made


def _images() -> list[MadeCase]:
    docker = (
        "rpc error: code = Unknown desc = Error response from daemon: manifest for registry.example/api:1.5 not found: "
        "manifest unknown: manifest unknown"
    )
    timeout = (
        'rpc error: code = Unknown desc = failed to pull and unpack image "10.9.9.9/api:1.5": failed to resolve '
        'reference: failed to do request: Head "https://10.9.9.9/v2/api/manifests/1.5": dial tcp 10.9.9.9:443: '
        "i/o timeout"
    )
    crio = (
        "initializing source docker://registry.example/api:1.5: unable to retrieve auth token: invalid "
        "username/password: unauthorized: authentication required"
    )
    upper = (
        'Failed to apply default image tag "registry.example/API:1.5": couldn\'t parse image name: invalid reference '
        "format: repository name must be lowercase"
    )
    never = 'Container image "registry.example/api:1.5" is not present with pull policy of Never'
    reset = (
        "rpc error: code = Unavailable desc = error pulling image configuration: read tcp 10.0.0.4:5123: read: "
        "connection reset by peer"
    )
    return [
        _image("image_not_found_by_docker", "image_not_found", "ErrImagePull", docker),
        _image("image_registry_times_out", "image_registry_unreachable", "ErrImagePull", timeout),
        _image("image_registry_resets", "image_registry_unreachable", "ErrImagePull", reset),
        _image("image_unauthorized_by_crio", "image_pull_unauthorized", "ErrImagePull", crio),
        _image("image_name_in_capitals", "image_not_found", "InvalidImageName", upper),
        _image("image_never_pulled", "image_not_found", "ErrImageNeverPull", never),
    ]


def _image(name: str, cause_id: str, reason: str, message: str) -> MadeCase:
    made = deployment("api", container("api", image="registry.example/api:1.5"), status=waiting(reason, message), age=9)
    return _case(name, API, cause_id, made, service("api"))


def _probes() -> list[MadeCase]:
    impatient = {**http_probe(8080), "initialDelaySeconds": 2, "periodSeconds": 3, "failureThreshold": 2}
    refused = 'Get "http://10.1.0.5:8080/": dial tcp 10.1.0.5:8080: connect: connection refused'
    slow = {**http_probe(8080), "periodSeconds": 5, "failureThreshold": 3}
    tcp = {"tcpSocket": {"port": 5433}, "periodSeconds": 10, "failureThreshold": 3, "timeoutSeconds": 1}
    https = http_probe(8080)
    https["httpGet"]["scheme"] = "HTTPS"
    command = {"exec": {"command": ["curl", "-f", "localhost"]}, "periodSeconds": 10, "failureThreshold": 3}
    no_curl = (
        'command "curl -f localhost" error: OCI runtime exec failed: exec failed: unable to start container process: '
        'exec: "curl": executable file not found in $PATH: unknown'
    )
    grpc = container("api", None, ports=[{"name": "grpc", "containerPort": 9000, "protocol": "TCP"}])
    binary = 'Get "http://10.1.0.5:9000/": net/http: HTTP/1.x transport connection broken: malformed HTTP response'
    plain = 'Get "https://10.1.0.5:8080/": http: server gave HTTP response to HTTPS client'
    return [
        _probe("liveness_too_impatient", "liveness", refused, impatient, 5),
        _probe("liveness_command_missing", "liveness", no_curl, command, 5),
        _probe("startup_too_impatient", "startup", refused, slow, 7),
        _probe("readiness_speaks_https", "readiness", plain, https, 0),
        _probe(
            "readiness_on_a_wrong_tcp_port", "readiness", "dial tcp 10.1.0.5:5433: connect: connection refused", tcp, 0
        ),
        _case(
            "liveness_over_http_of_a_grpc_port",
            API,
            "liveness_probe_misconfigured",
            deployment(
                "api",
                {**grpc, "livenessProbe": http_probe(9000)},
                status=running(1, restarts=6, last=ended(137, "Error", 2, 0.3)),
                age=30,
            ),
            service("api", targetPort=9000),
            event("Unhealthy", f"Liveness probe failed: {binary}", f"Pod/{POD}", field="api"),
            event("Killing", "Container api failed liveness probe, will be restarted", f"Pod/{POD}", kind="Normal"),
        ),
    ]


def _probe(name: str, kind: str, error: str, probe: Object, restarts: int) -> MadeCase:
    return _case(name, API, f"{kind}_probe_misconfigured", probed(kind, error, probe, restarts=restarts))


def _mounted(name: str, cause_id: str, message: str, volume: Object, *more: Object) -> MadeCase:
    mounted = container("api", volumeMounts=[{"name": "data", "mountPath": "/data"}])
    return _case(
        name,
        API,
        cause_id,
        deployment("api", mounted, status=waiting("ContainerCreating"), volumes=[{"name": "data", **volume}], age=20),
        service("api"),
        event("FailedMount", message, f"Pod/{POD}"),
        *more,
    )


def _volumes() -> list[MadeCase]:
    nfs = {"nfs": {"server": "10.9.9.9", "path": "/export"}}
    timed_out = (
        'MountVolume.SetUp failed for volume "data" : mount failed: exit status 32 Mounting command: mount Mounting '
        "arguments: -t nfs 10.9.9.9:/export /var/lib/kubelet Output: mount.nfs: Connection timed out"
    )
    written = container("api", volumeMounts=[{"name": "data", "mountPath": "/data"}])
    read_only = container("api", volumeMounts=[{"name": "data", "mountPath": "/data", "readOnly": True}])
    disk = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    bound = _claim("Bound", "standard", "ReadWriteOnce", "10Gi", volumeName="pv-7")
    unbound = "0/3 nodes are available: 3 pod has unbound immediate PersistentVolumeClaims."
    return [
        _mounted(
            "secret_of_a_volume_missing",
            "missing_secret",
            'MountVolume.SetUp failed for volume "data" : secret "api-tls" not found',
            {"secret": {"secretName": "api-tls"}},
        ),
        _mounted(
            "config_map_of_a_volume_missing",
            "missing_configuration",
            'MountVolume.SetUp failed for volume "data" : configmap "api-files" not found',
            {"configMap": {"name": "api-files"}},
        ),
        _mounted(
            "config_map_key_of_a_volume_missing",
            "missing_configuration",
            'MountVolume.SetUp failed for volume "data" : configmap references non-existent config key: app.yaml',
            {"configMap": {"name": "api-files", "items": [{"key": "app.yaml", "path": "app.yaml"}]}},
            obj("ConfigMap", "api-files", data={"app.yml": "a: 1"}),
        ),
        _mounted("file_server_does_not_answer", "volume_mount_failed", timed_out, nfs),
        _case(
            "volume_of_another_owner",
            API,
            "volume_permission_denied",
            crashing(1, "Error", written, volumes=disk),
            bound,
            api_5c9d_x0__api__previous="chown: changing ownership of '/data/base': Operation not permitted\n",
        ),
        _case(
            "volume_mounted_read_only",
            API,
            "volume_permission_denied",
            crashing(1, "Error", read_only, volumes=disk),
            bound,
            api_5c9d_x0__api__previous="open /data/lock: read-only file system\n",
        ),
        _case(
            "claim_wants_another_access_mode",
            API,
            "volume_claim_unbound",
            pending(unbound, _claim("Pending", "manual", "ReadWriteMany", "5Gi"), volumes=disk),
            _class("manual"),
            _volume("pv-7", "manual", "ReadWriteOnce", "10Gi"),
        ),
        _case(
            "claim_wants_more_than_there_is",
            API,
            "volume_claim_unbound",
            pending(unbound, _claim("Pending", "manual", "ReadWriteOnce", "50Gi"), volumes=disk),
            _class("manual"),
            _volume("pv-7", "manual", "ReadWriteOnce", "10Gi"),
        ),
        _case(
            "claim_missing",
            API,
            "volume_claim_unbound",
            pending('0/3 nodes are available: 3 persistentvolumeclaim "data" not found.', volumes=disk),
            also=[(API, "volume_mount_failed")],
        ),
    ]


def _claim(phase: str, storage_class: str, mode: str, size: str, **spec: Any) -> Object:
    wanted = {"accessModes": [mode], "storageClassName": storage_class, "resources": {"requests": {"storage": size}}}
    return obj("PersistentVolumeClaim", "data", age=20, status={"phase": phase}, spec={**wanted, **spec})


def _volume(name: str, storage_class: str, mode: str, size: str) -> Object:
    offered = {"accessModes": [mode], "storageClassName": storage_class, "capacity": {"storage": size}}
    return obj("PersistentVolume", name, None, status={"phase": "Available"}, spec=offered)


def _class(name: str) -> Object:
    return obj("StorageClass", name, None, provisioner="kubernetes.io/no-provisioner")


def _scheduling() -> list[MadeCase]:
    master = "1 node(s) had taint {node-role.kubernetes.io/master: }, that the pod didn't tolerate"
    plane = "1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }"
    zone = {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["z"]}]}
    node_rule = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [zone]}}
    apart = {"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "api"}}}
    pod_rule = {"requiredDuringSchedulingIgnoredDuringExecution": [apart]}
    cordon = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule", "timeAdded": ago(30)}
    cordoned = [node(f"n{number}", taints=[cordon], unschedulable=True) for number in (1, 2, 3)]
    cards = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}
    tainted = [node(f"n{number}", taints=[cards]) for number in (2, 3)]
    full = {"requests": {"memory": "3Gi"}}
    stuck = stateful_set("ledger", None, containers=[container("ledger", 5432, resources=full)])
    stuck[1]["spec"].pop("nodeName")
    message = f"0/4 nodes are available: {master}, 3 Insufficient memory."
    unscheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    stuck[1]["status"] = {"phase": "Pending", "conditions": [{**unscheduled, "lastTransitionTime": ago(15)}]}
    return [
        _case("no_memory_for_a_stateful_set", DB, "insufficient_memory", stuck),
        _case(
            "no_cards_beside_a_control_plane",
            API,
            "insufficient_extended_resource",
            pending(
                f"0/4 nodes are available: {plane}, 3 Insufficient nvidia.com/gpu. preemption: 0/4 nodes are "
                "available: 1 Preemption is not helpful for scheduling, 3 No preemption victims found.",
                requests={"nvidia.com/gpu": "2"},
            ),
        ),
        _case(
            "cpu_of_old_words",
            API,
            "insufficient_cpu",
            pending(
                "No nodes are available that match all of the predicates: Insufficient cpu (3).", requests={"cpu": "6"}
            ),
        ),
        _case(
            "affinity_beside_a_selector_that_fits",
            API,
            "node_affinity_mismatch",
            pending(
                "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.",
                nodeSelector={"kubernetes.io/hostname": "n1"},
                affinity={"nodeAffinity": node_rule},
            ),
        ),
        _case(
            "selector_beside_cpu",
            API,
            "node_selector_mismatch",
            pending(
                "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't match node selector.",
                nodeSelector={"disk": "fast"},
            ),
        ),
        _case(
            "anti_affinity_of_existing_pods",
            API,
            "pod_affinity_conflict",
            pending(
                "0/3 nodes are available: 3 node(s) didn't satisfy existing pods anti-affinity rules.",
                affinity={"podAntiAffinity": pod_rule},
            ),
        ),
        _case(
            "taint_of_cards",
            API,
            "taint_not_tolerated",
            tainted,
            node("n1", taints=[cards]),
            pending("0/3 nodes are available: 3 node(s) had untolerated taint {nvidia.com/gpu: present}."),
        ),
        _case(
            "every_node_cordoned",
            "node/n1",
            "node_cordoned",
            cordoned,
            pending("0/3 nodes are available: 3 node(s) were unschedulable."),
            also=[("node/n2", "node_cordoned"), ("node/n3", "node_cordoned")],
        ),
        _case(
            "two_of_three_cordoned_and_the_third_full",
            "node/n1",
            "node_cordoned",
            cordoned[:2],
            node("n3"),
            pending("0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable."),
            also=[("node/n2", "node_cordoned"), (API, "insufficient_cpu")],
        ),
        _case(
            "service_account_of_a_stateful_set",
            DB,
            "missing_service_account",
            stateful_set("ledger", None, pods=0, serviceAccountName="ledger"),
            event(
                "FailedCreate",
                'create Pod ledger-0 in StatefulSet ledger failed error: pods "ledger-0" is forbidden: error looking '
                'up service account shop/ledger: serviceaccount "ledger" not found',
                "StatefulSet/ledger",
            ),
        ),
    ]


def _jobs() -> list[MadeCase]:
    labels = {"job-name": "nightly-1"}
    spec = {"containers": [container("nightly", None)], "restartPolicy": "Never"}
    cron = {"apiVersion": "batch/v1", "kind": "CronJob", "name": "nightly", "controller": True, "uid": "c"}
    template = {"metadata": {"labels": labels}, "spec": spec}
    failed = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "lastTransitionTime": ago(4)}
    job = obj(
        "Job",
        "nightly-1",
        age=15,
        metadata={"ownerReferences": [cron]},
        spec={"backoffLimit": 1, "template": template},
        status={"failed": 2, "startTime": ago(15), "conditions": [failed]},
    )
    state = {"ready": False, "started": False, "restartCount": 0, "state": {"terminated": ended(1)}, "lastState": {}}
    pods = [pod(f"nightly-1-{i}", spec, labels, state, owner="Job/nightly-1", age=14, phase="Failed") for i in (1, 2)]
    schedule = obj(
        "CronJob", "nightly", spec={"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": template}}}
    )
    wrong = obj("CronJob", "nightly", spec={"schedule": "0 25 * * *", "jobTemplate": {"spec": {"template": template}}})
    line = "ERROR giving up: could not connect to server: connection refused (ledger.internal:5432)\n"
    nightly = "shop/cronjob/nightly"
    return [
        _case("cron_job_fails", nightly, "job_failed", schedule, job, pods),
        _case("cron_job_of_no_such_hour", nightly, "bad_configuration", wrong),
        _case(
            "job_waits_for_a_database",
            nightly,
            "dependency_unavailable",
            *(schedule, job, pods),
            nightly_1_1__nightly=line * 3,
            nightly_1_2__nightly=line * 3,
        ),
    ]
