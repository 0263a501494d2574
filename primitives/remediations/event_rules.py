"""Rules of Amazon EventBridge: enabled or disabled.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeRule.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pydantic import Field

from primitives.actions.aws import InRegion, aws, place_about
from primitives.actions.aws_guards import STACK_LOOKS, no_stack_update
from primitives.actions.aws_operations import AwsChange, Current, Settings, as_whole, settled
from primitives.actions.aws_world import AwsPlace, AwsWorld, Guard, Request, guard
from primitives.actions.earlier_values import in_change
from primitives.actions.execution import Convergence
from primitives.actions.inverse import Inverse
from primitives.actions.proposal import Proposed, shell
from primitives.actions.target import Target
from primitives.backends.aws.fields import text
from primitives.remediations.registry import Remediation, register

_DEFAULT: Final = "default"
_LOOKS: Final = ("events:DescribeRule", *STACK_LOOKS)


class EventRule(InRegion):
    """A rule by its name and that of its bus."""

    rule: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")
    bus: str = Field(_DEFAULT, pattern=r"^[A-Za-z0-9_.-]{1,256}$")


def _proposing(operation: str, verb: str) -> Callable[[Target], Proposed | None]:
    """Proposes to take back the blamed change, where that is this call of EventBridge."""

    def propose(target: Target) -> Proposed | None:
        change = target.blamed
        rule, bus = in_change(change, "name"), in_change(change, "eventBusName") or _DEFAULT
        if change is None or not change.summary.startswith(f"events: {operation}") or not rule:
            return None
        arguments = EventRule.model_validate({**place_about(target), "rule": rule, "bus": bus})
        return Proposed(arguments, f"{verb} the rule {rule} again")

    return propose


def _arn(args: EventRule, place: AwsPlace) -> str:
    names = (args.rule,) if args.bus == _DEFAULT else (args.bus, args.rule)
    return place.arn("events", *names, kind="rule")


async def _read(world: AwsWorld, args: EventRule) -> Current | None:
    return await world.read("events", "DescribeRule", Name=args.rule, EventBusName=args.bus) or None


async def _guards(world: AwsWorld, args: EventRule, current: Current) -> list[Guard]:
    owner, state = text(current, "ManagedBy"), text(current, "State")
    plain = state in ("ENABLED", "DISABLED")
    return [
        guard("nobody else manages it", f"{owner} does" if owner else ""),
        guard("it is enabled in the usual way", "" if plain else f"it is {state}, which could not be put back"),
        await no_stack_update(world, args.rule),
    ]


def _state(_: EventRule, current: Current) -> Settings:
    return {"state": text(current, "State")}


def _switching(operation: str, wanted: str) -> AwsChange:
    def progress(args: EventRule, before: Settings, current: Current) -> Convergence:
        del args, before
        state = text(current, "State")
        words = f"it is {state}"
        return settled(when=True, detail=words, failed="" if state == wanted else words)

    return AwsChange(
        arn=_arn, read=_read, settings=_state, wanted=lambda _: {"state": wanted}, progress=progress,
        request=lambda args, _: Request("events", operation, {"Name": args.rule, "EventBusName": args.bus}),
        radius=as_whole("rule"), guards=_guards, identity=lambda current: text(current, "Arn"),
    )  # fmt: skip


def _command(verb: str, args: EventRule) -> str:
    return shell(*aws("events", verb, "--name", args.rule, "--event-bus-name", args.bus, args=args))


ENABLE = register(
    Remediation(
        name="enable_rule",
        summary="Let an EventBridge rule react to events again",
        effect="write",
        risk="medium",
        estimated_duration_s=30,
        arguments=EventRule,
        propose=_proposing("DisableRule", "Enable"),
        command=lambda args: _command("enable-rule", args),
        answers=("bad_configuration", "consumer_stalled", "queue_backlog"),
        inverse=Inverse("disable_rule", lambda args, _: args),
        operations=_switching("EnableRule", "ENABLED"),
        permissions=(*_LOOKS, "events:EnableRule"),
    )
)

DISABLE = register(
    Remediation(
        name="disable_rule",
        summary="Let an EventBridge rule react to no events",
        effect="write",
        risk="medium",
        estimated_duration_s=30,
        arguments=EventRule,
        propose=_proposing("EnableRule", "Disable"),
        command=lambda args: _command("disable-rule", args),
        answers=("bad_configuration", "traffic_surge"),
        inverse=Inverse("enable_rule", lambda args, _: args),
        operations=_switching("DisableRule", "DISABLED"),
        permissions=(*_LOOKS, "events:DisableRule"),
    )
)
