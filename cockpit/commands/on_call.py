"""`cloudops on-call`: what came in, what runs, what waits for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cockpit.options import TEXT, CommandWithExample, json_option, settings_options

if TYPE_CHECKING:
    from cockpit.settings import Settings

__all__ = ["command"]


@click.command(cls=CommandWithExample, example="cloudops on-call --watch\ncloudops on-call --take grp-3f9a1c20")
@click.option("--watch", is_flag=True, help="Go on, and ring the bell for what nobody has taken (Ctrl-C ends it).")
@click.option("--quiet", is_flag=True, help="With --watch: no bell.")
@click.option("--take", metavar="ID", type=TEXT, help="Look after an alert, by its id or that of its incident.")
@click.option("--payload", metavar="ID", type=TEXT, help="What its provider sent, without credentials.")
@json_option()
@settings_options
def command(watch: bool, quiet: bool, take: str | None, payload: str | None, as_json: bool, settings: Settings) -> int:
    """List the alerts that came in, those that nobody has taken first."""
    from cockpit import on_call

    if sum(map(bool, (watch, take, payload))) > 1:
        raise click.UsageError("give one of --watch, --take and --payload")
    if take is not None:
        return on_call.take(settings, take)
    if payload is not None:
        return on_call.show_payload(settings, payload)
    if watch:
        return on_call.watch(settings, ring=not quiet)
    return on_call.show(settings, as_json=as_json)
