"""AWS as a source: who is asked as whom, and what each failure says, in one line."""

from __future__ import annotations

import ast
import asyncio
import json
import ssl
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cases.fake_aws import ACCOUNT, KEYS, REGION, FakeAws, refused_xml, running
from cases.fake_server import FakeServer, Reply

from primitives.backends.aws import access
from primitives.backends.aws.permissions import CALLS, read_policy
from primitives.clock import ManualClock
from primitives.errors import UsageError
from primitives.sources import define_source, open_source
from primitives.telemetry import Backend

CODE = Path(__file__).parents[2] / "primitives" / "backends" / "aws"
NOW = datetime.now(UTC)
WITH_MFA = """[profile ops]
role_arn=arn:aws:iam::123456789012:role/r
source_profile=keys
mfa_serial=arn:aws:iam::123456789012:mfa/me
[profile keys]
aws_access_key_id=AKIAIOSFODNN7EXAMPLE
aws_secret_access_key=x"""
WITH_SSO = """[profile ops]
sso_session=s
sso_account_id=123456789012
sso_role_name=r
[sso-session s]
sso_region=eu-west-1
sso_start_url=https://x.awsapps.com/start"""


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


def opened(settings: dict[str, Any], environment: dict[str, str] | None = None, now: datetime = NOW) -> Backend:
    definition = define_source("prod", {"kind": "aws", **settings}, environment or {})
    return open_source("prod", definition, ManualClock(now)).backend


@pytest.fixture
async def source(aws: FakeAws) -> AsyncIterator[Backend]:
    backend = opened(aws.settings())
    yield backend
    await backend.close()


def profile(folder: Path, text: str) -> dict[str, str]:
    """Settings of a profile of that text."""
    path = folder / "config"
    path.write_text(text)
    return {"profile": "ops", "config_file": str(path), "credentials_file": str(folder / "none")}


async def test_it_says_as_whom_and_where_it_asks(aws: FakeAws, source: Backend) -> None:
    status = await source.check()
    assert status.status == "reachable"
    assert status.detail.startswith(f"account {ACCOUNT}, {REGION}, as moto")
    assert f"is {REGION} the right region?" in status.detail


async def test_a_role_is_assumed_with_its_external_id(aws: FakeAws) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/reader"
    status = await opened(aws.settings(role_arn=role, external_id="partner-7")).check()
    assert "as cloudops" in status.detail
    [assumed] = [call for call in aws.calls if call.operation == "AssumeRole"]
    assert b"ExternalId=partner-7" in assumed.body


async def test_keys_of_the_environment_are_used_and_never_shown(aws: FakeAws) -> None:
    keys = {"AWS_ACCESS_KEY_ID": KEYS["access_key_id"], "AWS_SECRET_ACCESS_KEY": KEYS["secret_access_key"],
            "AWS_REGION": REGION}  # fmt: skip
    definition = define_source("prod", {"kind": "aws", "endpoint_url": aws.url}, keys)
    opened_source = open_source("prod", definition, ManualClock(NOW))
    assert (await opened_source.backend.check()).status == "reachable"
    assert KEYS["secret_access_key"] in opened_source.secrets
    assert KEYS["secret_access_key"] not in repr(definition)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("ExpiredToken", "the credentials ran out: log in again"),
        ("InvalidClientTokenId", "the credentials were refused (InvalidClientTokenId)"),
        ("SignatureDoesNotMatch", "this machine's clock"),
        ("AccessDenied", "not allowed: sts:GetCallerIdentity"),
    ],
)
async def test_refused_credentials_say_what_to_do(aws: FakeAws, source: Backend, code: str, said: str) -> None:
    aws.rule = lambda call: refused_xml(code, 403)
    status = await source.check()
    assert status.status == "denied"
    assert said in status.detail


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (refused_xml("Throttling"), "was throttled"),
        (refused_xml("InternalFailure", 503), "sts:GetCallerIdentity failed (InternalFailure)"),
        (Reply(200, b"<html>Sign in</html"), "what sts:GetCallerIdentity answers can't be read"),
        (Reply(200, b"<a><b>"), "what sts:GetCallerIdentity answers can't be read"),
    ],
)
async def test_what_does_not_answer_is_unreachable(aws: FakeAws, source: Backend, reply: Reply, said: str) -> None:
    aws.rule = lambda call: reply
    status = await source.check()
    assert status.status == "unreachable"
    assert said in status.detail
    assert "\n" not in status.detail


