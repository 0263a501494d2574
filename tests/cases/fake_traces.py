"""Servers that answer as the HTTP APIs of Jaeger and Tempo are documented, over spans in memory. They are neither.

https://www.jaegertracing.io/docs/latest/architecture/apis/, https://grafana.com/docs/tempo/latest/api_docs/
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cases.fake_server import FakeServer, Reply

NOW = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
NOW_US = int(NOW.timestamp() * 1_000_000)


@dataclass
class FakeSpan:
    """A span that began `ago_s` before `NOW`; `resource` are its resource's attributes beside the service's name."""

    trace: str
    id: str
    service: str
    name: str
    ago_s: float
    duration_s: float = 0.1
    parent: str = ""
    kind: str = "server"
    failed: bool = False
    attributes: dict[str, Any] = field(default_factory=dict)
    resource: dict[str, str] = field(default_factory=dict)

    @property
    def start_us(self) -> int:
        return NOW_US - int(self.ago_s * 1_000_000)


def otlp(spans: Iterable[FakeSpan], *, as_base64: bool = False) -> list[dict[str, Any]]:
    """The spans as resourceSpans."""
    return [_resource_spans(span, as_base64=as_base64) for span in spans]


def _resource_spans(span: FakeSpan, *, as_base64: bool) -> dict[str, Any]:
    def identifier(text: str, size: int) -> str:
        raw = bytes.fromhex(text.rjust(size * 2, "0"))
        return base64.b64encode(raw).decode() if as_base64 else raw.hex()

    start_ns = span.start_us * 1_000
    raw: dict[str, Any] = {
        "traceId": identifier(span.trace, 16), "spanId": identifier(span.id, 8), "name": span.name,
        "kind": f"SPAN_KIND_{span.kind.upper()}", "startTimeUnixNano": str(start_ns),
        "endTimeUnixNano": str(start_ns + int(span.duration_s * 1e9)), "attributes": _pairs(span.attributes),
        "status": {"code": 2, "message": "it broke"} if span.failed else {},
    }  # fmt: skip
    if span.parent:
        raw["parentSpanId"] = identifier(span.parent, 8)
    resource = {"service.name": span.service, **span.resource}
    return {"resource": {"attributes": _pairs(resource)}, "scopeSpans": [{"scope": {}, "spans": [raw]}]}


def _pairs(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": str(value)}}
        for key, value in values.items()
    ]


class _FakeTraces(FakeServer):
    def __init__(self, spans: Iterable[FakeSpan] = ()) -> None:
        self.spans = list(spans)
        self.asked: list[tuple[str, dict[str, list[str]]]] = []
        self.override: Callable[[str, dict[str, list[str]]], Reply | None] = lambda path, params: None
        super().__init__()

    def reply(self, handler: BaseHTTPRequestHandler, body: bytes) -> Reply:
        parts = urlsplit(handler.path)
        params = parse_qs(parts.query)
        self.asked.append((parts.path, params))
        return self.override(parts.path, params) or self.answer(parts.path, params)

    def answer(self, path: str, params: dict[str, list[str]]) -> Reply:
        raise NotImplementedError

    def traces(self, wanted: Callable[[FakeSpan], bool], limit: int) -> list[list[FakeSpan]]:
        """The newest traces of which a span is wanted."""
        names = {
            span.trace: span.start_us for span in sorted(self.spans, key=lambda span: span.start_us) if wanted(span)
        }
        chosen = sorted(names, key=lambda name: -names[name])[:limit]
        return [[span for span in self.spans if span.trace == name] for name in chosen]


class FakeJaeger(_FakeTraces):
    """`links` are its dependencies; with `only_v3` it has but the newer API."""

    def __init__(self, spans: Iterable[FakeSpan] = (), *, only_v3: bool = False) -> None:
        self.links: list[tuple[str, str]] = []
        self.only_v3 = only_v3
        super().__init__(spans)

    def answer(self, path: str, params: dict[str, list[str]]) -> Reply:
        services = sorted({span.service for span in self.spans})
        if path == "/api/v3/services":
            return _json({"services": services})
        if path == "/api/v3/traces":
            return self._v3(params)
        if self.only_v3:
            return Reply(404, b"404 page not found")
        match path:
            case "/api/services":
                return _json({"data": [*services, "jaeger-query"], "total": len(services) + 1, "errors": None})
            case "/api/dependencies":
                rows = [{"parent": parent, "child": child, "callCount": 7} for parent, child in self.links]
                return _json({"data": rows, "total": len(rows)})
            case "/api/traces":
                start, end, limit = (int(params[key][0]) for key in ("start", "end", "limit"))
                service = params["service"][0]
                chosen = self.traces(lambda span: span.service == service and start <= span.start_us <= end, limit)
                return _json({"data": [_trace(spans) for spans in chosen], "errors": None})
        return Reply(404, b"404 page not found")

    def _v3(self, params: dict[str, list[str]]) -> Reply:
        start, end = (
            datetime.fromisoformat(params[f"query.start_time_{key}"][0]).timestamp() * 1e6 for key in ("min", "max")
        )
        service, limit = params["query.service_name"][0], int(params["query.num_traces"][0])
        chosen = self.traces(lambda span: span.service == service and start <= span.start_us <= end, limit)
        if not chosen:
            return Reply(404, b'{"error":{"httpCode":404,"message":"No traces found"}}')
        chunks = [json.dumps({"result": {"resourceSpans": otlp(spans, as_base64=True)}}) for spans in chosen]
        return Reply(body="\n".join(chunks).encode())


def _trace(spans: list[FakeSpan]) -> dict[str, Any]:
    processes = {
        f"p{number}": {"serviceName": span.service, "tags": _tags(span.resource)} for number, span in enumerate(spans)
    }
    return {
        "traceID": spans[0].trace,
        "processes": processes,
        "spans": [_jaeger_span(span, f"p{number}") for number, span in enumerate(spans)],
    }


def _jaeger_span(span: FakeSpan, process: str) -> dict[str, Any]:
    parent = {"refType": "CHILD_OF", "traceID": span.trace, "spanID": span.parent}
    return {
        "traceID": span.trace, "spanID": span.id, "operationName": span.name, "startTime": span.start_us,
        "duration": int(span.duration_s * 1e6), "processID": process, "logs": _logs(span),
        "references": [parent] if span.parent else [],
        "tags": _tags({"span.kind": span.kind, **({"error": True} if span.failed else {}), **span.attributes}),
    }  # fmt: skip


def _tags(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "type": "string", "value": value} for key, value in values.items()]


def _logs(span: FakeSpan) -> list[dict[str, Any]]:
    fields = {"event": "exception", "exception.type": "IOError", "exception.message": "it broke"}
    return [{"timestamp": span.start_us, "fields": _tags(fields)}] if span.failed else []


class FakeTempo(_FakeTraces):
    """With `old` it lacks the paths of version 2; `tenant` is the one that it wants to be told."""

    def __init__(self, spans: Iterable[FakeSpan] = (), *, old: bool = False) -> None:
        self.old = old
        super().__init__(spans)

    def answer(self, path: str, params: dict[str, list[str]]) -> Reply:
        services = sorted({span.service for span in self.spans})
        if path == "/api/v2/search/tag/resource.service.name/values" and not self.old:
            return _json({"tagValues": [{"type": "string", "value": service} for service in services]})
        if path == "/api/search/tag/service.name/values":
            return _json({"tagValues": services})
        if path == "/api/status/buildinfo":
            return _json({"version": "v2.7.1"})
        if path == "/api/search":
            return self._search(params)
        if (match := re.fullmatch(r"/api/(v2/)?traces/([0-9a-f]+)", path)) and not (match[1] and self.old):
            spans = [span for span in self.spans if span.trace == match[2]]
            held = otlp(spans, as_base64=True)
            return _json({"trace": {"resourceSpans": held}} if match[1] else {"batches": held})
        return Reply(404, b"404 page not found")

    def _search(self, params: dict[str, list[str]]) -> Reply:
        start, end, limit = (int(params[key][0]) for key in ("start", "end", "limit"))
        services = re.findall(r'resource\.service\.name = "([^"]*)"', params["q"][0])
        chosen = self.traces(
            lambda span: start * 1e6 <= span.start_us <= end * 1e6 and (not services or span.service in services), limit
        )
        rows = [{"traceID": spans[0].trace, "startTimeUnixNano": str(spans[0].start_us * 1000)} for spans in chosen]
        return _json({"traces": rows, "metrics": {"totalBlocks": 1}})


def _json(document: Any) -> Reply:
    return Reply(body=json.dumps(document).encode())
