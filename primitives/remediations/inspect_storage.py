"""Look at a database instance's storage and how far it may grow by itself: changes nothing."""

from __future__ import annotations

from typing import Final

from primitives.remediations.registry import Arguments, Remediation, Target, database_of, register, shell

_FIELDS: Final = "DBInstances[0].[DBInstanceStatus,AllocatedStorage,MaxAllocatedStorage,StorageType]"


class InspectStorage(Arguments):
    """An RDS instance by its identifier."""

    instance: str


def _fit(target: Target) -> InspectStorage | None:
    name = database_of(target)
    return InspectStorage(instance=name) if name else None


def _command(args: InspectStorage) -> str:
    return shell("aws", "rds", "describe-db-instances", "--db-instance-identifier", args.instance, "--query", _FIELDS)


REMEDIATION = register(
    Remediation(
        "inspect_storage",
        "Look at the storage that {resource} has and how far it may grow by itself",
        "read",
        "low",
        5,
        InspectStorage,
        _fit,
        _command,
        requires_approval=False,
        answers=("disk_full",),
    )
)
