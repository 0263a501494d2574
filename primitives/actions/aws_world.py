"""What operations use of an AWS account: looks, the one call, and what they check before it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from primitives.actions.execution import Call, Check, Dispatch
from primitives.dataclass import dataclass
from primitives.identity import arn_id

__all__ = ["AwsPlace", "AwsWorld", "Guard", "Request", "guard"]


@dataclass(frozen=True, slots=True)
class AwsPlace:
    """The account and region that are acted on; `partition` is the one of ARNs (`aws`, `aws-cn`)."""

    account: str
    region: str
    partition: str

    def arn(self, service: str, *names: str, kind: str = "", joint: str = "/") -> str:
        """The ARN of a resource in this account and region; see `arn_id`."""
        return arn_id(
            service, *names, kind=kind, joint=joint,
            account=self.account, region=self.region, partition=self.partition,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """One request, by botocore's names of the service and the operation."""

    service: str
    operation: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Guard:
    """A check, and the way to reach the same where it doesn't pass because somebody else owns the target."""

    check: Check
    instead: str = ""


class AwsWorld(Protocol):
    """What operations use of one account and region; the writing side of the AWS backend implements it."""

    name: str

    def now(self) -> datetime:
        """The time."""
        ...

    async def where(self) -> AwsPlace:
        """The account and region, by STS. Raises `SourceError`, also where its act role can't be assumed."""
        ...

    async def read(self, service: str, operation: str, **parameters: Any) -> Mapping[str, Any] | None:
        """The answer of a call that changes nothing; None where what it asks about isn't there. Raises `SourceError`.

        Which calls these are is in `primitives.actions.aws_calls`.
        """
        ...

    async def send(self, call: Call) -> Dispatch:
        """Send the request of the call, once."""
        ...


def guard(name: str, problem: str, instead: str = "") -> Guard:
    """A check that passes where there is no `problem`."""
    detail = f"{problem}; instead: {instead}" if problem and instead else problem
    return Guard(Check(name=name, passed=not problem, detail=detail), instead if problem else "")
