"""Give a database instance half as much storage again. It can't be taken back: RDS never shrinks a volume."""

from __future__ import annotations

import math
from typing import Final

from primitives.actions.aws import DatabaseInstance, aws, database_of
from primitives.actions.aws_operations import Current
from primitives.actions.aws_rds import INSTANCE_LOOKS, instance_guards, modification, own_storage, whole
from primitives.actions.aws_world import AwsWorld, Guard, guard
from primitives.actions.inverse import Irreversible
from primitives.actions.proposal import Manual, Proposed, shell
from primitives.actions.target import Target
from primitives.backends.aws.fields import text
from primitives.facts import MetricAtLimit
from primitives.quantities import GIB
from primitives.remediations.registry import Remediation, register

# RDS takes an increase of a tenth at least (ModifyDBInstance, AllocatedStorage); half gives time to find the cause.
_GROWTH: Final = 1.5
_LEAST_GROWTH: Final = 1.1


class RaiseStorage(DatabaseInstance):
    """`storage_gib` is what the instance shall have, in GiB."""

    storage_gib: int


def _propose(target: Target) -> Proposed | Manual | None:
    instance, allocated = database_of(target), _allocated_bytes(target)
    if instance is None:
        return None
    if not allocated:
        return Manual(f"Raise the storage of {target.name}; it can't be lowered again", "how much it has")
    wanted = math.ceil(_GROWTH * allocated / GIB)
    amounts = f"from {allocated / GIB:.0f} to {wanted} GiB"
    title = f"Raise the storage of {target.name} {amounts}; it can't be lowered again"
    return Proposed(RaiseStorage(**instance.model_dump(), storage_gib=wanted), title)


def _allocated_bytes(target: Target) -> float | None:
    """What a storage metric in bytes is measured against: what is allocated."""
    limits = [fact.limit for fact in target.present(MetricAtLimit) if fact.unit == "By" and "storage" in fact.metric]
    return limits[-1] if limits else None


def _command(args: RaiseStorage) -> str:
    instance = ("--db-instance-identifier", args.instance)
    storage = ("--allocated-storage", str(args.storage_gib))
    return shell(*aws("rds", "modify-db-instance", *instance, *storage, "--apply-immediately", args=args))


async def _guards(world: AwsWorld, args: RaiseStorage, current: Current) -> list[Guard]:
    """The guards of each change of an instance, but a full one counts as available: more storage is what mends it."""
    there = whole(current, "AllocatedStorage") or 0
    mended = {**current, "DBInstanceStatus": "available"} if text(current, "DBInstanceStatus") == _FULL else current
    little = f"it has {there} GiB; RDS takes a tenth more at least" if args.storage_gib < _LEAST_GROWTH * there else ""
    return [
        *await instance_guards(world, args, mended),
        own_storage(current),
        guard("it is enough of a raise", "" if args.storage_gib == there else little),
    ]


_FULL: Final = "storage-full"

REMEDIATION = register(
    Remediation(
        name="raise_storage",
        alias="ScaleResource",
        summary="Give a database instance half as much storage again",
        effect="write",
        risk="medium",
        estimated_duration_s=900,
        arguments=RaiseStorage,
        propose=_propose,
        command=_command,
        answers=("disk_full",),
        inverse=Irreversible("RDS never shrinks a volume"),
        operations=modification("storage_gib", "AllocatedStorage", guards=_guards),
        permissions=(*INSTANCE_LOOKS, "rds:ModifyDBInstance"),
    )
)
