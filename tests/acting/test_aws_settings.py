"""Parameters, flags and rules: SSM, AppConfig and EventBridge, with answers as the API references document them."""

from __future__ import annotations

from typing import Any

import pytest
from cases.aws_actions import carry_out, failing, known, lost, progress, undo
from cases.fake_aws_world import PLACE, FakeAwsWorld

PARAMETER: dict[str, Any] = {"parameter": "/kiosk/mail_password", "version": 2}
FLAG: dict[str, Any] = {
    "application": "abc1234", "environment": "env1234", "profile": "pro1234", "version": "4", "blamed": "5",
}  # fmt: skip
REGION = "--region eu-north-1"
GET = "get-parameter --name /kiosk/mail_password:2 --query Parameter.Value --output text"
START = "--configuration-profile-id pro1234 --configuration-version 4 --deployment-strategy-id AppConfig.AllAtOnce"
RULE: dict[str, Any] = {"rule": "nightly"}


class Ssm:
    """A parameter with three versions."""

    def __init__(self, kind: str = "String") -> None:
        self.kind = kind
        self.values = ["hunter2one", "hunter2two", "hunter2three"]
        self.world = FakeAwsWorld(
            {"ssm:DescribeParameters": self.describe, "ssm:GetParameterHistory": self.history},
            {"ssm:PutParameter": lambda asked: self.values.append(asked["Value"])},
        )

    def describe(self, asked: dict[str, Any]) -> dict[str, Any]:
        assert asked["ParameterFilters"][0]["Values"] == [PARAMETER["parameter"]]
        return {"Parameters": [{"Name": PARAMETER["parameter"], "Type": self.kind, "Version": len(self.values)}]}

    def history(self, asked: dict[str, Any]) -> dict[str, Any]:
        """A page for each version."""
        assert self.kind != "SecureString"
        assert asked["WithDecryption"] is False
        at = int(asked.get("NextToken", "0"))
        more = {"NextToken": str(at + 1)} if at + 1 < len(self.values) and at < 2 else {}
        page = [at] if more else range(at, len(self.values))
        return {"Parameters": [{"Version": n + 1, "Value": self.values[n], "Type": self.kind} for n in page], **more}


async def test_a_parameter_gets_an_earlier_value_which_is_stored_nowhere() -> None:
    ssm = Ssm()
    preview = await carry_out(ssm.world, "restore_parameter", **PARAMETER)
    assert ssm.values[-1] == "hunter2two"
    assert "hunter2" not in preview.model_dump_json()
    assert dict(ssm.world.sent[0].parameters["request"])["Value"] == "hunter2two"
    [resource] = preview.call.parameters["resources"]
    assert resource == f"arn:aws:ssm:{PLACE.region}:{PLACE.account}:parameter/kiosk/mail_password"
    assert (await progress(ssm.world, "restore_parameter", preview, **PARAMETER)).state == "converged"
    await undo(ssm.world, "restore_parameter", preview, **PARAMETER)
    assert ssm.values[-1] == "hunter2three"
    assert (await progress(ssm.world, "restore_parameter", preview, **PARAMETER)).state == "failed"


async def test_a_secure_string_is_never_read_and_so_never_set() -> None:
    said = await failing(Ssm("SecureString").world, "restore_parameter", **PARAMETER)
    assert "it is a SecureString: CloudOps never reads one" in said


async def test_a_version_that_is_gone_or_the_same_is_told() -> None:
    assert "version 9 isn't kept" in await failing(Ssm().world, "restore_parameter", **{**PARAMETER, "version": 9})
    ssm = Ssm()
    ssm.values[2] = ssm.values[1]
    assert "nothing would change" in await failing(ssm.world, "restore_parameter", **PARAMETER)
    ssm = Ssm()
    _, args, operations = known("restore_parameter", **PARAMETER)
    preview = await operations.preview(ssm.world, args, "exec-1.R1")
    ssm.values = ["a"]
    answer = await operations.dispatch(ssm.world, preview)
    assert (answer.outcome, "it was not sent" in answer.detail, ssm.world.sent) == ("refused", True, [])


class AppConfig:
    """An environment with its deployments, newest first."""

    def __init__(self, *deployments: tuple[str, str]) -> None:
        self.deployments = list(deployments) or [("5", "COMPLETE"), ("4", "COMPLETE")]
        self.world = FakeAwsWorld(
            {"appconfig:ListDeployments": lambda _: {"Items": self.items()}}, {"appconfig:StartDeployment": self.start}
        )

    def items(self) -> list[dict[str, Any]]:
        last = len(self.deployments)
        return [
            {"DeploymentNumber": last - at, "ConfigurationProfileId": "pro1234", "ConfigurationVersion": version,
             "State": state, "PercentageComplete": 100.0}
            for at, (version, state) in enumerate(self.deployments)
        ]  # fmt: skip

    def start(self, asked: dict[str, Any]) -> None:
        assert asked["LatestDeploymentNumber"] == len(self.deployments)
        self.deployments.insert(0, (asked["ConfigurationVersion"], "DEPLOYING"))


