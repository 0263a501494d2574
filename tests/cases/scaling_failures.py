"""Autoscalers and quotas."""

from __future__ import annotations

from cases.cluster_objects import ago, deployment, event, joined, obj, service, waiting
from cases.made import MadeCase, cause


def scaling_failures() -> list[MadeCase]:
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "api"},
        "minReplicas": 1,
        "maxReplicas": 3,
        "metrics": [
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}},
            }
        ],
    }
    able = {"type": "AbleToScale", "status": "True", "reason": "ReadyForNewScale"}
    limited = [
        able,
        {"type": "ScalingActive", "status": "True", "reason": "ValidMetricFound"},
        {
            "type": "ScalingLimited",
            "status": "True",
            "reason": "TooManyReplicas",
            "lastTransitionTime": ago(30),
            "message": "the desired replica count is more than the maximum replica count",
        },
    ]
    current = [{"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 97}}}]
    failing = [
        able,
        {
            "type": "ScalingActive",
            "status": "False",
            "reason": "FailedGetResourceMetric",
            "lastTransitionTime": ago(30),
            "message": "the HPA was unable to compute the replica count: failed "
            "to get cpu utilization: unable to fetch metrics from resource metrics API",
        },
    ]
    busy = joined(deployment("api", replicas=3), service("api"))
    quota = {"requests.cpu": "2"}
    return [
        cause(
            "autoscaler_at_limit",
            joined(
                busy,
                obj(
                    "HorizontalPodAutoscaler",
                    "api",
                    spec=spec,
                    status={
                        "currentReplicas": 3,
                        "desiredReplicas": 3,
                        "conditions": limited,
                        "currentMetrics": current,
                    },
                ),
            ),
        ),
        cause(
            "autoscaler_not_scaling",
            joined(
                busy,
                obj(
                    "HorizontalPodAutoscaler",
                    "api",
                    spec=spec,
                    status={"currentReplicas": 3, "desiredReplicas": 3, "conditions": failing},
                ),
                event("FailedGetResourceMetric", "failed to get cpu utilization", "HorizontalPodAutoscaler/api"),
            ),
        ),
        cause(
            "quota_exceeded",
            joined(
                deployment("api", status=waiting(""), pods=0, age=20),
                service("api"),
                obj(
                    "ResourceQuota",
                    "compute",
                    spec={"hard": quota},
                    status={"hard": quota, "used": {"requests.cpu": "2"}},
                ),
                event(
                    "FailedCreate",
                    'Error creating: pods "api-5c9d-x0" is forbidden: exceeded quota: compute, '
                    "requested: requests.cpu=100m, used: requests.cpu=2, limited: requests.cpu=2",
                    "ReplicaSet/api-5c9d",
                ),
            ),
            "shop/resourcequota/compute",
        ),
    ]
