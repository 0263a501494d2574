"""`cloudops backup`: a copy of the store while it is used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.options import CommandWithExample, FilePath, settings_options

if TYPE_CHECKING:
    from cockpit.settings import Settings
    from engine.port import EnginePort

__all__ = ["command"]


@click.command(cls=CommandWithExample, example="cloudops backup /backup/2026-03-10")
@click.argument("folder", type=FilePath(text=True))
@settings_options
def command(folder: Path, settings: Settings) -> int:
    """Copy the store into a folder, also while a service or a cockpit uses it."""
    from cockpit.engine_access import ask_engine
    from cockpit.output import say
    from cockpit.signals import run
    from primitives.errors import UsageError

    if not settings.store.exists():
        raise UsageError(f"{settings.store}: there is no store yet, so there is nothing to copy")

    place = str(folder.absolute())

    async def copied(port: EnginePort) -> tuple[str, ...]:
        return await port.back_up(place)

    files = run(ask_engine(settings, copied))
    say("".join(f"{file}\n" for file in files))
    return 0
