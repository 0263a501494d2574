"""Look at one function: how it is set up, and what was observed of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from primitives.actions.aws import Function, aws, function_of
from primitives.actions.proposal import Proposed, TargetedDiagnostic, shell
from primitives.actions.target import Target
from primitives.analysis.asking import gaps, lookback_window
from primitives.analysis.looks import is_called, observations, settings
from primitives.diagnostics.registry import Arguments, DiagnosticOutput, diagnostic
from primitives.telemetry import ConfigurationQuery, ObservationsQuery, Telemetry

__all__ = ["inspect_function"]


class InspectFunction(Arguments):
    """`target` is the function to look at."""

    target: Function


def _propose(target: Target) -> Proposed | None:
    function = function_of(target)
    return Proposed(function, f"Look at the settings of {target.name}") if function else None


def _command(args: Function) -> str:
    return shell(*aws("lambda", "get-function-configuration", "--function-name", args.function, args=args))


def _tells(args: Function) -> str:
    del args
    return "would tell a lowered limit from load"


@diagnostic(
    "inspect_function",
    title="Look at a function",
    answers=("CONFIGURATION_DRIFT", "RESOURCE_SATURATION", "PERFORMANCE_DEGRADATION"),
    questions=("configuration", "observations"),
    arguments=InspectFunction,
    cost_s=5.0,
    on_request=True,
    look=TargetedDiagnostic(Function, _propose, _command, general=True, tells=_tells),
)
async def inspect_function(ask: Telemetry, args: InspectFunction) -> AsyncIterator[DiagnosticOutput]:
    """Tell its settings, and then what was observed of it, newest first."""
    window = lookback_window(args)
    configured, observed = await asyncio.gather(
        ask.configuration(ConfigurationQuery(window=window)), ask.observations(ObservationsQuery(window=window))
    )

    def is_meant(resource: str) -> bool:
        return is_called(resource, args.target.function, args.target.region)

    for fact in (*settings(configured, is_meant, args), *observations(observed, is_meant, args)):
        yield fact
    for gap in gaps((configured, observed), args):
        yield gap
