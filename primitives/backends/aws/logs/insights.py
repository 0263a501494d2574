"""Logs Insights: counts that the server makes, within a budget of bytes.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html; a query is paid by the bytes it scans.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from primitives.backends.aws.client import AwsClient
from primitives.backends.aws.fields import mapping, number, text
from primitives.backends.aws.logs.groups import LogGroup, resource_of_stream
from primitives.backends.aws.spending import BYTE_USD, Spending
from primitives.clock import Clock
from primitives.errors import SourceError, SourceTimeout
from primitives.records import Aggregate, Window
from primitives.telemetry import CountByLabel, LogsQuery

__all__ = ["can_count", "count"]

_LABELS: Final = frozenset({"resource"})
_POLL_S: Final = 0.5
_WITHIN_S: Final = 14.0
_MOST_ROWS: Final = 10_000
_DONE: Final = frozenset({"Complete", "Failed", "Cancelled", "Timeout"})


def can_count(query: LogsQuery) -> bool:
    """Whether the server can make the reduction: counts by resource; templates it knows no minutes of."""
    return (
        isinstance(query.reduction, CountByLabel)
        and set(query.reduction.labels) <= _LABELS
        and query.severities is None
    )


async def count(
    client: AwsClient, query: LogsQuery, groups: Sequence[LogGroup], clock: Clock, spending: Spending
) -> tuple[Aggregate, ...]:
    """Records by resource and step. Raises `SourceError` where that would cost too much, or takes too long."""
    assert isinstance(query.reduction, CountByLabel)
    expected = sum(group.bytes_in(query.window) for group in groups)
    if expected > spending.bytes_left(query.budget.usd):
        cost = f"about {expected / 1e9:.1f} GB ({expected * BYTE_USD:.2f} USD)"
        raise SourceError(client.source, f"counting would scan {cost}, which is over the budget")
    statement = _statement(query, int(query.reduction.step_s))
    started = await client.call(
        "logs", "StartQuery", logGroupNames=[group.name for group in groups], queryString=statement, limit=_MOST_ROWS,
        startTime=int(query.window.start.timestamp()), endTime=int(query.window.end.timestamp()),
    )  # fmt: skip
    answer = await _result(client, text(started, "queryId"), clock)
    spending.scanned_bytes += number(mapping(answer, "statistics"), "bytesScanned") or 0.0
    if text(answer, "status") != "Complete":
        raise SourceError(client.source, f"the count ended as {text(answer, 'status') or 'unknown'}")
    return _aggregates(answer, groups, query.window)


def _statement(query: LogsQuery, step_s: int) -> str:
    texts = [re.escape(word).replace("/", r"\/") for word in query.text or ()]
    only = f"| filter @message like /(?i)({'|'.join(texts)})/ " if texts else ""
    return f"fields @timestamp, @message {only}| stats count(*) as n by bin({step_s}s) as t, @log, @logStream"


async def _result(client: AwsClient, identifier: str, clock: Clock) -> dict[str, Any]:
    until = clock.monotonic() + _WITHIN_S
    ended = False
    try:
        while clock.monotonic() < until:
            answer = await client.call("logs", "GetQueryResults", queryId=identifier)
            if text(answer, "status") in _DONE:
                ended = True
                return answer
            await clock.sleep(_POLL_S)
        raise SourceTimeout(client.source, f"the count took longer than {_WITHIN_S:g} s")
    finally:
        if not ended:
            # It is paid while it runs.
            await _stop(client, identifier)


async def _stop(client: AwsClient, identifier: str) -> None:
    try:
        await client.call("logs", "StopQuery", queryId=identifier)
    except SourceError:
        pass  # it ended meanwhile


def _aggregates(answer: Mapping[str, Any], groups: Sequence[LogGroup], window: Window) -> tuple[Aggregate, ...]:
    counts: dict[str, dict[float, float]] = defaultdict(lambda: defaultdict(float))
    rows = answer.get("results")
    for row in rows if isinstance(rows, list) else []:
        cells = {text(cell, "field"): text(cell, "value") for cell in row} if isinstance(row, list) else {}
        group = next((group for group in groups if cells.get("@log", "").endswith(group.name)), None)
        try:
            time = datetime.fromisoformat(cells.get("t", "")).replace(tzinfo=UTC)
            number_of = float(cells.get("n", ""))
        except ValueError:
            continue
        if group is not None and time <= window.end:
            counts[resource_of_stream(group, cells.get("@logStream", ""))][time.timestamp()] += number_of
    return tuple(
        Aggregate({"resource": resource}, np.array(sorted(steps)), np.array([steps[time] for time in sorted(steps)]))
        for resource, steps in sorted(counts.items())
    )
