"""`cloudops serve`: the engine as a service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cockpit.options import CommandWithExample, settings_options

if TYPE_CHECKING:
    from cockpit.settings import Settings

__all__ = ["command"]


@click.command(cls=CommandWithExample, example="cloudops serve --check\ncloudops serve")
@click.option("--check", is_flag=True, help="Only say whether the configuration can be served.")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="info")
@settings_options
def command(check: bool, log_level: str, settings: Settings) -> int:
    """Take alerts in, investigate them, and serve cockpits, until a signal ends it.

    SIGHUP reads the configuration again. The log goes to standard error, a JSON object a line.
    """
    from cockpit import serving

    return serving.check(settings) if check else serving.serve(settings, log_level)
