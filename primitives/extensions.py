"""Third parties' modules, found through the entry points of their packages (docs/extending.md)."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from primitives.text import safe_line

__all__ = ["load_extensions"]


@cache
def load_extensions(group: str) -> tuple[str, ...]:
    """Import every module that an entry point of `group` names, once.

    Returns what could not be loaded, a line each: an incident is no time to be stopped by a broken extension.
    """
    problems = []
    for entry in entry_points(group=group):
        try:
            entry.load()
        except Exception as error:  # Any failure of a third party's module leaves that one out; `doctor` tells of it.
            owner = entry.dist.name if entry.dist else entry.module
            problem = f"{entry.name} of {owner} can't be loaded ({type(error).__name__}: {error}): fix or uninstall it"
            problems.append(safe_line(problem))
    return tuple(problems)
