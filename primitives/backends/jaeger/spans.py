"""Jaeger's own JSON of traces: https://github.com/jaegertracing/jaeger/blob/main/internal/uimodel/model.go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from primitives.records import Span
from primitives.terms import SpanStatus
from primitives.traces.names import writer_of
from primitives.traces.otlp import exception_of, mappings_of

__all__ = ["spans_of_traces"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_US_IN_S: Final = 1_000_000
_MESSAGE_FIELDS: Final = ("message", "error.object", "error.message")


def spans_of_traces(data: Any) -> Iterator[Span]:
    """The spans of a list of traces; what is no span is left out."""
    for trace in mappings_of(data):
        processes = trace.get("processes")
        known = {
            key: (str(process.get("serviceName") or ""), _tags(process.get("tags")))
            for key, process in (processes.items() if isinstance(processes, Mapping) else ())
            if isinstance(process, Mapping)
        }
        for raw in mappings_of(trace.get("spans")):
            service, tags = known.get(raw.get("processID"), ("", {}))
            if (span := _span(raw, service, tags)) is not None:
                yield span


def _span(raw: Mapping[str, Any], service: str, process: Mapping[str, Any]) -> Span | None:
    start, duration = raw.get("startTime"), raw.get("duration")
    trace_id, span_id = raw.get("traceID"), raw.get("spanID")
    if not isinstance(start, int) or not isinstance(duration, int) or not isinstance(trace_id, str):
        return None
    if not isinstance(span_id, str) or not span_id:
        return None
    own = _tags(raw.get("tags"))
    attributes = {"service.name": service, **process, **_exception(raw), **own}
    try:
        began = _EPOCH + timedelta(microseconds=start)
    except OverflowError:
        return None
    return Span(
        trace_id, span_id, _parent(raw), writer_of(process, service), str(raw.get("operationName") or ""), began,
        max(duration, 0) / _US_IN_S, _status(own), attributes,
    )  # fmt: skip


def _parent(raw: Mapping[str, Any]) -> str | None:
    """The span that called it: CHILD_OF before FOLLOWS_FROM; old versions name it directly."""
    references = [
        reference for reference in mappings_of(raw.get("references")) if reference.get("traceID") == raw["traceID"]
    ]
    references.sort(key=lambda reference: reference.get("refType") != "CHILD_OF")
    parent = references[0].get("spanID") if references else raw.get("parentSpanID")
    return parent if isinstance(parent, str) and parent else None


def _exception(raw: Mapping[str, Any]) -> dict[str, str]:
    """What the span's log says went wrong; OpenTracing and OpenTelemetry name it differently."""
    exception: dict[str, str] = {}
    for entry in mappings_of(raw.get("logs")):
        fields = _tags(entry.get("fields"))
        exception |= exception_of([fields])
        if fields.get("event") == "error" and "exception.message" not in exception:
            message = next((fields[key] for key in _MESSAGE_FIELDS if isinstance(fields.get(key), str)), "")
            exception |= {"exception.message": message} if message else {}
    return exception


def _status(tags: Mapping[str, Any]) -> SpanStatus:
    code = str(tags.get("otel.status_code", "")).upper()
    if code == "ERROR" or str(tags.get("error", "")).lower() == "true":
        return "error"
    return "ok" if code == "OK" else "unset"


def _tags(tags: Any) -> dict[str, Any]:
    return {str(tag["key"]): tag.get("value") for tag in mappings_of(tags) if "key" in tag}
