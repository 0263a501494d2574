"""Services, policies, volumes, quotas, nodes, controllers: one small object after another, each with its state."""

from __future__ import annotations

import pytest
from kubernetes_objects import (
    API,
    Case,
    ago,
    check,
    cluster_of,
    config_map,
    container,
    deployment,
    event,
    findings,
    node,
    obj,
    pod,
    replica_set,
    running,
    service,
    status,
)

from primitives.kubernetes.analysis import analyse

RS, DEPLOYMENT = replica_set(), deployment()
SERVICE = "shop/service/api"
LISTENING = pod(containers=[container(ports=[{"containerPort": 8080, "name": "http"}])])


def owned(*items: dict) -> tuple:
    return (RS, DEPLOYMENT, *items)


def client(**env: str) -> dict:
    variables = [{"name": name, "value": value} for name, value in env.items()]
    return pod("web-1", owner="StatefulSet/web", labels={"app": "web"}, containers=[container(env=variables)])


WEB = "shop/statefulset/web"
SETTINGS = [
    Case(
        "no such host",
        owned(client(DB_HOST="postgre"), service("postgres", {"app": "db"})),
        "EnvHostUnknown",
        WEB,
        details={"variable": "DB_HOST", "host": "postgre", "similar": ["postgres"]},
    ),
    Case(
        "no such host in a URL",
        owned(client(PAYMENTS="http://payment-gw:8080/v1"), service()),
        "EnvHostUnknown",
        WEB,
        details={"host": "payment-gw", "port": 8080},
    ),
    Case(
        "no such service in another namespace",
        owned(client(ADDR="cache.shop.svc.cluster.local:6379"), service()),
        "EnvHostUnknown",
        WEB,
        details={"host": "cache.shop.svc.cluster.local"},
    ),
    Case(
        "wrong port",
        owned(client(API_ADDR="api:9090"), service(), pod()),
        "EnvPortMismatch",
        WEB,
        details={"port": 9090, "service": SERVICE, "service_ports": [80]},
    ),
    Case(
        "wrong port in its own variable",
        owned(client(DB_HOST="api", DB_PORT="81"), service(), pod()),
        "EnvPortMismatch",
        WEB,
        details={"port": 81},
    ),
    Case(
        "from a ConfigMap",
        owned(
            pod(
                "web-1",
                owner="StatefulSet/web",
                containers=[
                    container(env=[{"name": "URL", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "u"}}}])
                ],
            ),
            config_map("c", {"u": "http://nobody:80"}),
            service(),
        ),
        "EnvHostUnknown",
        WEB,
        details={"host": "nobody"},
    ),
    Case(
        "in an argument",
        owned(
            pod("web-1", owner="StatefulSet/web", containers=[container(args=["--redis=redis-cart:6379"])]), service()
        ),
        "EnvHostUnknown",
        WEB,
        details={"variable": "--redis", "host": "redis-cart"},
    ),
]


def policy(name: str = "p", **spec: object) -> dict:
    return obj("NetworkPolicy", name, spec={"podSelector": {"matchLabels": {"app": "api"}}, **spec})


