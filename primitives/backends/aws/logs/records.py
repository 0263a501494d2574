"""FilterLogEvents: records, the newest part of the window first.

It gives the oldest first, so that a window is read in pieces from its end:
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html. Patterns:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from primitives.backends.aws.client import AwsClient
from primitives.backends.aws.fields import items, number, text
from primitives.backends.aws.logs.groups import LogGroup, resource_of_stream
from primitives.dataclass import dataclass
from primitives.records import LogRecord, Window
from primitives.telemetry import LogsQuery
from primitives.text import safe_text

__all__ = ["GroupRecords", "read_group"]

_PIECES: Final = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=3))
_PAGE: Final = 10_000
_MOST_PAGES: Final = 30
_WORDS: Final = {
    "FATAL": ("FATAL", "CRITICAL", "panic"), "ERROR": ("ERROR", "Error", "error", "Exception", "exception", "Failed"),
    "WARN": ("WARN", "Warn", "warn"),
}  # fmt: skip
_MOST_BODY: Final = 20_000


@dataclass(slots=True)
class GroupRecords:
    """The records of a group, back to `since`."""

    since: datetime
    records: list[LogRecord] = field(default_factory=list)
    cut: bool = False


async def read_group(client: AwsClient, group: LogGroup, query: LogsQuery, most: int) -> GroupRecords:
    """At most about `most` records; reading stops at the page that reaches them."""
    result = GroupRecords(query.window.end)
    pattern = _pattern(query)
    for piece in _pieces(query.window):
        token: dict[str, Any] = {"filterPattern": pattern} if pattern else {}
        for _ in range(_MOST_PAGES):
            answer = await client.call(
                "logs", "FilterLogEvents", logGroupName=group.name, startTime=_ms(piece.start), endTime=_ms(piece.end),
                limit=_PAGE, **token,
            )  # fmt: skip
            result.records += [record for event in items(answer, "events") if (record := _record(group, event))]
            if not (following := text(answer, "nextToken")):
                break
            token["nextToken"] = following
        else:
            result.cut = True
        result.since = piece.start
        if len(result.records) >= most and piece.start > query.window.start:
            result.cut = True
        if result.cut:
            return result
    return result


def _pieces(window: Window) -> Iterator[Window]:
    """The window from its end backwards, in longer and longer pieces."""
    end = window.end
    for length in _PIECES:
        if end - length <= window.start:
            break
        yield Window(start=end - length, end=end)
        end -= length
    yield Window(start=window.start, end=end)


def _pattern(query: LogsQuery) -> str:
    """A filter with one of the words, where the question has some: case counts there, so that usual spellings do."""
    if query.text is not None:
        words = [
            spelt for word in query.text for spelt in dict.fromkeys((word, word.lower(), word.upper(), word.title()))
        ]
    elif query.severities is not None and {"INFO", "DEBUG", "TRACE"}.isdisjoint(query.severities):
        words = [word for severity in query.severities for word in _WORDS.get(severity, ())]
    else:
        return ""
    # A pattern has at most 1,024 characters; one that is left out is only a longer answer.
    pattern = " ".join('?"{}"'.format(word.replace("\\", "").replace('"', "")) for word in dict.fromkeys(words))
    return pattern if len(pattern) <= 1_024 else ""


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _record(group: LogGroup, event: Mapping[str, Any]) -> LogRecord | None:
    stamp, body, stream = number(event, "timestamp"), text(event, "message"), text(event, "logStreamName")
    try:
        time = datetime.fromtimestamp(stamp / 1000, UTC) if stamp is not None else None
    except (ValueError, OverflowError, OSError):
        return None
    if time is None or not body:
        return None
    attributes = {"log_group": group.name, "log_stream": stream}
    return LogRecord(
        time, resource_of_stream(group, stream), None, safe_text(body, limit=_MOST_BODY).rstrip(), attributes
    )