async def test_a_server_that_is_silent_is_a_time_out(aws: FakeAws, source: Backend, monkeypatch: Any) -> None:
    monkeypatch.setattr(access, "_READ_S", 0.2)
    monkeypatch.setattr(access, "_ATTEMPTS", 1)
    aws.rule = lambda call: Reply(stall_s=1.0)
    assert "took too long" in (await source.check()).detail


async def test_nobody_at_the_address_is_unreachable() -> None:
    status = await opened({"region": REGION, "endpoint_url": "http://127.0.0.1:9", **KEYS}).check()
    assert (status.status, status.detail) == ("unreachable", "can't be reached: check the network and the VPN")


async def test_an_unknown_name_is_said_to_be_one(aws: FakeAws) -> None:
    status = await opened({"region": REGION, "endpoint_url": "http://sts.nowhere.invalid", **KEYS}).check()
    assert status.detail == "its name isn't known to DNS: check `region`, the network and the VPN"


async def test_an_untrusted_certificate_is_said_to_be_one(tmp_path: Path) -> None:
    class Plain(FakeServer):
        def reply(self, handler: Any, body: bytes) -> Reply:
            return Reply()

    server = Plain()
    # A server without TLS is one that no certificate vouches for.
    status = await opened({"region": REGION, "endpoint_url": f"https://127.0.0.1:{server.port}", **KEYS}).check()
    server.close()
    assert ssl.HAS_TLSv1_3
    assert "its certificate isn't trusted" in status.detail


async def test_a_proxy_that_is_not_there_is_said_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    status = await opened({"region": REGION, "endpoint_url": "http://aws.example.com", **KEYS}).check()
    assert status.detail == "the proxy can't be reached: check HTTPS_PROXY and NO_PROXY"


async def test_without_credentials_it_says_how_to_get_some(aws: FakeAws, tmp_path: Path) -> None:
    settings = {"region": REGION, "endpoint_url": aws.url, "config_file": str(tmp_path / "none"),
                "credentials_file": str(tmp_path / "none")}  # fmt: skip
    status = await opened(settings).check()
    assert (status.status, "there are no AWS credentials" in status.detail) == ("denied", True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[profile other]\nregion=eu-west-1", "there is no AWS profile ops"),
        (WITH_MFA, "its role needs an MFA code"),
        (WITH_SSO, "the SSO session is over: log in again, such as with `aws sso login --profile ops`"),
        ("[profile ops]\ncredential_process=/bin/false", "gives no credentials (CredentialRetrievalError)"),
        ("[profile ops]\ncredential_process=/bin/echo rubbish", "can't be read"),
        ("[profile ops\nregion", "gives no credentials (ConfigParseError)"),
    ],
)  # fmt: skip
async def test_a_profile_that_gives_no_credentials_says_why(aws: FakeAws, tmp_path: Path, text: str, said: str) -> None:
    status = await opened({"region": REGION, "endpoint_url": aws.url, **profile(tmp_path, text)}).check()
    assert status.status in ("denied", "unreachable")
    assert said in status.detail
    assert aws.asked("GetCallerIdentity") == 0


async def test_a_credential_process_gives_the_keys(aws: FakeAws, tmp_path: Path) -> None:
    script = tmp_path / "keys"
    keys = {"Version": 1, "AccessKeyId": KEYS["access_key_id"], "SecretAccessKey": KEYS["secret_access_key"]}
    script.write_text(f"#!{sys.executable}\nprint({json.dumps(json.dumps(keys))})\n")
    script.chmod(0o700)
    settings = profile(tmp_path, f"[profile ops]\ncredential_process={script}\nregion={REGION}")
    status = await opened({"endpoint_url": aws.url, **settings}).check()
    assert status.status == "reachable"


