"""What a platform says of what it runs is near-certain; an application's talk of the same is a message like others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from incident_facts import NOW, found, log, opened
from recorded_incident import RecordedIncident, at, of

from engine.reason.fact_index import FactIndex
from engine.reason.mechanisms import mechanisms
from engine.reason.trouble import Trouble
from primitives.analysis.announcements import announced_family, announcement
from primitives.analysis.told_events import told_events
from primitives.records import Observation

RDS = {"source": "aws.rds"}


@pytest.mark.parametrize(
    ("words", "family"),
    [
        ("VcpuLimitExceeded", "quota"), ("VolumeLimitExceeded: no volume was made", "quota"),
        ("You have requested more vCPU capacity than your current vCPU limit of 64 allows", "quota"),
        ("RequestLimitExceeded", None), ("Launching a new EC2 instance", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["autoscaling_activity", "scaling_event"])
def test_what_an_autoscaler_could_not_start_is_told(kind: str, words: str, family: str | None) -> None:
    seen = Observation(time=NOW, resource="grid", kind=kind, data={"StatusCode": "Failed", "ErrorCode": words})
    assert [told for _, _, told in told_events([seen])] == ([family] if family else [])


@pytest.mark.parametrize(
    ("body", "attributes", "family"),
    [
        ("Multi-AZ instance failover started.", RDS, "failover"),
        ("The allocated storage for DB instance tides has been exhausted.", RDS, "disk_full"),
        ("DB instance restarted", {"eventSource": "rds.amazonaws.com"}, "platform_maintenance"),
        ("Instance was preempted.", {"serviceName": "compute.googleapis.com"}, "host_reclaimed"),
        (json.dumps({"source": "aws.ec2", "detail-type": "EC2 Spot Instance Interruption Warning", "detail": {}}), {},
         "host_reclaimed"),
        (json.dumps({"source": "aws.rds", "detail": {"Message": "Applying off-line patches to DB instance"}}), {},
         "platform_maintenance"),
    ],
)  # fmt: skip
def test_a_platforms_event_is_an_announcement(body: str, attributes: dict[str, Any], family: str) -> None:
    message = announcement(body, attributes)
    assert message is not None
    assert announced_family(message) == family


@pytest.mark.parametrize(
    ("body", "attributes"),
    [
        ("Multi-AZ instance failover started.", {}),
        ("the page for maintenance is shown", {"source": "ferry-web"}),
        ("DB instance restarted", {"source": "aws.rds.example.org"}),
        ('{"source": "ferry-web", "message": "failover test passed"}', {}),
        ('{"source": "aws.rds"', {}),
    ],
)
def test_an_applications_talk_is_none(body: str, attributes: dict[str, Any]) -> None:
    assert announcement(body, attributes) is None


async def test_an_announcement_weighs_more_than_the_same_words_of_an_application(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path)
    words = {"time": at(5), "severity": "INFO", "body": "failover started"}
    incident.lines("logs", {**words, "resource": "tides", "attributes": RDS}, {**words, "resource": "ferry"})
    facts = of(await incident.facts("analyze_logs"), "log_pattern")
    assert {(fact.resource, fact.announced) for fact in facts} == {("tides", True), ("ferry", False)}
    said = log("tides", "failover")
    cases = [FactIndex(opened(), None, found(fact)) for fact in (said.model_copy(update={"announced": True}), said)]
    weights = [max(claim.weight for claim in mechanisms(case, Trouble(case))) for case in cases]
    assert weights[0] > 1.4 * weights[1]
