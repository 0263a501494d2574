"""`cloudops approve`: approve a plan from another terminal, for example as the second person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cockpit.options import TEXT, CommandWithExample, settings_options

if TYPE_CHECKING:
    from cockpit.settings import Settings

__all__ = ["command"]


@click.command(cls=CommandWithExample, example="cloudops approve exec-3f9a1c20 R1")
@click.argument("name", metavar="EXEC_ID", type=TEXT)
@click.argument("run", metavar="[RUN]", type=TEXT, default="")
@click.option("--reject", is_flag=True, help="Reject the plan instead.")
@settings_options
def command(name: str, run: str, reject: bool, settings: Settings) -> int:
    """Show a plan that waits for approval, and approve it. Of two people each approves from an account of their own."""
    from cockpit.approve_command import approve

    return approve(settings, name, run, reject=reject)
