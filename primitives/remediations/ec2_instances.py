"""Reboot an EC2 instance.

Only CloudTrail says that an instance was rebooted, up to 15 minutes later
(https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-reboot.html).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from primitives.actions.aws import Machine, aws, machine_of
from primitives.actions.aws_guards import STACK_LOOKS, no_stack_update
from primitives.actions.aws_operations import AwsChange, Current, Settings, as_whole, settled
from primitives.actions.aws_world import AwsPlace, AwsWorld, Guard, Request, guard
from primitives.actions.execution import Convergence
from primitives.actions.inverse import Irreversible
from primitives.actions.proposal import Proposed, shell
from primitives.actions.target import Target
from primitives.backends.aws.fields import items, text
from primitives.errors import SourceUnreachable
from primitives.facts import Observed
from primitives.remediations.registry import Remediation, register

_LATE: Final = timedelta(minutes=20)
_CALL: Final = "RebootInstances"


def _propose(target: Target) -> Proposed | None:
    """Where the instance's own check fails. A failed system check is the host's, and a reboot stays on that host."""
    machine = machine_of(target)
    ill = [
        fact for fact in target.present(Observed)
        if fact.kind == "instance_status" and "InstanceStatus" in str(fact.details.get("message") or fact.subject)
    ]  # fmt: skip
    return Proposed(machine, f"Reboot {target.name}, whose check fails") if machine and ill else None


def _arn(args: Machine, place: AwsPlace) -> str:
    return place.arn("ec2", args.machine, kind="instance")


async def _read(world: AwsWorld, args: Machine) -> Current | None:
    """The instance's status; a terminated one is none."""
    answer = await world.read(
        "ec2", "DescribeInstanceStatus", InstanceIds=[args.machine], IncludeAllInstances=True
    )  # fmt: skip
    known = next(iter(items(answer, "InstanceStatuses")), None)
    return None if known is None or text(known, "InstanceState", "Name") == "terminated" else known


def _state(_: Machine, current: Current) -> Settings:
    return {"state": text(current, "InstanceState", "Name"), "rebooted": ""}


async def _guards(world: AwsWorld, args: Machine, current: Current) -> list[Guard]:
    state = text(current, "InstanceState", "Name")
    events = [text(event, "Description") for event in items(current, "Events")]
    planned = [said for said in events if "[Completed]" not in said and "[Canceled]" not in said]
    return [
        guard("it runs", "" if state == "running" else f"it is {state}"),
        guard("AWS has nothing planned for it", f"planned: {'; '.join(planned)}" if planned else ""),
        await no_stack_update(world, args.machine),
    ]


def _unknown(before: Settings, wanted: Settings, now: Settings) -> None:
    """The instance itself doesn't say whether it was rebooted."""
    del before, wanted, now


async def _in_trail(world: AwsWorld, args: Machine, since: datetime) -> bool | None:
    """Whether CloudTrail has the reboot; raises `SourceUnreachable` while it may still get it."""
    named = {"AttributeKey": "ResourceName", "AttributeValue": args.machine}
    answer = await world.read("cloudtrail", "LookupEvents", LookupAttributes=[named], StartTime=since, MaxResults=50)
    if any(text(event, "EventName") == _CALL for event in items(answer, "Events")):
        return True
    if world.now() - since < _LATE:
        raise SourceUnreachable(world.name, "only CloudTrail tells whether it was rebooted, up to 15 minutes later")
    return None


def _back(args: Machine, before: Settings, current: Current) -> Convergence:
    """Up again with both checks passed. Right after the reboot the checks may not have noticed it yet."""
    del args, before
    state = text(current, "InstanceState", "Name")
    checks = [text(current, which, "Status") for which in ("SystemStatus", "InstanceStatus")]
    words = f"it is {state}, its checks say {' and '.join(dict.fromkeys(filter(None, checks))) or 'nothing'}"
    failed = f"it is {state}" if state in ("stopping", "stopped", "shutting-down", "terminated") else ""
    return settled(when=state == "running" and checks == ["ok", "ok"], detail=words, failed=failed)


def _request(args: Machine, current: Current) -> Request:
    del current
    return Request("ec2", _CALL, {"InstanceIds": [args.machine]})


def _command(args: Any) -> str:
    return shell(*aws("ec2", "reboot-instances", "--instance-ids", args.machine, args=args))


REMEDIATION = register(
    Remediation(
        name="reboot_instance",
        alias="RestartService",
        summary="Reboot an EC2 instance",
        effect="write",
        risk="high",
        estimated_duration_s=240,
        arguments=Machine,
        propose=_propose,
        command=_command,
        answers=("instance_failed", "node_not_ready"),
        inverse=Irreversible("what ran on it was ended"),
        operations=AwsChange(
            arn=_arn,
            read=_read,
            settings=_state,
            wanted=lambda _: {"rebooted": "now"},
            request=_request,
            progress=_back,
            radius=as_whole("instance"),
            guards=_guards,
            identity=lambda current: text(current, "InstanceId"),
            arrived=_unknown,
            traces=_in_trail,
        ),
        permissions=(
            "ec2:DescribeInstanceStatus", *STACK_LOOKS, "cloudtrail:LookupEvents", "ec2:RebootInstances",
        ),
    )
)  # fmt: skip
