"""`cloudops close`: close an incident for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cockpit.options import TEXT, CommandWithExample, settings_options

if TYPE_CHECKING:
    from cockpit.settings import Settings
    from engine.port import EnginePort

__all__ = ["command"]


@click.command(cls=CommandWithExample, example='cloudops close exec-3f9a1c20 --because "the fix is out"')
@click.argument("name", metavar="ID", type=TEXT)
@click.option("--because", metavar="TEXT", type=TEXT, default="", help="Why; it is kept with your name.")
@settings_options
def command(name: str, because: str, settings: Settings) -> int:
    """Close an incident: it can still be read and replayed, but nothing more can be said or asked."""
    from cockpit.engine_access import ask_engine
    from cockpit.output import note
    from cockpit.signals import run

    note(f"{run(ask_engine(settings, lambda port: _close(port, name, because)))} is closed")
    return 0


async def _close(port: EnginePort, name: str, because: str) -> str:
    from engine.port import CloseIncident

    execution_id = await port.resolve(name)
    await port.send(execution_id, CloseIncident(because=because))
    return execution_id
