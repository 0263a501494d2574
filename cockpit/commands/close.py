"""`cloudops close`: end an incident for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cockpit.options import TEXT, CommandWithExample, settings_options

if TYPE_CHECKING:
    from cockpit.settings import Settings
    from engine.port import EnginePort

__all__ = ["command"]


@click.command(cls=CommandWithExample, example='cloudops close exec-3f9a1c20 --because "rolled back at 14:52"')
@click.argument("name", metavar="ID", type=TEXT)
@click.option("--because", metavar="TEXT", type=TEXT, default="", help="Why; it is kept with your name.")
@settings_options
def command(name: str, because: str, settings: Settings) -> int:
    """Close an incident: nothing can be added to its log any more. An interrupted investigation is cancelled."""
    from cockpit.engine_access import ask_engine
    from cockpit.output import note
    from cockpit.signals import run
    from engine.port import CloseIncident

    async def closed(port: EnginePort) -> str:
        execution_id = await port.resolve(name)
        await port.send(execution_id, CloseIncident(because=because))
        return execution_id

    note(f"closed {run(ask_engine(settings, closed))}")
    return 0
