"""What a setting was before it was changed, where typed evidence says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from primitives.actions.target import Target
from primitives.facts import ConfigurationDifference
from primitives.records import Change

__all__ = ["earlier", "in_change", "whole_number"]


def earlier(target: Target, kind: str, name: str) -> Any:
    """The value before of the setting `name` in the documents `kind` of the target; None where it isn't known."""
    known = [
        fact.before for fact in target.present(ConfigurationDifference)
        if fact.kind == kind and fact.path.rpartition(".")[2] == name and fact.before != fact.after
    ]  # fmt: skip
    return known[-1] if known else None


def whole_number(value: object, least: int = 0) -> int | None:
    """The value as a whole number from `least` on, which sources also write as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= least else None


def in_change(change: Change | None, *names: str, before: bool = False) -> str:
    """The text under one of the names, whatever their case, in what a change made (or what was `before`)."""
    held = (change.before if before else change.after) if change is not None else None
    wanted = {name.casefold() for name in names}
    values = held.items() if isinstance(held, Mapping) else ()
    return next((str(value) for key, value in values if str(key).casefold() in wanted and value is not None), "")