async def test_a_configuration_goes_back_and_forward() -> None:
    flags = AppConfig()
    preview = await carry_out(flags.world, "rollback_app_configuration", **FLAG)
    assert (await progress(flags.world, "rollback_app_configuration", preview, **FLAG)).state == "converging"
    flags.deployments[0] = ("4", "BAKING")
    assert (await progress(flags.world, "rollback_app_configuration", preview, **FLAG)).state == "converged"
    flags.deployments[0] = ("4", "COMPLETE")
    await undo(flags.world, "rollback_app_configuration", preview, **FLAG)
    assert flags.deployments[0][0] == "5"
    assert (await progress(flags.world, "rollback_app_configuration", preview, **FLAG)).state == "failed"


@pytest.mark.parametrize(
    ("deployments", "says"),
    [
        ([("5", "DEPLOYING"), ("4", "COMPLETE")], "deployment 2 is DEPLOYING; instead: aws appconfig stop-deployment"),
        ([("6", "COMPLETE"), ("5", "COMPLETE")], "version 6 is deployed, not 5"),
        ([("5", "ROLLED_BACK"), ("4", "COMPLETE")], "version 4 is deployed, not 5"),
    ],
)
async def test_a_configuration_that_can_not_go_back_says_why(deployments: list[tuple[str, str]], says: str) -> None:
    assert says in await failing(AppConfig(*deployments).world, "rollback_app_configuration", **FLAG)


async def test_what_appconfig_takes_back_has_failed() -> None:
    flags = AppConfig()
    preview = await carry_out(flags.world, "rollback_app_configuration", **FLAG)
    flags.deployments[0] = ("4", "ROLLED_BACK")
    state = await progress(flags.world, "rollback_app_configuration", preview, **FLAG)
    assert (state.state, "took it back" in state.detail) == ("failed", True)


class Rule:
    """A rule of EventBridge."""

    def __init__(self, **more: Any) -> None:
        self.rule = {"Name": "nightly", "Arn": "arn:aws:events:r:a:rule/nightly", "State": "DISABLED", **more}
        self.world = FakeAwsWorld(
            {"events:DescribeRule": lambda _: dict(self.rule)},
            {
                "events:EnableRule": lambda _: self.rule.update(State="ENABLED"),
                "events:DisableRule": lambda _: self.rule.update(State="DISABLED"),
            },
        )


async def test_a_rule_is_enabled_and_disabled_again() -> None:
    at = Rule()
    preview = await carry_out(at.world, "enable_rule", **RULE)
    assert (await progress(at.world, "enable_rule", preview, **RULE)).state == "converged"
    await undo(at.world, "enable_rule", preview, **RULE)
    assert (at.rule["State"], at.world.sent[0].operation) == ("DISABLED", "DisableRule")
    assert (await progress(at.world, "enable_rule", preview, **RULE)).state == "failed"


async def test_a_rule_of_a_service_is_left_alone() -> None:
    assert "scheduler.amazonaws.com does" in await failing(
        Rule(ManagedBy="scheduler.amazonaws.com").world, "enable_rule", **RULE
    )
    odd = Rule(State="ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")
    assert "could not be put back" in await failing(odd.world, "disable_rule", **RULE)
    assert (await lost(Rule().world, "drop-after", "enable_rule", **RULE))[0] == "accepted"


@pytest.mark.parametrize(
    ("primitive", "arguments", "command"),
    [
        ("restore_parameter", PARAMETER,
         f'aws ssm put-parameter --name /kiosk/mail_password --overwrite {REGION} --value "$(aws ssm {GET} {REGION})"'),
        ("rollback_app_configuration", FLAG,
         f"aws appconfig start-deployment --application-id abc1234 --environment-id env1234 {START} {REGION}"),
        ("enable_rule", RULE, "aws events enable-rule --name nightly --event-bus-name default --region eu-north-1"),
        ("disable_rule", RULE, "aws events disable-rule --name nightly --event-bus-name default --region eu-north-1"),
    ],
)  # fmt: skip
def test_the_commands_of_a_person(primitive: str, arguments: dict[str, Any], command: str) -> None:
    remediation, args, _ = known(primitive, **arguments)
    assert remediation.command(args) == command
