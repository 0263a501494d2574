"""RDS: reboot, class, storage and parameters, with answers as the API reference documents them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cases.aws_actions import carry_out, failing, known, lost, progress, undo
from cases.fake_aws_world import PLACE, FakeAwsWorld

ARN = f"arn:aws:rds:{PLACE.region}:{PLACE.account}:db:ledger"
DATABASE: dict[str, Any] = {"instance": "ledger"}
PARAMETER: dict[str, Any] = {"group": "ledger-pg", "parameter": "work_mem", "value": "4096"}
SETTING = "ParameterName=work_mem,ParameterValue=4096,ApplyMethod=immediate"
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


class Rds:
    """One instance with its parameter group, its events and its maintenance."""

    def __init__(self, **more: Any) -> None:
        self.instance = {
            "DBInstanceIdentifier": "ledger", "DBInstanceArn": ARN, "DbiResourceId": "db-XYZ",
            "DBInstanceStatus": "available", "DBInstanceClass": "db.t3.medium", "AllocatedStorage": 100,
            "PendingModifiedValues": {}, "DBParameterGroups": [{"DBParameterGroupName": "ledger-pg"}],
            "TagList": [{"Key": "team", "Value": "books"}], **more,
        }  # fmt: skip
        self.parameter: dict[str, Any] = {
            "ParameterName": "work_mem", "ParameterValue": "64", "Source": "user", "ApplyType": "dynamic",
            "IsModifiable": True,
        }  # fmt: skip
        self.events: list[dict[str, Any]] = []
        self.planned: list[dict[str, Any]] = []
        self.world = FakeAwsWorld(
            {
                "rds:DescribeDBInstances": lambda _: {"DBInstances": [self.instance]},
                "rds:DescribeEvents": lambda _: {"Events": self.events},
                "rds:DescribePendingMaintenanceActions": lambda _: {"PendingMaintenanceActions": self.planned},
                "rds:DescribeDBParameters": self.page,
            },
            {
                "rds:RebootDBInstance": lambda _: self.instance.update(DBInstanceStatus="rebooting"),
                "rds:ModifyDBInstance": self.modify, "rds:ModifyDBParameterGroup": self.set_parameter,
            },
        )  # fmt: skip

    def page(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The parameter is on the second page."""
        if "Marker" not in asked:
            return {"Parameters": [{"ParameterName": "other"}], "Marker": "2"}
        return {"Parameters": [self.parameter]}

    def modify(self, asked: dict[str, Any]) -> None:
        assert asked["ApplyImmediately"] is True
        changed = {key: value for key, value in asked.items() if key in ("DBInstanceClass", "AllocatedStorage")}
        self.instance["PendingModifiedValues"] = changed
        self.instance["DBInstanceStatus"] = "modifying"
        if "MaxAllocatedStorage" in asked:
            self.instance |= {"MaxAllocatedStorage": asked["MaxAllocatedStorage"], "DBInstanceStatus": "available"}

    def set_parameter(self, asked: dict[str, Any]) -> None:
        [setting] = asked["Parameters"]
        self.parameter["ParameterValue"] = setting["ParameterValue"]

    def finish(self) -> None:
        self.instance |= {**self.instance["PendingModifiedValues"], "PendingModifiedValues": {}}
        self.instance["DBInstanceStatus"] = "available"


async def test_a_reboot_is_over_when_rds_tells_of_it_and_the_instance_is_available() -> None:
    rds = Rds()
    rds.events = [{"Message": "DB instance restarted", "Date": NOON - timedelta(hours=3)}]
    preview = await carry_out(rds.world, "reboot_database", **DATABASE)
    assert (preview.call.target, dict(preview.labels)) == (ARN, {"team": "books"})
    assert (await progress(rds.world, "reboot_database", preview, **DATABASE)).state == "converging"
    rds.finish()
    assert (await progress(rds.world, "reboot_database", preview, **DATABASE)).state == "converging"
    rds.events.insert(0, {"Message": "DB instance restarted", "Date": NOON})
    assert (await progress(rds.world, "reboot_database", preview, **DATABASE)).state == "converged"
    rds.instance["DBInstanceStatus"] = "failed"
    assert (await progress(rds.world, "reboot_database", preview, **DATABASE)).state == "failed"


async def test_a_lost_reboot_is_known_by_the_restart() -> None:
    assert (await lost(Rds().world, "drop-after", "reboot_database", **DATABASE))[0] == "accepted"
    assert (await lost(Rds().world, "drop-before", "reboot_database", **DATABASE))[0] == "unknown"


@pytest.mark.parametrize(
    ("primitive", "arguments", "key", "there"),
    [
        ("resize_database", {"instance_class": "db.r6g.large"}, "DBInstanceClass", "db.r6g.large"),
        ("raise_storage", {"storage_gib": 150}, "AllocatedStorage", 150),
    ],
)
async def test_a_modification_is_over_when_it_is_applied(
    primitive: str, arguments: dict[str, Any], key: str, there: Any
) -> None:
    rds = Rds()
    wanted = {**DATABASE, **arguments}
    preview = await carry_out(rds.world, primitive, **wanted)
    assert dict(rds.world.sent[0].parameters["request"])[key] == there
    assert (await progress(rds.world, primitive, preview, **wanted)).state == "converging"
    rds.finish()
    assert (await progress(rds.world, primitive, preview, **wanted)).state == "converged"
    rds.instance["PendingModifiedValues"] = {key: 7 if key == "AllocatedStorage" else "db.other"}
    assert (await progress(rds.world, primitive, preview, **wanted)).state == "failed"


