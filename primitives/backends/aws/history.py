"""Changes: what the services tell of themselves, joined with CloudTrail; and which kinds could be asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from primitives.backends.aws.changes import merged_changes
from primitives.backends.aws.client import AwsClient
from primitives.backends.aws.look import Look
from primitives.backends.aws.trail import IAM_REGION, Trail, read_trail
from primitives.clock import Clock
from primitives.errors import SourceDenied
from primitives.records import Change, Coverage, Window
from primitives.telemetry import Answer, ChangesQuery
from primitives.terms import ChangeKind

__all__ = ["ask_changes"]

_BY_TRAIL: Final[tuple[ChangeKind, ...]] = ("deployment", "configuration", "scaling", "infrastructure", "feature_flag")
_LATE: Final = "CloudTrail, up to 15 minutes late"
_MOST: Final = 2_000


async def ask_changes(client: AwsClient, look: Look, query: ChangesQuery, clock: Clock) -> Answer[Change]:
    """Every change of the window; `absent` is licensed for the kinds and times that CloudTrail was read for."""
    own, access = await _trails(client, look, query.window, clock)
    changes = [
        change for change in merged_changes([*look.changes, *own.changes, *(access.changes if access else ())])
        if query.window.holds(change.time) and (query.kinds is None or change.kind in query.kinds)
    ]  # fmt: skip
    notes = dict.fromkeys(look.notes)
    coverage = [_covered(client.source, own, _BY_TRAIL, query.window, notes)]
    coverage.append(_covered(client.source, access or own, ("iam",), query.window, notes))
    if len(changes) > _MOST:
        notes[f"only the newest {_MOST:,} changes were read"] = None
    return Answer(
        query, client.source, "partial" if notes else "answered", tuple(changes[-_MOST:]), tuple(coverage),
        detail="; ".join(notes)[:500] or None,
    )  # fmt: skip


async def _trails(client: AwsClient, look: Look, window: Window, clock: Clock) -> tuple[Trail, Trail | None]:
    """The region's own trail and, where IAM's is another one, that."""
    asked = [read_trail(client, look, window, clock)]
    if look.place.partition == "aws" and look.place.region != IAM_REGION:
        asked.append(read_trail(client, look, window, clock, IAM_REGION))
    read: Sequence[Trail] = await asyncio.gather(*asked)
    return read[0], read[1] if len(read) > 1 else None


def _covered(
    source: str, trail: Trail, kinds: tuple[ChangeKind, ...], window: Window, notes: dict[str, None]
) -> Coverage:  # fmt: skip
    if trail.problem is not None:
        return Coverage(
            source=source, kinds=kinds, start=window.start, end=window.end, detail=trail.problem.problem,
            status="denied" if isinstance(trail.problem, SourceDenied) else "unreachable",
        )  # fmt: skip
    if trail.cut:
        notes[f"CloudTrail was read back to {trail.since:%Y-%m-%d %H:%M} UTC"] = None
    return Coverage(source=f"{source} ({_LATE})", kinds=kinds, start=trail.since, end=window.end, status="answered")
