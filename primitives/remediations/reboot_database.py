"""Reboot a database instance, which ends every session."""

from __future__ import annotations

from primitives.remediations.registry import Arguments, Remediation, Target, database_of, register, shell


class RebootDatabase(Arguments):
    """An RDS instance by its identifier."""

    instance: str


def _fit(target: Target) -> RebootDatabase | None:
    name = database_of(target)
    return RebootDatabase(instance=name) if name else None


def _command(args: RebootDatabase) -> str:
    return shell("aws", "rds", "reboot-db-instance", "--db-instance-identifier", args.instance)


REMEDIATION = register(
    Remediation(
        "reboot_database",
        "Reboot {resource}, which ends every session",
        "write",
        "high",
        300,
        RebootDatabase,
        _fit,
        _command,
    )
)
