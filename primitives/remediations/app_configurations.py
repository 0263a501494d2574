"""A configuration of AWS AppConfig back to an earlier version: flags and settings that are deployed by themselves.

https://docs.aws.amazon.com/appconfig/2019-10-09/APIReference/API_StartDeployment.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import Field

from primitives.actions.aws import InRegion, aws, place_about
from primitives.actions.aws_operations import AwsChange, Current, Settings, as_whole, settled
from primitives.actions.aws_world import AwsPlace, AwsWorld, Guard, Request, guard
from primitives.actions.earlier_values import in_change
from primitives.actions.execution import Convergence
from primitives.actions.inverse import Inverse, PriorState
from primitives.actions.proposal import Proposed, shell
from primitives.actions.target import Target
from primitives.backends.aws.fields import items, number, text
from primitives.records import Change
from primitives.remediations.registry import Remediation, register

_AT_ONCE: Final = "AppConfig.AllAtOnce"
"""AWS' own strategy that reaches all targets at once."""
_ID: Final = r"^[a-z0-9]{4,7}$"
_UNDER_WAY: Final = frozenset({"DEPLOYING", "VALIDATING", "BAKING", "ROLLING_BACK"})
_TAKEN_BACK: Final = frozenset({"ROLLED_BACK", "REVERTED"})
_NAMES: Final = ("applicationId", "environmentId", "configurationProfileId")


class RollBackConfiguration(InRegion):
    """By the identifiers of AppConfig; `version` is the one to deploy, `blamed` the one to leave."""

    application: str = Field(pattern=_ID)
    environment: str = Field(pattern=_ID)
    profile: str = Field(pattern=_ID)
    version: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,1024}$")
    blamed: str | None = None


def _deployments(target: Target) -> Iterator[tuple[Change, tuple[str, ...], str]]:
    """Each recorded start of a deployment, with what it deployed where, oldest first."""
    for change in sorted(target.changes, key=lambda each: each.time):
        where = tuple(in_change(change, name) for name in _NAMES)
        version = in_change(change, "configurationVersion")
        if all(where) and version:
            yield change, where, version


def _propose(target: Target) -> Proposed | None:
    """Where the blamed change deployed a version, no other followed, and the one before it is known."""
    starts = list(_deployments(target))
    at = next((place for place, start in enumerate(starts) if start[0] is target.blamed), None)
    if at is None:
        return None
    _, where, blamed = starts[at]
    before = [version for _, other, version in starts[:at] if other == where and version != blamed][-1:]
    if not before or any(other == where for _, other, _ in starts[at + 1 :]):
        return None
    names = dict(zip(("application", "environment", "profile"), where, strict=True))
    arguments = RollBackConfiguration.model_validate(
        {**place_about(target), **names, "version": before[0], "blamed": blamed}
    )
    return Proposed(arguments, f"Deploy version {before[0]} of the configuration {where[2]} again")


def _arn(args: RollBackConfiguration, place: AwsPlace) -> str:
    return place.arn("appconfig", "application", args.application, "environment", args.environment)


def _resources(args: RollBackConfiguration, place: AwsPlace, current: Current) -> tuple[str, ...]:
    del current
    application = ("application", args.application)
    paths = (
        application, (*application, "environment", args.environment),
        (*application, "configurationprofile", args.profile), ("deploymentstrategy", _AT_ONCE),
        (*application, "environment", args.environment, "deployment", "*"),
    )  # fmt: skip
    return tuple(place.arn("appconfig", *path) for path in paths)


async def _read(world: AwsWorld, args: RollBackConfiguration) -> Current | None:
    """The deployments of the environment, newest first."""
    answer = await world.read(
        "appconfig", "ListDeployments", ApplicationId=args.application, EnvironmentId=args.environment, MaxResults=50
    )
    if answer is None:
        return None
    return {"deployments": sorted(items(answer, "Items"), key=_number, reverse=True)}


def _number(deployment: Mapping[str, Any]) -> int:
    return int(number(deployment, "DeploymentNumber") or 0)


