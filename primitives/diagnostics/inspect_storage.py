"""Look at a database instance's storage: how much there is, how much is left, how far it may grow by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from primitives.actions.aws import DatabaseInstance, aws, database_of
from primitives.actions.proposal import Proposed, TargetedDiagnostic, shell
from primitives.actions.target import Target
from primitives.analysis.asking import gaps, incident_window, lookback_window
from primitives.analysis.looks import is_called, readings, settings
from primitives.diagnostics.registry import Arguments, DiagnosticOutput, diagnostic
from primitives.telemetry import ConfigurationQuery, SeriesQuery, Telemetry

__all__ = ["inspect_storage"]

_FIELDS: Final = "DBInstances[0].[DBInstanceStatus,AllocatedStorage,MaxAllocatedStorage,StorageType]"
_STORAGE: Final = "storage"


class InspectStorage(Arguments):
    """`target` is the instance whose storage to look at."""

    target: DatabaseInstance


def _propose(target: Target) -> Proposed | None:
    instance = database_of(target)
    title = f"Look at the storage that {target.name} has and how far it may grow by itself"
    return Proposed(instance, title) if instance else None


def _command(args: DatabaseInstance) -> str:
    instance = ("--db-instance-identifier", args.instance)
    return shell(*aws("rds", "describe-db-instances", *instance, "--query", _FIELDS, args=args))


def _tells(args: DatabaseInstance) -> str:
    del args
    return "would tell by how much to raise it"


@diagnostic(
    "inspect_storage",
    title="Look at a database's storage",
    answers=("RESOURCE_SATURATION",),
    questions=("series", "configuration"),
    arguments=InspectStorage,
    cost_s=5.0,
    on_request=True,
    look=TargetedDiagnostic(DatabaseInstance, _propose, _command, answers=("disk_full",), tells=_tells),
)
async def inspect_storage(ask: Telemetry, args: InspectStorage) -> AsyncIterator[DiagnosticOutput]:
    """Tell the newest reading of each storage metric with its limit, and the settings that are about storage."""
    measured, configured = await asyncio.gather(
        ask.series(SeriesQuery(window=incident_window(args), kinds=("saturation",))),
        ask.configuration(ConfigurationQuery(window=lookback_window(args))),
    )

    def is_meant(resource: str) -> bool:
        return is_called(resource, args.target.instance, args.target.region)

    for reading in readings(measured, is_meant, args):
        if _STORAGE in reading.subject.lower():
            yield reading
    for setting in settings(configured, is_meant, args, holding=_STORAGE):
        yield setting
    for gap in gaps((measured, configured), args):
        yield gap