TCP80 = {"port": 80, "targetPort": 8080}
ROUTING = [
    Case(
        "selector",
        owned(pod(), service(selector={"app": "apis"})),
        "SelectorMismatch",
        SERVICE,
        details={
            "workload": API,
            "differs": {"app": {"selector": "apis", "label": "api"}},
            "closest_labels": {"app": "api"},
        },
    ),
    Case(
        "one pair of two differs",
        owned(pod(labels={"app": "api", "tier": "back"}), service(selector={"app": "api", "tier": "front"})),
        "SelectorMismatch",
        SERVICE,
        details={"workload": API},
    ),
    Case(
        "scaled to zero behind it",
        (deployment(replicas=0), service()),
        "NoEndpoints",
        SERVICE,
        details={"workload": API, "replicas": 0},
        dumped=("Pod",),
    ),
    Case(
        "nothing resembles the selector",
        owned(pod(), service("lost", selector={"run": "zzz"})),
        "NoEndpoints",
        "shop/service/lost",
    ),
    Case(
        "nobody ready",
        owned(pod(statuses=[running(ready=False)]), service()),
        "NoReadyEndpoints",
        SERVICE,
        details={"workloads": [API]},
    ),
    Case(
        "only endpoints were dumped",
        (service(), obj("Endpoints", "api", subsets=[{"notReadyAddresses": [{"ip": "10.1.1.1"}]}])),
        "NoReadyEndpoints",
        SERVICE,
        details={"not_ready": 1},
    ),
    Case(
        "an empty slice",
        (
            service(),
            obj("EndpointSlice", "api-x", metadata={"labels": {"kubernetes.io/service-name": "api"}}, endpoints=None),
        ),
        "NoEndpoints",
        SERVICE,
    ),
    Case(
        "target port",
        owned(LISTENING, service(ports=[{"port": 80, "targetPort": 9090}])),
        "TargetPortMismatch",
        SERVICE,
        details={"target_port": 9090, "container_ports": [8080], "port": 80},
    ),
    Case(
        "target port by default",
        owned(LISTENING, service(ports=[{"port": 81}])),
        "TargetPortMismatch",
        SERVICE,
        details={"target_port": 81},
    ),
    Case(
        "target port's name",
        owned(LISTENING, service(ports=[{"port": 80, "targetPort": "web"}])),
        "TargetPortNameMissing",
        SERVICE,
        details={"target_port": "web", "port_names": ["http"]},
    ),
    Case(
        "protocol",
        owned(LISTENING, service(ports=[{**TCP80, "protocol": "UDP"}])),
        "ServiceProtocolMismatch",
        SERVICE,
        details={"protocol": "UDP", "container_protocols": ["TCP"]},
    ),
    Case(
        "external name",
        (service("db", {}, type="ExternalName", externalName="pg.data.svc.cluster.local"),),
        "ExternalNameUnknown",
        "shop/service/db",
    ),
    Case(
        "load balancer",
        owned(pod(), service(type="LoadBalancer", metadata={"creationTimestamp": ago(60)})),
        "LoadBalancerPending",
        SERVICE,
    ),
    Case(
        "DNS",
        (
            pod(
                "coredns-1",
                [running("coredns", ready=False)],
                owner="Deployment/coredns",
                namespace="kube-system",
                labels={"k8s-app": "kube-dns"},
            ),
            service(
                "kube-dns",
                {"k8s-app": "kube-dns"},
                namespace="kube-system",
                metadata={"labels": {"k8s-app": "kube-dns"}},
            ),
        ),
        "ClusterDnsUnavailable",
        "kube-system/deployment/coredns",
    ),
    Case(
        "ingress backend",
        (
            obj(
                "Ingress",
                "web",
                spec={
                    "rules": [
                        {
                            "host": "h",
                            "http": {
                                "paths": [
                                    {"path": "/", "backend": {"service": {"name": "gone", "port": {"number": 80}}}}
                                ]
                            },
                        }
                    ]
                },
            ),
        ),
        "IngressBackendMissing",
        "shop/ingress/web",
        details={"service": "gone", "path": "/"},
        dumped=("Service",),
    ),
    Case(
        "ingress port",
        (
            obj("Ingress", "web", spec={"defaultBackend": {"service": {"name": "api", "port": {"number": 8080}}}}),
            service(),
        ),
        "IngressPortMismatch",
        "shop/ingress/web",
        details={"port": 8080, "service_ports": [80]},
    ),
    Case(
        "ingress secret",
        (obj("Ingress", "web", spec={"tls": [{"secretName": "cert"}]}),),
        "IngressTlsSecretMissing",
        "shop/ingress/web",
        details={"secret": "cert"},
        dumped=("Secret",),
    ),
    Case(
        "ingress class",
        (obj("Ingress", "web", spec={"ingressClassName": "nginx"}),),
        "IngressClassMissing",
        "shop/ingress/web",
        dumped=("IngressClass",),
    ),
    Case(
        "policy denies a needed connection",
        owned(
            LISTENING,
            client(API="http://api:80"),
            service(ports=[TCP80]),
            policy(ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "other"}}}]}]),
        ),
        "NetworkPolicyBlocked",
        API,
        details={"from": WEB, "to": API, "port": 8080, "direction": "ingress", "policies": ["shop/networkpolicy/p"]},
    ),
    Case(
        "policy denies the port",
        owned(
            LISTENING,
            client(API="http://api:80"),
            service(ports=[TCP80]),
            policy(ingress=[{"ports": [{"port": 9090}]}]),
        ),
        "NetworkPolicyBlocked",
    ),
    Case(
        "policy of the client denies",
        owned(
            LISTENING,
            client(API="http://api:80"),
            service(ports=[TCP80]),
            obj(
                "NetworkPolicy",
                "p",
                spec={
                    "podSelector": {"matchLabels": {"app": "web"}},
                    "policyTypes": ["Egress"],
                    "egress": [{"ports": [{"port": 53, "protocol": "UDP"}]}],
                },
            ),
        ),
        "NetworkPolicyBlocked",
        WEB,
        details={"direction": "egress"},
        never=("NetworkPolicyBlocksDns",),
    ),
    Case(
        "policy denies all",
        owned(LISTENING, policy(policyTypes=["Ingress"])),
        "NetworkPolicyDeniesAll",
        "shop/networkpolicy/p",
        details={"denied": ["ingress"], "workloads": [API]},
    ),
    Case(
        "policy denies DNS",
        owned(LISTENING, policy(policyTypes=["Egress"], egress=[{"ports": [{"port": 443}]}])),
        "NetworkPolicyBlocksDns",
        "shop/networkpolicy/p",
    ),
    Case(
        "policy selects nothing",
        owned(LISTENING, obj("NetworkPolicy", "p", spec={"podSelector": {"matchLabels": {"app": "no"}}})),
        "NetworkPolicySelectsNothing",
        "shop/networkpolicy/p",
    ),
    Case(
        "webhook",
        (
            obj(
                "ValidatingWebhookConfiguration",
                "v",
                None,
                webhooks=[
                    {
                        "name": "check.example",
                        "failurePolicy": "Fail",
                        "clientConfig": {"service": {"namespace": "x", "name": "y"}},
                    }
                ],
            ),
            service(),
        ),
        "WebhookServiceMissing",
        "validatingwebhookconfiguration/v",
        details={"failure_policy": "Fail", "exists": False},
    ),
]


