"""Functions of AWS Lambda: an alias back to an earlier version, and how many may run at once.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html and configuration-concurrency.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final

from pydantic import Field

from primitives.actions.aws import Function, aws, function_of
from primitives.actions.aws_guards import STACK_LOOKS, STOP_CODEDEPLOY, no_stack_update
from primitives.actions.aws_operations import AwsChange, Current, Settings, as_whole, settled
from primitives.actions.aws_world import AwsPlace, AwsWorld, Guard, Request, guard
from primitives.actions.earlier_values import earlier, in_change, whole_number
from primitives.actions.execution import Convergence
from primitives.actions.inverse import Inverse, PriorState
from primitives.actions.proposal import Proposed, shell
from primitives.actions.target import Target
from primitives.backends.aws.fields import mapping, number, text
from primitives.records import Change
from primitives.remediations.registry import Remediation, register

_LOOKS: Final = ("lambda:GetFunctionConfiguration", *STACK_LOOKS)


class RollBackFunction(Function):
    """`version` is what `alias` shall point at; `blamed` the version to leave."""

    alias: str = Field(pattern=r"^[A-Za-z0-9_-]{1,128}$")
    version: str = Field(pattern=r"^[0-9]{1,10}$")
    blamed: str | None = None


class FunctionConcurrency(Function):
    """`concurrency` is how many executions are reserved for it, and the most that it gets; None reserves none."""

    concurrency: int | None = Field(None, ge=0, le=1_000_000)


def _function_arn(args: Function, place: AwsPlace) -> str:
    return place.arn("lambda", args.function, kind="function", joint=":")


def _alias_arn(args: RollBackFunction, place: AwsPlace) -> str:
    return f"{_function_arn(args, place)}:{args.alias}"


# an alias


def _moves(target: Target) -> Iterator[tuple[Change, str, str]]:
    """Each recorded change of an alias of the function, with the alias and the version that it was pointed at."""
    for change in sorted(target.changes, key=lambda each: each.time):
        alias, version = in_change(change, "name"), in_change(change, "functionVersion")
        if change.resource == target.resource and alias and version:
            yield change, alias, version


def _propose_rollback(target: Target) -> Proposed | None:
    """Where the blamed change moved an alias, nothing moved it since, and it is known where it pointed before."""
    function = function_of(target)
    moves = list(_moves(target))
    at = next((place for place, move in enumerate(moves) if move[0] is target.blamed), None)
    if function is None or at is None:
        return None
    _, alias, blamed = moves[at]
    if any(name == alias for _, name, _ in moves[at + 1 :]):
        return None
    before = [version for _, name, version in moves[:at] if name == alias][-1:]
    version = str(before[0] if before else earlier(target, "aliases", "version") or "")
    if not version.isdigit() or not version.isascii() or version == blamed:
        return None
    arguments = RollBackFunction(**function.model_dump(), alias=alias, version=version, blamed=blamed)
    return Proposed(arguments, f"Point {alias} of {target.name} at version {version} again")


async def _read_alias(world: AwsWorld, args: RollBackFunction) -> Current | None:
    alias = await world.read("lambda", "GetAlias", FunctionName=args.function, Name=args.alias)
    return alias or None


async def _alias_guards(world: AwsWorld, args: RollBackFunction, current: Current) -> list[Guard]:
    """The blamed version serves alone, and the other one is there and can run."""
    wanted, stack = await asyncio.gather(
        world.read("lambda", "GetFunctionConfiguration", FunctionName=args.function, Qualifier=args.version),
        no_stack_update(world, _physical(current, args)),
    )
    points = text(current, "FunctionVersion")
    shifting = mapping(current, "RoutingConfig", "AdditionalVersionWeights")
    state = text(wanted, "State")
    usable = "there is no such version" if not wanted else f"it is {state}" if state not in _RUNS else ""
    split = f"a part of its traffic goes to {', '.join(shifting)}: a deployment is under way" if shifting else ""
    left = "" if args.blamed in (None, points) else f"it points at {points}, not at {args.blamed}"
    return [
        guard("no traffic is being shifted", split, STOP_CODEDEPLOY),
        guard("the alias points at the blamed version", left),
        guard(f"version {args.version} can run", usable),
        stack,
    ]


_RUNS: Final = ("Active", "Inactive", "")
"""Inactive: nobody called it for a while; the next call wakes it."""


def _physical(current: Current, args: Function) -> str:
    """What CloudFormation calls an alias: its ARN."""
    return text(current, "AliasArn") or args.function


def _alias_request(args: RollBackFunction, current: Current) -> Request:
    """With the revision that was read: Lambda refuses the call where the alias was changed since."""
    parameters = {"FunctionName": args.function, "Name": args.alias, "FunctionVersion": args.version}
    return Request("lambda", "UpdateAlias", {**parameters, "RevisionId": text(current, "RevisionId")})


def _pointed(args: RollBackFunction, before: Settings, current: Current) -> Convergence:
    del before
    points = text(current, "FunctionVersion")
    other = "" if points == args.version else f"it points at {points} by now: somebody else changed it"
    return settled(when=True, detail=f"{args.alias} points at version {points}", failed=other)


def _alias_back(args: RollBackFunction, prior: PriorState) -> RollBackFunction | None:
    version = prior.values.get("version")
    if not isinstance(version, str) or not version.isdigit():
        return None
    return args.model_copy(update={"version": version, "blamed": args.version})


def _alias_command(args: RollBackFunction) -> str:
    names = ("--function-name", args.function, "--name", args.alias)
    return shell(*aws("lambda", "update-alias", *names, "--function-version", args.version, args=args))


register(
    Remediation(
        name="rollback_function",
        alias="RollbackDeployment",
        summary="Point an alias of a Lambda function at an earlier version",
        effect="write",
        risk="medium",
        estimated_duration_s=15,
        arguments=RollBackFunction,
        propose=_propose_rollback,
        command=_alias_command,
        answers=("deployment_regression", "application_error", "application_crash"),
        inverse=Inverse("rollback_function", _alias_back),
        operations=AwsChange(
            arn=_alias_arn,
            read=_read_alias,
            settings=lambda _, current: {"version": text(current, "FunctionVersion")},
            wanted=lambda args: {"version": args.version},
            request=_alias_request,
            progress=_pointed,
            radius=as_whole("function"),
            guards=_alias_guards,
            identity=lambda current: text(current, "RevisionId"),
            resources=lambda args, place, _: (_function_arn(args, place), _alias_arn(args, place)),
        ),
        permissions=(*_LOOKS, "lambda:GetAlias", "lambda:UpdateAlias"),
    )
)


# reserved concurrency


def _propose_concurrency(target: Target) -> Proposed | None:
    """Back to what was reserved before somebody lowered it. Without that nothing says how many are enough."""
    function = function_of(target)
    before = whole_number(earlier(target, "concurrency", "ReservedConcurrentExecutions"), 1)
    if function is None or before is None:
        return None
    arguments = FunctionConcurrency(**function.model_dump(), concurrency=before)
    return Proposed(arguments, f"Reserve {before} concurrent executions for {target.name} again")


async def _read_concurrency(world: AwsWorld, args: FunctionConcurrency) -> Current | None:
    known, reserved = await asyncio.gather(
        world.read("lambda", "GetFunctionConfiguration", FunctionName=args.function),
        world.read("lambda", "GetFunctionConcurrency", FunctionName=args.function),
    )
    return {"function": known, "reserved": reserved or {}} if known else None


def _reserved(_: FunctionConcurrency, current: Current) -> Settings:
    reserved = number(current, "reserved", "ReservedConcurrentExecutions")
    return {"concurrency": None if reserved is None else int(reserved)}


def _concurrency_request(args: FunctionConcurrency, current: Current) -> Request:
    del current
    if args.concurrency is None:
        return Request("lambda", "DeleteFunctionConcurrency", {"FunctionName": args.function})
    parameters = {"FunctionName": args.function, "ReservedConcurrentExecutions": args.concurrency}
    return Request("lambda", "PutFunctionConcurrency", parameters)


async def _concurrency_guards(world: AwsWorld, args: FunctionConcurrency, current: Current) -> list[Guard]:
    status = text(current, "function", "LastUpdateStatus")
    return [
        guard("it isn't being updated", "an update of it is under way" if status == "InProgress" else ""),
        await no_stack_update(world, args.function),
    ]


def _concurrency_there(args: FunctionConcurrency, before: Settings, current: Current) -> Convergence:
    del before
    now = _reserved(args, current)["concurrency"]
    words = "no concurrency is reserved" if now is None else f"{now} concurrent executions are reserved"
    return settled(when=True, detail=words, failed="" if now == args.concurrency else f"{words}: somebody changed it")


def _concurrency_back(args: FunctionConcurrency, prior: PriorState) -> FunctionConcurrency | None:
    if "concurrency" not in prior.values:
        return None
    return args.model_copy(update={"concurrency": prior.values["concurrency"]})


def _concurrency_command(args: FunctionConcurrency) -> str:
    if args.concurrency is None:
        return shell(*aws("lambda", "delete-function-concurrency", "--function-name", args.function, args=args))
    words = ("--function-name", args.function, "--reserved-concurrent-executions", str(args.concurrency))
    return shell(*aws("lambda", "put-function-concurrency", *words, args=args))


register(
    Remediation(
        name="set_reserved_concurrency",
        alias="ScaleResource",
        summary="Set how many executions are reserved for a Lambda function, which is the most that it gets",
        effect="write",
        risk="medium",
        estimated_duration_s=15,
        arguments=FunctionConcurrency,
        propose=_propose_concurrency,
        command=_concurrency_command,
        answers=("concurrency_limited", "rate_limited", "bad_configuration"),
        inverse=Inverse("set_reserved_concurrency", _concurrency_back),
        operations=AwsChange(
            arn=_function_arn,
            read=_read_concurrency,
            settings=_reserved,
            wanted=lambda args: {"concurrency": args.concurrency},
            request=_concurrency_request,
            progress=_concurrency_there,
            radius=as_whole("function"),
            guards=_concurrency_guards,
            identity=lambda current: text(current, "function", "FunctionArn"),
        ),
        permissions=(
            *_LOOKS, "lambda:GetFunctionConcurrency", "lambda:PutFunctionConcurrency",
            "lambda:DeleteFunctionConcurrency",
        ),
    )
)  # fmt: skip
