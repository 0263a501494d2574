"""Traces of X-Ray as spans: a sample of a window's traces, each segment and subsegment a span.

https://docs.aws.amazon.com/xray/latest/api/API_GetTraceSummaries.html (at most six hours at once here),
API_BatchGetTraces.html (five traces a call), and
https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html for what a segment holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from primitives.backends.aws.client import AwsClient
from primitives.backends.aws.fields import flag, items, mapping, number, parsed, text
from primitives.backends.aws.look import Look
from primitives.backends.aws.traces.names import resource_of_node
from primitives.clock import FIRST_YEAR, LAST_YEAR
from primitives.questions import Answer, SpansQuery
from primitives.records import Span, Window
from primitives.reductions import spans_in_scope
from primitives.side_by_side import outcomes, side_by_side
from primitives.terms import SpanStatus

__all__ = ["ask_spans"]

_SLICES: Final = 6
_MOST_TRACES: Final = 120
"""Traces of one question: X-Ray asks 0.50 USD for a million."""
_AT_ONCE: Final = 5
_MOST_DOCUMENT: Final = 64_000
_DEEP: Final = 8
_LONGEST_SLICE: Final = timedelta(hours=6)
_CALLS: Final = ("aws", "remote")
_CODES: Final = range(100, 600)


async def ask_spans(client: AwsClient, look: Look, query: SpansQuery) -> Answer[Span]:
    """Spans of traces from all over the window. Raises `SourceError` where none may be read.

    No answer licenses to call anything absent: tracers keep a sample of the requests, and this a sample of those.
    """
    parts = list(_slices(query.window))
    each = max(_MOST_TRACES // len(parts), 1)
    listings, unlisted = outcomes(await side_by_side(_summaries(client, part, each) for part in parts))
    names = [name for listed, _ in listings for name in listed]
    batches = [names[first : first + _AT_ONCE] for first in range(0, len(names), _AT_ONCE)]
    answers, unread = outcomes(await side_by_side(_traces(client, batch) for batch in batches))
    failures = [*unlisted, *unread]
    traces = [trace for answer in answers for trace in items(answer, "Traces")]
    if failures and not traces:
        raise failures[0]
    spans = sorted(
        (span for trace in traces for span in _spans(look, trace)),
        key=lambda span: (span.start, span.trace_id, span.span_id),
    )
    left_out = [f"traces beyond {len(names)} of the window"] if any(more for _, more in listings) else []
    if any(answer.get("UnprocessedTraceIds") for answer in answers):
        left_out.append("traces that X-Ray did not process")
    left_out += dict.fromkeys(f"traces that could not be read: {failure.problem}" for failure in failures)
    return Answer(
        query, client.source, "answered", tuple(spans_in_scope(spans, query)),
        completeness="cut" if left_out else "complete", left_out="; ".join(left_out),
    )  # fmt: skip


def _slices(window: Window) -> Iterator[Window]:
    """Parts of the window of the same length: one search of hours would show the last minutes."""
    count = max(min(_SLICES, int(window.seconds // 60) or 1), -int(-window.seconds // _LONGEST_SLICE.total_seconds()))
    step = (window.end - window.start) / count
    for number_ in range(count):
        yield Window(start=window.start + number_ * step, end=window.start + (number_ + 1) * step)


async def _summaries(client: AwsClient, window: Window, most: int) -> tuple[list[str], bool]:
    listing = await client.pages(
        "xray", "GetTraceSummaries", "TraceSummaries", most=most, StartTime=window.start, EndTime=window.end,
        Sampling=True,
    )  # fmt: skip
    return [name for summary in listing.items if (name := text(summary, "Id"))], listing.cut


async def _traces(client: AwsClient, names: Sequence[str]) -> Mapping[str, Any]:
    return await client.call("xray", "BatchGetTraces", TraceIds=list(names))


def _spans(look: Look, trace: Mapping[str, Any]) -> Iterator[Span]:
    for segment in items(trace, "Segments"):
        document = text(segment, "Document")
        part = parsed(document) if len(document) <= _MOST_DOCUMENT else {}
        name = text(part, "name")
        resource = resource_of_node(look, (text(part, "resource_arn"), name), text(part, "origin"))
        if resource:
            yield from _span(text(trace, "Id"), resource, part, text(part, "parent_id") or None, 0)


def _span(trace: str, resource: str, part: Mapping[str, Any], parent: str | None, depth: int) -> Iterator[Span]:
    """The span of a segment or subsegment, and those of what is nested in it; one that hasn't ended is none."""
    start, end, name = _time(part, "start_time"), _time(part, "end_time"), text(part, "id")
    if start is None or end is None or not name or end < start:
        return
    yield Span(
        trace, name, parent, resource, text(part, "name"), start, (end - start).total_seconds(),
        _status(part, _kind(part, depth)), dict(_attributes(part, depth)),
    )  # fmt: skip
    for nested in items(part, "subsegments") if depth < _DEEP else ():
        yield from _span(trace, resource, nested, name, depth + 1)


def _kind(part: Mapping[str, Any], depth: int) -> str:
    if text(part, "namespace") in _CALLS:
        return "client"
    return "internal" if depth > 0 or text(part, "type") == "subsegment" else "server"


def _status(part: Mapping[str, Any], kind: str) -> SpanStatus:
    """As OpenTelemetry has it: X-Ray's `error` is an answer of 4xx, which is no error of the server that gives it.

    https://opentelemetry.io/docs/specs/semconv/http/http-spans/#status
    """
    if flag(part, "fault") or flag(part, "throttle"):
        return "error"
    if flag(part, "error"):
        return "unset" if kind == "server" else "error"
    return "ok"


def _attributes(part: Mapping[str, Any], depth: int) -> Iterator[tuple[str, Any]]:
    """As OpenTelemetry calls them."""
    kind = _kind(part, depth)
    yield "span.kind", kind
    if kind == "client" and (peer := text(part, "name")):
        yield "peer.service", peer
    if operation := text(part, "aws", "operation"):
        yield "rpc.method", operation
    status = number(part, "http", "response", "status")
    if status is not None and status in _CODES:
        yield "http.response.status_code", int(status)
    if method := text(part, "http", "request", "method"):
        yield "http.request.method", method
    for problem in items(mapping(part, "cause"), "exceptions")[:1]:
        if message := text(problem, "message"):
            yield "exception.message", message
        if raised := text(problem, "type"):
            yield "exception.type", raised


def _time(part: Mapping[str, Any], key: str) -> datetime | None:
    seconds = number(part, key)
    try:
        time = datetime.fromtimestamp(seconds, UTC) if seconds is not None else None
    except (ValueError, OverflowError, OSError):
        return None
    return time if time is not None and FIRST_YEAR <= time.year <= LAST_YEAR else None
