"""`cloudops setup`: the first run, which writes the configuration file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cockpit.options import CommandWithExample, settings_options

if TYPE_CHECKING:
    from cockpit.settings import Settings

__all__ = ["command"]


@click.command(cls=CommandWithExample, example="cloudops setup")
@settings_options
def command(settings: Settings) -> int:
    """Ask which sources to use, check them, show the configuration file, and write it.

    Nothing is asked of a source that you did not choose, and no file is replaced without a yes.
    """
    from cockpit.setting_up import set_up

    return set_up(settings)
