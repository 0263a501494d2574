"""`cloudops attach`: a running or interrupted investigation, in the cockpit or without a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cockpit.options import (
    TEXT,
    CommandWithExample,
    explain_option,
    no_color_option,
    plain_option,
    settings_options,
    source_options,
)

if TYPE_CHECKING:
    from cockpit.settings import Settings

__all__ = ["command"]


@click.command(cls=CommandWithExample, example="cloudops attach exec-3f9a1c20")
@click.argument("name", metavar="ID", type=TEXT)
@source_options(
    "A source to ask when an interrupted live investigation is resumed [default: those that it asked before].",
    "Short for a source: the Prometheus of that investigation.",
)
@plain_option
@click.option("--events", "output", flag_value="events", help="NDJSON events as they happen.")
@explain_option
@no_color_option
@settings_options
def command(name: str, output: str | None, explain: bool, no_color: bool, settings: Settings) -> int:
    """Join a running investigation, or resume an interrupted one."""
    from cockpit.terminal import on_terminal

    if output is None and not explain and on_terminal():
        from cockpit.app import run_cockpit
        from cockpit.start_modes import Attach

        return run_cockpit(settings, Attach(name), color=not no_color)
    from cockpit import headless

    return headless.attach(settings, name, output=output or "plain", color=not no_color, explain=explain)
