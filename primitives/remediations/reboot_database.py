"""Reboot a database instance, which ends every session."""

from __future__ import annotations

from primitives.actions.aws import DatabaseInstance, aws, database_of
from primitives.actions.aws_operations import Current, Settings, settled
from primitives.actions.aws_rds import INSTANCE_LOOKS, instance_change, read_instance, restarted
from primitives.actions.aws_world import AwsWorld, Request
from primitives.actions.execution import Convergence
from primitives.actions.inverse import Irreversible
from primitives.actions.proposal import Proposed, shell
from primitives.actions.target import Target
from primitives.backends.aws.fields import text
from primitives.remediations.registry import Remediation, register


def _propose(target: Target) -> Proposed | None:
    instance = database_of(target)
    return Proposed(instance, f"Reboot {target.name}, which ends every session") if instance else None


def _command(args: DatabaseInstance) -> str:
    return shell(*aws("rds", "reboot-db-instance", "--db-instance-identifier", args.instance, args=args))


async def _read(world: AwsWorld, args: DatabaseInstance) -> Current | None:
    current = await read_instance(world, args)
    return None if current is None else {**current, "restarted": await restarted(world, args)}


def _state(_: DatabaseInstance, current: Current) -> Settings:
    return {"restarted": text(current, "restarted"), "status": text(current, "DBInstanceStatus")}


def _arrived(before: Settings, wanted: Settings, now: Settings) -> bool | None:
    """By a restart that is newer, or that it is restarting. RDS tells of a restart when it is over."""
    del wanted
    newer = str(now["restarted"]) > str(before["restarted"])
    return True if newer or now["status"] == "rebooting" else None


def _progress(args: DatabaseInstance, before: Settings, current: Current) -> Convergence:
    del args
    status = text(current, "DBInstanceStatus")
    newer = text(current, "restarted") > str(before.get("restarted") or "")
    failed = f"it is {status}" if status.startswith(("failed", "incompatible-", "inaccessible-")) else ""
    return settled(when=newer and status == "available", detail=f"it is {status}", failed=failed)


REMEDIATION = register(
    Remediation(
        name="reboot_database",
        alias="RestartService",
        summary="Reboot a database instance, which ends every session",
        effect="write",
        risk="high",
        estimated_duration_s=300,
        arguments=DatabaseInstance,
        propose=_propose,
        command=_command,
        inverse=Irreversible("the sessions that it ends are gone"),
        operations=instance_change(
            read=_read,
            settings=_state,
            wanted=lambda _: {"restarted": "now"},
            request=lambda args, _: Request("rds", "RebootDBInstance", {"DBInstanceIdentifier": args.instance}),
            progress=_progress,
            arrived=_arrived,
        ),
        permissions=(*INSTANCE_LOOKS, "rds:DescribeEvents", "rds:RebootDBInstance"),
    )
)
