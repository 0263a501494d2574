"""Give a database instance more storage. It can't be taken back: RDS never shrinks a volume."""

from __future__ import annotations

import math
from typing import Final

from primitives.remediations.registry import Arguments, Remediation, Target, database_of, register, shell

_GIB: Final = 2.0**30
# RDS takes an increase of a tenth at least (ModifyDBInstance, AllocatedStorage); half gives time to find the cause.
_GROWTH: Final = 1.5


class RaiseStorage(Arguments):
    """An RDS instance by its identifier; `storage_gib` is what it shall have, in GiB."""

    instance: str
    storage_gib: int


def _fit(target: Target) -> RaiseStorage | None:
    name = database_of(target)
    if not name or not target.storage_bytes:
        return None
    return RaiseStorage(instance=name, storage_gib=_wanted(target.storage_bytes))


def _wanted(allocated: float) -> int:
    return math.ceil(_GROWTH * allocated / _GIB)


def _command(args: RaiseStorage) -> str:
    instance = ("--db-instance-identifier", args.instance)
    storage = ("--allocated-storage", str(args.storage_gib))
    return shell("aws", "rds", "modify-db-instance", *instance, *storage, "--apply-immediately")


def _details(target: Target) -> str:
    allocated = target.storage_bytes or 0.0
    return f"from {allocated / _GIB:.0f} to {_wanted(allocated)} GiB"


REMEDIATION = register(
    Remediation(
        "raise_storage",
        "Raise the storage of {resource} {details}; it can't be lowered again",
        "write",
        "medium",
        900,
        RaiseStorage,
        _fit,
        _command,
        answers=("disk_full",),
        details=_details,
    )
)