def _own(args: RollBackConfiguration, current: Current) -> list[Mapping[str, Any]]:
    """Those of the profile; old answers name no profile."""
    return [
        each for each in current["deployments"] if text(each, "ConfigurationProfileId") in (args.profile, "")
    ]  # fmt: skip


def _deployed(args: RollBackConfiguration, current: Current) -> Settings:
    kept = [each for each in _own(args, current) if text(each, "State") not in _TAKEN_BACK]
    return {"version": text(kept[0], "ConfigurationVersion") if kept else None}


async def _guards(world: AwsWorld, args: RollBackConfiguration, current: Current) -> list[Guard]:
    del world
    busy = next((each for each in current["deployments"] if text(each, "State") in _UNDER_WAY), None)
    way = shell(
        *aws("appconfig", "stop-deployment", "--application-id", args.application, "--environment-id",
             args.environment, "--deployment-number", str(_number(busy or {})), args=args)
    )  # fmt: skip
    runs = _deployed(args, current)["version"]
    left = "" if args.blamed in (None, runs) else f"version {runs} is deployed, not {args.blamed}"
    under_way = f"deployment {_number(busy)} is {text(busy, 'State')}" if busy else ""
    return [
        guard("no deployment is under way", under_way, way),
        guard("the blamed version is deployed", left),
    ]


def _request(args: RollBackConfiguration, current: Current) -> Request:
    """With the number of the latest deployment: AppConfig refuses the call where another one came since."""
    latest = max((_number(each) for each in current["deployments"]), default=0)
    parameters: dict[str, Any] = {
        "ApplicationId": args.application, "EnvironmentId": args.environment, "ConfigurationProfileId": args.profile,
        "ConfigurationVersion": args.version, "DeploymentStrategyId": _AT_ONCE,
    }  # fmt: skip
    return Request(
        "appconfig", "StartDeployment", {**parameters, **({"LatestDeploymentNumber": latest} if latest else {})}
    )


def _there(args: RollBackConfiguration, before: Settings, current: Current) -> Convergence:
    """Deployed to all; while it bakes, AppConfig only watches its alarms."""
    del before
    own = _own(args, current)
    newest = own[0] if own else {}
    version, state = text(newest, "ConfigurationVersion"), text(newest, "State")
    done = int(number(newest, "PercentageComplete") or 0)
    failed = f"version {version} is the newest: somebody else deployed it" if version != args.version else ""
    if not failed and state in _TAKEN_BACK:
        failed = f"AppConfig took it back: {state}"
    words = f"version {version}: {state}, {done} %"
    return settled(when=state in ("COMPLETE", "BAKING"), detail=words, failed=failed, done=done, total=100)


def _back(args: RollBackConfiguration, prior: PriorState) -> RollBackConfiguration | None:
    version = prior.values.get("version")
    return args.model_copy(update={"version": version, "blamed": args.version}) if isinstance(version, str) else None


def _command(args: RollBackConfiguration) -> str:
    return shell(
        *aws("appconfig", "start-deployment", "--application-id", args.application, "--environment-id",
             args.environment, "--configuration-profile-id", args.profile, "--configuration-version", args.version,
             "--deployment-strategy-id", _AT_ONCE, args=args)
    )  # fmt: skip


REMEDIATION = register(
    Remediation(
        name="rollback_app_configuration",
        alias="RollbackDeployment",
        summary="Deploy an earlier version of an AppConfig configuration again, to all at once",
        effect="write",
        risk="medium",
        estimated_duration_s=60,
        arguments=RollBackConfiguration,
        propose=_propose,
        command=_command,
        answers=("feature_flag_regression", "bad_configuration"),
        inverse=Inverse("rollback_app_configuration", _back),
        operations=AwsChange(
            arn=_arn,
            read=_read,
            settings=_deployed,
            wanted=lambda args: {"version": args.version},
            request=_request,
            progress=_there,
            radius=as_whole("environment"),
            guards=_guards,
            resources=_resources,
        ),
        permissions=("appconfig:ListDeployments", "appconfig:StartDeployment"),
    )
)
