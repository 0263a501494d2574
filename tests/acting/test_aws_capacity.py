"""Auto Scaling groups, EC2 instances and DynamoDB's capacity, with answers as the API references document them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cases.aws_actions import MARK, carry_out, failing, known, lost, progress, undo
from cases.fake_aws_world import PLACE, FakeAwsWorld

from primitives.errors import SourceUnreachable

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
GROUP: dict[str, Any] = {"group": "pressers"}
GROUP_ARN = f"arn:aws:autoscaling:{PLACE.region}:{PLACE.account}:autoScalingGroup:uuid:autoScalingGroupName/pressers"
MACHINE: dict[str, Any] = {"machine": "i-0123456789abcdef0"}
UNITS = "ReadCapacityUnits=50,WriteCapacityUnits=20"
TABLE: dict[str, Any] = {"table": "seats", "read_units": 50, "write_units": 20}


class Group:
    """A group of instances, and its newest refresh."""

    def __init__(self, **more: Any) -> None:
        self.group: dict[str, Any] = {
            "AutoScalingGroupName": "pressers", "AutoScalingGroupARN": GROUP_ARN, "MinSize": 1, "MaxSize": 6,
            "DesiredCapacity": 2, "DefaultCooldown": 300, "AvailabilityZones": ["a"], "HealthCheckType": "EC2",
            "CreatedTime": NOON, "Instances": [self.instance(1), self.instance(2)], **more,
        }  # fmt: skip
        self.refreshes: list[dict[str, Any]] = []
        self.world = FakeAwsWorld(
            {
                "autoscaling:DescribeAutoScalingGroups": lambda _: {"AutoScalingGroups": [self.group]},
                "autoscaling:DescribeInstanceRefreshes": lambda _: {"InstanceRefreshes": self.refreshes[:1]},
            },
            {
                "autoscaling:SetDesiredCapacity": lambda asked: self.group.update(
                    DesiredCapacity=asked["DesiredCapacity"]
                ),
                "autoscaling:StartInstanceRefresh": lambda _: self.refreshes.insert(
                    0, {"InstanceRefreshId": f"r-{len(self.refreshes)}", "Status": "Pending", "InstancesToUpdate": 2}
                ),
            },
        )  # fmt: skip

    def instance(self, number: int, **more: Any) -> dict[str, Any]:
        return {
            "InstanceId": f"i-{number}", "AvailabilityZone": "a", "LifecycleState": "InService",
            "HealthStatus": "Healthy", "ProtectedFromScaleIn": False, **more,
        }  # fmt: skip


async def test_a_group_is_sized_and_sized_back() -> None:
    at, wanted = Group(), {**GROUP, "instances": 3}
    preview = await carry_out(at.world, "scale_instance_group", **wanted)
    assert at.world.sent[0].parameters["resources"] == [GROUP_ARN]
    assert (
        await progress(at.world, "scale_instance_group", preview, **wanted)
    ).detail == "2 of 3 instances are in service"
    at.group["Instances"].append(at.instance(3))
    assert (await progress(at.world, "scale_instance_group", preview, **wanted)).state == "converged"
    await undo(at.world, "scale_instance_group", preview, **wanted)
    assert at.group["DesiredCapacity"] == 2
    assert (await progress(at.world, "scale_instance_group", preview, **wanted)).state == "failed"


async def test_a_refresh_is_known_by_its_id() -> None:
    at = Group()
    at.refreshes = [{"InstanceRefreshId": "old", "Status": "Successful"}]
    assert (await lost(at.world, "drop-before", "refresh_instances", **GROUP))[0] == "unknown"
    preview = await carry_out(at.world, "refresh_instances", **GROUP)
    assert (await progress(at.world, "refresh_instances", preview, **GROUP)).state == "converging"
    at.refreshes[0] |= {"Status": "Successful", "InstancesToUpdate": 0}
    assert (await progress(at.world, "refresh_instances", preview, **GROUP)).state == "converged"
    at.refreshes[0] |= {"Status": "Failed", "StatusReason": "unhealthy"}
    assert "unhealthy" in (await progress(at.world, "refresh_instances", preview, **GROUP)).detail


POLICY = {"ScalingPolicies": [{"PolicyName": "busy", "Enabled": True}]}
SCHEDULE = {"ScheduledUpdateGroupActions": [{"ScheduledActionName": "night"}]}


@pytest.mark.parametrize(
    ("more", "answers", "says"),
    [
        ({}, {"autoscaling:DescribePolicies": POLICY}, "busy would undo it; instead: aws autoscaling update"),
        ({}, {"autoscaling:DescribePolicies": {"ScalingPolicies": [{"PolicyName": "busy", "Enabled": False}]}}, ""),
        ({}, {"autoscaling:DescribeScheduledActions": SCHEDULE}, "night would undo it"),
        ({"MaxSize": 2}, {}, "it takes 1 to 2 instances"),
        ({"SuspendedProcesses": [{"ProcessName": "Launch"}]}, {}, "somebody suspended Launch"),
        ({"Status": "Delete in progress"}, {}, "Delete in progress"),
        ({"DesiredCapacity": 3}, {}, "nothing would change"),
        ({}, {"autoscaling:DescribeInstanceRefreshes": {
            "InstanceRefreshes": [{"InstanceRefreshId": "r", "Status": "InProgress"}]}}, "one is; instead: aws"),
        ({}, {"autoscaling:DescribeAutoScalingGroups": {"AutoScalingGroups": []}}, "there is no pressers_AWS"),
    ],
)  # fmt: skip
async def test_what_would_undo_a_size_is_told(more: dict[str, Any], answers: dict[str, Any], says: str) -> None:
    at = Group(**more)
    at.world.answers |= answers
    said = await failing(at.world, "scale_instance_group", **GROUP, instances=3)
    assert says in said
    assert bool(said) == bool(says)


async def test_protected_instances_are_not_refreshed() -> None:
    at = Group()
    at.group["Instances"] = [at.instance(1, ProtectedFromScaleIn=True)]
    assert "i-1 are protected" in await failing(at.world, "refresh_instances", **GROUP)


def machine(**more: Any) -> FakeAwsWorld:
    """An instance that runs; CloudTrail knows of no reboot."""
    status = {
        "InstanceId": MACHINE["machine"], "InstanceState": {"Name": "running"}, "SystemStatus": {"Status": "ok"},
        "InstanceStatus": {"Status": "impaired"}, **more,
    }  # fmt: skip
    answers: dict[str, Any] = {
        "ec2:DescribeInstanceStatus": lambda _: {"InstanceStatuses": [status]},
        "cloudtrail:LookupEvents": {"Events": []},
    }
    return FakeAwsWorld(answers, {"ec2:RebootInstances": lambda _: status.update(InstanceStatus={"Status": "ok"})})


async def test_a_reboot_of_an_instance_is_known_by_cloudtrail_alone_which_is_late() -> None:
    at = machine()
    _, args, operations = known("reboot_instance", **MACHINE)
    preview = await operations.preview(at, args, MARK)
    assert (await progress(at, "reboot_instance", preview, **MACHINE)).state == "converging"
    assert (await operations.dispatch(at, preview)).outcome == "accepted"
    assert (await progress(at, "reboot_instance", preview, **MACHINE)).state == "converged"
    with pytest.raises(SourceUnreachable, match="only CloudTrail"):
        await operations.find_out(at, args, preview, MARK)
    at.answers["cloudtrail:LookupEvents"] = {"Events": [{"EventName": "RebootInstances"}]}
    assert (await operations.find_out(at, args, preview, MARK)).outcome == "accepted"
    at.answers["cloudtrail:LookupEvents"] = {"Events": [{"EventName": "StopInstances"}]}
    at.time += timedelta(minutes=30)
    assert (await operations.find_out(at, args, preview, MARK)).outcome == "unknown"


async def test_an_instance_that_aws_is_about_to_stop_is_not_rebooted() -> None:
    event = {"Code": "instance-retirement", "Description": "The instance is on degraded hardware"}
    assert "planned: The instance" in await failing(machine(Events=[event]), "reboot_instance", **MACHINE)
    done = {**event, "Description": "[Completed] It was"}
    assert await failing(machine(Events=[done]), "reboot_instance", **MACHINE) == ""
    stopped = machine(InstanceState={"Name": "stopped"})
    assert "it is stopped" in await failing(stopped, "reboot_instance", **MACHINE)


class Seats:
    """A table of DynamoDB."""

    def __init__(self, **more: Any) -> None:
        self.table: dict[str, Any] = {
            "TableName": "seats", "TableId": "t-1", "TableStatus": "ACTIVE",
            "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}, **more,
        }  # fmt: skip
        self.world = FakeAwsWorld(
            {"dynamodb:DescribeTable": lambda _: {"Table": self.table}}, {"dynamodb:UpdateTable": self.update}
        )

    def update(self, asked: dict[str, Any]) -> None:
        self.table |= {"TableStatus": "UPDATING", "ProvisionedThroughput": asked["ProvisionedThroughput"]}


async def test_a_capacity_is_set_and_set_back() -> None:
    seats = Seats()
    preview = await carry_out(seats.world, "set_table_capacity", **TABLE)
    assert (await progress(seats.world, "set_table_capacity", preview, **TABLE)).state == "converging"
    seats.table["TableStatus"] = "ACTIVE"
    assert (await progress(seats.world, "set_table_capacity", preview, **TABLE)).state == "converged"
    await undo(seats.world, "set_table_capacity", preview, **TABLE)
    assert seats.table["ProvisionedThroughput"] == {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    seats.table["ProvisionedThroughput"] = {"ReadCapacityUnits": 7, "WriteCapacityUnits": 7}
    assert (await progress(seats.world, "set_table_capacity", preview, **TABLE)).state == "failed"


async def test_a_table_on_demand_or_with_an_autoscaler_is_left_alone() -> None:
    demand = Seats(BillingModeSummary={"BillingMode": "PAY_PER_REQUEST"})
    assert "on demand" in await failing(demand.world, "set_table_capacity", **TABLE)
    assert "it is UPDATING" in await failing(Seats(TableStatus="UPDATING").world, "set_table_capacity", **TABLE)
    seats = Seats()
    target = {
        "ServiceNamespace": "dynamodb", "ResourceId": "table/seats", "MinCapacity": 5, "MaxCapacity": 50,
        "ScalableDimension": "dynamodb:table:ReadCapacityUnits", "RoleARN": "r", "CreationTime": NOON,
    }  # fmt: skip
    seats.world.answers["application-autoscaling:DescribeScalableTargets"] = {"ScalableTargets": [target]}
    assert "(5 to 50) would undo it" in await failing(seats.world, "set_table_capacity", **TABLE)


@pytest.mark.parametrize(
    ("primitive", "arguments", "command"),
    [
        ("scale_instance_group", {**GROUP, "instances": 3},
         "autoscaling set-desired-capacity --auto-scaling-group-name pressers --desired-capacity 3"),
        ("refresh_instances", GROUP, "autoscaling start-instance-refresh --auto-scaling-group-name pressers"),
        ("reboot_instance", MACHINE, "ec2 reboot-instances --instance-ids i-0123456789abcdef0"),
        ("set_table_capacity", TABLE,
         f"dynamodb update-table --table-name seats --provisioned-throughput {UNITS}"),
    ],
)  # fmt: skip
def test_the_commands_of_a_person(primitive: str, arguments: dict[str, Any], command: str) -> None:
    remediation, args, _ = known(primitive, **arguments)
    assert remediation.command(args) == f"aws {command} --region eu-north-1"
