"""Reboot a database instance, which ends every session."""

from __future__ import annotations

from primitives.actions.aws import DatabaseInstance, aws, database_of
from primitives.actions.inverse import Irreversible
from primitives.actions.proposal import Proposed, shell
from primitives.actions.target import Target
from primitives.remediations.registry import Remediation, register


def _propose(target: Target) -> Proposed | None:
    instance = database_of(target)
    return Proposed(instance, f"Reboot {target.name}, which ends every session") if instance else None


def _command(args: DatabaseInstance) -> str:
    return shell(*aws("rds", "reboot-db-instance", "--db-instance-identifier", args.instance, args=args))


REMEDIATION = register(
    Remediation(
        name="reboot_database",
        summary="Reboot a database instance, which ends every session",
        effect="write",
        risk="high",
        estimated_duration_s=300,
        arguments=DatabaseInstance,
        propose=_propose,
        command=_command,
        inverse=Irreversible("the sessions that it ends are gone"),
    )
)
