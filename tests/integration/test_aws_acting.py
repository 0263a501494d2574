"""The writing side of an AWS source on the wire: whose rights a call has, that it is sent once, what became of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from cases.fake_aws import ACCOUNT, REGION, FakeAws, as_json, refused, refused_xml, running
from cases.fake_server import Reply

from primitives.actions.aws import EcsService
from primitives.actions.execution import Call
from primitives.actions.kubernetes import InCluster
from primitives.backends.aws.writer import AwsWriter, session_policy
from primitives.errors import SourceDenied, SourceError
from primitives.sources import define_source, open_writer

ROLE = f"arn:aws:iam::{ACCOUNT}:role/cloudops-act"
SERVICE = f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/clinic/booking"
REQUEST = {"cluster": "clinic", "service": "booking", "desiredCount": 2}
CALL = Call(
    api="ecs", operation="UpdateService", target=SERVICE, fence="f",
    parameters={"request": REQUEST, "resources": [SERVICE], "mark": "exec-0b0b0b0b.R3"},
)  # fmt: skip
TAKEN = as_json({"service": {"serviceName": "booking"}})


@pytest.fixture(scope="module")
def started() -> Iterator[FakeAws]:
    with running() as fake:
        yield fake


@pytest.fixture
def aws(started: FakeAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeAws:
    started.reset()
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    return started


@asynccontextmanager
async def acting(settings: dict[str, Any]) -> AsyncIterator[AwsWriter]:
    writer = await open_writer("prod", define_source("prod", settings, {}))
    assert isinstance(writer, AwsWriter)
    try:
        yield writer
    finally:
        await writer.close()


def assumed(aws: FakeAws) -> list[dict[str, str]]:
    """The parameters of each time that a role was assumed."""
    bodies = [call.body.decode() for call in aws.calls if call.operation == "AssumeRole"]
    return [{key: values[0] for key, values in parse_qs(body).items()} for body in bodies]


def answering(aws: FakeAws, operation: str, reply: Reply) -> None:
    aws.rule = lambda call: reply if call.operation == operation else None


async def test_a_call_has_the_rights_of_that_call_alone_and_names_incident_and_run(aws: FakeAws) -> None:
    answering(aws, "UpdateService", TAKEN)
    async with acting(aws.settings(act_role_arn=ROLE, act_external_id="partner-7")) as writer:
        assert writer.separate
        place = await writer.where()
        assert (place.account, place.region, place.partition) == (ACCOUNT, REGION, "aws")
        answer = await writer.send(CALL)
        assert (answer.outcome, writer.identity, writer.place["account"]) == ("accepted", ROLE, ACCOUNT)
    looking, doing = assumed(aws)
    assert {step["RoleArn"] for step in (looking, doing)} == {ROLE}
    assert {step["ExternalId"] for step in (looking, doing)} == {"partner-7"}
    [statement] = json.loads(doing["Policy"])["Statement"]
    assert statement == {"Effect": "Allow", "Action": ["ecs:UpdateService"], "Resource": [SERVICE]}
    assert (doing["RoleSessionName"], doing["DurationSeconds"]) == ("cloudops-exec-0b0b0b0b.R3", "900")
    tags = {doing[f"Tags.member.{n}.Key"]: doing[f"Tags.member.{n}.Value"] for n in (1, 2)}
    assert tags == {"CloudOpsIncident": "exec-0b0b0b0b", "CloudOpsRun": "R3"}
    [statement] = json.loads(looking["Policy"])["Statement"]
    verbs = ("Describe", "Get", "List", "Lookup")
    assert all(action.partition(":")[2].startswith(verbs) for action in statement["Action"])


def test_a_session_policy_fits_what_sts_takes() -> None:
    # https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html: 2,048 characters.
    from primitives.actions.aws_calls import LOOKS
    from primitives.backends.aws.writer import _policy

    assert len(session_policy(CALL)) < 2_048
    assert len(_policy(LOOKS, ["*"])) < 2_048


async def test_without_a_role_the_callers_own_credentials_act_and_the_plan_says_so(aws: FakeAws) -> None:
    answering(aws, "UpdateService", TAKEN)
    async with acting(aws.settings()) as writer:
        await writer.where()
        assert not writer.separate
        assert writer.identity.endswith(", the caller's own credentials")
        assert f":{ACCOUNT}:" in writer.identity
        assert (await writer.send(CALL)).outcome == "accepted"
    assert assumed(aws) == []


async def test_the_role_that_acts_is_not_assumed_by_way_of_the_one_that_reads(aws: FakeAws) -> None:
    reader = f"arn:aws:iam::{ACCOUNT}:role/reader"
    answering(aws, "UpdateService", TAKEN)
    async with acting(aws.settings(role_arn=reader, act_role_arn=ROLE)) as writer:
        await writer.where()
        assert (await writer.send(CALL)).outcome == "accepted"
    assert {step["RoleArn"] for step in assumed(aws)} == {ROLE}
    async with acting(aws.settings(role_arn=reader)) as writer:
        await writer.where()
        assert (await writer.send(CALL)).outcome == "accepted"
        assert ":assumed-role/reader/cloudops" in writer.identity


async def test_a_role_that_may_not_be_assumed_says_what_its_trust_must_allow(aws: FakeAws) -> None:
    answering(aws, "AssumeRole", refused_xml("AccessDenied", 403))
    async with acting(aws.settings(act_role_arn=ROLE)) as writer:
        with pytest.raises(SourceDenied, match="sts:TagSession"):
            await writer.where()
        answer = await writer.send(CALL)
        assert (answer.outcome, "it was not sent" in answer.detail) == ("refused", True)
    assert aws.asked("UpdateService") == 0


@pytest.mark.parametrize(
    ("reply", "outcome", "says"),
    [
        (refused("AccessDeniedException", 400), "refused", "not allowed: ecs:UpdateService"),
        (refused("ExpiredTokenException"), "refused", "the credentials ran out"),
        (refused("ThrottlingException"), "refused", "was throttled"),
        (refused("ServiceNotFoundException"), "refused", "isn't there"),
        (refused("ConflictException", 409), "refused", "the target has changed since it was looked at"),
        (refused("ServerException", 500), "unknown", "ServerException"),
        (Reply(503), "unknown", "503"),
        (Reply(dropped=True), "unknown", "can't be reached"),
        # Its status says that AWS took it, whatever became of the rest.
        (Reply(200, b"{", declared=500), "accepted", ""),
    ],
)  # fmt: skip
async def test_a_call_is_sent_once_and_what_became_of_it_is_said(
    aws: FakeAws, reply: Reply, outcome: str, says: str
) -> None:
    answering(aws, "UpdateService", reply)
    async with acting(aws.settings()) as writer:
        answer = await writer.send(CALL)
    assert (answer.outcome, says in answer.detail, aws.asked("UpdateService")) == (outcome, True, 1), answer


async def test_what_can_not_be_sent_was_not_sent(aws: FakeAws, tmp_path: Path) -> None:
    nothing = {"kind": "aws", "region": REGION, "endpoint_url": aws.url, "config_file": str(tmp_path / "none"),
               "credentials_file": str(tmp_path / "none")}  # fmt: skip
    nobody = {**aws.settings(), "endpoint_url": "http://127.0.0.1:9"}
    wrong = CALL.model_copy(update={"parameters": {**CALL.parameters, "request": {"cluster": 7}}})
    for settings, call, says in ((nothing, CALL, "no AWS credentials"), (nobody, CALL, "can't be reached"),
                                 (aws.settings(), wrong, "ParamValidationError")):  # fmt: skip
        async with acting(settings) as writer:
            answer = await writer.send(call)
        assert answer.outcome == "refused"
        assert answer.detail.startswith("it was not sent: ")
        assert says in answer.detail
    assert aws.asked("UpdateService") == 0


async def test_a_source_acts_where_it_is_and_nowhere_else(aws: FakeAws) -> None:
    service = EcsService(cluster="clinic", service="booking", account=ACCOUNT, region=REGION)
    async with acting(aws.settings(account=ACCOUNT)) as writer:
        assert writer.serves(service)
        assert writer.serves(service.model_copy(update={"account": None, "region": None}))
        assert not writer.serves(service.model_copy(update={"region": "us-east-1"}))
        assert not writer.serves(service.model_copy(update={"account": "999999999999"}))
        assert not writer.serves(InCluster())
    async with acting(aws.settings(account="999999999999")) as writer:
        with pytest.raises(SourceDenied, match="999999999999"):
            await writer.where()


async def test_a_look_at_what_is_not_there_is_none_and_a_refused_one_an_error(aws: FakeAws) -> None:
    async with acting(aws.settings()) as writer:
        assert await writer.read("lambda", "GetAlias", FunctionName="remind", Name="live") is None
        held = await writer.read("cloudformation", "DescribeStackResources", PhysicalResourceId="booking")
        assert not (held or {}).get("StackResources")
        answering(aws, "DescribeServices", refused("AccessDeniedException"))
        with pytest.raises(SourceError, match="not allowed: ecs:DescribeServices"):
            await writer.read("ecs", "DescribeServices", cluster="clinic", services=["booking"])
