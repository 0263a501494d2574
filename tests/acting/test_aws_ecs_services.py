"""ECS services: rolled back, scaled, redeployed; what ECS deploys as API_Service and API_Deployment document it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from cases.aws_actions import carry_out, failing, known, lost, progress, undo
from cases.fake_aws_world import PLACE, FakeAwsWorld

from primitives.actions.aws_world import AwsPlace

SERVICE = {"cluster": "clinic", "service": "booking"}
BACK = {**SERVICE, "task_definition": "booking:6", "blamed": "booking:7"}
MADE = datetime(2026, 3, 1, tzinfo=UTC)
ARN = f"arn:aws:ecs:{PLACE.region}:{PLACE.account}"


class Ecs:
    """One service, and the deployments that ECS would have of it."""

    def __init__(self, **more: Any) -> None:
        self.deployments: list[dict[str, Any]] = []
        self.count = 4
        self.more = more
        self.begin("booking:7", "COMPLETED", running=4)
        self.world = FakeAwsWorld(
            {
                "ecs:DescribeServices": self.describe, "ecs:DescribeTaskDefinition": self.definition,
                "cloudformation:DescribeStackResources": {"StackResources": []},
            },
            {"ecs:UpdateService": self.update},
        )  # fmt: skip

    def begin(self, definition: str, state: str = "IN_PROGRESS", running: int = 0) -> None:
        for each in self.deployments:
            each["status"] = "ACTIVE"
        self.deployments.insert(0, {
            "id": f"ecs-svc/{len(self.deployments) + 1}", "status": "PRIMARY", "rolloutState": state,
            "taskDefinition": f"{ARN}:task-definition/{definition}", "desiredCount": self.count,
            "runningCount": running, "createdAt": MADE,
        })  # fmt: skip

    def finish(self) -> None:
        del self.deployments[1:]
        self.deployments[0] |= {"rolloutState": "COMPLETED", "runningCount": self.count}

    def describe(self, asked: dict[str, Any]) -> dict[str, Any]:
        assert asked["include"] == ["TAGS"]
        service = {
            "serviceName": "booking", "serviceArn": f"{ARN}:service/clinic/booking", "status": "ACTIVE",
            "createdAt": MADE, "desiredCount": self.count, "schedulingStrategy": "REPLICA",
            "runningCount": self.deployments[0]["runningCount"],
            "taskDefinition": self.deployments[0]["taskDefinition"], "deployments": self.deployments,
            "deploymentConfiguration": {"minimumHealthyPercent": 50, "maximumPercent": 100},
            "tags": [{"key": "team", "value": "front"}],
        }  # fmt: skip
        return {"services": [{**service, **self.more}]}

    def definition(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        name = asked["taskDefinition"]
        tag = name.rpartition(":")[2]
        if name not in ("booking:5", "booking:6", "booking:7"):
            return None
        environment = [{"name": "SMTP_PASSWORD", "value": f"hunter2horse{tag}"}]
        container = {"name": "app", "image": f"registry.example/booking:{tag}", "environment": environment}
        status = "INACTIVE" if tag == "5" else "ACTIVE"
        return {"taskDefinition": {"family": "booking", "status": status, "containerDefinitions": [container]}}

    def update(self, asked: dict[str, Any]) -> None:
        if "desiredCount" in asked:
            self.count = self.deployments[0]["desiredCount"] = asked["desiredCount"]
        if "taskDefinition" in asked:
            self.begin(asked["taskDefinition"])
        if asked.get("forceNewDeployment"):
            self.begin(self.deployments[0]["taskDefinition"].rpartition("/")[2])


async def test_a_service_is_rolled_back_and_forward_again() -> None:
    ecs = Ecs()
    preview = await carry_out(ecs.world, "rollback_ecs_service", **BACK)
    [call] = ecs.world.sent
    assert dict(call.parameters["request"]) == {
        "cluster": "clinic",
        "service": "booking",
        "taskDefinition": "booking:6",
    }
    assert call.parameters["resources"] == [f"{ARN}:service/clinic/booking"] == [call.target]
    assert "-  image: registry.example/booking:7" in preview.diff
    assert "+  image: registry.example/booking:6" in preview.diff
    assert "hunter2" not in preview.diff
    assert (preview.blast_radius.at_a_time, preview.blast_radius.parts) == (2, 4)
    assert dict(preview.labels) == {"team": "front"}
    assert (await progress(ecs.world, "rollback_ecs_service", preview, **BACK)).state == "converging"
    ecs.finish()
    done = await progress(ecs.world, "rollback_ecs_service", preview, **BACK)
    assert (done.state, done.detail) == ("converged", "4 of 4 tasks run booking:6")
    await undo(ecs.world, "rollback_ecs_service", preview, **BACK)
    assert ecs.deployments[0]["taskDefinition"].endswith("booking:7")


async def test_a_rollout_that_ecs_gives_up_has_failed() -> None:
    ecs = Ecs()
    preview = await carry_out(ecs.world, "rollback_ecs_service", **BACK)
    ecs.deployments[0] |= {"rolloutState": "FAILED", "rolloutStateReason": "tasks failed to start"}
    state = await progress(ecs.world, "rollback_ecs_service", preview, **BACK)
    assert (state.state, state.detail) == ("failed", "tasks failed to start")
    ecs.begin("booking:7", "COMPLETED", running=4)
    state = await progress(ecs.world, "rollback_ecs_service", preview, **BACK)
    assert (state.state, state.detail) == ("failed", "booking:7 is deployed: ECS or somebody else put it back")


async def test_a_service_is_scaled_and_scaled_back() -> None:
    ecs = Ecs()
    preview = await carry_out(ecs.world, "scale_ecs_service", **SERVICE, tasks=6)
    assert dict(ecs.world.sent[0].parameters["request"])["desiredCount"] == 6
    assert (await progress(ecs.world, "scale_ecs_service", preview, **SERVICE, tasks=6)).state == "converging"
    ecs.finish()
    assert (await progress(ecs.world, "scale_ecs_service", preview, **SERVICE, tasks=6)).state == "converged"
    await undo(ecs.world, "scale_ecs_service", preview, **SERVICE, tasks=6)
    assert ecs.count == 4
    assert (await progress(ecs.world, "scale_ecs_service", preview, **SERVICE, tasks=6)).state == "failed"


async def test_new_tasks_are_known_by_a_new_deployment() -> None:
    ecs = Ecs()
    assert (await lost(ecs.world, "drop-before", "redeploy_ecs_service", **SERVICE))[0] == "unknown"
    preview = await carry_out(ecs.world, "redeploy_ecs_service", **SERVICE)
    assert dict(ecs.world.sent[-1].parameters["request"])["forceNewDeployment"] is True
    assert (await progress(ecs.world, "redeploy_ecs_service", preview, **SERVICE)).state == "converging"
    ecs.finish()
    assert (await progress(ecs.world, "redeploy_ecs_service", preview, **SERVICE)).state == "converged"


async def test_an_answer_that_was_lost_is_read_from_the_service() -> None:
    assert (await lost(Ecs().world, "drop-after", "rollback_ecs_service", **BACK))[0] == "accepted"
    assert (await lost(Ecs().world, "drop-before", "rollback_ecs_service", **BACK))[0] == "unknown"
    ecs = Ecs()
    _, args, operations = known("rollback_ecs_service", **BACK)
    preview = await operations.preview(ecs.world, args, "exec-1.R1")
    ecs.begin("booking:5")
    answer = await operations.find_out(ecs.world, args, preview, "exec-1.R1")
    assert (answer.outcome, "somebody else" in answer.detail) == ("refused", True)
    ecs.world.answers["ecs:DescribeServices"] = {"services": []}
    assert (await operations.find_out(ecs.world, args, preview, "exec-1.R1")).detail == "the target is gone"
    assert (await operations.converged(ecs.world, args, preview)).state == "failed"


async def test_what_changes_meanwhile_makes_another_preview() -> None:
    ecs = Ecs()
    _, args, operations = known("rollback_ecs_service", **BACK)
    first = await operations.preview(ecs.world, args, "exec-1.R1")
    ecs.begin("booking:5")
    assert (await operations.preview(ecs.world, args, "exec-1.R1")).version != first.version
    ecs = Ecs(createdAt=datetime(2026, 3, 2, tzinfo=UTC))
    assert (await operations.preview(ecs.world, args, "exec-1.R1")).version != first.version


UNDER_WAY = {"rolloutState": "IN_PROGRESS"}
TARGET = {
    "ServiceNamespace": "ecs", "ResourceId": "service/clinic/booking", "ScalableDimension": "ecs:service:DesiredCount",
    "MinCapacity": 2, "MaxCapacity": 8, "RoleARN": "arn", "CreationTime": MADE,
}  # fmt: skip
SUSPENDED = dict.fromkeys(
    ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"), True
)


@pytest.mark.parametrize(
    ("primitive", "more", "arguments", "says"),
    [
        ("rollback_ecs_service", {}, {"blamed": "booking:8"}, "booking:7 does, not booking:8"),
        ("rollback_ecs_service", {}, {"task_definition": "booking:5"}, "booking:5 is INACTIVE"),
        ("rollback_ecs_service", {}, {"task_definition": "booking:4"}, "booking:4 is not there"),
        ("rollback_ecs_service", {}, {"task_definition": "booking:7"}, "nothing would change"),
        ("rollback_ecs_service", {"status": "DRAINING"}, {}, "it is DRAINING"),
        ("rollback_ecs_service", {"status": "INACTIVE"}, {}, "there is no arn:aws:ecs:"),
        ("rollback_ecs_service", {"deploymentController": {"type": "CODE_DEPLOY"}}, {},
         "CODE_DEPLOY deploys it; instead: aws deploy stop-deployment"),
        ("scale_ecs_service", {"schedulingStrategy": "DAEMON"}, {"tasks": 2}, "one task on each instance"),
        ("scale_ecs_service", {}, {"tasks": 4}, "nothing would change"),
        ("rollback_ecs_service", {}, {"account": "111122223333"}, "it is in account 111122223333, the credentials are"),
        ("rollback_ecs_service", {}, {"region": "us-east-1"}, "it is in region us-east-1"),
    ],
)  # fmt: skip
async def test_what_can_not_be_done_is_refused_with_the_reason(
    primitive: str, more: dict[str, Any], arguments: dict[str, Any], says: str
) -> None:
    base = {**BACK} if primitive == "rollback_ecs_service" else SERVICE
    assert says in await failing(Ecs(**more).world, primitive, **{**base, **arguments})


async def test_a_deployment_under_way_is_left_alone_unless_it_is_the_blamed_one() -> None:
    ecs = Ecs()
    ecs.deployments[0] |= UNDER_WAY
    assert "booking:7 is being rolled out" in await failing(ecs.world, "redeploy_ecs_service", **SERVICE)
    assert "booking:7 is being rolled out" in await failing(ecs.world, "scale_ecs_service", **SERVICE, tasks=2)
    assert await failing(ecs.world, "rollback_ecs_service", **BACK) == ""


async def test_a_stack_that_is_being_updated_is_left_alone() -> None:
    ecs = Ecs()
    resource = {"StackName": "clinic", "ResourceType": "AWS::ECS::Service", "LogicalResourceId": "Booking",
                "Timestamp": MADE, "ResourceStatus": "CREATE_COMPLETE"}  # fmt: skip
    stack = {"StackName": "clinic", "CreationTime": MADE, "StackStatus": "UPDATE_IN_PROGRESS"}
    ecs.world.answers |= {
        "cloudformation:DescribeStackResources": {"StackResources": [resource]},
        "cloudformation:DescribeStacks": {"Stacks": [stack]},
    }
    said = await failing(ecs.world, "rollback_ecs_service", **BACK)
    assert "the CloudFormation stack clinic is in UPDATE_IN_PROGRESS; instead: aws cloudformation" in said
    stack["StackStatus"] = "UPDATE_COMPLETE"
    assert await failing(ecs.world, "rollback_ecs_service", **BACK) == ""


async def test_an_autoscaler_would_undo_a_number_of_tasks_unless_it_is_suspended() -> None:
    ecs = Ecs()
    ecs.world.answers["application-autoscaling:DescribeScalableTargets"] = {"ScalableTargets": [TARGET]}
    said = await failing(ecs.world, "scale_ecs_service", **SERVICE, tasks=6)
    assert "Application Auto Scaling (2 to 8) would undo it; instead: aws application-autoscaling" in said
    suspended = {"ScalableTargets": [{**TARGET, "SuspendedState": SUSPENDED}]}
    ecs.world.answers["application-autoscaling:DescribeScalableTargets"] = suspended
    assert await failing(ecs.world, "scale_ecs_service", **SERVICE, tasks=6) == ""


async def test_the_commands_of_a_person() -> None:
    ecs = Ecs()
    ecs.world.place = AwsPlace(PLACE.account, PLACE.region, "aws")
    said = []
    for primitive, arguments in (("rollback_ecs_service", BACK), ("scale_ecs_service", {**SERVICE, "tasks": 6}),
                                 ("redeploy_ecs_service", SERVICE)):  # fmt: skip
        remediation, args, _ = known(primitive, **arguments)
        said.append(remediation.command(args))
    front = "aws ecs update-service --cluster clinic --service booking"
    assert said == [
        f"{front} --task-definition booking:6 --region eu-north-1", f"{front} --desired-count 6 --region eu-north-1",
        f"{front} --force-new-deployment --region eu-north-1",
    ]  # fmt: skip
