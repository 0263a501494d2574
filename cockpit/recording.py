"""Recording what live sources say, from the command line."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Final

from cockpit.output import note
from cockpit.settings import Settings
from cockpit.signals import run
from engine.record import Recorded, record_sources
from primitives.errors import UsageError
from primitives.quantities import parse_age
from primitives.text import safe_line

__all__ = ["WIDE", "record_now"]

_LONGEST: Final = timedelta(days=30)
WIDE: Final = timedelta(hours=24)
"""How much time before the incident `--record` keeps for a postmortem."""


def record_now(
    settings: Settings,
    path: Path,
    *,
    since: str | None = None,
    query: str = "",
    force: bool = False,
    before: timedelta | None = None,
) -> int:
    """Write the bundle and say what it holds. Raises `CloudopsError`."""
    length = None if since is None else _length(since)
    if path.exists() and not force:
        raise UsageError(f"{safe_line(str(path))} exists already; choose another name, or replace it with --force")
    directory = settings.directory()
    wider = {} if before is None else {"before": before}
    recorded = run(
        record_sources(directory, settings.chosen, path, since=length, query=query, overwrite=force, **wider)
    )
    _say(path, recorded)
    return 0


def _length(since: str) -> timedelta:
    seconds = parse_age(since) if re.fullmatch(r"(?:[0-9]{1,6}[smhd]){1,4}", since) else None
    if not seconds or timedelta(seconds=seconds) > _LONGEST:
        raise UsageError(
            f"--since {safe_line(since, limit=40)!r} is no time: give one of up to 30 days, such as 90m or 2h"
        )
    return timedelta(seconds=seconds)


def _say(path: Path, recorded: Recorded) -> None:
    held = ", ".join(f"{number:,} {_NOUNS.get(question, question)}" for question, number in recorded.counts)
    note(f"wrote {path}: {held or 'nothing was there'}")
    for check in recorded.checks:
        if check.status != "reachable":
            note(f"{check.name} {check.status}: {check.detail}")
    for gap in recorded.gaps:
        note(f"missing: {gap}")


_NOUNS: Final = {
    "logs": "log records", "topology": "topologies", "configuration": "configuration snapshots",
    "objects": "kinds of objects", "container_logs": "container logs",
}  # fmt: skip
