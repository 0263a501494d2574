"""`cloudops approve`: the approval of a plan from another terminal, as the second person's."""

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
@click.option("--reject", is_flag=True, help="Say no instead.")
@settings_options
def command(name: str, run: str, reject: bool, settings: Settings) -> int:
    """Approve a plan that waits, after it is shown whole. Where two people have to, each does from their account."""
    from cockpit.approve_command import approve

    return approve(settings, name, run, reject=reject)
