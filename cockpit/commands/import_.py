"""`cloudops import`: a bundle into the store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.options import CommandWithExample, FilePath, settings_options

if TYPE_CHECKING:
    from cockpit.settings import Settings

__all__ = ["command"]


@click.command("import", cls=CommandWithExample, example="cloudops import outage.incident")
@click.argument("bundle", type=FilePath())
@settings_options
def command(bundle: Path, settings: Settings) -> int:
    """Take a bundle that CloudOps exported into the store."""
    from cockpit.headless import import_bundle
    from cockpit.output import say

    say(f"{import_bundle(settings, bundle)}\n")
    return 0
