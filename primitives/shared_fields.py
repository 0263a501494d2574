"""Sharing what thousands of facts have in common: the names of the fields that were given, and the window."""

from datetime import datetime, timedelta
from typing import Final

from pydantic import BaseModel

from primitives.records import Window

__all__ = ["share_field_names", "shared_window"]

_MOST: Final = 4_096
"""So many different sets are shared. Facts have a few dozen; what comes from outside may leave out what it likes."""

_sets: dict[frozenset[str], set[str]] = {}
_windows: dict[tuple[datetime, datetime, timedelta | None, timedelta | None], Window] = {}


def share_field_names(model: BaseModel) -> None:
    """Let a frozen model have the same set of given fields as all others that were given those.

    A set of twenty names takes 2 KB, which is half of a fact. Nothing changes such a set: a frozen model has no field
    set later, and pydantic copies the set with the model.
    """
    names = model.__pydantic_fields_set__
    if len(_sets) < _MOST:
        shared = _sets.setdefault(frozenset(names), names)
    else:
        shared = _sets.get(frozenset(names), names)
    object.__setattr__(model, "__pydantic_fields_set__", shared)


def shared_window(window: Window) -> Window:
    """The same window that another fact has, else this one. The facts of one incident have a handful.

    The same moments in another time zone are another window: it is written otherwise.
    """
    start, end = window.start, window.end
    if len(_windows) >= _MOST:
        _windows.clear()
    return _windows.setdefault((start, end, start.utcoffset(), end.utcoffset()), window)
