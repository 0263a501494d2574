"""A parameter of Systems Manager back to the value of an earlier version. SecureStrings are never read, so never set.

https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-versions.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field

from primitives.actions.aws import InRegion, aws, place_about
from primitives.actions.aws_guards import STACK_LOOKS, no_stack_update
from primitives.actions.aws_operations import AwsChange, Current, Settings, as_whole, begun, settled
from primitives.actions.aws_world import AwsPlace, AwsWorld, Guard, Request, guard
from primitives.actions.earlier_values import in_change, whole_number
from primitives.actions.execution import Call, Convergence
from primitives.actions.inverse import Inverse, PriorState
from primitives.actions.proposal import Proposed, shell
from primitives.actions.target import Target
from primitives.backends.aws.fields import items, number, text
from primitives.errors import SourceUnreachable
from primitives.identity import base_name
from primitives.remediations.registry import Remediation, register

_READABLE: Final = frozenset({"String", "StringList"})
_MOST_PAGES: Final = 3
"""SSM keeps a hundred versions, fifty on a page."""


class RestoreParameter(InRegion):
    """The parameter gets the value that it had in `version`, as a new version."""

    parameter: str = Field(pattern=r"^[A-Za-z0-9_./-]{1,1011}$")
    version: int = Field(ge=1)


def _propose(target: Target) -> Proposed | None:
    """Where the blamed change made a version of a parameter: to the one before it."""
    change = target.blamed
    parameter, version = in_change(change, "parameter"), whole_number(in_change(change, "version"), 2)
    if change is None or change.origin != "ssm" or not parameter or version is None:
        return None
    arguments = RestoreParameter.model_validate({**place_about(target), "parameter": parameter, "version": version - 1})
    return Proposed(arguments, f"Set the parameter {parameter} back to version {version - 1}")


def _arn(args: RestoreParameter, place: AwsPlace) -> str:
    return place.arn("ssm", args.parameter.removeprefix("/"), kind="parameter")


async def _read(world: AwsWorld, args: RestoreParameter) -> Current | None:
    """What is known of the parameter, and of a plain one its versions."""
    named = {"Key": "Name", "Option": "Equals", "Values": [args.parameter]}
    known = next(
        iter(items(await world.read("ssm", "DescribeParameters", ParameterFilters=[named]), "Parameters")), None
    )
    if known is None:
        return None
    versions = await _versions(world, args.parameter) if text(known, "Type") in _READABLE else {}
    return {**known, "versions": versions}


async def _versions(world: AwsWorld, parameter: str) -> dict[int, Mapping[str, Any]]:
    """The versions that SSM keeps, by number."""
    versions: dict[int, Mapping[str, Any]] = {}
    token: dict[str, str] = {}
    for _ in range(_MOST_PAGES):
        page = await world.read("ssm", "GetParameterHistory", Name=parameter, WithDecryption=False, **token)
        versions |= {int(number(each, "Version") or 0): each for each in items(page, "Parameters")}
        token = {"NextToken": text(page, "NextToken")}
        if not token["NextToken"]:
            break
    return versions


def _version(_: RestoreParameter, current: Current) -> Settings:
    return {"version": int(number(current, "Version") or 0)}


def _value(current: Current, version: int | None) -> str | None:
    known = current["versions"].get(version)
    return text(known, "Value") if known else None


async def _guards(world: AwsWorld, args: RestoreParameter, current: Current) -> list[Guard]:
    readable = text(current, "Type") in _READABLE
    now = _value(current, int(number(current, "Version") or 0))
    wanted = _value(current, args.version)
    kept = "" if wanted is not None or not readable else f"version {args.version} isn't kept any more"
    same = "nothing would change" if wanted is not None and wanted == now else ""
    return [
        guard("its value may be read", "" if readable else "it is a SecureString: CloudOps never reads one"),
        guard("the version is kept", kept),
        guard("its value is another one", same),
        await no_stack_update(world, args.parameter),
    ]


def _request(args: RestoreParameter, current: Current) -> Request:
    """Without the value, which isn't stored: it is read when the call is sent, and a version never changes."""
    parameters = {"Name": args.parameter, "Type": text(current, "Type"), "Overwrite": True}
    return Request("ssm", "PutParameter", {**parameters, "Value": {"of version": args.version}})


async def _complete(world: AwsWorld, call: Call) -> Call:
    """The call with the value. Raises `SourceError` where the version isn't kept any more."""
    request = dict(call.parameters["request"])
    version = int(request["Value"]["of version"])
    known = (await _versions(world, str(request["Name"]))).get(version)
    if known is None:
        raise SourceUnreachable(world.name, f"version {version} isn't kept any more")
    request["Value"] = text(known, "Value")
    return call.model_copy(update={"parameters": {**call.parameters, "request": request}})


async def _values(world: AwsWorld, args: RestoreParameter, current: Current) -> tuple[Any, Any]:
    """Both values under the parameter's name, which says whether they are anybody's business."""
    del world
    name, now = base_name(args.parameter), int(number(current, "Version") or 0)
    return {name: _value(current, now)}, {name: _value(current, args.version)}


def _restored(args: RestoreParameter, before: Settings, current: Current) -> Convergence:
    version = int(number(current, "Version") or 0)
    if version == before.get("version"):
        return settled(when=False, detail="the new version isn't there yet")
    wanted, now = _value(current, args.version), _value(current, version)
    other = "" if wanted is None or wanted == now else f"version {version} has another value: somebody changed it"
    return settled(when=True, detail=f"version {version} has the value of {args.version}", failed=other)


def _back(args: RestoreParameter, prior: PriorState) -> RestoreParameter | None:
    version = whole_number(prior.values.get("version"), 1)
    return None if version is None else args.model_copy(update={"version": version})


def _command(args: RestoreParameter) -> str:
    """Two commands: one reads the version, the other one sets it."""
    read = shell(
        *aws("ssm", "get-parameter", "--name", f"{args.parameter}:{args.version}", "--query", "Parameter.Value",
             "--output", "text", args=args)
    )  # fmt: skip
    put = shell(*aws("ssm", "put-parameter", "--name", args.parameter, "--overwrite", args=args))
    return f'{put} --value "$({read})"'


REMEDIATION = register(
    Remediation(
        name="restore_parameter",
        alias="UpdateConfiguration",
        summary="Set a parameter of Systems Manager back to the value of an earlier version",
        effect="write",
        risk="medium",
        estimated_duration_s=30,
        arguments=RestoreParameter,
        propose=_propose,
        command=_command,
        answers=("bad_configuration", "missing_configuration"),
        inverse=Inverse("restore_parameter", _back),
        operations=AwsChange(
            arn=_arn,
            read=_read,
            settings=_version,
            wanted=lambda args: {"version": f"a new one with the value of {args.version}"},
            request=_request,
            complete=_complete,
            progress=_restored,
            radius=as_whole("parameter"),
            guards=_guards,
            documents=_values,
            arrived=begun("version"),
        ),
        permissions=(
            "ssm:DescribeParameters", "ssm:GetParameterHistory", *STACK_LOOKS, "ssm:PutParameter",
        ),
    )
)  # fmt: skip
