"""`cloudops replay`: a stored incident as it happened, in the cockpit or as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cockpit.options import TEXT, CommandWithExample, explain_option, no_color_option, settings_options

if TYPE_CHECKING:
    from cockpit.settings import Settings

__all__ = ["command"]


@click.command(cls=CommandWithExample, example="cloudops replay exec-3f9a1c20\ncloudops replay outage.incident --plain")
@click.argument("name", metavar="ID|BUNDLE", type=TEXT)
@click.option("--plain", is_flag=True, help="The text report, also on a terminal.")
@click.option(
    "--at", metavar="TIME|SEQ", type=TEXT, help="The state at a time (ISO 8601, or 14:31:07) or after an event."
)
@click.option("--drill", is_flag=True, help="Find the cause yourself: what is believed is hidden until you say it.")
@explain_option
@no_color_option
@settings_options
def command(
    name: str, plain: bool, at: str | None, drill: bool, explain: bool, no_color: bool, settings: Settings
) -> int:
    """Show a stored incident as it happened."""
    from cockpit.sample_incidents import is_there
    from cockpit.terminal import on_terminal
    from primitives.errors import UsageError

    if drill and (plain or explain or at is not None or not on_terminal()):
        raise UsageError("--drill needs the screen of a terminal, without --plain, --explain and --at")
    screen = not plain and not explain and on_terminal()
    if screen and not is_there(name):
        from cockpit.app import run_cockpit
        from cockpit.start_modes import Replay

        return run_cockpit(settings, Replay(name, at, drill=drill), color=not no_color)
    from cockpit import headless

    return headless.replay(settings, name, screen=screen, at=at, color=not no_color, explain=explain, drill=drill)