async def test_a_credential_process_that_hangs_is_ended(aws: FakeAws, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(access, "PROCESS_S", 0.3)
    settings = profile(tmp_path, "[profile ops]\ncredential_process=/bin/sleep 60")
    status = await opened({"region": REGION, "endpoint_url": aws.url, **settings}).check()
    assert "its credential_process gave no credentials within" in status.detail


async def test_nobody_waits_for_credentials_that_never_come(aws: FakeAws, tmp_path: Path) -> None:
    settings = profile(tmp_path, "[profile ops]\ncredential_process=/bin/sleep 60")
    backend = opened({"region": REGION, "endpoint_url": aws.url, **settings})
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await backend.check()
    async with asyncio.timeout(5.0):
        await backend.close()


async def test_without_a_region_it_says_so(aws: FakeAws, tmp_path: Path) -> None:
    settings = profile(tmp_path, "[profile ops]\naws_access_key_id=a\naws_secret_access_key=b")
    status = await opened({"endpoint_url": aws.url, **settings}).check()
    assert status.detail == "no AWS region is known: set `region`, or AWS_REGION"


async def test_another_account_than_the_stated_one_is_refused(aws: FakeAws) -> None:
    status = await opened(aws.settings(account="999999999999")).check()
    assert status.status == "denied"
    assert f"are of account {ACCOUNT}, `account` says 999999999999" in status.detail


async def test_a_clock_that_is_off_is_said(aws: FakeAws) -> None:
    status = await opened(aws.settings(), now=datetime.now(UTC) + timedelta(seconds=150)).check()
    assert "clock is 1" in status.detail
    assert "s ahead: set it" in status.detail


async def test_one_call_that_is_not_allowed_is_named(aws: FakeAws, source: Backend) -> None:
    aws.rule = lambda call: Reply(403, b"") if call.operation == "ListMetrics" else None
    status = await source.check()
    assert status.status == "reachable"
    assert "not allowed: cloudwatch:ListMetrics (metrics)" in status.detail


async def test_each_kind_of_question_is_tried(aws: FakeAws, source: Backend) -> None:
    aws.rule = lambda call: Reply(403, b"") if call.operation != "GetCallerIdentity" else None
    status = await source.check()
    for wanted in ("xray:GetTraceSummaries (traces)", "health:DescribeEvents (announcements)",
                   "config:SelectResourceConfig (recorded configuration)", "sqs:ListQueues (queues)"):  # fmt: skip
        assert wanted in status.detail


async def test_what_an_account_has_not_bought_or_switched_on_is_no_missing_permission(
    aws: FakeAws, source: Backend
) -> None:
    off = {"SelectResourceConfig": "NoAvailableConfigurationRecorderException",
           "DescribeEvents": "SubscriptionRequiredException"}  # fmt: skip
    aws.rule = lambda call: (
        Reply(400, json.dumps({"__type": off[call.operation]}).encode()) if call.operation in off else None
    )
    status = await source.check()
    assert "not kept for this account: recorded configuration, announcements" in status.detail
    assert "not allowed" not in status.detail


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"role_arn": "reader"}, "expected a role's ARN"),
        ({"endpoint_url": "ftp://x"}, "expected an http or https address"),
        ({"cluster": "a"}, "no `cluster`"),
        ({"region": "Europe"}, "expected a region"),
        ({"log_groups": ["a b"]}, "expected names of log groups"),
        ({"profile": "a\nb"}, "one line"),
        ({"most_metrics": 0}, "most_metrics"),
    ],
)
def test_a_wrong_setting_is_one_line(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said) as raised:
        define_source("prod", {"kind": "aws", **settings}, {})
    assert "\n" not in str(raised.value)


def test_the_policy_allows_every_call_in_the_code_and_no_other() -> None:
    written = {call for path in CODE.rglob("*.py") for call in _calls(ast.parse(path.read_text()))}
    assert written == {(service, operation) for service in CALLS for operation in CALLS[service]}
    actions = read_policy()["Statement"][0]["Action"]
    assert all(action.partition(":")[2].startswith(_READS) for action in actions)
    assert actions == sorted(set(actions))


_READS = ("Get", "List", "Describe", "Lookup", "Filter", "BatchGet", "StartQuery", "StopQuery", "GET", "Search",
          "Select")  # fmt: skip


def _calls(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Pairs of a service and an operation, next to each other in a call or a tuple."""
    operations = {operation for known in CALLS.values() for operation in known}
    for node in ast.walk(tree):
        parts = node.args if isinstance(node, ast.Call) else node.elts if isinstance(node, ast.Tuple) else []
        texts = [part.value if isinstance(part, ast.Constant) else None for part in parts]
        for service, operation in pairwise(texts):
            known = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            asks = known and node.func.attr in ("call", "pages", "ask", "list")
            if service in CALLS and isinstance(operation, str) and (asks or operation in operations):
                yield service, operation


def test_the_policy_is_printed() -> None:
    from click.testing import CliRunner

    from cockpit.commands.doctor import command

    printed = CliRunner().invoke(command, ["--policy", "aws"])
    assert json.loads(printed.output) == read_policy()
    refused = CliRunner().invoke(command, ["--policy", "nothing"])
    assert refused.exit_code != 0
