"""The whole life of an action on AWS through the engine: proposed, approved, sent, carried out, verified, undone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from cases.acting import EXECUTION
from cases.acting_aws import ALIAS, BACK, SERVICE, FakeAccount, acting_on, meter_kind
from cases.fake_aws import ACCOUNT, FakeAws, refused, running
from cases.fake_server import Reply

from primitives.backends.registry import backends

ROLE = f"arn:aws:iam::{ACCOUNT}:role/cloudops-act"
ECS = ("rollback_ecs_service", BACK)
LAMBDA = ("rollback_function", ALIAS)


@pytest.fixture(scope="module")
def started() -> Iterator[FakeAws]:
    with running() as fake:
        yield fake


@pytest.fixture
def aws(started: FakeAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeAws:
    started.reset()
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    return started


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> FakeAccount:
    made = FakeAccount()
    monkeypatch.setitem(backends(), "meter", meter_kind(made))  # type: ignore[arg-type]
    return made


async def test_a_service_is_rolled_back_verified_and_undone(aws: FakeAws, account: FakeAccount, tmp_path: Path) -> None:
    async with acting_on(aws, tmp_path, account, *ECS) as world:
        run = await world.prepare()
        assert run.plan is not None
        assert (run.plan.name, run.plan.resource) == ("booking", SERVICE)
        assert run.plan.identity.endswith(", the caller's own credentials")
        assert "+- image: registry.example/booking:6" in run.plan.preview.diff
        assert run.plan.undo is not None
        assert "--task-definition booking:7" in run.plan.undo.title
        assert account.updates == []
        await world.approve(run)
        done = await world.reached("verified", "failed", "not_improved", "inconclusive")
        assert (done.status, "baseline" in done.detail) == ("verified", True)
        assert account.updates == [{"cluster": "clinic", "service": "booking", "taskDefinition": "booking:6"}]
        undoing = await world.prepare(undo="R1")
        await world.approve(undoing)
        await world.reached("rolled_back")
        assert account.deployed == ["booking:7"]
        assert all(result.ok for result in await world.engine.verify())


async def test_an_alias_goes_back_with_the_rights_of_that_call_alone_and_forward_again(
    aws: FakeAws, account: FakeAccount, tmp_path: Path
) -> None:
    async with acting_on(
        aws, tmp_path, account, *LAMBDA, rules="  require_act_identity: true\n", act_role_arn=ROLE
    ) as world:
        run = await world.prepare()
        assert run.plan is not None
        assert run.plan.identity == ROLE
        await world.approve(run)
        assert (await world.reached("verified", "failed", "not_improved")).status == "verified"
        undoing = await world.prepare(undo="R1")
        await world.approve(undoing)
        await world.reached("rolled_back")
    assert (account.version, account.revision, len(account.updates)) == ("12", 3, 2)
    bodies = [parse_qs(call.body.decode()) for call in aws.calls if call.operation == "AssumeRole"]
    doing = [body for body in bodies if "Tags.member.1.Key" in body]
    assert [body["RoleSessionName"] for body in doing] == [[f"cloudops-{EXECUTION}.{run}"] for run in ("R1", "R2")]
    assert {json.loads(body["Policy"][0])["Statement"][0]["Action"][0] for body in doing} == {"lambda:UpdateAlias"}


@pytest.mark.parametrize("action", [ECS, LAMBDA])
async def test_a_call_whose_answer_is_lost_is_read_and_never_sent_again(
    aws: FakeAws, account: FakeAccount, tmp_path: Path, action: tuple[str, dict[str, Any]]
) -> None:
    account.replies = [Reply(dropped=True)]
    async with acting_on(aws, tmp_path, account, *action) as world:
        await world.approve(await world.prepare())
        assert (await world.reached("verified", "failed", "not_improved")).status == "verified"
    assert len(account.updates) == 1


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (refused("AccessDeniedException"), "not allowed: ecs:UpdateService"),
        (refused("ThrottlingException"), "was throttled"),
        (refused("ExpiredTokenException"), "the credentials ran out"),
        (refused("ServiceNotActiveException"), "ServiceNotActive"),
    ],
)
async def test_a_call_that_aws_refuses_has_failed_and_says_why(
    aws: FakeAws, account: FakeAccount, tmp_path: Path, reply: Reply, says: str
) -> None:
    account.replies = [reply]
    async with acting_on(aws, tmp_path, account, *ECS) as world:
        await world.approve(await world.prepare())
        run = await world.reached("failed", "verified", "not_improved")
        assert (run.status, says in run.detail) == ("failed", True), run.detail
    assert (len(account.updates), account.deployed) == (1, ["booking:7"])


async def test_what_changed_since_the_approval_is_not_sent(aws: FakeAws, account: FakeAccount, tmp_path: Path) -> None:
    async with acting_on(aws, tmp_path, account, *ECS) as world:
        run = await world.prepare()
        account.deployed = ["booking:8"]
        await world.approve(run)
        ended = await world.reached("expired", "verified", "failed")
        assert (ended.status, "booking:8 does, not booking:7" in ended.detail) == ("expired", True)
    async with acting_on(aws, tmp_path / "b", account, *LAMBDA) as world:
        run = await world.prepare()
        account.revision = 9  # written by somebody else, who changed its description alone
        await world.approve(run)
        ended = await world.reached("expired", "verified", "failed")
        assert (ended.status, "not sent" in ended.detail) == ("expired", True)
    assert account.updates == []


@pytest.mark.parametrize(
    ("settings", "rules", "says"),
    [
        ({}, "  require_act_identity: true\n", "the policy wants an identity to act with"),
        ({"account": "999999999999"}, "", "none of the sources"),
        ({"region": "us-east-1"}, "", "none of the sources"),
    ],
)
async def test_nothing_is_prepared_without_the_right_identity_and_place(
    aws: FakeAws, account: FakeAccount, tmp_path: Path, settings: dict[str, Any], rules: str, says: str
) -> None:
    async with acting_on(aws, tmp_path, account, *ECS, rules=rules, **settings) as world:
        run = await world.prepare()
        assert (run.status, says in run.detail) == ("refused", True), run.detail
    assert account.updates == []


async def test_without_credentials_it_is_refused_and_says_what_to_do(
    aws: FakeAws, account: FakeAccount, tmp_path: Path
) -> None:
    nothing = {"access_key_id": None, "secret_access_key": None, "config_file": str(tmp_path / "none"),
               "credentials_file": str(tmp_path / "none")}  # fmt: skip
    async with acting_on(aws, tmp_path, account, *ECS, **nothing) as world:
        run = await world.prepare()
        assert (run.status, "there are no AWS credentials" in run.detail) == ("refused", True)


async def test_what_is_gone_or_done_already_is_refused(aws: FakeAws, account: FakeAccount, tmp_path: Path) -> None:
    account.deployed = ["booking:6"]
    done = {**BACK, "blamed": None}
    async with acting_on(aws, tmp_path, account, "rollback_ecs_service", done) as world:
        assert "nothing would change" in (await world.prepare()).detail
        aws.rule = lambda call: refused("ClusterNotFoundException") if call.service == "ecs" else account.rule(call)
        assert "there is no arn:aws:ecs" in (await world.prepare()).detail