async def test_a_class_goes_back_to_the_one_before() -> None:
    rds = Rds()
    wanted = {**DATABASE, "instance_class": "db.r6g.large"}
    preview = await carry_out(rds.world, "resize_database", **wanted)
    rds.finish()
    await undo(rds.world, "resize_database", preview, **wanted)
    rds.finish()
    assert rds.instance["DBInstanceClass"] == "db.t3.medium"


async def test_a_storage_that_did_not_grow_by_itself_does_not_again() -> None:
    rds = Rds()
    wanted = {**DATABASE, "most_gib": 500}
    preview = await carry_out(rds.world, "set_storage_bound", **wanted)
    assert (await progress(rds.world, "set_storage_bound", preview, **wanted)).state == "converged"
    await undo(rds.world, "set_storage_bound", preview, **wanted)
    assert rds.instance["MaxAllocatedStorage"] == 100


async def test_a_parameter_is_set_and_set_back() -> None:
    rds = Rds()
    preview = await carry_out(rds.world, "set_database_parameter", **PARAMETER)
    assert preview.call.parameters["resources"] == [f"arn:aws:rds:{PLACE.region}:{PLACE.account}:pg:ledger-pg"]
    assert (await progress(rds.world, "set_database_parameter", preview, **PARAMETER)).state == "converged"
    await undo(rds.world, "set_database_parameter", preview, **PARAMETER)
    assert rds.parameter["ParameterValue"] == "64"
    assert (await progress(rds.world, "set_database_parameter", preview, **PARAMETER)).state == "failed"


async def test_a_value_of_the_platform_s_own_can_not_be_set_back() -> None:
    rds = Rds()
    rds.parameter |= {"Source": "engine-default", "ParameterValue": "4"}
    remediation, args, operations = known("set_database_parameter", **PARAMETER)
    preview = await operations.preview(rds.world, args, "exec-1.R1")
    assert remediation.inverse.arguments(args, preview.prior) is None  # type: ignore[union-attr]


PLANNED = [{"PendingMaintenanceActionDetails": [{"Action": "system-update", "OptInStatus": "next-maintenance"}]}]


@pytest.mark.parametrize(
    ("primitive", "more", "arguments", "says"),
    [
        ("reboot_database", {"DBInstanceStatus": "modifying"}, {}, "it is modifying"),
        ("reboot_database", {"PendingModifiedValues": {"EngineVersion": "16"}}, {}, "waiting: EngineVersion"),
        ("resize_database", {}, {"instance_class": "db.t3.medium"}, "nothing would change"),
        ("raise_storage", {"DBInstanceStatus": "storage-full"}, {"storage_gib": 150}, ""),
        ("resize_database", {"DBInstanceStatus": "storage-full"}, {"instance_class": "db.t3.large"}, "storage-full"),
        ("raise_storage", {}, {"storage_gib": 105}, "RDS takes a tenth more at least"),
        ("raise_storage", {}, {"storage_gib": 100}, "nothing would change"),
        ("raise_storage", {"DBClusterIdentifier": "books"}, {"storage_gib": 150}, "the cluster books has it"),
        ("set_storage_bound", {}, {"most_gib": 50}, "it has 100 GiB already"),
    ],
)
async def test_what_can_not_be_done_is_refused_with_the_reason(
    primitive: str, more: dict[str, Any], arguments: dict[str, Any], says: str
) -> None:
    said = await failing(Rds(**more).world, primitive, **DATABASE, **arguments)
    assert says in said
    assert bool(said) == bool(says)


async def test_planned_maintenance_would_come_along() -> None:
    rds = Rds()
    rds.planned = PLANNED
    assert "planned: system-update" in await failing(rds.world, "reboot_database", **DATABASE)


@pytest.mark.parametrize(
    ("parameter", "instance", "arguments", "says"),
    [
        ({"IsModifiable": False}, {}, {}, "RDS lets nobody change it"),
        ({"ApplyType": "static"}, {}, {}, "it is static: it takes a reboot"),
        ({"ApplyType": "static"}, {}, {"apply": "pending-reboot"}, ""),
        ({}, {"DBInstanceStatus": "modifying"}, {}, "ledger not"),
        ({}, {}, {"group": "default.postgres16"}, "default.postgres16 is AWS's own"),
        ({}, {}, {"value": "64"}, "nothing would change"),
        ({}, {}, {"parameter": "shared_buffers"}, "there is no arn:aws:rds"),
    ],
)
async def test_a_parameter_that_can_not_be_set_says_why(
    parameter: dict[str, Any], instance: dict[str, Any], arguments: dict[str, Any], says: str
) -> None:
    rds = Rds(**instance)
    rds.parameter |= parameter
    said = await failing(rds.world, "set_database_parameter", **{**PARAMETER, **arguments})
    assert says in said
    assert bool(said) == bool(says)


@pytest.mark.parametrize(
    ("primitive", "arguments", "command"),
    [
        ("resize_database", {**DATABASE, "instance_class": "db.r6g.large"},
         "modify-db-instance --db-instance-identifier ledger --db-instance-class db.r6g.large --apply-immediately"),
        ("set_storage_bound", {**DATABASE, "most_gib": 500},
         "modify-db-instance --db-instance-identifier ledger --max-allocated-storage 500 --apply-immediately"),
        ("set_database_parameter", PARAMETER,
         f"modify-db-parameter-group --db-parameter-group-name ledger-pg --parameters {SETTING}"),
    ],
)  # fmt: skip
def test_the_commands_of_a_person(primitive: str, arguments: dict[str, Any], command: str) -> None:
    remediation, args, _ = known(primitive, **arguments)
    assert remediation.command(args) == f"aws rds {command} --region eu-north-1"
