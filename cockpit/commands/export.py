"""`cloudops export`: a stored incident as a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.options import TEXT, CommandWithExample, FilePath, settings_options

if TYPE_CHECKING:
    from cockpit.settings import Settings
    from engine.port import EnginePort

__all__ = ["command"]


@click.command(cls=CommandWithExample, example="cloudops export exec-3f9a1c20 outage.incident")
@click.argument("name", metavar="ID", type=TEXT)
@click.argument("file", type=FilePath())
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@settings_options
def command(name: str, file: Path, force: bool, settings: Settings) -> int:
    """Write a stored incident as a bundle: a directory, or with the suffix .incident one file."""
    from cockpit.engine_access import ask_engine
    from cockpit.output import note
    from cockpit.signals import run
    from engine.export import export_bundle

    async def exported(port: EnginePort) -> None:
        await export_bundle(port, await port.resolve(name), file, overwrite=force)

    run(ask_engine(settings, exported))
    note(f"wrote {file}")
    return 0
