"""Settings that can't work or contradict each other, of unrelated systems, and settings that only look like it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from primitives.analysis.setting_rules import in_conflict
from primitives.analysis.setting_values import settings_of
from primitives.records import ConfigurationSnapshot

NOW = datetime(2026, 3, 10, 14, 45, tzinfo=UTC)
REDRIVE = '{"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:1:lost", "maxReceiveCount": %s}'
TRIES = {"retries": {"numRetries": 3, "perTryTimeout": "2s"}}


def rules(document: Any, kind: str = "settings") -> set[str]:
    known = settings_of([ConfigurationSnapshot(time=NOW, resource="printer", kind=kind, document=document)])
    return {conflict.rule for conflict in in_conflict(known["printer"], NOW)}


@pytest.mark.parametrize(
    ("rule", "document"),
    [
        ("least_over_most", {"MinSize": 4, "MaxSize": 2}),
        ("least_over_most", {"pool": {"minimum-idle": 30, "maximum-idle": "10"}}),
        ("none_to_run", {"desiredCount": 0, "launchType": "FARGATE"}),
        ("none_to_run", {"deploy": {"replicas": 0}, "image": "rink:3"}),
        ("no_concurrency", {"ReservedConcurrentExecutions": 0}),
        ("no_concurrency", {"function": {"reserved_concurrency": "0"}}),
        ("heap_over_limit", {"env": [{"name": "JAVA_OPTS", "value": "-Xms1g -Xmx2g"}], "memory": 1024}),
        ("heap_over_limit", {"NODE_OPTIONS": "--max-old-space-size=900", "resources": {"limits": {"memory": "512Mi"}}}),
        ("dead_letter_at_once", {"Attributes": {"RedrivePolicy": REDRIVE % 1}}),
        ("dead_letter_at_once", {"subscription": {"max_delivery_attempts": 1}}),
        ("no_pause", {"retry": {"backoff_ms": 0, "max_retries": 5}}),
        ("no_pause", {"http": {"retries": 8, "retryDelay": "0s"}}),
        ("nothing_cached", {"DefaultCacheBehavior": {"MaxTTL": 0}}),
        ("nothing_cached", {"cdn": {"rules": [{"path": "/img", "max_ttl": 0}]}}),
        ("certificate_past", {"notBefore": "2025-03-10T14:00:00Z", "notAfter": "2026-03-10T14:00:00Z"}),
        ("certificate_past", {"tls": {"certificate": {"expires_at": "2026-03-09"}}}),
        ("token_past", {"deploy_token": {"expires": "2026-02-01T00:00:00Z"}}),
        ("token_past", {"credentials": {"valid_until": "2026-03-10T14:44:00+00:00"}}),
        ("under_maintenance", {"site": {"maintenance_mode": True}}),
        ("under_maintenance", {"flags": {"checkoutKillSwitch": "on"}}),
        ("at_most", {"MinSize": 2, "MaxSize": 6, "DesiredCapacity": 6}),
        ("at_most", {"scaling": {"min_capacity": 1, "max_capacity": 4, "current_capacity": 4}}),
        ("scaling_suspended", {"MaxCapacity": 9, "SuspendedState": {"DynamicScalingOutSuspended": True}}),
        ("scaling_suspended", {"group": {"autoscaling_paused": "yes"}}),
        ("at_quota", {"storage": {"used_bytes": 100, "quota_bytes": 100}}),
        ("at_quota", {"tenant": {"seats_used": "51", "seats_limit": "50"}}),
        ("retries_over_deadline", TRIES | {"overallTimeout": "5s"}),
        ("retries_over_deadline", {"attempts": 4, "attempt_timeout_ms": 1500, "deadline_ms": 3000}),
    ],
)
def test_settings_that_can_not_work_are_told(rule: str, document: Any) -> None:
    assert rules(document) == {rule}


@pytest.mark.parametrize(
    "document",
    [
        {"MinSize": 2, "MaxSize": 4},
        {"pool": {"min_idle": 10, "max_idle": -1}, "log": {"min_size": 5, "max_size": 0}},
        {"index": {"number_of_replicas": 0}},
        {"replicas": 0, "minReplicas": 0, "maxReplicas": 20},
        {"readReplicas": 0, "cluster": {"status": {"replicas": 0}}},
        {"UnreservedConcurrentExecutions": 0},
        {"ReservedConcurrentExecutions": 50},
        {"JAVA_OPTS": "-Xmx512m", "memory": 1024},
        {"JAVA_OPTS": "-XX:MaxRAMPercentage=75", "memory": 512},
        {"Attributes": {"RedrivePolicy": REDRIVE % 5}},
        {"max_deliveries_in_flight": 1},
        {"retry": {"backoff_ms": 100, "max_retries": 5}},
        {"retry": {"backoff_ms": 0, "max_retries": 0}},
        {"redis": {"max_ttl": 0}},
        {"cdn": {"max_ttl": 86400, "min_ttl": 0}},
        {"certificate": {"notAfter": "2027-03-10T14:00:00Z"}},
        {"certificate": {"notAfter": "2025-03-10T14:00:00Z", "status": "REVOKED"}},
        {"offer": {"expires": "2026-02-01T00:00:00Z"}},
        {"maintenance_window": "on", "auto_maintenance_enabled": True},
        {"maintenance_mode": False},
        {"MinSize": 3, "MaxSize": 3, "DesiredCapacity": 3},
        {"MinSize": 3, "MaxSize": 9, "DesiredCapacity": 4},
        {"SuspendedState": {"DynamicScalingOutSuspended": False, "ScheduledScalingSuspended": True}},
        {"storage": {"used_bytes": 90, "quota_bytes": 100}},
        {"storage": {"used_bytes": 100, "quota": "none"}},
        TRIES | {"overallTimeout": "15s"},
        TRIES | {"overallTimeout": 0},
    ],
)
def test_what_only_looks_like_it_is_not(document: Any) -> None:
    assert rules(document) == set()


def test_of_a_manifest_only_the_heap_is_read() -> None:
    limits = {
        "name": "mill",
        "env": [{"name": "JAVA_OPTS", "value": "-Xmx2g"}],
        "resources": {"limits": {"memory": "1Gi"}},
    }
    spec = {"replicas": 0, "template": {"spec": {"containers": [limits]}}}
    assert rules({"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec}) == {"heap_over_limit"}


@pytest.mark.parametrize(
    "document", [None, [], "text", 3, {"a": [None, {"Key": None}]}, {"MinSize": {}, "MaxSize": []}]
)
def test_documents_of_any_form_are_read(document: Any) -> None:
    assert rules(document) == set()
