"""Nodes and components: one case for each cause of INFRASTRUCTURE_FAILURE that objects show."""

from __future__ import annotations

from cases.cluster_objects import ago, container, deployment, ended, event, joined, node, pod, service, waiting
from cases.made import MadeCase, cause, healthy, pending, unready_node


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
        cause("node_not_ready", unready_node("KubeletNotReady", "node is shutting down"), "node/n1"),
        cause(
            "node_cordoned",
            joined(
                node("n1", taints=[cordon], unschedulable=True),
                [
                    node(f"n{i}", taints=[{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}])
                    for i in (2, 3)
                ],
                pending(
                    "0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) had untolerated taint "
                    "{node-role.kubernetes.io/control-plane: }."
                ),
            ),
            "node/n1",
        ),
        cause(
            "node_pressure",
            joined(
                node("n1", None, full, taints=[{"key": "node.kubernetes.io/disk-pressure", "effect": "NoSchedule"}]),
                healthy(),
                evicted,
                event("Evicted", "The node was low on resource: ephemeral-storage.", "Pod/api-5c9d-old"),
                event(
                    "EvictionThresholdMet", "Attempting to reclaim ephemeral-storage", "Node/n1", namespace="default"
                ),
            ),
            "node/n1",
        ),
        cause(
            "kubelet_unavailable",
            unready_node("NodeStatusUnknown", "Kubelet stopped posting node status.", "Unknown"),
            "node/n1",
        ),
        cause(
            "container_runtime_unavailable",
            unready_node("KubeletNotReady", "[container runtime is down, PLEG is not healthy]"),
            "node/n1",
        ),
        cause("kube_proxy_unavailable", joined(proxy, healthy()), "kube-system/daemonset/kube-proxy"),
        cause(
            "scheduler_unavailable",
            joined(scheduler, deployment("api", node=None, age=20), service("api")),
            "kube-system/pod/kube-scheduler-n1",
        ),
    ]