def claim(phase: str = "Pending", **spec: object) -> dict:
    whole = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "10Gi"}},
        "storageClassName": "fast",
        **spec,
    }
    return obj("PersistentVolumeClaim", "data", spec=whole, status={"phase": phase})


def volume(**spec: object) -> dict:
    labels = spec.pop("labels", {})
    whole = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "10Gi"}, "storageClassName": "fast", **spec}
    return obj("PersistentVolume", "pv1", None, spec=whole, metadata={"labels": labels})


USER = pod(
    statuses=[],
    phase="Pending",
    node=None,
    spec={"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]},
)
FAST = obj("StorageClass", "fast", None, provisioner="kubernetes.io/no-provisioner")
VOLUMES = [
    Case(
        "class",
        owned(USER, claim()),
        "StorageClassMissing",
        details={"claim": "data", "storage_class": "fast"},
        dumped=("StorageClass",),
    ),
    Case(
        "no default class",
        owned(USER, claim(storageClassName=None)),
        "NoDefaultStorageClass",
        dumped=("StorageClass", "PersistentVolume"),
    ),
    Case(
        "access mode",
        owned(USER, claim(accessModes=["ReadWriteMany"]), volume(), FAST),
        "VolumeAccessModeMismatch",
        details={"access_modes": ["ReadWriteMany"], "offered": ["ReadWriteOnce"], "volume": "pv1"},
    ),
    Case(
        "capacity",
        owned(USER, claim(), volume(capacity={"storage": "5Gi"}), FAST),
        "VolumeCapacityMismatch",
        details={"requested": "10Gi", "capacity": "5Gi"},
    ),
    Case(
        "class of the volume",
        owned(USER, claim(), volume(storageClassName="slow"), FAST),
        "VolumeClassMismatch",
        details={"volume_class": "slow"},
    ),
    Case(
        "selector",
        owned(USER, claim(selector={"matchLabels": {"tier": "a"}}), volume(labels={"tier": "b"}), FAST),
        "VolumeSelectorMismatch",
        details={"selector": {"tier": "a"}, "labels": {"tier": "b"}},
    ),
    Case(
        "claimed by another",
        owned(USER, claim(volumeName="pv1"), volume(claimRef={"name": "other", "namespace": "shop"}), FAST),
        "VolumeAlreadyClaimed",
        details={"claimed_by": "other"},
    ),
    Case(
        "no such volume",
        owned(USER, claim(volumeName="pv9"), volume(), FAST),
        "VolumeMissing",
        details={"volume": "pv9"},
    ),
    Case(
        "provisioner",
        owned(
            USER,
            claim(),
            obj("StorageClass", "fast", None, provisioner="ebs.csi.aws.com"),
            event("ProvisioningFailed", "failed to provision volume: quota", about="PersistentVolumeClaim/data"),
        ),
        "VolumeProvisioningFailed",
    ),
    Case("pending without a word", owned(USER, claim()), "VolumeClaimPending"),
    Case("lost", owned(USER, claim("Lost")), "VolumeClaimLost"),
    Case(
        "released badly",
        (obj("PersistentVolume", "pv1", None, spec={}, status={"phase": "Failed", "message": "x"}),),
        "PersistentVolumeFailed",
        "persistentvolume/pv1",
    ),
    Case(
        "mount",
        owned(USER, event("FailedMount", 'MountVolume.SetUp failed for volume "v" : mount failed: exit status 32')),
        "FailedMount",
        details={"volume": "v"},
    ),
    Case(
        "mount denied",
        owned(
            USER, event("FailedMount", 'MountVolume.SetUp failed for volume "v" : mount.nfs: Operation not permitted')
        ),
        "VolumePermissionDenied",
    ),
    Case(
        "attach",
        owned(USER, event("FailedAttachVolume", 'AttachVolume.Attach failed for volume "pv1" : rpc error')),
        "FailedAttachVolume",
    ),
    Case(
        "multi-attach",
        owned(
            USER,
            event(
                "FailedAttachVolume",
                'Multi-Attach error for volume "pv1" Volume is already exclusively attached to one node',
            ),
        ),
        "MultiAttachError",
    ),
]


def refused(message: str) -> tuple:
    return (
        deployment(ready=0),
        replica_set(status={"readyReplicas": 0}),
        event("FailedCreate", f"Error creating: {message}", about="ReplicaSet/api-5c"),
    )


ADMISSION = [
    Case(
        "quota",
        refused(
            'pods "api-x" is forbidden: exceeded quota: compute, requested: requests.cpu=2, used: requests.cpu=3, limited: requests.cpu=4'  # noqa: E501
        ),
        "QuotaExceeded",
        details={
            "quota": "compute",
            "resource_name": "requests.cpu",
            "requested": "requests.cpu=2",
            "used": "requests.cpu=3",
            "limited": "requests.cpu=4",
            "occurrences": 3,
        },
    ),
    Case(
        "quota by a condition",
        (
            deployment(
                ready=0,
                status={
                    "conditions": [
                        {
                            "type": "ReplicaFailure",
                            "status": "True",
                            "reason": "FailedCreate",
                            "message": "exceeded quota: pods, requested: pods=1, used: pods=10, limited: pods=10",
                        }
                    ]
                },
            ),
        ),
        "QuotaExceeded",
        details={"quota": "pods"},
    ),
    Case(
        "must specify",
        refused('pods "x" is forbidden: failed quota: compute: must specify limits.cpu for: api'),
        "QuotaRequiresLimits",
        details={"quota": "compute"},
    ),
    Case(
        "used up",
        (
            obj(
                "ResourceQuota", "q", status={"hard": {"pods": "10", "cpu": "4"}, "used": {"pods": "10", "cpu": "500m"}}
            ),
        ),
        "QuotaAtLimit",
        "shop/resourcequota/q",
        details={"resource_name": "pods"},
    ),
    Case(
        "limit range",
        refused('pods "x" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi'),
        "LimitRangeViolation",
    ),
    Case(
        "webhook",
        refused('admission webhook "policy.example.com" denied the request: no latest tag'),
        "AdmissionWebhookDenied",
        details={"webhook": "policy.example.com"},
    ),
    Case(
        "webhook away",
        refused('Internal error occurred: failed calling webhook "policy.example.com": dial tcp: connection refused'),
        "AdmissionWebhookUnavailable",
        details={"webhook": "policy.example.com"},
    ),
    Case(
        "security",
        refused('pods "x" is forbidden: violates PodSecurity "restricted:latest": privileged'),
        "PodSecurityViolation",
    ),
    Case(
        "service account",
        refused(
            'pods "x" is forbidden: error looking up service account shop/runner: serviceaccount "runner" not found'
        ),
        "ServiceAccountMissing",
        details={"name": "runner"},
    ),
    Case("forbidden", refused('pods "x" is forbidden: unable to do it'), "Forbidden"),
    Case("anything else", refused("context deadline exceeded"), "FailedCreate"),
]

NODES = [
    Case(
        "not ready",
        (node(ready="False", reason="KubeletNotReady", message="disk manager lost"),),
        "NodeNotReady",
        "node/n1",
        details={"reason": "KubeletNotReady"},
    ),
    Case(
        "kubelet",
        (node(ready="Unknown", reason="NodeStatusUnknown", message="Kubelet stopped posting node status."),),
        "KubeletStopped",
        "node/n1",
    ),
    Case(
        "runtime",
        (
            node(
                ready="False",
                reason="KubeletNotReady",
                message="[container runtime is down, PLEG is not healthy: pleg was last seen active 3m]",
            ),
        ),
        "ContainerRuntimeDown",
        "node/n1",
    ),
    Case(
        "network plugin",
        (
            node(
                ready="False",
                reason="KubeletNotReady",
                message="container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message: cni plugin not initialized",  # noqa: E501
            ),
        ),
        "NetworkPluginNotReady",
        "node/n1",
    ),
    Case("memory", (node(conditions=[{"type": "MemoryPressure", "status": "True"}]),), "MemoryPressure", "node/n1"),
    Case("disk", (node(conditions=[{"type": "DiskPressure", "status": "True"}]),), "DiskPressure", "node/n1"),
    Case("pids", (node(conditions=[{"type": "PIDPressure", "status": "True"}]),), "PIDPressure", "node/n1"),
    Case(
        "network",
        (node(conditions=[{"type": "NetworkUnavailable", "status": "True"}]),),
        "NetworkUnavailable",
        "node/n1",
    ),
    Case(
        "detector",
        (node(conditions=[{"type": "KernelDeadlock", "status": "True"}]),),
        "NodeProblem",
        "node/n1",
        details={"condition": "KernelDeadlock"},
    ),
    Case("cordoned", (node(spec={"unschedulable": True}),), "NodeCordoned", "node/n1"),
    Case(
        "lease",
        (obj("Lease", "n1", "kube-node-lease", spec={"renewTime": ago(5)}),),
        "NodeLeaseExpired",
        "node/n1",
        details={"overdue_s": 300},
    ),
    Case(
        "scheduler's lease",
        (obj("Lease", "kube-scheduler", "kube-system", spec={"renewTime": ago(5)}),),
        "ComponentLeaseExpired",
        "kube-system/lease/kube-scheduler",
        details={"component": "kube-scheduler"},
    ),
    Case(
        "component",
        (
            obj(
                "ComponentStatus",
                "scheduler",
                None,
                conditions=[{"type": "Healthy", "status": "False", "message": "connection refused"}],
            ),
        ),
        "SchedulerDown",
        "componentstatus/scheduler",
        details={"component": "scheduler"},
    ),
    Case(
        "another component",
        (
            obj(
                "ComponentStatus",
                "controller-manager",
                None,
                conditions=[{"type": "Healthy", "status": "False", "message": "connection refused"}],
            ),
        ),
        "ComponentUnhealthy",
        "componentstatus/controller-manager",
        details={"component": "controller-manager"},
    ),
    Case(
        "kube-proxy",
        (
            pod(
                "kube-proxy-x",
                [running("kube-proxy", ready=False)],
                owner="DaemonSet/kube-proxy",
                namespace="kube-system",
                labels={"k8s-app": "kube-proxy"},
            ),
        ),
        "KubeProxyDown",
        "kube-system/daemonset/kube-proxy",
        details={"component": "kube-proxy", "node": "n1"},
    ),
    Case(
        "rebooted",
        (event("Rebooted", "Node n1 has been rebooted", about="Node/n1", namespace="default"),),
        "NodeRebooted",
        "node/n1",
    ),
    Case(
        "system out of memory",
        (event("SystemOOM", "System OOM encountered, victim process: x", about="Node/n1", namespace="default"),),
        "SystemOOM",
        "node/n1",
    ),
]


def job(**fields: object) -> dict:
    return obj("Job", fields.pop("name", "import"), spec={"backoffLimit": 1, **fields.pop("spec", {})}, **fields)


FAILED = {"failed": 2, "conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]}
CRON = {"ownerReferences": [{"kind": "CronJob", "name": "nightly", "controller": True}]}


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


CPU = {
    "metrics": [
        {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}
    ]
}
WORKLOADS = [
    Case(
        "deadline",
        (
            deployment(
                ready=0,
                status={
                    "conditions": [
                        {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "m"}
                    ]
                },
            ),
        ),
        "ProgressDeadlineExceeded",
        details={"wanted": 1, "ready": 0},
    ),
    Case(
        "rollout under way",
        (deployment(replicas=3, ready=3, status={"replicas": 4, "updatedReplicas": 2}),),
        "RolloutInProgress",
    ),
    Case(
        "rollout whose new pods fail",
        (
            deployment(replicas=2, ready=2, status={"replicas": 3, "updatedReplicas": 1}),
            replica_set("api-9d", 1, 2, status={"readyReplicas": 0}, created=ago(30)),
            replica_set("api-5c", 2, 1),
            pod("api-1"),
            pod(
                "api-9",
                [status(state={"waiting": {"reason": "CrashLoopBackOff"}}, restartCount=6)],
                owner="ReplicaSet/api-9d",
                age=30,
            ),
        ),
        "RolloutStuck",
        details={"new_ready": 0, "new_pods_unready": 1},
    ),
    Case("paused", (deployment(spec={"paused": True}),), "RolloutPaused"),
    Case(
        "unavailable",
        (deployment(replicas=3, ready=1),),
        "ReplicasUnavailable",
        details={"wanted": 3, "ready": 1, "none_ready": False},
    ),
    Case(
        "daemon set",
        (obj("DaemonSet", "agent", spec={}, status={"desiredNumberScheduled": 3, "numberReady": 2}),),
        "ReplicasUnavailable",
        "shop/daemonset/agent",
        details={"wanted": 3, "ready": 2},
    ),
    Case(
        "scaled to zero",
        (deployment(replicas=0), service()),
        "ScaledToZero",
        details={"used_by": [SERVICE], "earlier_replicas": 2},
        earlier=(deployment(replicas=2),),
    ),
    Case("not observed", (deployment(metadata={"generation": 4}, status={"observedGeneration": 3}),), "NotObserved"),
    Case(
        "what the revision changed",
        (
            DEPLOYMENT,
            replica_set("api-5c", 0, 1),
            replica_set(
                "api-9d",
                1,
                2,
                created=ago(30),
                template={
                    "metadata": {"labels": {"app": "api"}},
                    "spec": {"containers": [{**container(), "image": "registry.example/api:2"}]},
                },
            ),
        ),
        "RevisionChanged",
        details={
            "changes": [
                {
                    "path": "spec.containers.api.image",
                    "before": "registry.example/api:1",
                    "after": "registry.example/api:2",
                }
            ],
            "from_revision": 1,
            "to_revision": 2,
            "in_window": True,
        },
    ),
    Case(
        "what changed since an earlier dump",
        (service(selector={"app": "b"}),),
        "ObjectChanged",
        SERVICE,
        details={"changes": [{"path": "spec.selector.app", "before": "api", "after": "b"}]},
        earlier=(service(),),
    ),
    Case(
        "governing service",
        (obj("StatefulSet", "db", spec={"replicas": 1, "serviceName": "db"}, status={"readyReplicas": 1}),),
        "StatefulSetServiceMissing",
        "shop/statefulset/db",
        dumped=("Service",),
    ),
    Case(
        "job",
        (job(status=FAILED),),
        "JobFailed",
        "shop/job/import",
        details={"reason": "BackoffLimitExceeded", "failed": 2, "backoff_limit": 1},
    ),
    Case("a cron job's job", (job(status=FAILED, metadata=CRON),), "JobFailed", "shop/cronjob/nightly"),
    Case(
        "a cron job whose next run went well",
        (
            job(status=FAILED, metadata={**CRON, "creationTimestamp": ago(50)}),
            job(
                name="later",
                status={"succeeded": 1, "conditions": [{"type": "Complete", "status": "True"}]},
                metadata={**CRON, "creationTimestamp": ago(20)},
            ),
        ),
        "Recovered",
        "shop/cronjob/nightly",
        never=("JobFailed",),
    ),
    Case("retrying", (job(status={"failed": 1, "active": 1}),), "JobRetrying", "shop/job/import"),
    Case("suspended job", (job(spec={"suspend": True}),), "JobSuspended", "shop/job/import"),
    Case(
        "suspended cron job",
        (obj("CronJob", "nightly", spec={"suspend": True, "schedule": "0 0 * * *"}),),
        "CronJobSuspended",
        "shop/cronjob/nightly",
    ),
    Case(
        "missed",
        (
            event(
                "FailedNeedsStart",
                "Cannot determine if job needs to be started: too many missed start times",
                about="CronJob/nightly",
            ),
        ),
        "CronJobMissedSchedule",
        "shop/cronjob/nightly",
    ),
    Case(
        "schedule",
        (event("UnparseableSchedule", 'unparseable schedule: "x"', about="CronJob/nightly"),),
        "CronJobInvalidSchedule",
        "shop/cronjob/nightly",
    ),
    Case(
        "at its limit",
        (DEPLOYMENT, autoscaler({"type": "ScalingLimited", "status": "True", "reason": "TooManyReplicas"})),
        "AutoscalerAtLimit",
        details={"max_replicas": 3, "current_replicas": 3, "autoscaler": "shop/horizontalpodautoscaler/api"},
    ),
    Case(
        "not scaling",
        (DEPLOYMENT, autoscaler({"type": "ScalingActive", "status": "False", "reason": "FailedGetResourceMetric"})),
        "AutoscalerNotScaling",
        details={"reason": "FailedGetResourceMetric"},
    ),
    Case(
        "target", (autoscaler(),), "AutoscalerTargetMissing", "shop/horizontalpodautoscaler/api", dumped=("Deployment",)
    ),
    Case(
        "no requests", (DEPLOYMENT, autoscaler(spec=CPU)), "AutoscalerWithoutRequests", details={"containers": ["api"]}
    ),
    Case(
        "no disruption",
        owned(
            pod(),
            obj(
                "PodDisruptionBudget",
                "b",
                spec={"selector": {"matchLabels": {"app": "api"}}},
                status={"disruptionsAllowed": 0, "expectedPods": 1},
            ),
            node(spec={"unschedulable": True}),
        ),
        "DisruptionsNotAllowed",
        "shop/poddisruptionbudget/b",
    ),
    Case(
        "budget selects nothing",
        owned(pod(), obj("PodDisruptionBudget", "b", spec={"selector": {"matchLabels": {"app": "x"}}})),
        "DisruptionBudgetSelectsNothing",
        "shop/poddisruptionbudget/b",
    ),
]

CASES = [*SETTINGS, *ROUTING, *VOLUMES, *ADMISSION, *NODES, *WORKLOADS]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_state_is_found(case: Case) -> None:
    check(case)


WELL = {
    "a service that routes": owned(LISTENING, service(ports=[TCP80])),
    "a service by its port's name": owned(LISTENING, service(ports=[{"port": 80, "targetPort": "http"}])),
    "settings that lead somewhere": owned(
        LISTENING,
        client(
            URL="http://api:80",
            EXTERNAL="https://api.example.com",
            LOCAL="localhost:9000",
            IP="10.1.2.3:80",
            MODE="server",
            TAGS="a:b",
            SIDECAR_IMAGE="api:7",
            SERVICE="checkout",
            LISTEN_ADDR="web:1",
        ),
        service(ports=[TCP80]),
    ),
    "a policy that allows what is needed": owned(
        LISTENING,
        client(URL="http://api:80"),
        service(ports=[TCP80]),
        policy(ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"port": 8080}]}]),
    ),
    "a headless service without a selector": (service("ext", {}, clusterIP="None"),),
    "a bound claim": owned(pod(), claim("Bound")),
    "a claim that waits for its first consumer": (
        claim(),
        obj("StorageClass", "fast", None, provisioner="x", volumeBindingMode="WaitForFirstConsumer"),
    ),
    "an autoscaler at ease": (DEPLOYMENT, autoscaler({"type": "ScalingActive", "status": "True"})),
    "an autoscaler of a sleeping target": (
        DEPLOYMENT,
        autoscaler({"type": "ScalingActive", "status": "False", "reason": "ScalingDisabled"}),
    ),
    "a renewed lease": (obj("Lease", "n1", "kube-node-lease", spec={"renewTime": ago(0.2)}),),
    "DNS over both protocols": owned(
        pod(
            containers=[
                container(ports=[{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 53, "protocol": "TCP"}])
            ]
        )
    ),
    "an ingress in the old API": (
        obj("Ingress", "web", spec={"backend": {"serviceName": "api", "servicePort": 80}}),
        service(),
    ),
}


@pytest.mark.parametrize("objects", WELL.values(), ids=WELL.keys())
def test_what_is_well_yields_nothing(objects: tuple) -> None:
    assert [f.state for f in analyse(cluster_of(objects))] == []


def test_the_same_objects_in_another_order_give_the_same_findings() -> None:
    for case in CASES:
        turned = Case("", case.objects[::-1], "", dumped=case.dumped, earlier=case.earlier[::-1])
        straight, back = ([(f.state, f.resource, f.object, f.count) for f in findings(c)] for c in (case, turned))
        assert straight == back, case.name
