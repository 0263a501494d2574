"""The sub-commands of `cloudops`: one module each, found by its name.

A module `NAME.py` holds a click command called `command`; `cloudops NAME` runs it. A trailing underscore of the
module's name is dropped and other underscores become hyphens. A module is imported when its command runs, or for
`cloudops --help`; what is heavy it imports when it runs.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click

__all__ = ["load_command", "module_names"]


def module_names() -> dict[str, str]:
    """The module of each command, by the command's name, in alphabetical order."""
    modules = (module.name for module in pkgutil.iter_modules(__path__))
    return dict(sorted((module.rstrip("_").replace("_", "-"), module) for module in modules))


def load_command(name: str) -> click.Command | None:
    """The command called `name`; None where there is none."""
    module = module_names().get(name)
    if module is None:
        return None
    command: click.Command = importlib.import_module(f"{__name__}.{module}").command
    return command
