"""`cloudops record`: a bundle of what is there now, without an investigation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.options import TEXT, CommandWithExample, FilePath, settings_options, source_options

if TYPE_CHECKING:
    from cockpit.settings import Settings

__all__ = ["command"]


@click.command(cls=CommandWithExample, example="cloudops record checkout.incident --source prod --since 2h")
@click.argument("path", metavar="DIR|FILE", type=FilePath(text=True))
@source_options(
    "A configured source to ask; may be given several times [default: all].",
    "Short for a source: a live Prometheus to ask.",
)
@click.option(
    "--since", metavar="TIME", type=TEXT, help="How far back: 90m, 2h, 1d [default: an hour, or what the data show]."
)
@click.option("--query", default="", type=TEXT, help="What is wrong, for whoever reads the bundle.")
@click.option("--force", is_flag=True, help="Replace what is there.")
@settings_options
def command(path: Path, since: str | None, query: str, force: bool, settings: Settings) -> int:
    """Write a bundle of what the sources say now, redacted, without investigating.

    It is a directory, or with the suffix .incident one file. Six hours before go along, so that there are normal times.
    """
    from cockpit.recording import record_now

    return record_now(settings, path, since=since, query=query, force=force)
