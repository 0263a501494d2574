"""Nodes and controllers: one small object after another, each with its state."""

from __future__ import annotations

import pytest
from kubernetes_objects import (
    DEPLOYMENT,
    SERVICE,
    Case,
    ago,
    autoscaler,
    check,
    container,
    deployment,
    event,
    findings,
    node,
    obj,
    owned,
    pod,
    replica_set,
    running,
    service,
    status,
)

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
        "not known to scale",
        (DEPLOYMENT, autoscaler({"type": "ScalingActive", "status": "Unknown", "reason": "FailedGetScale"})),
        "AutoscalerNotScaling",
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


@pytest.mark.parametrize("case", [*NODES, *WORKLOADS], ids=lambda case: case.name)
def test_state_is_found(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("case", [*NODES, *WORKLOADS], ids=lambda case: case.name)
def test_the_same_objects_in_another_order_give_the_same_findings(case: Case) -> None:
    turned = Case("", case.objects[::-1], "", dumped=case.dumped, earlier=case.earlier[::-1])
    straight, back = ([(f.state, f.resource, f.object, f.count) for f in findings(c)] for c in (case, turned))
    assert straight == back
