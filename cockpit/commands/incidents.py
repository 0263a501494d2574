"""`cloudops incidents`: what the store holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cockpit.options import CommandWithExample, json_option, settings_options

if TYPE_CHECKING:
    from cockpit.settings import Settings

__all__ = ["command", "list_incidents"]


@click.command(cls=CommandWithExample, example="cloudops incidents --json")
@json_option()
@settings_options
def command(as_json: bool, settings: Settings) -> int:
    """List what the store holds."""
    return list_incidents(settings, as_json=as_json)


def list_incidents(settings: Settings, *, as_json: bool) -> int:
    """Print the stored incidents, newest first."""
    from cockpit.engine_access import ask_engine
    from cockpit.output import say, say_document
    from cockpit.signals import run

    incidents = run(ask_engine(settings, lambda port: port.incidents())) if settings.store.exists() else ()
    if as_json:
        say_document([incident.document() for incident in incidents])
    else:
        from cockpit.tables import incident_table

        say(incident_table(incidents))
    return 0
