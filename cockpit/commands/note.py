"""`cloudops note`: write a note about an incident."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cockpit.options import TEXT, CommandWithExample, settings_options

if TYPE_CHECKING:
    from cockpit.settings import Settings
    from engine.port import EnginePort

__all__ = ["command"]


@click.command(cls=CommandWithExample, example='cloudops note exec-3f9a1c20 "rolled back at 14:40, watching"')
@click.argument("name", metavar="ID", type=TEXT)
@click.argument("text", type=TEXT)
@settings_options
def command(name: str, text: str, settings: Settings) -> int:
    """Write a note for other people, also after the investigation. Reasoning doesn't read it."""
    from cockpit.engine_access import ask_engine
    from cockpit.output import note
    from cockpit.signals import run

    note(f"noted on {run(ask_engine(settings, lambda port: _add(port, name, text)))}")
    return 0


async def _add(port: EnginePort, name: str, text: str) -> str:
    from engine.port import AddNote

    execution_id = await port.resolve(name)
    await port.send(execution_id, AddNote(text=text))
    return execution_id
