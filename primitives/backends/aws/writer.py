"""The writing side of an account: looks, and the one call of an approved action, each with no more rights than that.

Where an act role is configured, every call assumes it anew with a session policy for exactly that call on exactly those
resources, tagged with the incident and the run, which CloudTrail shows in `userIdentity` and `requestParameters`
(https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html). What it looks at for that, it looks at in
another session of the role, which can do nothing else. A call is sent once and never retried.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import orjson

from primitives.actions.aws import InRegion
from primitives.actions.aws_calls import LOOKS, WRITES
from primitives.actions.aws_world import AwsPlace
from primitives.actions.execution import Call, Dispatch
from primitives.actions.proposal import ActionArguments
from primitives.backends.aws.access import Access, Assumption, method_name
from primitives.backends.aws.failures import AwsMissing, explain
from primitives.backends.aws.outcomes import outcome_of, refused_before
from primitives.backends.aws.permissions import SESSION_TAGS, action_of, policy_of
from primitives.backends.aws.threads import DaemonThreads
from primitives.clock import SystemClock
from primitives.errors import SourceDenied, SourceError
from primitives.examination import Examination
from primitives.identity import parse_id

if TYPE_CHECKING:
    from primitives.backends.aws import AwsSettings

__all__ = ["AwsWriter", "session_policy"]

_CALLS_AT_ONCE: Final = 4


class AwsWriter:
    """Acts on one account and region."""

    def __init__(self, name: str, settings: AwsSettings) -> None:
        self.name = name
        self.separate = bool(settings.act_role_arn)
        self.identity = settings.act_role_arn or f"the credentials of {settings.profile or 'the environment'}"
        self.place = {"account": settings.account, "region": settings.region}
        self.secrets = settings.secrets()
        self._settings = settings
        self._threads = DaemonThreads(_CALLS_AT_ONCE)
        self._clock = SystemClock()
        looking = self._assumption("cloudops-look", _policy(LOOKS, ["*"])) if self.separate else None
        self._access = Access(settings, name, assume=looking)
        self._where: AwsPlace | None = None

    def serves(self, arguments: ActionArguments) -> bool:
        """Whether the arguments' account and region are these, as far as both are stated; preflight asks AWS."""
        if not isinstance(arguments, InRegion):
            return False
        stated = (arguments.account, self.place["account"]), (arguments.region, self.place["region"])
        return all(not wanted or not known or wanted == known for wanted, known in stated)

    async def close(self) -> None:
        """Let go of connections."""
        await self._threads.run(self._access.close)

    def now(self) -> datetime:
        """The time."""
        return self._clock.now()

    async def where(self) -> AwsPlace:
        """The account and region that it acts on; asked once. Raises `SourceError`."""
        if self._where is None:
            said = await self._answer("sts", "GetCallerIdentity", {})
            region = await self._threads.run(lambda: self._access.region)
            account, caller = str(said.get("Account") or ""), str(said.get("Arn") or "")
            self._refuse_other_account(account)
            if not self.separate:
                self.identity = f"{caller}, the caller's own credentials"
            self.place |= {"account": account, "region": region}
            self._where = AwsPlace(account, region, parse_id(caller).partition or "aws")
        return self._where

    async def examine(self) -> Examination:
        """Assume the act role for a session that may do nothing at all. Raises `SourceError` where it can't be had.

        What the role may do in another session, AWS tells nobody before it is tried.
        """
        if not self.separate:
            return Examination()
        nothing = orjson.dumps(policy_of({"Effect": "Deny", "Action": "*", "Resource": "*"})).decode()
        tags = dict.fromkeys(SESSION_TAGS, "doctor")
        access = Access(self._settings, self.name, assume=self._assumption("cloudops-doctor", nothing, tags, once=True))

        def work() -> str:
            # AWS answers this to every session, whatever its policy denies.
            said = access.client("sts").get_caller_identity()
            self._refuse_other_account(str(said.get("Account") or ""))
            return str(said.get("Arn") or "")

        try:
            return Examination(who=await self._threads.run(work))
        except Exception as error:  # botocore raises dozens of kinds.
            raise self._explained(error, "sts:AssumeRole") from None
        finally:
            await self._threads.run(access.close)

    async def read(self, service: str, operation: str, **parameters: Any) -> dict[str, Any] | None:
        """The answer of a look; None where what it asks about isn't there. Raises `SourceError`."""
        assert f"{service}:{operation}" in LOOKS
        try:
            return await self._answer(service, operation, parameters)
        except AwsMissing:
            return None

    async def send(self, call: Call) -> Dispatch:
        """Send the request of the call, once. Never raises for what became of it."""
        assert f"{call.api}:{call.operation}" in WRITES
        assume = self._assumption(f"cloudops-{call.parameters['mark']}", session_policy(call), _tags(call), once=True)
        access = Access(
            self._settings, self.name, assume=assume if self.separate else None, attempts=1,
            agent=f"cloudops {call.parameters['mark']}",
        )  # fmt: skip
        try:
            return await self._threads.run(lambda: _sent(access, call, self._explained))
        finally:
            await self._threads.run(access.close)

    def _refuse_other_account(self, account: str) -> None:
        stated = self._settings.account
        if stated and stated != account:
            raise SourceDenied(self.name, f"it would act in account {account}, `account` says {stated}")

    async def _answer(self, service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        def work() -> Any:
            client = self._access.client(service)
            return getattr(client, method_name(operation))(**parameters)

        try:
            answer = await self._threads.run(work)
        except Exception as error:  # botocore raises dozens of kinds.
            raise self._explained(error, action_of(service, operation)) from None
        return answer if isinstance(answer, dict) else {}

    def _explained(self, error: Exception, action: str) -> SourceError:
        """What went wrong; where it was the role, its name and what it takes to assume it."""
        problem = explain(error, self.name, action, self._settings.profile)
        if getattr(error, "operation_name", "") == "AssumeRole" and isinstance(problem, SourceDenied):
            wanted = "its trust must allow sts:AssumeRole and sts:TagSession (docs/iam/cloudops-act-trust.json)"
            return SourceDenied(self.name, f"the act role {self._settings.act_role_arn} can't be assumed: {wanted}")
        return problem

    def _assumption(
        self, session: str, policy: str, tags: dict[str, str] | None = None, *, once: bool = False
    ) -> Assumption:
        role, external = self._settings.act_role_arn, self._settings.act_external_id
        return Assumption(role, external, session[:64], policy, tags or {}, once)


def session_policy(call: Call) -> str:
    """The policy of the session that sends the call: this one action, on its resources, and nothing else."""
    return _policy([f"{call.api}:{call.operation}"], list(call.parameters["resources"]))


def _policy(calls: Any, resources: list[str]) -> str:
    actions = sorted({action_of(*name.split(":")) for name in calls})
    statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return orjson.dumps(policy_of(statement)).decode()


def _tags(call: Call) -> dict[str, str]:
    incident, _, run = str(call.parameters["mark"]).rpartition(".")
    return dict(zip(SESSION_TAGS, (incident, run), strict=True))


def _sent(access: Access, call: Call, explained: Any) -> Dispatch:
    """What became of the one call. Blocking."""
    action = action_of(call.api, call.operation)
    try:
        client = access.client(call.api)
        method, request = getattr(client, method_name(call.operation)), dict(call.parameters["request"])
        access.ready()
    except Exception as error:  # Nothing has gone out by here.
        return Dispatch(outcome="refused", detail=f"it was not sent: {explained(error, action).problem}")
    try:
        answer = method(**request)
    except Exception as error:  # What became of it depends on where it broke.
        problem = explained(error, action).problem
        return refused_before(error, problem) or outcome_of(error, problem)
    metadata = answer.get("ResponseMetadata") if isinstance(answer, dict) else None
    return Dispatch(outcome="accepted", request_id=str((metadata or {}).get("RequestId") or "")[:100])
