"""Traces of Jaeger, Tempo and files: the same spans and calls, whichever keeps them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cases.fake_server import Reply
from cases.fake_traces import NOW, FakeJaeger, FakeSpan, FakeTempo, otlp

from primitives.clock import ManualClock
from primitives.errors import SourceDenied, SourceUnreachable, UsageError
from primitives.records import Window
from primitives.sources import define_source, open_source
from primitives.telemetry import Backend, Budget, SpansQuery, TopologyQuery

WINDOW = Window(start=NOW - timedelta(minutes=30), end=NOW)
KINDS = ("jaeger", "jaeger v3", "tempo", "old tempo", "files")


def trace_of(number: int, ago_s: float) -> list[FakeSpan]:
    """A request of three services; the last one is a database that writes no spans."""
    name, one, two, three, four = f"{number + 1:032x}", *(f"{digit:016x}" for digit in (1, 2, 3, 4))
    ledger = {"k8s.namespace.name": "bank", "k8s.deployment.name": "ledger"}
    books = {"db.system": "postgresql", "server.address": "books-db:5432", "retries": 2}
    return [
        FakeSpan(name, one, "teller", "POST /pay", ago_s, 0.3),
        FakeSpan(name, two, "teller", "ledger.Book", ago_s - 0.01, 0.2, one, "client"),
        FakeSpan(name, three, "ledger", "Book", ago_s - 0.02, 0.1, two, failed=True, resource=ledger),
        FakeSpan(
            name, four, "ledger", "SELECT", ago_s - 0.03, 0.05, three, "client", attributes=books, resource=ledger
        ),
    ]


@contextmanager
def keeping(kind: str, spans: list[FakeSpan], folder: Path) -> Iterator[tuple[Backend, Any]]:
    """A source of that kind that has the spans, and its server."""
    server: Any = None
    if kind == "files":
        lines = [json.dumps({"resourceSpans": group}) for group in ([one] for one in otlp(spans))]
        (folder / "traces.jsonl").write_text("\n".join([*lines, '{"resourceSpans": [{"sco']))
        settings: dict[str, Any] = {"kind": "otlp_files", "path": str(folder)}
    else:
        jaeger = kind.startswith("jaeger")
        server = FakeJaeger(spans, only_v3=kind == "jaeger v3") if jaeger else FakeTempo(spans, old=kind == "old tempo")
        settings = {"kind": "jaeger" if jaeger else "tempo", "url": server.url}
    try:
        yield open_source("traces", define_source("traces", settings, {}), ManualClock(NOW)).backend, server
    finally:
        if server is not None:
            server.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_spans_are_the_same_whoever_keeps_them(kind: str, tmp_path: Path) -> None:
    with keeping(kind, trace_of(0, 600), tmp_path) as (backend, _):
        answer = await backend.ask(SpansQuery(window=WINDOW))
        await backend.close()
    spans = {span.span_id[-1]: span for span in answer.records}
    assert [(span.resource, span.parent_span_id, span.status) for span in spans.values()] == [
        ("teller", None, "unset"),
        ("teller", f"{1:016x}", "unset"),
        ("bank/deployment/ledger", f"{2:016x}", "error"),
        ("bank/deployment/ledger", f"{3:016x}", "unset"),
    ]
    first, query = spans["1"], spans["4"]
    assert first.start == NOW - timedelta(seconds=600)
    assert first.duration_s == pytest.approx(0.3)
    assert (first.attributes["span.kind"], query.attributes["span.kind"]) == ("server", "client")
    assert query.attributes["retries"] == 2
    told = spans["3"].attributes
    assert "it broke" in (told.get("exception.message"), told.get("otel.status_description"))
    assert answer.completeness == "complete"


@pytest.mark.parametrize("kind", KINDS)
async def test_calls_are_its_topology(kind: str, tmp_path: Path) -> None:
    with keeping(kind, trace_of(0, 600), tmp_path) as (backend, _):
        topology = (await backend.ask(TopologyQuery(window=WINDOW))).records[0]
        await backend.close()
    assert {(edge.source, edge.target) for edge in topology.edges} == {
        ("teller", "bank/deployment/ledger"), ("bank/deployment/ledger", "books-db"),
    }  # fmt: skip
    assert {resource.id: resource.kind for resource in topology.resources} == {
        "teller": "service", "bank/deployment/ledger": "workload", "books-db": "database",
    }  # fmt: skip
    # By this name other sources know the workload.
    assert {dict(resource.attributes).get("service") for resource in topology.resources} == {"ledger", None}


@pytest.mark.parametrize("kind", KINDS)
async def test_traces_come_from_all_over_the_window_and_what_is_left_out_is_said(kind: str, tmp_path: Path) -> None:
    spans = [span for number in range(170) for span in trace_of(number, 10 + 10 * number)]
    with keeping(kind, spans, tmp_path) as (backend, server):
        answer = await backend.ask(SpansQuery(window=WINDOW, budget=Budget(rows=200)))
        asked = len(server.asked) if server else 0
        await backend.close()
    assert answer.completeness == "cut"
    assert "traces from all over the window" in answer.left_out
    assert 40 <= len(answer.records) <= 200
    minutes = sorted({(NOW - span.start).total_seconds() // 300 for span in answer.records})
    assert len(minutes) >= 5
    assert asked < 250
    # Whole traces: the calls of each are there.
    assert len(answer.records) == 4 * len({span.trace_id for span in answer.records})


@pytest.mark.parametrize("kind", KINDS)
async def test_a_service_or_its_workload_chooses_traces(kind: str, tmp_path: Path) -> None:
    other = FakeSpan("f" * 32, "0000000000000009", "mailer", "send", 300)
    with keeping(kind, [*trace_of(0, 600), other], tmp_path) as (backend, _):
        by_workload = await backend.ask(SpansQuery(window=WINDOW, resources=("bank/deployment/ledger",)))
        by_service = await backend.ask(SpansQuery(window=WINDOW, resources=("mailer",)))
        nobody = await backend.ask(SpansQuery(window=WINDOW, resources=("no such thing",)))
        await backend.close()
    assert len(by_workload.records) == 4
    assert [span.name for span in by_service.records] == ["send"]
    assert nobody.records == ()


async def test_what_a_store_tells_of_calls_is_added(tmp_path: Path) -> None:
    with keeping("jaeger", trace_of(0, 600), tmp_path) as (backend, server):
        server.links = [("teller", "mailer"), ("teller", "ledger")]
        topology = (await backend.ask(TopologyQuery(window=WINDOW))).records[0]
        await backend.close()
    assert ("teller", "mailer") in {(edge.source, edge.target) for edge in topology.edges}
    assert "ledger" not in {resource.id for resource in topology.resources}


@pytest.mark.parametrize("kind", ["jaeger", "tempo"])
async def test_a_search_that_fails_leaves_what_the_others_found(kind: str, tmp_path: Path) -> None:
    spans = [span for number in range(6) for span in trace_of(number, 100 + 250 * number)]
    with keeping(kind, spans, tmp_path) as (backend, server):
        searches = 0

        def third_fails(path: str, params: dict[str, list[str]]) -> Reply | None:
            nonlocal searches
            searches += path in ("/api/traces", "/api/search")
            return Reply(400, b'{"errors": [{"code": 400, "msg": "too long"}]}') if searches == 3 else None

        server.override = third_fails
        answer = await backend.ask(SpansQuery(window=WINDOW))
        await backend.close()
    assert answer.status == "partial"
    assert answer.records
    assert answer.completeness == "cut"


@pytest.mark.parametrize("kind", ["jaeger", "tempo"])
async def test_refusals_and_other_servers_are_one_line(kind: str, tmp_path: Path) -> None:
    with keeping(kind, trace_of(0, 600), tmp_path) as (backend, server):
        server.override = lambda path, params: Reply(401, b"no")
        assert (await backend.check()).status == "denied"
        with pytest.raises(SourceDenied, match="TOKEN"):
            await backend.ask(SpansQuery(window=WINDOW))
        server.override = lambda path, params: Reply(body=b"[1, 2")
        with pytest.raises(SourceUnreachable, match="cut off"):
            await backend.ask(SpansQuery(window=WINDOW))
        server.override = lambda path, params: None
        assert (await backend.check()).status == "reachable"
        await backend.close()


async def test_a_pipe_or_a_device_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        definition = define_source("traces", {"kind": "otlp_files", "path": str(path)}, {})
        backend = open_source("traces", definition, ManualClock(NOW)).backend
        with pytest.raises(SourceUnreachable, match="no regular file"):
            await backend.ask(SpansQuery(window=WINDOW))


async def test_a_missing_path_and_broken_lines_are_said(tmp_path: Path) -> None:
    definition = define_source("traces", {"kind": "otlp_files", "path": str(tmp_path / "none.json")}, {})
    backend = open_source("traces", definition, ManualClock(NOW)).backend
    with pytest.raises(SourceUnreachable, match=r"check `path`"):
        await backend.ask(SpansQuery(window=WINDOW))
    (tmp_path / "none.json").write_text('{"half\n' + json.dumps({"resourceSpans": otlp(trace_of(0, 60))}) + "\n")
    answer = await backend.ask(SpansQuery(window=WINDOW))
    assert len(answer.records) == 4
    assert answer.status == "partial"
    assert "none.json:1" in str(answer.detail)
    with pytest.raises(UsageError, match=r"traces\.path"):
        define_source("traces", {"kind": "otlp_files"}, {})
