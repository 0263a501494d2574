"""`cloudops setup`: the first run, which writes the configuration file."""

from __future__ import annotations

from pathlib import Path

import click

from cockpit.options import CommandWithExample, FilePath

__all__ = ["command"]


@click.command(cls=CommandWithExample, example="cloudops setup")
@click.option(
    "--config",
    type=FilePath(dir_okay=False),
    envvar="CLOUDOPS_CONFIG",
    help="The file to write [default: in the XDG configuration directory; env CLOUDOPS_CONFIG].",
)
@click.pass_context
def command(context: click.Context, config: Path | None) -> int:
    """Ask which sources to use, check them, show the configuration file, and write it.

    Nothing is asked of a source that you did not choose, and no file is replaced without a yes.
    """
    from cockpit.setting_up import set_up
    from cockpit.settings import usual_config

    given = context.find_root().obj or {}
    return set_up(config or given.get("config") or usual_config())
