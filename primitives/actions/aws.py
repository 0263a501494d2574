"""Arguments that name resources of AWS, and the options of its command line that say where they are."""

from __future__ import annotations

from typing import Final, Self, TypeVar

from primitives.actions.proposal import ActionArguments
from primitives.actions.target import AwsKind, AwsResource, Target
from primitives.identity import arn_names, parse_id
from primitives.patterns import lazy_pattern

__all__ = [
    "DatabaseInstance",
    "EcsService",
    "Function",
    "InRegion",
    "InstanceGroup",
    "Machine",
    "Table",
    "aws",
    "database_of",
    "function_of",
    "group_of",
    "machine_of",
    "place_about",
    "service_of",
    "table_of",
]

# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html, DBInstanceIdentifier
_INSTANCE: Final = AwsKind(
    "rds", "rds db", "AWS::RDS::DBInstance", "database", lazy_pattern(r"[A-Za-z](?:-?[A-Za-z0-9]){0,62}")
)
# https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html, FunctionName
_FUNCTION: Final = AwsKind(
    "lambda", "lambda function", "AWS::Lambda::Function", "function", lazy_pattern(r"[A-Za-z0-9_-]{1,140}")
)
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html, serviceName
_SERVICE: Final = AwsKind(
    "ecs", "ecs service", "AWS::ECS::Service", "service", lazy_pattern(r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}")
)
# https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html, AutoScalingGroupName
_GROUP: Final = AwsKind(
    "autoscaling", "autoscaling autoScalingGroup", "AWS::AutoScaling::AutoScalingGroup", "workload",
    lazy_pattern(r"[\w.@/+=, -]{1,255}"),
)  # fmt: skip
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
_MACHINE: Final = AwsKind("ec2", "ec2 instance", "AWS::EC2::Instance", "node", lazy_pattern(r"i-[0-9a-f]{8,17}"))
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html, TableName
_TABLE: Final = AwsKind(
    "dynamodb", "dynamodb table", "AWS::DynamoDB::Table", "database", lazy_pattern(r"[A-Za-z0-9_.-]{3,255}")
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


T = TypeVar("T", bound=InRegion)


class DatabaseInstance(InRegion):
    """An RDS instance by its identifier."""

    instance: str

    @classmethod
    def of(cls, known: AwsResource) -> Self:
        """The instance that the target is."""
        return cls.model_validate({**_place_of(known), "instance": known.name})


class Function(InRegion):
    """A Lambda function by name."""

    function: str


class EcsService(InRegion):
    """A service of Amazon ECS by the names of its cluster and its own."""

    cluster: str
    service: str


class InstanceGroup(InRegion):
    """A group of EC2 Auto Scaling by name."""

    group: str


class Machine(InRegion):
    """An EC2 instance by its identifier."""

    machine: str


class Table(InRegion):
    """A table of DynamoDB by name."""

    table: str


def service_of(target: Target) -> EcsService | None:
    """The target as a service of ECS; None where it isn't known to be one, or in which cluster."""
    known, names = target.aws(_SERVICE), arn_names(target.resource)
    if known is None or len(names) < 2:
        return None
    return EcsService.model_validate({**_place_of(known), "cluster": names[0], "service": known.name})


def group_of(target: Target) -> InstanceGroup | None:
    """The target as a group of instances; None where it isn't known to be one."""
    return _named(target, _GROUP, InstanceGroup, "group")


def machine_of(target: Target) -> Machine | None:
    """The target as an EC2 instance; None where it isn't known to be one."""
    return _named(target, _MACHINE, Machine, "machine")


def table_of(target: Target) -> Table | None:
    """The target as a table of DynamoDB; None where it isn't known to be one."""
    return _named(target, _TABLE, Table, "table")


def database_of(target: Target) -> DatabaseInstance | None:
    """The target as an RDS instance; None where it isn't known to be one."""
    known = target.aws(_INSTANCE)
    return DatabaseInstance.of(known) if known else None


def function_of(target: Target) -> Function | None:
    """The target as a Lambda function; None where it isn't known to be one."""
    return _named(target, _FUNCTION, Function, "function")


def place_about(target: Target) -> dict[str, str | None]:
    """The account and region of the target, as arguments for what it uses there."""
    known, stated = parse_id(target.resource), target.location
    account, region = known.account or stated.account, known.region or stated.region or target.region
    return {"account": account or None, "region": region or None}


def aws(*words: str, args: InRegion) -> tuple[str, ...]:
    """The words of an AWS command, ended by the region where it is known."""
    return ("aws", *words, *(("--region", args.region) if args.region else ()))


def _named(target: Target, kind: AwsKind, model: type[T], field: str) -> T | None:
    """The target by its name in `field`; None where it isn't known to be of that kind."""
    known = target.aws(kind)
    return model.model_validate({**_place_of(known), field: known.name}) if known else None


def _place_of(known: AwsResource) -> dict[str, str | None]:
    """The account and region of a resource, as arguments."""
    return {"account": known.account or None, "region": known.region or None}
