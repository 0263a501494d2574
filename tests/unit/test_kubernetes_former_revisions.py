"""A Deployment keeps the ReplicaSets of its former revisions; the labels of their pods are not those of now."""

from __future__ import annotations

import pytest
from kubernetes_objects import cluster_of, obj, owned, pod, service

from primitives.kubernetes.services import find_services


@pytest.mark.parametrize("label", ["tier", "stream"])
def test_a_label_that_only_a_former_revision_had_is_a_mismatch(label: str) -> None:
    template = {"metadata": {"labels": {"app": "api", label: "front"}}}
    of_deployment = {"ownerReferences": [{"kind": "Deployment", "name": "api"}]}
    former = obj("ReplicaSet", "api-7c9", metadata=of_deployment, spec={"replicas": 0, "template": template})
    objects = owned(pod(), former, service(selector={"app": "api", label: "front"}))
    states = {finding.state: finding.details for finding in find_services(cluster_of(objects))}
    assert states["SelectorMismatch"]["differs"] == {label: {"selector": "front", "label": None}}


def test_a_workload_of_its_own_that_runs_nothing_has_no_endpoints() -> None:
    template = {"metadata": {"labels": {"app": "night"}}}
    idle = obj("ReplicaSet", "night", spec={"replicas": 0, "template": template})
    states = [finding.state for finding in find_services(cluster_of((idle, pod(), service(selector={"app": "night"}))))]
    assert states == ["NoEndpoints"]
