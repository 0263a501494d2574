"""From the command line to the cockpit, past everything heavy; what is not for a terminal goes to `commands`.

The first frame must not wait for pydantic, numpy or the engine, so nothing here imports them before it is drawn.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.intents import Attach, Browse, Intent, Replay, Start

if TYPE_CHECKING:
    from cockpit.settings import Settings

__all__ = ["attach", "browse", "investigate", "on_terminal", "replay"]


def on_terminal() -> bool:
    """Whether a person sits before a screen that can show the cockpit (it is drawn on standard error)."""
    whole = sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()
    return whole and os.environ.get("TERM", "dumb") not in ("dumb", "")


def _open(settings: Settings, intent: Intent, *, color: bool) -> int:
    if not color:
        os.environ["NO_COLOR"] = "1"
    from cockpit.app import run_cockpit

    return run_cockpit(settings, intent)


def browse(settings: Settings) -> int:
    """The list of stored incidents."""
    if on_terminal():
        return _open(settings, Browse(), color=True)
    from cockpit import commands

    return commands.incidents(settings, as_json=False)


def investigate(
    settings: Settings,
    query: str | None,
    incident: Path | None,
    resource: str | None,
    *,
    output: str | None,
    color: bool,
    explain: bool = False,
) -> int:
    """The main job."""
    from cockpit.samples import bundle_path

    bundle = str(bundle_path(incident)) if incident is not None else None
    start = Start(query, bundle, resource, settings.prometheus if incident is None else None)
    if output is None and not explain and on_terminal():
        return _open(settings, start, color=color)
    from cockpit import commands

    return commands.investigate(settings, start, output=output or "plain", color=color, explain=explain)


def attach(settings: Settings, name: str, *, output: str | None, color: bool, explain: bool = False) -> int:
    """Join a running investigation, or go on with an interrupted one."""
    if output is None and not explain and on_terminal():
        return _open(settings, Attach(name, settings.prometheus), color=color)
    from cockpit import commands

    return commands.attach(settings, name, output=output or "plain", color=color, explain=explain)


def replay(settings: Settings, name: str, *, plain: bool, at: str | None, color: bool, explain: bool = False) -> int:
    """A stored incident, as it happened."""
    from cockpit.samples import is_there

    if not plain and not explain and on_terminal() and not is_there(name):
        return _open(settings, Replay(name, at), color=color)
    from cockpit import commands

    return commands.replay(settings, name, plain=plain or explain, at=at, color=color, explain=explain)
