"""`cloudops intake`: what would come in."""

from __future__ import annotations

from pathlib import Path

import click

from cockpit.options import CommandWithExample, FilePath, json_option

__all__ = ["command"]


@click.group()
def command() -> None:
    """How alerts are read that come in."""


@command.command(name="try", cls=CommandWithExample, example="cloudops intake try alert.json --provider grafana")
@click.argument("file", metavar="FILE|-", type=FilePath(text=True))
@click.option("--provider", metavar="NAME", help="Whose payload it is [default: by its keys].")
@click.option("--mapping", type=FilePath(dir_okay=False), help="A mapping file for alerts of your own shape.")
@json_option()
def try_(file: Path, provider: str | None, mapping: Path | None, as_json: bool) -> int:
    """Show what is read from a payload, without opening anything."""
    from cockpit.alert_input import try_payload
    from cockpit.output import say, say_document

    provider, alerts = try_payload(file, provider, mapping)
    if as_json:
        say_document([alert.model_dump(mode="json") for alert in alerts])
        return 0
    from cockpit.alert_text import alert_lines

    say("\n".join(line for alert in alerts for line in (*alert_lines(alert), "")))
    return 0
