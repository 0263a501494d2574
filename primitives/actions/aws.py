"""Arguments that name resources of AWS, and the options of its command line that say where they are."""

from __future__ import annotations

from typing import Final, Self

from primitives.actions.proposal import ActionArguments
from primitives.actions.target import AwsKind, AwsResource, Target
from primitives.patterns import lazy_pattern

__all__ = ["DatabaseInstance", "Function", "InRegion", "aws", "database_of", "function_of"]

# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html, DBInstanceIdentifier
_INSTANCE: Final = AwsKind(
    "rds", "rds db", "AWS::RDS::DBInstance", "database", lazy_pattern(r"[A-Za-z](?:-?[A-Za-z0-9]){0,62}")
)
# https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html, FunctionName
_FUNCTION: Final = AwsKind(
    "lambda", "lambda function", "AWS::Lambda::Function", "function", lazy_pattern(r"[A-Za-z0-9_-]{1,140}")
)


class InRegion(ActionArguments):
    """Arguments in one account and region; None where no source states it.

    The AWS command line has an option for the region and none for the account: a profile or environment chooses that.
    """

    account: str | None = None
    region: str | None = None

    @property
    def unstated_place(self) -> str:
        unstated = [word for word, value in (("account", self.account), ("region", self.region)) if not value]
        return f"AWS {' and '.join(unstated)}" if unstated else ""

    @property
    def to_choose(self) -> str:
        account = f"a profile for the AWS account {self.account}" if self.account else "the AWS account"
        return account if self.region else f"{account} and the region"


class DatabaseInstance(InRegion):
    """An RDS instance by its identifier."""

    instance: str

    @classmethod
    def of(cls, known: AwsResource) -> Self:
        """The instance that the target is."""
        return cls.model_validate({**_place(known), "instance": known.name})


class Function(InRegion):
    """A Lambda function by name."""

    function: str


def database_of(target: Target) -> DatabaseInstance | None:
    """The target as an RDS instance; None where it isn't known to be one."""
    known = target.aws(_INSTANCE)
    return DatabaseInstance.of(known) if known else None


def function_of(target: Target) -> Function | None:
    """The target as a Lambda function; None where it isn't known to be one."""
    known = target.aws(_FUNCTION)
    return Function.model_validate({**_place(known), "function": known.name}) if known else None


def aws(*words: str, args: InRegion) -> tuple[str, ...]:
    """The words of an AWS command, ended by the region where it is known."""
    return ("aws", *words, *(("--region", args.region) if args.region else ()))


def _place(known: AwsResource) -> dict[str, str | None]:
    return {"account": known.account or None, "region": known.region or None}
