"""The service's traces of itself, as a collector on the loopback gets them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from cases.fake_server import FakeServer, Reply
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from running import TOKEN, alert, settings, started

from engine.serve.settings import TraceSettings
from engine.serve.traces import open_traces
from primitives.errors import UsageError


class Collector(FakeServer):
    """An OTLP/HTTP endpoint that keeps the spans that come to it."""

    def __init__(self) -> None:
        super().__init__()
        self.spans: list[Any] = []

    def reply(self, handler: BaseHTTPRequestHandler, body: bytes) -> Reply:
        del handler
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.spans.extend(span for scope in resource.scope_spans for span in scope.spans)
        return Reply()


@contextmanager
def collector() -> Iterator[tuple[str, list[Any]]]:
    """Its address, and the spans that came to it."""
    with closing(Collector()) as server:
        yield f"{server.url}/v1/traces", server.spans


def _attributes(span: Any) -> dict[str, Any]:
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


async def test_a_delivery_and_its_investigation_are_traced_without_their_words(
    short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALERTS_TOKEN", TOKEN)
    with collector() as (endpoint, spans):
        async with started(short_path, settings(traces={"endpoint": endpoint})) as service:
            await service.send(alert("SlowFerries"))
            await service.send(alert(), headers={"Authorization": "Bearer another one"})
            (group,) = await service.groups(lambda groups: bool(groups) and groups[0].state == "investigated")
        by_name = {
            name: [span for span in spans if span.name == name] for name in ("delivery", "work off", "investigate")
        }
        outcomes = [_attributes(span)["cloudops.outcome"] for span in by_name["delivery"]]
        assert sorted(outcomes) == ["accepted", "refused"]
        assert {_attributes(span)["http.response.status_code"] for span in by_name["delivery"]} == {202, 401}
        assert _attributes(by_name["work off"][0])["cloudops.deliveries"] == 1
        (investigated,) = by_name["investigate"]
        assert _attributes(investigated)["cloudops.execution"] == group.execution_id
        assert investigated.end_time_unix_nano > investigated.start_time_unix_nano
        everything = b"".join(span.SerializeToString() for span in spans)
        assert b"Ferries" not in everything
        assert TOKEN.encode() not in everything


def test_an_error_is_traced_by_its_kind_alone() -> None:
    with collector() as (endpoint, spans):
        traces = open_traces(TraceSettings(endpoint=endpoint))
        with pytest.raises(ValueError, match="secret"), traces.span("pull", channel="mails"):
            raise ValueError("a secret that came in")
        traces.close()
        (span,) = spans
        assert _attributes(span) == {"cloudops.channel": "mails", "error.type": "ValueError"}
        assert span.status.code == 2
        assert b"secret" not in span.SerializeToString()


async def test_a_collector_that_is_gone_delays_nothing(short_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALERTS_TOKEN", TOKEN)
    async with started(short_path, settings(traces={"endpoint": "http://127.0.0.1:1/v1/traces"})) as service:
        assert await service.send(alert()) == 202
        await service.groups(lambda groups: bool(groups) and groups[0].state == "investigated")


def test_without_the_extra_the_settings_are_refused_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(UsageError, match=r"install `cloudops\[traces\]`"):
        open_traces(TraceSettings())
