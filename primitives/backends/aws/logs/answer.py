"""Logs: what the platform announced, and the records of the resources' log groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from primitives.backends.aws.client import AwsClient
from primitives.backends.aws.fields import text
from primitives.backends.aws.logs.groups import LogGroup, choose_groups
from primitives.backends.aws.logs.insights import can_count, count
from primitives.backends.aws.logs.records import GroupRecords, read_group
from primitives.backends.aws.look import Look
from primitives.backends.aws.spending import Spending
from primitives.clock import Clock
from primitives.errors import SourceError
from primitives.records import Coverage, Window
from primitives.reductions import logs_in_scope, reduced, within_budget
from primitives.side_by_side import side_by_side
from primitives.telemetry import Answer, LogsQuery

__all__ = ["ask_logs"]

_WITHIN_S: Final = 12.0
_MOST_LISTED: Final = 5_000
# What names log groups, by IAM's prefix and by our name of it.
_WRITERS: Final = ("ecs:", "ECS", "lambda:", "Lambda", "rds:", "RDS")


async def ask_logs(
    client: AwsClient, look: Look, query: LogsQuery, further: Sequence[str], clock: Clock, spending: Spending
) -> Answer[Any]:
    """Counts where the server can make them, else records of each group, the newest of a cut answer."""
    notes: dict[str, None] = {}
    if any(word in note for note in look.notes for word in _WRITERS):
        notes["who writes which log group is known in part only"] = None
    groups, more = await _groups(client, look, query, further, notes)
    if more:
        notes[f"{more} log groups of resources were left out"] = None
    events = logs_in_scope(look.events, query)
    if query.reduction is not None and groups and can_count(query):
        counted = await count(client, query, groups, clock, spending)
        return Answer(
            query, client.source, "partial" if notes else "answered", (*counted, *reduced(events, query)),
            _covered(query.window, client.source), detail="; ".join(notes) or None, reduction=query.reduction,
        )  # fmt: skip
    read = await _read(client, groups, query, notes)
    records = [*events, *logs_in_scope([record for part in read for record in part.records], query)]
    kept, why = within_budget(
        sorted(records, key=lambda record: (record.time, record.resource, record.body)), query.budget
    )
    since = max((part.since for part in read if part.cut), default=None)
    left_out = why or (f"of busy log groups only the records since {since:%H:%M} were read" if since else "")
    cut = bool(left_out)
    covered = () if cut or notes or not (groups or events) else _covered(query.window, client.source)
    return Answer(
        query, client.source, "partial" if notes else "answered", tuple(kept), covered,
        detail="; ".join(notes)[:500] or None, completeness="cut" if cut else "complete", left_out=left_out,
    )  # fmt: skip


async def _groups(
    client: AwsClient, look: Look, query: LogsQuery, further: Sequence[str], notes: dict[str, None]
) -> tuple[list[LogGroup], int]:
    if not look.log_groups and not further:
        return [], 0
    try:
        listing = await client.pages("logs", "DescribeLogGroups", "logGroups", most=_MOST_LISTED)
    except SourceError as error:
        notes[error.problem] = None
        return [], 0
    listed = {text(group, "logGroupName"): group for group in listing.items}
    return choose_groups(look, query.names, further, listed)


async def _read(
    client: AwsClient, groups: Sequence[LogGroup], query: LogsQuery, notes: dict[str, None]
) -> list[GroupRecords]:
    most = max(query.budget.rows // max(len(groups), 1), 500)
    tasks = await side_by_side((read_group(client, group, query, most) for group in groups), within_s=_WITHIN_S)
    read: list[GroupRecords] = []
    for group, task in zip(groups, tasks, strict=True):
        error = task.exception() if task is not None else None
        if task is None:
            notes[f"{group.name} was not read in time"] = None
        elif isinstance(error, SourceError):
            notes[f"{group.name}: {error.problem}"] = None
        else:
            read.append(task.result())
    return read


def _covered(window: Window, source: str) -> tuple[Coverage, ...]:
    return (Coverage(source=source, kinds=("logs",), start=window.start, end=window.end, status="answered"),)
