"""Containers that end at once because they may not write to the node's directory that they mount."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from kubernetes_objects import Case, check, container, deployment, ended, findings, pod, replica_set, waiting

CRASH = waiting("CrashLoopBackOff", restartCount=5, lastState={"terminated": ended(1)})
NODE_DIRECTORY = {"hostPath": {"path": "/srv/data", "type": "Directory"}}


def crashing(
    name: str = "look-alike", volume: Mapping[str, Any] = NODE_DIRECTORY, *, status: Mapping[str, Any] = CRASH,
    mount: Mapping[str, Any] | None = None, logs: Mapping[str, str] | None = None, **spec: Any,
) -> Case:  # fmt: skip
    mounts = [{"name": "data", "mountPath": "/data", **(mount or {})}]
    crashed = pod(
        statuses=[status], containers=[container(volumeMounts=mounts)],
        spec={"volumes": [{"name": "data", **volume}], **spec},
    )  # fmt: skip
    return Case(name, (deployment(ready=0), replica_set(), crashed), "HostPathNotWritable", logs=logs or {})


HOST_PATHS = [
    crashing("a store with a user of its own", securityContext={"runAsUser": 999, "fsGroup": 999}),
    crashing("an image that isn't root", securityContext={"runAsNonRoot": True}),
    crashing("an agent's spool", {"hostPath": {"path": "/var/spool"}}, securityContext={"runAsUser": 1000}),
]


@pytest.mark.parametrize("case", HOST_PATHS, ids=lambda case: case.name)
def test_a_container_that_may_not_write_to_the_node_is_told(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(crashing(), id="nothing says that it isn't root"),
        pytest.param(
            crashing(volume={"emptyDir": {}}, securityContext={"runAsUser": 999}), id="a volume whose owner is set"
        ),
        pytest.param(crashing(mount={"readOnly": True}, securityContext={"runAsUser": 999}), id="it only reads"),
        pytest.param(
            crashing(
                status=waiting("CrashLoopBackOff", restartCount=5, lastState={"terminated": ended(1, runtime_s=90)}),
                securityContext={"runAsUser": 999},
            ),
            id="it ran for a while",
        ),
        pytest.param(
            crashing(
                status=waiting("CrashLoopBackOff", restartCount=5, lastState={"terminated": ended(137)}),
                securityContext={"runAsUser": 999},
            ),
            id="it was killed",
        ),
        pytest.param(
            crashing(securityContext={"runAsUser": 999}, initContainers=[container("chown")]),
            id="an init container may have changed the owner",
        ),
        pytest.param(
            crashing(securityContext={"runAsUser": 999}, logs={"api-1/api": "panic: bad flag"}),
            id="its log says why it ended",
        ),
    ],
)
def test_what_looks_like_it_is_left_alone(case: Case) -> None:
    assert not [finding for finding in findings(case) if finding.state == case.state]
