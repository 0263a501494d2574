"""Modules that register something when they are imported: a folder's own, and third parties' (docs/extending.md)."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from primitives.text import safe_line

__all__ = ["load_extensions", "load_folder"]


def load_folder(package: str, group: str) -> None:
    """Import every module of the folder that is `package`, then what the entry points of `group` name."""
    folder = importlib.import_module(package)
    for module in pkgutil.iter_modules(folder.__path__):
        importlib.import_module(f"{package}.{module.name}")
    load_extensions(group)


@cache
def load_extensions(group: str) -> tuple[str, ...]:
    """Import every module that an entry point of `group` names, once.

    Returns what could not be loaded, a line each: an incident is no time to be stopped by a broken extension.
    """
    problems = []
    for entry in _entry_points().get(group, ()):
        try:
            entry.load()
        except Exception as error:  # Any failure of a third party's module leaves that one out; `doctor` shows it.
            owner = entry.dist.name if entry.dist else entry.module
            problem = f"{entry.name} of {owner} can't be loaded ({type(error).__name__}: {error}): fix or uninstall it"
            problems.append(safe_line(problem))
    return tuple(problems)


@cache
def _entry_points() -> Mapping[str, tuple[EntryPoint, ...]]:
    """Ours by their group. A look at them goes through the metadata of all installed packages: once is enough."""
    installed = entry_points()
    ours = [group for group in installed.groups if group.startswith("cloudops.")]
    return {group: tuple(installed.select(group=group)) for group in ours}
