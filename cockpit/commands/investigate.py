"""`cloudops investigate`: an investigation, in the cockpit or without a screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.options import (
    TEXT,
    CommandWithExample,
    FilePath,
    explain_option,
    no_color_option,
    plain_option,
    settings_options,
    source_options,
)

if TYPE_CHECKING:
    from cockpit.settings import Settings

__all__ = ["command"]


@click.command(
    cls=CommandWithExample,
    example='cloudops investigate "API latency spike in prod" --incident sample_incidents/api-latency-spike',
)
@click.argument("query", required=False, type=TEXT)
@click.option("--incident", type=FilePath(text=True), help="A recorded incident: a bundle's directory or file.")
@click.option("--resource", type=TEXT, help="The resource to look at first.")
@source_options(
    "A configured source to ask; may be given several times [default: all].",
    "Short for a source: a live Prometheus to ask.",
)
@click.option(
    "--record", type=FilePath(text=True), help="Afterwards, write a bundle with a day before it, for the postmortem."
)
@plain_option
@click.option("--json", "output", flag_value="json", help="One report object (cloudops-report/1).")
@click.option("--events", "output", flag_value="events", help="NDJSON events as they happen.")
@explain_option
@no_color_option
@settings_options
def command(
    query: str | None,
    incident: Path | None,
    resource: str | None,
    record: Path | None,
    output: str | None,
    explain: bool,
    no_color: bool,
    settings: Settings,
) -> int:
    """Investigate an incident, live or recorded. On a terminal this opens the cockpit."""
    from cockpit.sample_incidents import bundle_path
    from cockpit.start_modes import Start
    from cockpit.terminal import on_terminal

    bundle = str(bundle_path(incident)) if incident is not None else None
    if bundle is not None and settings.chosen:
        raise click.UsageError("--incident investigates what was recorded; leave --source and --prometheus out")
    if bundle is not None and record is not None:
        raise click.UsageError("--record keeps what live sources say; leave it out with --incident")
    start = Start(query, bundle, resource)
    if output is None and not explain and on_terminal():
        from cockpit.app import run_cockpit

        code = run_cockpit(settings, start, color=not no_color)
    else:
        from cockpit import headless

        code = headless.investigate(settings, start, output=output or "plain", color=not no_color, explain=explain)
    if record is not None:
        from cockpit.recording import WIDE, record_now

        record_now(settings, record, query=query or "", before=WIDE)
    return code
