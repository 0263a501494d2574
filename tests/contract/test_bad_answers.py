"""What goes wrong with a source over HTTP, for each of them: what could be had is kept, the rest is an unknown fact.

Nothing raises, every message is one clean line that says what to do, and no secret gets through.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from cases.fake_loki import NOW, NS, FakeLine, FakeLoki
from cases.fake_prometheus import FakePrometheus, healthy
from cases.fake_server import FakeServer, Reply
from cases.fake_traces import FakeJaeger, FakeSpan, FakeTempo

from primitives import http_source
from primitives.analysis.asking import gaps
from primitives.answers import encode_answer
from primitives.backends.registry import backends
from primitives.clock import ManualClock
from primitives.diagnostics.registry import Arguments
from primitives.records import Window
from primitives.sources import check_sources, define_source, open_source
from primitives.telemetry import (
    LIVE_BUDGETS,
    AlertsQuery,
    Answer,
    Answers,
    ChangesQuery,
    LogsQuery,
    Query,
    SeriesQuery,
    SpansQuery,
    Telemetry,
    TopologyQuery,
)

WINDOW = Window(start=NOW - timedelta(minutes=30), end=NOW)
ARGUMENTS = Arguments(window=WINDOW, now=NOW)
QUERIES: tuple[type[Any], ...] = (SeriesQuery, TopologyQuery, AlertsQuery, ChangesQuery, LogsQuery, SpansQuery)
KEY = "AKIAIOSFODNN7EXAMPLE"
PASSWORD = "hunter2horse"
HTTP_KINDS = tuple(name for name, kind in backends().items() if kind.asked_by_url)
NO_ADDRESS = ("127.0.0.1", "invalid")
Awkward = Callable[[str], Reply | None]


class Recorder:
    def __init__(self) -> None:
        self.blobs: list[bytes] = []

    async def record(self, answer: Answer[Any]) -> str:
        self.blobs.append(encode_answer(answer))
        return "0" * 64


def filled(kind: str) -> FakeServer:
    """A server of that kind that has something of everything."""
    lines = [FakeLine(int(NOW.timestamp() * NS) - 60 * NS, "failed", {"app": "till"})]
    spans = [FakeSpan("a" * 32, "0000000000000001", "till", "GET", 60)]
    match kind:
        case "loki":
            return FakeLoki(lines)
        case "jaeger":
            return FakeJaeger(spans)
        case "tempo":
            return FakeTempo(spans)
        case "prometheus":
            server = FakePrometheus()
            server.answer = lambda path, query: healthy(path, query, NOW)
            return server
        case _:
            raise AssertionError(f"{kind} has no fake server: add one to tests/cases, and its case here")


def spoil(server: Any, awkward: Awkward) -> None:
    """Let `awkward` answer first."""
    if isinstance(server, FakePrometheus):
        server.answer = lambda path, query: awkward(path) or healthy(path, query, NOW)
    else:
        server.override = lambda path, params: awkward(path)


@contextmanager
def serving(kind: str) -> Iterator[Any]:
    server = filled(kind)
    try:
        yield server
    finally:
        server.close()


@asynccontextmanager
async def asking(kind: str, url: str, timeout_s: float | None = None) -> AsyncIterator[tuple[Telemetry, Recorder]]:
    definition = define_source("prod", {"kind": kind, "url": url.replace("://", f"://ada:{PASSWORD}@")}, {})
    source = open_source("prod", definition, ManualClock(NOW))
    if timeout_s is not None:
        _shorten(source.backend, timeout_s)
    recorder = Recorder()
    telemetry = Telemetry(
        [source.backend], recorder, ManualClock(NOW), secrets=source.secrets, budgets=LIVE_BUDGETS, timeout_s=20
    )
    try:
        yield telemetry, recorder
    finally:
        await telemetry.close()


def _shorten(thing: Any, timeout_s: float) -> None:
    """Nobody should wait eight seconds for a test."""
    for value in (thing, *vars(thing).values()):
        for inner in (value, *getattr(value, "__dict__", {}).values()):
            if hasattr(inner, "_timeout_s"):
                inner._timeout_s = timeout_s


def queries(telemetry: Telemetry) -> list[Query]:
    (backend,) = telemetry.backends
    return [query(window=WINDOW) for query in QUERIES if query(window=WINDOW).question in backend.questions]


async def asked(telemetry: Telemetry) -> list[Answers[Any]]:
    return [await telemetry.ask(query) for query in queries(telemetry)]


def assert_told(answers: Answers[Any]) -> None:
    """An unknown fact says what is missing, in one clean line without address and secret."""
    facts = list(gaps([answers], ARGUMENTS))
    assert [fact.polarity for fact in facts] == ["unknown"]
    for text in (facts[0].sentence(), answers.parts[0].detail or answers.parts[0].left_out):
        assert text
        assert text.isprintable()
        assert PASSWORD not in text
        assert not any(address in text for address in NO_ADDRESS)


def always(status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> Awkward:
    return lambda path: Reply(status, body, headers or {})


DEEP = b"[" * 50_000
REFUSALS: dict[str, tuple[Awkward, str, str]] = {
    "no credentials": (always(401, b"who are you?"), "denied", "HTTP 401"),
    "not permitted": (always(403, b'{"error": "not \\u001b[31m you"}'), "denied", "HTTP 403"),
    "throttled": (always(429, b"slow down", {"Retry-After": "0"}), "unreachable", "fewer requests"),
    "failing": (always(503, b'{"error": "boom"}'), "unreachable", "failed"),
    "a login page": (always(302, b"", {"Location": "https://login.example"}), "unreachable", "login page"),
    "another product": (always(404, b"<html>nginx</html>"), "unreachable", "no "),
    "an empty body": (always(200), "unreachable", "check the address"),
    "truncated": (always(200, b'{"status":"success","data":{"result":[{"str'), "unreachable", "check the address"),
    "nested without end": (always(200, DEEP), "unreachable", "check the address"),
    "no UTF-8": (always(200, b'{"status":"success","data":["\xff\xfe"]}'), "unreachable", "check the address"),
}


@pytest.mark.parametrize("case", REFUSALS)
@pytest.mark.parametrize("kind", HTTP_KINDS)
async def test_a_refusal_is_an_unknown_fact(kind: str, case: str) -> None:
    awkward, status, said = REFUSALS[case]
    with serving(kind) as server:
        spoil(server, awkward)
        async with asking(kind, server.url) as (telemetry, _):
            for answers in await asked(telemetry):
                assert answers.parts[0].status == status
                assert said in str(answers.parts[0].detail)
                assert_told(answers)
            (check,) = await check_sources(telemetry.backends)
            assert check.status == ("denied" if status == "denied" else "unreachable")


@pytest.mark.parametrize("kind", HTTP_KINDS)
async def test_one_refusal_of_many_leaves_the_rest(kind: str) -> None:
    """Permission for one path alone is missing: what else there is comes."""
    last = {"prometheus": "/alerts", "loki": "/series", "jaeger": "/dependencies", "tempo": "/buildinfo"}[kind]
    with serving(kind) as server:
        spoil(server, lambda path: Reply(500, b"no") if path.endswith(last) else None)
        async with asking(kind, server.url, 1.0) as (telemetry, _):
            answers = await asked(telemetry)
    assert any(part.records for answer in answers for part in answer.parts)


@pytest.mark.parametrize("kind", HTTP_KINDS)
async def test_a_source_that_hangs_is_given_up(kind: str) -> None:
    with serving(kind) as server:
        spoil(server, lambda path: Reply(200, b"{}", stall_s=2.5))
        async with asking(kind, server.url, 0.2) as (telemetry, _):
            (answers, *_) = [await telemetry.ask(queries(telemetry)[0])]
    assert "no answer within 0.2 s" in str(answers.parts[0].detail)
    assert_told(answers)


@pytest.mark.parametrize("kind", HTTP_KINDS)
@pytest.mark.parametrize("case", ["dns", "tls", "proxy", "nobody listens"])
async def test_a_network_that_fails_is_one_line(kind: str, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(kind) as server:
        match case:
            case "dns":
                url = "http://no-such-host.invalid:9"
            case "tls":
                url = server.url.replace("http:", "https:")
            case "proxy":
                monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
                url = "http://192.0.2.1:9"
            case _:
                url = "http://127.0.0.1:1"
        async with asking(kind, url) as (telemetry, _):
            answers = await telemetry.ask(queries(telemetry)[0])
    assert answers.parts[0].status == "unreachable"
    assert "can't be reached" in str(answers.parts[0].detail)
    assert PASSWORD not in str(answers.parts[0].detail)


@pytest.mark.parametrize("kind", HTTP_KINDS)
async def test_certificate_authorities_that_are_not_there_are_one_line(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/authorities.pem")
    async with asking(kind, "https://127.0.0.1:1") as (telemetry, _):
        answers = await telemetry.ask(queries(telemetry)[0])
    assert answers.parts[0].status == "unreachable"
    assert "check SSL_CERT_FILE" in str(answers.parts[0].detail)
    assert_told(answers)


@pytest.mark.parametrize("kind", HTTP_KINDS)
async def test_an_answer_without_end_is_dropped(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_source, "MAX_ANSWER_BYTES", 100_000)
    with serving(kind) as server:
        spoil(server, lambda path: Reply(200, b'{"data": "' + b"x" * 1_000_000))
        async with asking(kind, server.url) as (telemetry, _):
            for answers in await asked(telemetry):
                assert answers.parts[0].status == "unreachable"
                assert "larger than" in str(answers.parts[0].detail)


@pytest.mark.parametrize("kind", HTTP_KINDS)
@pytest.mark.parametrize(
    "data", [None, [], {}, [1, {"a": []}], {"result": [7]}, "text", {"traces": {}, "result": None}]
)
async def test_an_answer_of_other_types_raises_nothing(kind: str, data: Any) -> None:
    body = json.dumps({"status": "success", "data": data, "tagValues": data, "traces": data}).encode()
    with serving(kind) as server:
        spoil(server, lambda path: Reply(200, body))
        async with asking(kind, server.url) as (telemetry, _):
            for answers in await asked(telemetry):
                assert answers.parts[0].status in ("answered", "unreachable", "not_recorded", "partial")
                assert not any(_times_outside(record) for record in answers.records)


def _times_outside(record: Any) -> bool:
    moment = getattr(record, "time", None) or getattr(record, "start", None)
    return isinstance(moment, datetime) and not WINDOW.holds(moment)


@pytest.mark.parametrize("kind", ["loki", "jaeger", "tempo"])
async def test_five_megabytes_with_escapes_and_a_key_come_out_clean(kind: str) -> None:
    text = f"\x1b]0;evil\x07 aws_access_key_id={KEY} \x1b[31m" + "lorem ipsum " * 430_000 + f" key {KEY}\u202e"
    with serving(kind) as server:
        if kind == "loki":
            server.lines.append(FakeLine(int(NOW.timestamp() * NS) - 90 * NS, text, {"app": "till"}))
        else:
            server.spans.append(
                FakeSpan("b" * 32, "0000000000000002", "till", "PUT", 90, attributes={"db.statement": text})
            )
        began = time.process_time()
        async with asking(kind, server.url) as (telemetry, recorder):
            answers = await asked(telemetry)
        used = time.process_time() - began
    assert sum(len(answer.records) for answer in answers) >= 3
    kept = b"".join(recorder.blobs)
    for forbidden in (KEY.encode(), b"\x1b", b"\\u001b", "\u202e".encode()):
        assert forbidden not in kept
    assert used < 30
