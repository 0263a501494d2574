"""Volumes, and what admission refuses: one small object after another, each with its state."""

from __future__ import annotations

import pytest
from kubernetes_objects import (
    Case,
    check,
    claim,
    deployment,
    event,
    findings,
    obj,
    owned,
    pod,
    replica_set,
)


def volume(**spec: object) -> dict:
    labels = spec.pop("labels", {})
    whole = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "10Gi"}, "storageClassName": "fast", **spec}
    return obj("PersistentVolume", "pv1", None, spec=whole, metadata={"labels": labels})


USER = pod(
    statuses=[],
    phase="Pending",
    node=None,
    spec={"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]},
)
FAST = obj("StorageClass", "fast", None, provisioner="kubernetes.io/no-provisioner")
VOLUMES = [
    Case(
        "class",
        owned(USER, claim()),
        "StorageClassMissing",
        details={"claim": "data", "storage_class": "fast"},
        dumped=("StorageClass",),
    ),
    Case(
        "no default class",
        owned(USER, claim(storageClassName=None)),
        "NoDefaultStorageClass",
        dumped=("StorageClass", "PersistentVolume"),
    ),
    Case(
        "access mode",
        owned(USER, claim(accessModes=["ReadWriteMany"]), volume(), FAST),
        "VolumeAccessModeMismatch",
        details={"access_modes": ["ReadWriteMany"], "offered": ["ReadWriteOnce"], "volume": "pv1"},
    ),
    Case(
        "capacity",
        owned(USER, claim(), volume(capacity={"storage": "5Gi"}), FAST),
        "VolumeCapacityMismatch",
        details={"requested": "10Gi", "capacity": "5Gi"},
    ),
    Case(
        "class of the volume",
        owned(USER, claim(), volume(storageClassName="slow"), FAST),
        "VolumeClassMismatch",
        details={"volume_class": "slow"},
    ),
    Case(
        "selector",
        owned(USER, claim(selector={"matchLabels": {"tier": "a"}}), volume(labels={"tier": "b"}), FAST),
        "VolumeSelectorMismatch",
        details={"selector": {"tier": "a"}, "labels": {"tier": "b"}},
    ),
    Case(
        "claimed by another",
        owned(USER, claim(volumeName="pv1"), volume(claimRef={"name": "other", "namespace": "shop"}), FAST),
        "VolumeAlreadyClaimed",
        details={"claimed_by": "other"},
    ),
    Case(
        "no such volume",
        owned(USER, claim(volumeName="pv9"), volume(), FAST),
        "VolumeMissing",
        details={"volume": "pv9"},
    ),
    Case(
        "provisioner",
        owned(
            USER,
            claim(),
            obj("StorageClass", "fast", None, provisioner="ebs.csi.aws.com"),
            event("ProvisioningFailed", "failed to provision volume: quota", about="PersistentVolumeClaim/data"),
        ),
        "VolumeProvisioningFailed",
    ),
    Case("pending without a word", owned(USER, claim()), "VolumeClaimPending"),
    Case("lost", owned(USER, claim("Lost")), "VolumeClaimLost"),
    Case(
        "released badly",
        (obj("PersistentVolume", "pv1", None, spec={}, status={"phase": "Failed", "message": "x"}),),
        "PersistentVolumeFailed",
        "persistentvolume/pv1",
    ),
    Case(
        "mount",
        owned(USER, event("FailedMount", 'MountVolume.SetUp failed for volume "v" : mount failed: exit status 32')),
        "FailedMount",
        details={"volume": "v"},
    ),
    Case(
        "mount denied",
        owned(
            USER, event("FailedMount", 'MountVolume.SetUp failed for volume "v" : mount.nfs: Operation not permitted')
        ),
        "VolumePermissionDenied",
    ),
    Case(
        "attach",
        owned(USER, event("FailedAttachVolume", 'AttachVolume.Attach failed for volume "pv1" : rpc error')),
        "FailedAttachVolume",
    ),
    Case(
        "multi-attach",
        owned(
            USER,
            event(
                "FailedAttachVolume",
                'Multi-Attach error for volume "pv1" Volume is already exclusively attached to one node',
            ),
        ),
        "MultiAttachError",
    ),
]


def refused(message: str) -> tuple:
    return (
        deployment(ready=0),
        replica_set(status={"readyReplicas": 0}),
        event("FailedCreate", f"Error creating: {message}", about="ReplicaSet/api-5c"),
    )


ADMISSION = [
    Case(
        "quota",
        refused(
            'pods "api-x" is forbidden: exceeded quota: compute, requested: requests.cpu=2, used: requests.cpu=3, limited: requests.cpu=4'  # noqa: E501
        ),
        "QuotaExceeded",
        "shop/resourcequota/compute",
        details={
            "quota": "compute",
            "resource_name": "requests.cpu",
            "requested": "requests.cpu=2",
            "used": "requests.cpu=3",
            "limited": "requests.cpu=4",
            "occurrences": 3,
        },
    ),
    Case(
        "quota by a condition",
        (
            deployment(
                ready=0,
                status={
                    "conditions": [
                        {
                            "type": "ReplicaFailure",
                            "status": "True",
                            "reason": "FailedCreate",
                            "message": "exceeded quota: pods, requested: pods=1, used: pods=10, limited: pods=10",
                        }
                    ]
                },
            ),
        ),
        "QuotaExceeded",
        "shop/resourcequota/pods",
        details={"quota": "pods"},
    ),
    Case(
        "must specify",
        refused('pods "x" is forbidden: failed quota: compute: must specify limits.cpu for: api'),
        "QuotaRequiresLimits",
        "shop/resourcequota/compute",
        details={"quota": "compute"},
    ),
    Case(
        "used up",
        (
            obj(
                "ResourceQuota", "q", status={"hard": {"pods": "10", "cpu": "4"}, "used": {"pods": "10", "cpu": "500m"}}
            ),
        ),
        "QuotaAtLimit",
        "shop/resourcequota/q",
        details={"resource_name": "pods"},
    ),
    Case(
        "limit range",
        refused('pods "x" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi'),
        "LimitRangeViolation",
    ),
    Case(
        "webhook",
        refused('admission webhook "policy.example.com" denied the request: no latest tag'),
        "AdmissionWebhookDenied",
        details={"webhook": "policy.example.com"},
    ),
    Case(
        "webhook away",
        refused('Internal error occurred: failed calling webhook "policy.example.com": dial tcp: connection refused'),
        "AdmissionWebhookUnavailable",
        details={"webhook": "policy.example.com"},
    ),
    Case(
        "security",
        refused('pods "x" is forbidden: violates PodSecurity "restricted:latest": privileged'),
        "PodSecurityViolation",
    ),
    Case(
        "service account",
        refused(
            'pods "x" is forbidden: error looking up service account shop/runner: serviceaccount "runner" not found'
        ),
        "ServiceAccountMissing",
        details={"name": "runner"},
    ),
    Case("forbidden", refused('pods "x" is forbidden: unable to do it'), "Forbidden"),
    Case("anything else", refused("context deadline exceeded"), "FailedCreate"),
]


@pytest.mark.parametrize("case", [*VOLUMES, *ADMISSION], ids=lambda case: case.name)
def test_state_is_found(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("case", [*VOLUMES, *ADMISSION], ids=lambda case: case.name)
def test_the_same_objects_in_another_order_give_the_same_findings(case: Case) -> None:
    turned = Case("", case.objects[::-1], "", dumped=case.dumped, earlier=case.earlier[::-1])
    straight, back = ([(f.state, f.resource, f.object, f.count) for f in findings(c)] for c in (case, turned))
    assert straight == back
