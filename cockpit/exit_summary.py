"""The line in the terminal after the cockpit was closed: how it was left, and how to open it again."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from primitives.dataclass import dataclass
from primitives.errors import CloudopsError

if TYPE_CHECKING:
    from cockpit.settings import Settings
    from engine.store.locations import StoreLocation

__all__ = ["ExitSummary", "print_summaries", "summary_line"]


@dataclass(frozen=True, slots=True)
class ExitSummary:
    """The state in which an execution was left, and what `cloudops attach` or `cloudops replay` does with it."""

    execution_id: str
    how: str
    command: Literal["attach", "replay"]
    what: str


def summary_line(summary: ExitSummary, store: StoreLocation | None) -> str:
    """The line; `store` is named where the command would not find it by itself."""
    option = f" --store {shlex.quote(str(store))}" if store is not None else ""
    command = f"cloudops {summary.command} {summary.execution_id}{option}"
    return f"{summary.execution_id} {summary.how}; `{command}` {summary.what}"


def print_summaries(exit_summaries: Sequence[ExitSummary], settings: Settings) -> None:
    """Write a line for each to standard error."""
    from cockpit.output import note

    store = settings.store if settings.store != _usual_store() else None
    for summary in exit_summaries:
        note(summary_line(summary, store))


def _usual_store() -> StoreLocation | None:
    """The store that a command without `--store` would open from here."""
    from cockpit.settings import load_settings

    def given(name: str) -> Path | None:
        return Path(os.environ[name]) if os.environ.get(name) else None

    with suppress(CloudopsError):
        return load_settings(given("CLOUDOPS_STORE"), given("CLOUDOPS_CONFIG")).store
    return None
