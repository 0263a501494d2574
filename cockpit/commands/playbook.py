"""`cloudops playbook`: what a team does first for a cause, written down."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.options import TEXT, CommandWithExample, FilePath, json_option, settings_options

if TYPE_CHECKING:
    from cockpit.settings import Settings

__all__ = ["command"]


@click.group("playbook")
def command() -> None:
    """Check and show playbooks: what is done first for which cause."""


@command.command(cls=CommandWithExample, example="cloudops playbook validate docs/playbook.example.yaml")
@click.argument("files", nargs=-1, type=FilePath(dir_okay=False))
@settings_options
def validate(files: tuple[Path, ...], settings: Settings) -> int:
    """Check playbook files; without FILES all that are in force. Exit code 2: one can't be used."""
    from cockpit.output import note, say
    from cockpit.playbook_text import checked

    known = checked(settings, files)
    for file in known:
        if file.playbook is not None:
            say(f"✓ {file.path}: {file.playbook.name}\n")
        else:
            note(file.problem)
    if not known:
        say(f"there are no playbooks in {settings.playbook_folder}\n")
    return 0 if all(file.playbook is not None for file in known) else 2


@command.command("list", cls=CommandWithExample, example="cloudops playbook list")
@json_option()
@settings_options
def list_(as_json: bool, settings: Settings) -> int:
    """List the playbooks in force: what each is for, and its steps."""
    from cockpit.output import note, say, say_document
    from cockpit.playbook_text import checked, line

    known = checked(settings, ())
    playbooks = [file.playbook for file in known if file.playbook is not None]
    if as_json:
        say_document([playbook.model_dump(mode="json", by_alias=True) for playbook in playbooks])
    else:
        say("".join(map(line, playbooks)) or f"there are no playbooks in {settings.playbook_folder}\n")
    for file in known:
        if file.problem:
            note(file.problem)
    return 0


@command.command(cls=CommandWithExample, example='cloudops playbook show "payments pool"')
@click.argument("name", type=TEXT)
@settings_options
def show(name: str, settings: Settings) -> int:
    """Show a playbook whole."""
    from cockpit.output import say
    from cockpit.playbook_text import checked, whole
    from primitives.errors import UsageError

    playbooks = [file.playbook for file in checked(settings, ()) if file.playbook is not None]
    playbook = next((each for each in playbooks if each.name.casefold() == name.strip().casefold()), None)
    if playbook is None:
        there = ", ".join(each.name for each in playbooks) or "none"
        raise UsageError(f"there is no playbook {name}; there are: {there}")
    say(whole(playbook))
    return 0
