"""doctor tries who acts, and changes nothing: roles that can't be assumed, users that can't be impersonated, rights."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from cases.fake_aws import ACCOUNT, FakeAws, refused_xml, running
from cases.fake_kubernetes import FakeKubernetes, document, refusal
from cases.fake_loki import FakeLoki
from cases.fake_server import Reply

from cockpit.checks import Check
from cockpit.cli import main
from cockpit.examining import examine_writers
from primitives.remediations.registry import permissions_of
from primitives.sources import define_source

ROLE = f"arn:aws:iam::{ACCOUNT}:role/cloudops-act"
ACTOR = "system:serviceaccount:ops:actor"


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


async def tried(settings: dict[str, Any]) -> Check:
    checks = await examine_writers({"ward": define_source("ward", settings, {})})
    return checks["ward"]


async def test_the_act_role_is_assumed_for_a_session_that_may_do_nothing(aws: FakeAws) -> None:
    check = await tried(aws.settings(act_role_arn=ROLE, act_external_id="partner-7"))
    assert (check.name, check.status) == ("act ward", "ok")
    assert "cloudops-act" in check.detail
    (assumed,) = [parse_qs(call.body.decode()) for call in aws.calls if call.operation == "AssumeRole"]
    assert json.loads(assumed["Policy"][0])["Statement"] == [{"Effect": "Deny", "Action": "*", "Resource": "*"}]
    assert (assumed["RoleSessionName"], assumed["ExternalId"]) == (["cloudops-doctor"], ["partner-7"])
    assert {assumed[f"Tags.member.{n}.Key"][0] for n in (1, 2)} == {"CloudOpsIncident", "CloudOpsRun"}
    assert {call.operation for call in aws.calls} == {"AssumeRole", "GetCallerIdentity"}


@pytest.mark.parametrize(
    ("operation", "reply", "more", "says"),
    [
        ("AssumeRole", refused_xml("AccessDenied", 403), {}, f"the act role {ROLE} can't be assumed: its trust must"),
        ("AssumeRole", Reply(503), {}, "503"),
        ("", None, {"account": "210987654321"}, f"it would act in account {ACCOUNT}, `account` says 210987654321"),
    ],
)
async def test_a_role_that_can_not_be_had_is_said(
    aws: FakeAws, operation: str, reply: Reply | None, more: dict[str, str], says: str
) -> None:
    aws.rule = lambda call: reply if call.operation == operation else None
    check = await tried({**aws.settings(act_role_arn=ROLE), **more})
    assert (check.status, says in check.detail) == ("bad", True), check


async def test_without_a_role_nothing_is_tried(aws: FakeAws) -> None:
    check = await tried(aws.settings())
    assert (check.status, "no identity of its own" in check.detail) == ("off", True)
    assert aws.calls == []


class Ward(FakeKubernetes):
    """Says who may do what; `reviews` are the permissions that it was asked for, by whom."""

    def __init__(self, denied: frozenset[str] = frozenset(), *, impersonated: bool = True) -> None:
        self._denied, self._impersonated = denied, impersonated
        self.reviews: list[tuple[str, str]] = []
        super().__init__()

    def reply(self, handler: BaseHTTPRequestHandler, body: bytes) -> Reply:
        if handler.command == "GET":
            return super().reply(handler, body)
        if not self._impersonated:
            return refusal(403, f'users "{ACTOR}" is forbidden: User "ada" cannot impersonate resource "users"')
        asked = json.loads(body)
        assert asked["kind"] == "SelfSubjectAccessReview"
        of = asked["spec"]["resourceAttributes"]
        what = ".".join(filter(None, (of["resource"], of.get("group"))))
        permission = f"{of['verb']} {what}{'/' if 'subresource' in of else ''}{of.get('subresource', '')}"
        self.reviews.append((permission, handler.headers.get("Impersonate-User", "")))
        return document({"status": {"allowed": permission not in self._denied}}, 201)


@pytest.fixture
def opened() -> Iterator[list[Any]]:
    servers: list[Any] = []
    yield servers
    for server in servers:
        server.close()


def ward(opened: list[Any], folder: Path, *denied: str, **more: Any) -> tuple[Ward, dict[str, Any]]:
    server = Ward(frozenset(denied), **more)
    opened.append(server)
    return server, {"kind": "kubernetes", "kubeconfig": str(server.kubeconfig(folder)), "act_as": ACTOR}


async def test_each_permission_that_actions_take_is_asked_for_as_the_user_that_acts(
    opened: list[Any], tmp_path: Path
) -> None:
    server, settings = ward(opened, tmp_path)
    check = await tried(settings)
    assert (check.status, ACTOR in check.detail) == ("ok", True)
    assert sorted(server.reviews) == sorted((permission, ACTOR) for permission in permissions_of("kubernetes"))
    assert {request.path for request in server.asked} == set()


async def test_what_the_user_may_not_do_is_named(opened: list[Any], tmp_path: Path) -> None:
    _, settings = ward(opened, tmp_path, "patch deployments.apps", "create pods/eviction")
    check = await tried(settings)
    assert check.status == "warning"
    for words in ("may not", "patch deployments.apps", "create pods/eviction"):
        assert words in check.detail
    assert "patch statefulsets.apps" not in check.detail
    own = await tried({key: value for key, value in settings.items() if key != "act_as"})
    assert (own.status, own.detail.startswith("no identity of its own")) == ("off", True)


async def test_a_user_that_may_not_be_impersonated_is_a_fault(opened: list[Any], tmp_path: Path) -> None:
    _, settings = ward(opened, tmp_path, impersonated=False)
    check = await tried(settings)
    assert (check.status, "cannot impersonate" in check.detail) == ("bad", True)


async def test_sources_on_which_nothing_is_executed_have_no_such_line(opened: list[Any]) -> None:
    server = FakeLoki([])
    opened.append(server)
    assert await examine_writers({"logs": define_source("logs", {"kind": "loki", "url": server.url}, {})}) == {}


def test_the_command_ends_with_3_where_who_acts_can_not_be_had(
    opened: list[Any], tmp_path: Path, private_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, settings = ward(opened, tmp_path, impersonated=False)
    (private_home / "c.yaml").write_text(json.dumps({"sources": {"ward": settings}}))
    words = ["doctor", "--config", str(private_home / "c.yaml"), "--store", str(private_home / "x.db")]
    assert main(words) == 3
    assert "✗ act ward" in capsys.readouterr().out
