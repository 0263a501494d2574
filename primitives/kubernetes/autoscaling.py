"""Autoscalers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from primitives.identity import kubernetes_id
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.event_records import Event
from primitives.kubernetes.fields import instant, integer, mapping, maps, message_of, text
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.kinds import KubeObject, template_of

__all__ = ["autoscaler_event", "find_autoscaling", "scaled_by"]

_SCALABLE: Final = ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController")
_EVENTS: Final = frozenset({
    "FailedGetResourceMetric", "FailedGetContainerResourceMetric", "FailedGetPodsMetric", "FailedGetObjectMetric",
    "FailedGetExternalMetric", "FailedComputeMetricsReplicas", "FailedGetScale", "FailedRescale", "InvalidSelector",
    "FailedConvertHPA", "InvalidMetricSourceType", "FailedUpdateStatus",
})  # fmt: skip


def find_autoscaling(cluster: Cluster) -> Iterator[Finding]:
    """What is wrong with HorizontalPodAutoscalers."""
    for item in cluster.all("HorizontalPodAutoscaler"):
        yield from _autoscaler(cluster, item)


def autoscaler_event(event: Event, resource: str) -> Finding | None:
    """The finding for an event of an autoscaler; None for any other."""
    if event.kind != "HorizontalPodAutoscaler" or event.reason not in _EVENTS:
        return None
    return Finding(
        "AutoscalerNotScaling", event.target, event.kind, resource, message=event.message, since=event.first,
        last_seen=event.last, events=event.count, details={"reason": event.reason},
    )  # fmt: skip


def scaled_by(item: KubeObject) -> str:
    """What an autoscaler scales: there its trouble is felt and mended. Its own identifier where it names nothing."""
    target = mapping(item.raw, "spec", "scaleTargetRef")
    kind, name = text(target, "kind"), text(target, "name")
    return kubernetes_id(kind, item.namespace, name) if kind and name else item.id


def _autoscaler(cluster: Cluster, item: KubeObject) -> Iterator[Finding]:
    target = mapping(item.raw, "spec", "scaleTargetRef")
    kind, name = text(target, "kind"), text(target, "name")
    resource = scaled_by(item)
    details = {
        "autoscaler": item.id,
        "min_replicas": integer(item.raw, "spec", "minReplicas"),
        "max_replicas": integer(item.raw, "spec", "maxReplicas"),
        "current_replicas": integer(item.raw, "status", "currentReplicas"),
        "desired_replicas": integer(item.raw, "status", "desiredReplicas"),
    }
    if kind in _SCALABLE and name and cluster.lacks(kind, item.namespace, name):
        yield Finding("AutoscalerTargetMissing", item.id, item.kind, item.id, details={**details, "target": resource})
        return
    for condition in ("AbleToScale", "ScalingActive"):
        present = item.condition(condition)
        # ScalingDisabled: the target has no replicas, by somebody's wish.
        if text(present, "status") in ("False", "Unknown") and text(present, "reason") != "ScalingDisabled":
            yield _from_condition(item, resource, "AutoscalerNotScaling", present, details)
    if _at_limit(item):
        limited = item.condition("ScalingLimited")
        yield _from_condition(item, resource, "AutoscalerAtLimit", limited, {**details, "metrics": _metrics(item)})
    missing = _without_requests(cluster, item, kind, name)
    if missing:
        yield Finding(
            "AutoscalerWithoutRequests", item.id, item.kind, resource, details={**details, "containers": missing}
        )


def _from_condition(
    item: KubeObject, resource: str, state: str, condition: Mapping[str, Any], details: dict[str, Any]
) -> Finding:
    reason = text(condition, "reason")
    return Finding(
        state, item.id, item.kind, resource, message=message_of(condition, "message"),
        since=instant(condition, "lastTransitionTime"), details={**details, "reason": reason},
    )  # fmt: skip


def _at_limit(item: KubeObject) -> bool:
    limited = item.condition("ScalingLimited")
    if text(limited, "status") == "True":
        return text(limited, "reason") == "TooManyReplicas"
    most, current = integer(item.raw, "spec", "maxReplicas"), integer(item.raw, "status", "currentReplicas")
    return most is not None and current is not None and current >= most and any(m["over"] for m in _metrics(item))


def _metrics(item: KubeObject) -> list[dict[str, Any]]:
    """Current and wanted average utilization of the resource metrics, in percent."""
    wanted = {
        text(metric, "resource", "name"): integer(metric, "resource", "target", "averageUtilization")
        for metric in maps(item.raw, "spec", "metrics")
    }
    current = {
        text(metric, "resource", "name"): integer(metric, "resource", "current", "averageUtilization")
        for metric in maps(item.raw, "status", "currentMetrics")
    }
    if target := integer(item.raw, "spec", "targetCPUUtilizationPercentage"):
        wanted["cpu"], current["cpu"] = target, integer(item.raw, "status", "currentCPUUtilizationPercentage")
    return [
        {"name": name, "target": goal, "current": now, "over": now > goal}
        for name, goal in wanted.items()
        if name and goal is not None and (now := current.get(name)) is not None
    ]


def _without_requests(cluster: Cluster, item: KubeObject, kind: str, name: str) -> list[str]:
    """Containers of the target that don't request what the autoscaler measures by."""
    target = cluster.get(kind, item.namespace, name)
    metrics = {
        text(metric, "resource", "name")
        for metric in maps(item.raw, "spec", "metrics")
        if integer(metric, "resource", "target", "averageUtilization") is not None
    }
    if integer(item.raw, "spec", "targetCPUUtilizationPercentage") is not None:
        metrics.add("cpu")
    if target is None or not metrics:
        return []
    return [
        text(container, "name")
        for container in maps(template_of(target), "spec", "containers")
        if not metrics <= {*mapping(container, "resources", "requests"), *mapping(container, "resources", "limits")}
    ]
