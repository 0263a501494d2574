"""`cloudops investigate`: an investigation, in the cockpit or without a screen."""

from __future__ import annotations

from dataclasses import replace
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
    from datetime import datetime

    from cockpit.settings import Settings

__all__ = ["command"]


@click.command(
    cls=CommandWithExample,
    example='cloudops investigate "API latency spike in prod" --incident sample_incidents/api-latency-spike',
)
@click.argument("query", required=False, type=TEXT)
@click.option("--incident", type=FilePath(text=True), help="A recorded incident: a bundle's directory or file.")
@click.option(
    "--alert", type=FilePath(text=True), metavar="FILE|-", help="Live: an alert as its provider sent it, in JSON."
)
@click.option("--since", type=TEXT, metavar="TIME", help="Live: look from then on, such as 14:30 or 45m (ago).")
@click.option("--until", type=TEXT, metavar="TIME", help="Live: look no later than that [default: now].")
@click.option("--at", type=TEXT, metavar="TIME", help="Live: a moment at which the trouble was there.")
@click.option("--watch", is_flag=True, help="Live: go on, and tell when the symptom is gone (Ctrl-C ends it).")
@click.option("--watch-every", type=click.FloatRange(1, 3600), metavar="S", help="Seconds between looks [default: 15].")
@click.option("--resource", type=TEXT, help="The resource to look at first.")
@source_options(
    "A configured source to ask; may be given several times [default: all].",
    "Short for a source: a live Prometheus to ask.",
)
@click.option(
    "--record", type=FilePath(text=True), help="Afterwards, write a bundle with a day before it, for the postmortem."
)
@click.option("--notify", is_flag=True, help="Afterwards, tell whom the configuration names; only without a screen.")
@plain_option
@click.option("--json", "output", flag_value="json", help="One report object (cloudops-report/1).")
@click.option("--events", "output", flag_value="events", help="NDJSON events as they happen.")
@explain_option
@no_color_option
@settings_options
def command(
    query: str | None,
    incident: Path | None,
    alert: Path | None,
    resource: str | None,
    since: str | None,
    until: str | None,
    at: str | None,
    watch: bool,
    watch_every: float | None,
    record: Path | None,
    notify: bool,
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
    if bundle is not None and (since or until or at or watch or watch_every or alert):
        raise click.UsageError(
            "--since, --until, --at, --alert and --watch are for live sources; what was recorded is over"
        )
    settings = settings if watch_every is None else replace(settings, watch_every_s=watch_every)
    if bundle is not None and record is not None:
        raise click.UsageError("--record keeps what live sources say; leave it out with --incident")
    start = Start(query, bundle, resource, **_times(since=since, until=until, at=at))
    if alert is not None:
        from cockpit.alert_input import start_of_alert

        start = start_of_alert(alert, start)
    if output is None and not explain and on_terminal():
        if notify:
            raise click.UsageError("--notify tells of a run without a screen: add --plain, --json or --events")
        from cockpit.app import run_cockpit

        code = run_cockpit(settings, start, color=not no_color)
    else:
        from cockpit import headless

        code = headless.investigate(
            settings, start, output=output or "plain", color=not no_color, explain=explain, watch=watch, notify=notify
        )
    if record is not None:
        from cockpit.recording import WIDE, record_now

        record_now(settings, record, query=start.query or "", before=WIDE)
    return code


def _times(**texts: str | None) -> dict[str, datetime]:
    """The moments that were given, by their option's name. Raises `UsageError`."""
    from cockpit.moments import parse_moment
    from primitives.clock import SystemClock

    now = SystemClock().now()
    return {name: parse_moment(text, now, f"--{name}") for name, text in texts.items() if text is not None}
