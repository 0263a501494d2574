"""What the newest revision of a Deployment changed is a change, recorded by nobody but the API server."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from kubernetes_objects import NOW, WINDOW, ago, container, obj

from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.rollouts import find_rollouts
from primitives.records import Change, KubernetesDump


def _replica_set(number: int, minutes: float, **fields: Any) -> dict[str, Any]:
    owner = {"kind": "Deployment", "name": "api", "controller": True}
    annotations = {"deployment.kubernetes.io/revision": str(number)}
    return obj(
        "ReplicaSet",
        f"api-{number}",
        metadata={"creationTimestamp": ago(minutes), "annotations": annotations, "ownerReferences": [owner]},
        spec={"template": {"spec": {"containers": [container(**fields)]}}},
    )


def _rollouts(*sets: dict[str, Any], progressed: float = 1) -> list[Change]:
    condition = {"type": "Progressing", "status": "True", "lastUpdateTime": ago(progressed)}
    deployment = obj("Deployment", "api", status={"conditions": [condition]})
    dumps = [
        KubernetesDump(time=NOW, kind="deployments", items=(deployment,)),
        KubernetesDump(time=NOW, kind="replicasets", items=sets),
    ]
    return list(find_rollouts(Cluster(dumps, WINDOW)))


def test_a_new_image_is_a_deployment_with_its_version() -> None:
    found = _rollouts(_replica_set(1, 600), _replica_set(2, 12, image="registry.example/api:2"))
    assert [(one.kind, one.resource, one.id) for one in found] == [
        ("deployment", "shop/deployment/api", "api revision 2")
    ]
    assert found[0].time == NOW - timedelta(minutes=12)
    assert found[0].after["version"] == "api:2"
    assert "registry.example/api:1 → registry.example/api:2" in found[0].summary


def test_another_setting_is_a_change_of_configuration_with_both_values() -> None:
    def pool(size: str) -> list[dict[str, str]]:
        return [{"name": "POOL_SIZE", "value": size}]

    found = _rollouts(_replica_set(1, 600, env=pool("40")), _replica_set(2, 12, env=pool("4")))
    assert [one.kind for one in found] == ["configuration"]
    lines = found[0].after["diff"].splitlines()
    assert [line.rpartition("POOL_SIZE")[2] for line in lines] == [".value: 40", ".value: 4"]


def test_a_rollback_came_when_the_deployment_progressed_last() -> None:
    old, new = _replica_set(3, 600), _replica_set(2, 60, image="registry.example/api:2")
    found = _rollouts(old, new, progressed=5)
    assert [one.time for one in found] == [NOW - timedelta(minutes=5)]


def test_a_first_revision_a_mere_restart_and_an_old_rollout_are_no_changes() -> None:
    assert not _rollouts(_replica_set(1, 10))
    assert not _rollouts(_replica_set(1, 600), _replica_set(2, 12))
    assert not _rollouts(_replica_set(1, 9_000), _replica_set(2, 6_000, image="registry.example/api:2"))
