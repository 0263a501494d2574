"""Look at one database instance: what was observed of it, and how it is set up."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Final

from primitives.actions.aws import DatabaseInstance, aws, database_of
from primitives.actions.proposal import Proposed, TargetedDiagnostic, shell
from primitives.actions.target import Target
from primitives.analysis.asking import gaps, lookback_window
from primitives.analysis.looks import is_called, observations, settings
from primitives.diagnostics.registry import Arguments, DiagnosticOutput, diagnostic
from primitives.facts import LogPattern
from primitives.patterns import lazy_pattern
from primitives.telemetry import ConfigurationQuery, ObservationsQuery, Telemetry

__all__ = ["inspect_database"]

# What the messages of events call it (Amazon RDS User Guide, Amazon RDS event categories and event messages); no
# database speaks of itself so.
_EVENT: Final = lazy_pattern(r"\b(?:DB instance|read replica)\b", re.IGNORECASE)


class InspectDatabase(Arguments):
    """`target` is the instance to look at."""

    target: DatabaseInstance


def _propose(target: Target) -> Proposed | None:
    instance = database_of(target)
    return Proposed(instance, f"Look at the events of {target.name}") if instance else None


def _command(args: DatabaseInstance) -> str:
    return shell(
        *aws(
            "rds", "describe-events", "--source-type", "db-instance", "--source-identifier", args.instance,
            "--duration", "1440", args=args,
        )
    )  # fmt: skip


def _tells(args: DatabaseInstance) -> str:
    del args
    return "would tell a restart or a full disk from load"


def _is_answered(target: Target) -> bool:
    """Whether the instance's events were read: messages of its platform about it are facts."""
    return any(fact.announced or _EVENT.search(fact.example or fact.template) for fact in target.present(LogPattern))


@diagnostic(
    "inspect_database",
    title="Look at a database instance",
    answers=("RESOURCE_SATURATION", "DEPENDENCY_FAILURE", "PERFORMANCE_DEGRADATION"),
    questions=("observations", "configuration"),
    arguments=InspectDatabase,
    cost_s=10.0,
    on_request=True,
    look=TargetedDiagnostic(DatabaseInstance, _propose, _command, general=True, tells=_tells, is_answered=_is_answered),
)
async def inspect_database(ask: Telemetry, args: InspectDatabase) -> AsyncIterator[DiagnosticOutput]:
    """Tell its top statements, wait events and other observations, newest first, and then its settings."""
    window = lookback_window(args)
    observed, configured = await asyncio.gather(
        ask.observations(ObservationsQuery(window=window)), ask.configuration(ConfigurationQuery(window=window))
    )

    def is_meant(resource: str) -> bool:
        return is_called(resource, args.target.instance, args.target.region)

    for fact in (*observations(observed, is_meant, args), *settings(configured, is_meant, args)):
        yield fact
    for gap in gaps((observed, configured), args):
        yield gap
