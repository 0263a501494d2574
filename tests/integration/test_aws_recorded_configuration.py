"""What AWS Config recorded, compared: secrets stay with their names, and what AWS itself counts is no change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from cases.aws_account import DATABASE, build_shop
from cases.fake_aws import FakeAws, Reply, documented, running

from primitives.records import Change, Window
from primitives.redact import Redactor
from primitives.sanitise import Cleaner
from primitives.sanitise_records import sanitise_record
from primitives.telemetry import Backend, ChangesQuery

OLD, NEW = "Blue42-hunter2-Pond", "hunter2-Blue42-Lake"


@pytest.fixture(scope="module")
def started() -> Iterator[FakeAws]:
    with running() as fake:
        fake.places = build_shop(fake)
        yield fake


async def changes(
    aws: FakeAws, source: Backend, now: datetime, before: dict[str, Any], after: dict[str, Any], **listing: Any
) -> tuple[list[Change], str]:
    """What is told of one resource that was recorded twice, and the answer's notes."""
    row = {"resourceId": "db-ABC", "resourceType": "AWS::RDS::DBInstance", "resourceName": "orders-db",
           "arn": DATABASE}  # fmt: skip
    history = [
        {**row, "configurationItemCaptureTime": now - timedelta(minutes=30, days=days), "configurationItemStatus": "OK",
         "configurationStateId": f"{days}", "configuration": json.dumps(configuration)}
        for days, configuration in enumerate((after, before))
    ]  # fmt: skip
    replies: dict[str, Reply] = {
        "SelectResourceConfig": documented("config", "SelectResourceConfig", {"Results": [json.dumps(row)], **listing}),
        "GetResourceConfigHistory": documented("config", "GetResourceConfigHistory", {"configurationItems": history}),
    }
    aws.rule = lambda call: replies.get(call.operation)
    answer = await source.ask(ChangesQuery(window=Window(start=now - timedelta(hours=7), end=now)))
    return [change for change in answer.records if change.origin == "config"], answer.detail or ""


def variables(secret: str) -> dict[str, Any]:
    return {"environment": {"environmentVariables": [
        {"name": "POOL", "value": "20"}, {"name": "DATABASE_PASSWORD", "value": secret, "type": "PLAINTEXT"},
    ]}}  # fmt: skip


@pytest.mark.parametrize(
    "configuration",
    [
        variables,
        lambda secret: {"parameters": [{"parameterKey": "DbPassword", "parameterValue": secret}]},
        lambda secret: {"containerDefinitions": [{"command": ["serve", "--token", secret], "cpu": 2}]},
        lambda secret: {"name": "/orders/api_key", "type": "SecureString", "value": secret, "version": 3},
        lambda secret: {"brokers": {"inner": {"credentials": {"till": secret}}}},
    ],
)
async def test_a_rotated_secret_is_hidden_by_the_name_beside_it(
    aws: FakeAws, source: Backend, now: datetime, configuration: Any
) -> None:
    (change,), _ = await changes(aws, source, now, configuration(OLD), configuration(NEW))
    written = sanitise_record(change, Cleaner(Redactor())).model_dump_json()
    assert "[redacted:" in written
    assert OLD not in written
    assert NEW not in written


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("runtime", "python3.9", "python3.14"),
        ("versioningConfiguration.status", "Enabled", "Suspended"),
        ("state", "ENABLED", "DISABLED"),
        ("autoMinorVersionUpdate", True, False),
        ("metadataOptions.httpTokens", "required", "optional"),
        ("preferredMaintenanceTime", "sun:03:00", "mon:12:00"),
    ],
)
async def test_what_somebody_set_is_told(
    aws: FakeAws, source: Backend, now: datetime, path: str, before: Any, after: Any
) -> None:
    def nested(value: Any) -> dict[str, Any]:
        for key in reversed(path.split(".")):
            value = {key: value}
        return dict(value)

    (change,), _ = await changes(aws, source, now, nested(before), nested(after))
    assert (change.before, change.after) == ({path: before}, {path: after})


@pytest.mark.parametrize(
    ("key", "before", "after"),
    [
        ("lastModified", "a", "b"), ("latestRestorableTime", "a", "b"), ("stateTransitionTime", "a", "b"),
        ("eTag", "a", "b"), ("revisionId", "a", "b"), ("runningCount", 1, 2), ("tableSizeBytes", 1, 2),
        ("lastStatus", "RUNNING", "STOPPED"), ("clientToken", "a", "b"), ("tableStatus", "ACTIVE", "UPDATING"),
        ("state", {"name": "running"}, {"name": "stopping"}), ("creationDate", 1, 2),
    ],
)  # fmt: skip
async def test_what_aws_counts_itself_is_no_change(
    aws: FakeAws, source: Backend, now: datetime, key: str, before: Any, after: Any
) -> None:
    told, _ = await changes(aws, source, now, {"a": 1, key: before}, {"a": 1, key: after})
    assert told == []


async def test_the_newest_are_asked_for_and_more_than_a_page_is_noted(
    aws: FakeAws, source: Backend, now: datetime
) -> None:
    _, detail = await changes(aws, source, now, {"a": 1}, {"a": 2}, NextToken="more")
    asked = [json.loads(call.body) for call in aws.calls if call.operation == "SelectResourceConfig"][-1]
    assert asked["Expression"].endswith("ORDER BY configurationItemCaptureTime DESC")
    assert "AWS Config: only the newest 1 changed resources of the account were looked at" in detail
