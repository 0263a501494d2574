"""Spans of OTLP's JSON form: what Tempo and Jaeger's newer API answer and OpenTelemetry's collector writes to files.

https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. Identifiers are hexadecimal there, base64 where a
server encodes protobuf its own way; keys are camelCase, or as in the protobuf.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from primitives.records import Span
from primitives.terms import SpanStatus
from primitives.traces.names import writer_of

__all__ = ["attributes_of", "exception_of", "mappings_of", "spans_of"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NS_IN_S: Final = 1_000_000_000
_NS_IN_US: Final = 1_000
_KINDS: Final = ("", "internal", "server", "client", "producer", "consumer")
_STATUSES: Final[Mapping[str, SpanStatus]] = {
    "1": "ok", "2": "error", "STATUS_CODE_OK": "ok", "STATUS_CODE_ERROR": "error", "Ok": "ok", "Error": "error",
}  # fmt: skip
_RAW_BYTES: Final = (8, 16)
_MOST_DEPTH: Final = 8


def spans_of(document: Any) -> Iterator[Span]:
    """The spans of a TracesData, or of what holds one; what is no span is left out."""
    for holder in mappings_of([document]):
        for group in mappings_of(_any(holder, "resourceSpans", "resource_spans", "batches")):
            resource = attributes_of(_any(_any(group, "resource") or {}, "attributes"))
            for scope in mappings_of(_any(group, "scopeSpans", "scope_spans", "instrumentationLibrarySpans")):
                for raw in mappings_of(_any(scope, "spans")):
                    if (span := _span(raw, resource)) is not None:
                        yield span


def attributes_of(pairs: Any) -> dict[str, Any]:
    """A list of key and typed value as a mapping."""
    return {str(pair["key"]): _value(pair.get("value")) for pair in mappings_of(pairs) if "key" in pair}


def exception_of(events: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Type and message of the last exception among a span's events, each given by its attributes."""
    exception: dict[str, str] = {}
    for attributes in events:
        for key in ("exception.type", "exception.message"):
            if isinstance(value := attributes.get(key), str) and value:
                exception[key] = value
    return exception


def mappings_of(values: Any) -> list[Mapping[str, Any]]:
    """The JSON objects of a list; empty where it is none."""
    return [value for value in values if isinstance(value, Mapping)] if isinstance(values, list) else []


def _span(raw: Mapping[str, Any], resource: Mapping[str, Any]) -> Span | None:
    start = _number(raw, "startTimeUnixNano", "start_time_unix_nano")
    end = _number(raw, "endTimeUnixNano", "end_time_unix_nano")
    trace_id, span_id = _identifier(raw, "traceId", "trace_id"), _identifier(raw, "spanId", "span_id")
    if start is None or end is None or not trace_id or not span_id:
        return None
    parent = _identifier(raw, "parentSpanId", "parent_span_id")
    status = _any(raw, "status") or {}
    attributes = {**resource, **_own(raw, status)}
    service = resource.get("service.name")
    try:
        began = _EPOCH + timedelta(microseconds=start // _NS_IN_US)
    except OverflowError:
        return None
    return Span(
        trace_id, span_id, parent or None, writer_of(resource, service if isinstance(service, str) else ""),
        str(_any(raw, "name") or ""), began, max(end - start, 0) / _NS_IN_S,
        _STATUSES.get(str(_any(status, "code") or ""), "unset"), attributes,
    )  # fmt: skip


def _own(raw: Mapping[str, Any], status: Any) -> dict[str, Any]:
    own = attributes_of(_any(raw, "attributes"))
    if kind := _kind(_any(raw, "kind")):
        own["span.kind"] = kind
    if isinstance(message := _any(status, "message"), str) and message:
        own["otel.status_description"] = message
    events = (attributes_of(_any(event, "attributes")) for event in mappings_of(_any(raw, "events")))
    return {**exception_of(events), **own}


def _kind(value: Any) -> str:
    if isinstance(value, int):
        return _KINDS[value] if 0 <= value < len(_KINDS) else ""
    return value.removeprefix("SPAN_KIND_").lower().replace("unspecified", "") if isinstance(value, str) else ""


def _identifier(raw: Mapping[str, Any], *names: str) -> str:
    value = _any(raw, *names)
    if not isinstance(value, str) or not value:
        return ""
    if value.endswith("="):
        try:
            decoded = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            return value
        return decoded.hex() if len(decoded) in _RAW_BYTES else value
    return value


def _value(value: Any, depth: int = 0) -> Any:
    if not isinstance(value, Mapping) or depth > _MOST_DEPTH:
        return None
    for key, plain in value.items():
        match key:
            case "intValue" | "int_value":
                return int(plain) if str(plain).lstrip("-").isdigit() else plain
            case "arrayValue" | "array_value":
                return [_value(entry, depth + 1) for entry in mappings_of(_any(plain, "values"))]
            case "kvlistValue" | "kvlist_value":
                pairs = mappings_of(_any(plain, "values"))
                return {str(pair.get("key")): _value(pair.get("value"), depth + 1) for pair in pairs}
            case _:
                return plain
    return None


def _number(raw: Mapping[str, Any], *names: str) -> int | None:
    value = _any(raw, *names)
    try:
        return int(value) if value is not None else None
    except (TypeError, ValueError):
        return None


def _any(raw: Any, *names: str) -> Any:
    return next((raw[name] for name in names if name in raw), None) if isinstance(raw, Mapping) else None
