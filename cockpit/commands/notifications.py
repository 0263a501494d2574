"""`cloudops notifications`: what is to be delivered, what could not be, and whether a receiver works."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cockpit.options import TEXT, CommandWithExample, json_option, settings_options

if TYPE_CHECKING:
    from cockpit.settings import Settings

__all__ = ["command"]


@click.group("notifications")
def command() -> None:
    """List notifications, retry those that could not be delivered, test a receiver."""


@command.command("list", cls=CommandWithExample, example="cloudops notifications list --dead")
@click.option("--dead", is_flag=True, help="Only what was given up or refused.")
@json_option()
@settings_options
def list_(dead: bool, as_json: bool, settings: Settings) -> int:
    """List the notices that wait, those that are dead, and those that were delivered last."""
    from cockpit.notifying import deliveries, delivery_table
    from cockpit.output import say, say_document

    lines = [line for line in deliveries(settings) if line.status == "dead" or not dead]
    if as_json:
        say_document([line.model_dump(mode="json") for line in lines])
    else:
        say(delivery_table(lines))
    return 0


@command.command(cls=CommandWithExample, example="cloudops notifications retry 3f9a1c20")
@click.argument("keys", nargs=-1, metavar="[KEY]...", type=TEXT)
@settings_options
def retry(keys: tuple[str, ...], settings: Settings) -> int:
    """Retry dead notices: those whose key begins with KEY, or all.

    They are sent by the CloudOps that runs with notifications; where none does, by the next one.
    """
    from cockpit.notifying import retry_deliveries
    from cockpit.output import note

    note(retry_deliveries(settings, keys))
    return 0


@command.command("try", cls=CommandWithExample, example="cloudops notifications try team-chat --dry-run")
@click.argument("receiver", type=TEXT)
@click.option("--dry-run", is_flag=True, help="Print what would be sent; send nothing.")
@settings_options
def try_(receiver: str, dry_run: bool, settings: Settings) -> int:
    """Send a test notice to a receiver of the configuration, now and once.

    Exit code 3: it could not be delivered.
    """
    from cockpit.notifying import preview, try_receiver
    from cockpit.output import note, say

    if dry_run:
        say(preview(settings, receiver))
        return 0
    note(try_receiver(settings, receiver))
    return 0
