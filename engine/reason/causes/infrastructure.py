"""The nodes, zones or services that workloads run on failed (INFRASTRUCTURE_FAILURE)."""

from __future__ import annotations

from engine.reason.catalogue import Cause
from primitives.terms import IncidentClass

_CLASS = IncidentClass.INFRASTRUCTURE_FAILURE
_NODES = "Kubernetes: Node Status, Node Conditions"
_INSPECT = "inspect_workloads"
# Kubernetes: Node Status; what runs on a node that fails is lost or can't be reached, whichever workloads these are.
_WHAT_RAN_THERE = ("dependency_unavailable", "application_crash", "rollout_stuck")

CAUSES = (
    Cause(
        "node_not_ready", _CLASS, "{resource} is not ready", _NODES,
        states={"NodeNotReady": 4.2, "NodesNotReady": 2.6, "NodeLost": 3.0, "NodeLeaseExpired": 2.0,
                "NetworkPluginNotReady": 3.2, "NetworkUnavailable": 3.0, "NodeProblem": 2.0, "NodeRebooted": 1.0},
        metrics=r"node (?:ready|not ready|status).*", diagnostic=_INSPECT, signals={"machine silent": 5.5},
        can_cause=_WHAT_RAN_THERE, reach="anywhere",
    ),
    Cause(
        "node_cordoned", _CLASS, "{resource} is cordoned: nothing can be scheduled on it", _NODES,
        states={"NodeCordoned": 3.4, "NodesUnschedulable": 3.8}, remediations=("uncordon_node",), diagnostic=_INSPECT,
    ),
    Cause(
        "node_pressure", _CLASS, "{resource} is short of resources and evicts pods", _NODES,
        states={"MemoryPressure": 4.0, "DiskPressure": 4.0, "PIDPressure": 4.0, "Evicted": 3.4}, diagnostic=_INSPECT,
    ),
    Cause(
        "kubelet_unavailable", _CLASS, "The kubelet of {resource} doesn't answer", _NODES,
        states={"KubeletStopped": 4.5, "NodeLeaseExpired": 2.6, "NotStarted": 2.0}, diagnostic=_INSPECT,
        signals={"machine silent": -4.0},
        can_cause=_WHAT_RAN_THERE, reach="anywhere",
        services=r"kubelet", location_states=("KubeletStopped", "NodeLeaseExpired"),
    ),
    Cause(
        "container_runtime_unavailable", _CLASS, "The container runtime of {resource} doesn't answer", _NODES,
        states={"ContainerRuntimeDown": 4.5, "SandboxFailed": 2.0}, diagnostic=_INSPECT,
        can_cause=_WHAT_RAN_THERE, reach="anywhere",
        services=r"containerd|docker|cri-?o", location_states=("ContainerRuntimeDown",),
    ),
    Cause(
        "kube_proxy_unavailable", _CLASS, "kube-proxy of {resource} doesn't run", "Kubernetes: kube-proxy",
        states={"KubeProxyDown": 4.4},
        diagnostic=_INSPECT,
        # Kubernetes: Virtual IPs and Service Proxies; without it a node reaches no Service, that of the DNS included.
        can_cause=("dependency_unavailable", "dns_resolution_failed", "application_error"), reach="anywhere",
        services=r"kube-?proxy", location_states=("KubeProxyDown",),
    ),
    Cause(
        "scheduler_unavailable", _CLASS, "The scheduler doesn't schedule", "Kubernetes: kube-scheduler",
        states={"NotScheduled": 3.6, "SchedulerDown": 4.4, "ComponentLeaseExpired": 2.6}, diagnostic=_INSPECT,
        services=r"scheduler", location_states=("SchedulerDown", "ComponentLeaseExpired"),
    ),
    Cause(
        "node_reclaimed", _CLASS, "{resource} is taken away by its provider",
        "Amazon EC2: Spot interruption notices; Google Cloud: preemption; Azure: Scheduled Events",
        states={"NodeReclaimed": 4.4}, diagnostic=_INSPECT,
        can_cause=(*_WHAT_RAN_THERE, "node_not_ready", "node_cordoned"), reach="anywhere",
    ),
    Cause(
        "api_service_unavailable", _CLASS, "The aggregated API {resource} doesn't answer",
        "Kubernetes: Kubernetes API Aggregation Layer", states={"ApiServiceUnavailable": 4.2}, diagnostic=_INSPECT,
        # Deleting a namespace asks every API group; a missing metrics API stops autoscalers.
        can_cause=("deletion_stuck", "autoscaler_not_scaling"), reach="anywhere",
    ),
    Cause(
        "instance_failed", _CLASS, "The instance {resource} failed", "Amazon EC2: status checks",
        families={"host_reclaimed": 3.0, "device_failed": 2.4, "clock": 1.8}, prior=-3.4,
        # Linux: adjtimex(2), exported by node_exporter. A host whose clock runs away breaks tokens and certificates.
        metrics=r"status check failed.*|instance (?:health|status).*|(?:timex|ntp|clock|time) (?:offset|skew|drift).*|"
        r"chrony(?: \w+)? (?:system time|last offset).*",
        services=r"chronyd?|ntpd?|openntpd|systemd-timesyncd|w32time",
        can_cause=("invalid_credentials", "token_expired", "application_error", "database_failover"),
        reach="anywhere", seen_of=("zone",), diagnostic="analyze_utilization",
    ),
    Cause(
        "platform_maintenance", _CLASS, "{resource}'s provider maintains, restarts or stops it",
        "Amazon RDS: event categories and event messages; Amazon EC2: Scheduled events for your instances",
        families={"platform_maintenance": 2.8}, prior=-3.4, diagnostic="analyze_logs",
        # While its provider restarts it, it doesn't answer; a Multi-AZ instance fails over first.
        can_cause=("dependency_unavailable", "database_failover"),
    ),
    Cause(
        "zone_failed", _CLASS, "An availability zone failed under {resource}", "AWS: fault isolation boundaries",
        prior=-4.0, diagnostic="analyze_utilization",
        can_cause=_WHAT_RAN_THERE, reach="anywhere",
        place="zone", place_sentence="The availability zone {resource} fails",
    ),
)  # fmt: skip
