"""Look at a database instance's events and settings: changes nothing."""

from __future__ import annotations

from primitives.remediations.registry import Arguments, Remediation, Target, database_of, register, shell


class InspectDatabase(Arguments):
    """An RDS instance by its identifier."""

    instance: str


def _fit(target: Target) -> InspectDatabase | None:
    name = database_of(target)
    return InspectDatabase(instance=name) if name else None


def _command(args: InspectDatabase) -> str:
    return shell(
        "aws",
        "rds",
        "describe-events",
        "--source-type",
        "db-instance",
        "--source-identifier",
        args.instance,
        "--duration",
        "1440",
    )


REMEDIATION = register(
    Remediation(
        "inspect_database",
        "Look at the events of {resource}",
        "read",
        "low",
        10,
        InspectDatabase,
        _fit,
        _command,
        requires_approval=False,
    )
)
