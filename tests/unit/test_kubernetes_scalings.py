"""Fewer replicas than before are a change that no revision tells of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from kubernetes_objects import NOW, cluster_of, deployment, event, obj

from primitives.kubernetes.scalings import find_scalings
from primitives.records import Change


def scalings(before: int, after: int, *more: dict[str, Any]) -> list[Change]:
    return list(find_scalings(cluster_of([deployment("kiln", after), *more], earlier=[deployment("kiln", before)])))


def test_a_deployment_with_fewer_replicas_was_scaled_down_when_its_controller_says() -> None:
    said = event("ScalingReplicaSet", "Scaled down replica set kiln-5c to 1", "Deployment/kiln", minutes=7)
    (change,) = scalings(4, 1, said)
    assert (change.resource, change.summary) == ("shop/deployment/kiln", "kiln: replicas 4 → 1")
    assert change.time == NOW - timedelta(minutes=7)


def test_a_stateful_set_without_events_was_scaled_down_at_some_time_of_the_window() -> None:
    sets = [obj("StatefulSet", "ledger", spec={"replicas": count}) for count in (5, 2)]
    cluster = cluster_of([sets[1]], earlier=[sets[0]])
    assert [(change.summary, change.time) for change in find_scalings(cluster)] == [
        ("ledger: replicas 5 → 2", cluster.window.start)
    ]


def test_more_or_as_many_replicas_none_at_all_and_what_an_autoscaler_does_are_no_such_change() -> None:
    target = {"scaleTargetRef": {"kind": "Deployment", "name": "kiln"}}
    assert not [*scalings(1, 4), *scalings(3, 3), *scalings(3, 0)]
    assert not scalings(4, 1, obj("HorizontalPodAutoscaler", "kiln", spec=target))
