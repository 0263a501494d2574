"""What looks like trouble and isn't: no fault must be the answer, whichever kind of it."""

from __future__ import annotations

from cases.cluster_objects import ago, container, deployment, ended, event, joined, obj, pod, running, service
from cases.made import POD, MadeCase, healthy


def no_faults() -> list[MadeCase]:
    """What looks like trouble and isn't: no fault must be the answer, whichever kind of it."""
    old_set = obj(
        "ReplicaSet",
        "api-4b8c",
        age=20_000,
        status={"replicas": 0},
        metadata={
            "annotations": {"deployment.kubernetes.io/revision": "0"},
            "ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "Deployment", "name": "api", "controller": True, "uid": "d"}
            ],
        },
        spec={
            "replicas": 0,
            "selector": {"matchLabels": {"app": "api"}},
            "template": {"metadata": {"labels": {"app": "api"}}, "spec": {"containers": [container("api")]}},
        },
    )
    leaving = pod(
        "api-4b8c-x0",
        {"containers": [container("api")]},
        {"app": "api"},
        running(ready=False),
        owner="ReplicaSet/api-4b8c",
        age=20_000,
    )
    leaving["metadata"] |= {"deletionTimestamp": ago(-0.2), "deletionGracePeriodSeconds": 30}
    killing = event("Killing", "Stopping container api", "Pod/api-4b8c-x0", first=1, count=1, kind="Normal")
    failing = event(
        "Unhealthy",
        "Readiness probe failed: HTTP probe failed with statuscode: 503",
        "Pod/api-4b8c-x0",
        first=1,
        count=2,
    )
    back = running(25, restarts=1, last=ended(1, "Error", 25.2))
    early = event(
        "FailedMount",
        'MountVolume.SetUp failed for volume "kube-api-access" : failed to sync configmap '
        "timed out waiting for the condition",
        f"Pod/{POD}",
        minutes=50,
        first=51,
        count=1,
    )
    return [
        MadeCase(
            "rollout_finished",
            None,
            "NO_FAULT",
            joined(deployment("api", age=5), service("api"), old_set, leaving, killing, failing),
        ),
        MadeCase("recovered_restart", None, "NO_FAULT", joined(deployment("api", status=back), service("api"))),
        MadeCase("old_warning", None, "NO_FAULT", joined(healthy(), early)),
    ]
