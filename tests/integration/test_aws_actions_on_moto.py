"""Actions on AWS against moto's server, where it answers as AWS does: checked, sent, carried out, undone over HTTP.

What moto can't say is answered here, in the shapes of the API reference: maintenance, instance refreshes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from cases.aws_account import build_function, build_workers
from cases.fake_aws import ACCOUNT, REGION, Call, FakeAws, running
from cases.fake_server import Reply

from primitives.actions.inverse import Inverse
from primitives.backends.aws.writer import AwsWriter
from primitives.remediations.registry import remediations
from primitives.sources import define_source, open_writer

PLACE = {"account": ACCOUNT, "region": REGION}
MARK = "exec-0c0c0c0c.R1"
_NOTHING_PLANNED = b"""<DescribePendingMaintenanceActionsResponse><DescribePendingMaintenanceActionsResult>
<PendingMaintenanceActions/></DescribePendingMaintenanceActionsResult></DescribePendingMaintenanceActionsResponse>"""
_NO_REFRESH = b"""<DescribeInstanceRefreshesResponse><DescribeInstanceRefreshesResult><InstanceRefreshes/>
</DescribeInstanceRefreshesResult></DescribeInstanceRefreshesResponse>"""
_INSTEAD = {
    "DescribePendingMaintenanceActions": _NOTHING_PLANNED,
    "DescribeInstanceRefreshes": _NO_REFRESH,
}


@pytest.fixture(scope="module")
def started() -> Iterator[FakeAws]:
    with running() as fake:
        yield fake


@pytest.fixture
def aws(started: FakeAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeAws:
    def answer(call: Call) -> Reply | None:
        body = _INSTEAD.get(call.operation)
        return Reply(200, body, {"Content-Type": "text/xml"}) if body is not None else None

    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    started.rule = answer
    return started


@pytest.fixture
async def writer(aws: FakeAws) -> AsyncIterator[AwsWriter]:
    opened = await open_writer("prod", define_source("prod", aws.settings(), {}))
    assert isinstance(opened, AwsWriter)
    yield opened
    await opened.close()


async def carry_out(writer: AwsWriter, primitive: str, arguments: dict[str, Any], *, back: bool = True) -> None:
    """Check, preview, send, find and converge; then the same with its inverse."""
    remediation = remediations()[primitive]
    operations, args = remediation.operations, remediation.arguments.model_validate({**PLACE, **arguments})
    assert operations is not None
    preflight = await operations.preflight(writer, args)
    assert preflight.passed, preflight
    preview = await operations.preview(writer, args, MARK)
    answer = await operations.dispatch(writer, preview)
    assert answer.outcome == "accepted", answer
    assert (await operations.find_out(writer, args, preview, MARK)).outcome == "accepted"
    assert (await operations.converged(writer, args, preview)).state == "converged"
    again = await operations.preflight(writer, args)
    assert [check.detail for check in again.checks if not check.passed][-1:] != []
    if back:
        assert isinstance(remediation.inverse, Inverse)
        undoing = remediation.inverse.arguments(args, preview.prior)
        assert undoing is not None
        await carry_out(writer, remediation.inverse.primitive, undoing.model_dump(exclude_none=True), back=False)


async def test_a_database_is_resized_and_its_storage_and_parameters_set(aws: FakeAws, writer: AwsWriter) -> None:
    rds = aws.client("rds")
    rds.create_db_parameter_group(
        DBParameterGroupName="ledger-pg", DBParameterGroupFamily="postgres16", Description="ours"
    )
    rds.create_db_instance(
        DBInstanceIdentifier="ledger", DBInstanceClass="db.t3.medium", Engine="postgres", AllocatedStorage=100,
        MasterUsername="postgres", MasterUserPassword="not-a-secret", DBParameterGroupName="ledger-pg",
    )  # fmt: skip
    await carry_out(writer, "resize_database", {"instance": "ledger", "instance_class": "db.r6g.large"})
    await carry_out(writer, "raise_storage", {"instance": "ledger", "storage_gib": 150}, back=False)
    [known] = rds.describe_db_instances()["DBInstances"]
    assert (known["DBInstanceClass"], known["AllocatedStorage"]) == ("db.t3.medium", 150)


async def test_an_alias_moves_and_concurrency_is_reserved(aws: FakeAws, writer: AwsWriter) -> None:
    aws.client("sqs").create_queue(QueueName="mail", Attributes={"VisibilityTimeout": "60"})
    build_function(aws)
    functions = aws.client("lambda")
    old = functions.publish_version(FunctionName="send-mail")["Version"]
    functions.update_function_code(FunctionName="send-mail", ZipFile=b"another one")
    new = functions.publish_version(FunctionName="send-mail")["Version"]
    assert old != new
    functions.create_alias(FunctionName="send-mail", Name="live", FunctionVersion=new)
    move = {"function": "send-mail", "alias": "live", "version": old, "blamed": new}
    await carry_out(writer, "rollback_function", move)
    assert functions.get_alias(FunctionName="send-mail", Name="live")["FunctionVersion"] == new
    await carry_out(writer, "set_reserved_concurrency", {"function": "send-mail", "concurrency": 7})
    known = functions.get_function_concurrency(FunctionName="send-mail")
    assert known["ReservedConcurrentExecutions"] == 0


async def test_a_group_is_sized_within_its_bounds(aws: FakeAws, writer: AwsWriter) -> None:
    build_workers(aws)
    await carry_out(writer, "scale_instance_group", {"group": "workers", "instances": 1})
    [known] = aws.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    assert known["DesiredCapacity"] == 2


async def test_a_table_has_its_capacity_set(aws: FakeAws, writer: AwsWriter) -> None:
    tables = aws.client("dynamodb")
    key = "seat"
    tables.create_table(
        TableName="seats", KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
    )  # fmt: skip
    await carry_out(writer, "set_table_capacity", {"table": "seats", "read_units": 50, "write_units": 20})
    known = tables.describe_table(TableName="seats")["Table"]["ProvisionedThroughput"]
    assert (known["ReadCapacityUnits"], known["WriteCapacityUnits"]) == (5, 5)


async def test_a_parameter_goes_back_to_an_earlier_version(aws: FakeAws, writer: AwsWriter) -> None:
    ssm = aws.client("ssm")
    for value in ("10", "20"):
        ssm.put_parameter(Name="/kiosk/limit", Value=value, Type="String", Overwrite=True)
    await carry_out(writer, "restore_parameter", {"parameter": "/kiosk/limit", "version": 1})
    versions = ssm.get_parameter_history(Name="/kiosk/limit")["Parameters"]
    assert [each["Value"] for each in versions] == ["10", "20", "10", "20"]


async def test_a_rule_is_disabled_and_enabled_again(aws: FakeAws, writer: AwsWriter) -> None:
    events = aws.client("events")
    events.put_rule(Name="nightly", ScheduleExpression="rate(1 day)")
    await carry_out(writer, "disable_rule", {"rule": "nightly"})
    assert events.describe_rule(Name="nightly")["State"] == "ENABLED"
