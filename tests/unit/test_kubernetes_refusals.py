"""Refusals belong to who refuses; objects that a full quota would refuse are missing because of it."""

from __future__ import annotations

from typing import Any

import pytest
from kubernetes_objects import (
    NS,
    Case,
    ago,
    check,
    container,
    deployment,
    event,
    findings,
    obj,
    owned,
    pod,
    replica_set,
)


def quota(name: str, namespace: str = NS, minutes: float = 60 * 24 * 90, **used: tuple[str, str]) -> dict[str, Any]:
    """A quota of (used, hard) by resource name; underscores stand for dots."""
    pairs = {key.replace("_", "."): value for key, value in used.items()}
    hard = {key: value[1] for key, value in pairs.items()}
    return obj(
        "ResourceQuota", name, namespace, metadata={"creationTimestamp": ago(minutes)}, spec={"hard": hard},
        status={"hard": hard, "used": {key: value[0] for key, value in pairs.items()}},
    )  # fmt: skip


def waits_for(claim: str, namespace: str) -> dict[str, Any]:
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": claim}}]
    return pod(
        "ledger-0", statuses=[], phase="Pending", node=None, namespace=namespace, owner="Node/n1",
        spec={"volumes": volumes},
    )  # fmt: skip


def serving(name: str, namespace: str) -> dict[str, Any]:
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [container(name, ports=[{"containerPort": 80}])]},
    }
    made = deployment(name, template=template)
    return {**made, "metadata": {**made["metadata"], "namespace": namespace}}


def front(name: str, namespace: str) -> dict[str, Any]:
    return obj("Service", name, namespace, spec={"selector": {"app": name}, "ports": [{"port": 80}]})


BRANCHES = ("catalog", "loans", "members", "search")
REFUSED = [
    Case(
        "the pods of a shop",
        owned(
            event(
                "FailedCreate",
                'Error creating: pods "api-x" is forbidden: exceeded quota: compute, requested: cpu=2, used: cpu=3, limited: cpu=4',  # noqa: E501
                about="ReplicaSet/api-5c",
            )
        ),
        "QuotaExceeded",
        "shop/resourcequota/compute",
        details={"quota": "compute", "affects": ["shop/deployment/api"]},
    ),
    Case(
        "the claim of a bank's ledger, by number",
        (
            waits_for("entries", "bank"),
            quota("volumes", "bank", persistentvolumeclaims=("3", "3")),
            obj("PersistentVolumeClaim", "other", "bank", status={"phase": "Bound"}),
        ),
        "QuotaExceeded",
        "bank/resourcequota/volumes",
        details={"resource_name": "persistentvolumeclaims"},
        never=("VolumeClaimMissing",),
    ),
    Case(
        "the claim of a laboratory, by a new quota of storage",
        (
            waits_for("samples", "lab"),
            quota("disk", "lab", 20, requests_storage=("0", "1Gi")),
            obj("PersistentVolumeClaim", "other", "lab", status={"phase": "Bound"}),
        ),
        "QuotaExceeded",
        "lab/resourcequota/disk",
        never=("VolumeClaimMissing",),
    ),
    Case(
        "the Service of a library's branch",
        (
            *(serving(name, "library") for name in BRANCHES),
            *(front(name, "library") for name in BRANCHES[1:]),
            quota("objects", "library", services=("3", "3")),
        ),
        "QuotaExceeded",
        "library/resourcequota/objects",
        details={"missing": "library/service/catalog", "affects": ["library/deployment/catalog"]},
    ),
    Case(
        "replicas, where the events have gone",
        (deployment(replicas=3, ready=1), replica_set(replicas=3), pod(), quota("small", pods=("1", "1"))),
        "QuotaExceeded",
        "shop/resourcequota/small",
        details={"resource_name": "pods"},
    ),
    Case(
        "a webhook that is registered",
        (
            *owned(
                event(
                    "FailedCreate",
                    'Error creating: admission webhook "images.guard.example" denied the request: unsigned image',
                    about="ReplicaSet/api-5c",
                )
            ),
            obj("ValidatingWebhookConfiguration", "guard", None, webhooks=[{"name": "images.guard.example"}]),
        ),
        "AdmissionWebhookDenied",
        "validatingwebhookconfiguration/guard",
    ),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_the_refuser_is_named(case: Case) -> None:
    check(case)


def states(*objects: dict[str, Any], dumped: tuple[str, ...] = ()) -> set[str]:
    return {finding.state for finding in findings(Case("", objects, "", dumped=dumped))}


def test_a_missing_claim_beside_an_old_quota_with_room_is_just_missing() -> None:
    claim = waits_for("entries", "bank")
    other = obj("PersistentVolumeClaim", "other", "bank", status={"phase": "Bound"})
    found = states(
        claim, other, quota("volumes", "bank", persistentvolumeclaims=("1", "3"), requests_storage=("1", "9"))
    )
    assert "VolumeClaimMissing" in found
    assert "QuotaExceeded" not in found


def test_a_full_quota_of_something_else_refuses_no_claim() -> None:
    other = obj("PersistentVolumeClaim", "other", "bank", status={"phase": "Bound"})
    found = states(waits_for("entries", "bank"), other, quota("objects", "bank", services=("3", "3")))
    assert "VolumeClaimMissing" in found
    assert "QuotaExceeded" not in found


def test_a_full_quota_of_services_refuses_nothing_where_all_have_theirs() -> None:
    whole = [made for name in BRANCHES for made in (serving(name, "library"), front(name, "library"))]
    assert "QuotaExceeded" not in states(*whole, quota("objects", "library", services=("4", "4")))


def test_two_workers_without_a_service_are_no_oversight() -> None:
    whole = [serving(name, "library") for name in BRANCHES] + [front(name, "library") for name in BRANCHES[:2]]
    assert "QuotaExceeded" not in states(*whole, quota("objects", "library", services=("2", "2")))


def test_a_full_quota_of_pods_refuses_nothing_where_every_replica_runs() -> None:
    found = states(deployment(), replica_set(), pod(), quota("small", pods=("1", "1")))
    assert "QuotaExceeded" not in found
    assert "QuotaAtLimit" in found
