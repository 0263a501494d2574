"""The Prometheus backend against servers that fail, lie, stall or ask for a password."""

from __future__ import annotations

import base64
import json
import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cases.fake_prometheus import NOW, FakePrometheus, error, healthy, success
from cases.fake_server import Reply

from primitives import http_source
from primitives.backends.prometheus import PrometheusSettings
from primitives.backends.prometheus.backend import PrometheusBackend
from primitives.clock import ManualClock
from primitives.errors import (
    SourceDenied,
    SourceError,
    SourceThrottled,
    SourceTimeout,
    SourceUnreachable,
    UsageError,
)
from primitives.records import Window
from primitives.sources import define_source
from primitives.telemetry import AlertsQuery, SeriesQuery, Telemetry

WINDOW = Window(start=datetime(2026, 11, 23, 20, 20, tzinfo=UTC), end=NOW)
SERIES = SeriesQuery(window=WINDOW)
PASSWORD = "correct-horse-battery"


@pytest.fixture
def fake() -> Iterator[FakePrometheus]:
    with closing(FakePrometheus()) as server:
        yield server


@asynccontextmanager
async def backend(url: str, **more: Any) -> Any:
    settings = PrometheusSettings.model_validate({"url": url}).resolve(os.environ)
    one = PrometheusBackend(settings.endpoint, clock=ManualClock(NOW), **more)
    try:
        yield one
    finally:
        await one.close()


async def failure(url: str, **more: Any) -> SourceError:
    async with backend(url, **more) as one:
        with pytest.raises(SourceError) as caught:
            await one.ask(SERIES)
    message = str(caught.value)
    assert message.startswith("prometheus: ")
    assert "\n" not in message
    assert len(message) < 400
    return caught.value


async def test_the_fake_is_a_prometheus_when_nothing_is_wrong(fake: FakePrometheus) -> None:
    async with backend(fake.url) as one:
        answer = await one.ask(SERIES)
        assert "version 9.8.7" in (await one.check()).detail
    (series,) = answer.records
    assert (series.resource, series.metric.name) == ("shop", "availability")
    assert series.values.tolist() == [100.0]  # the NaN is no sample


@pytest.mark.parametrize("status", [401, 403])
async def test_refused_access_is_denied_and_says_where_credentials_go(fake: FakePrometheus, status: int) -> None:
    fake.answer = lambda *_: Reply(status, b"<h1>no</h1>")
    caught = await failure(f"http://me:{PASSWORD}@127.0.0.1:{fake.port}")
    assert isinstance(caught, SourceDenied)
    assert "CLOUDOPS_PROMETHEUS_TOKEN" in str(caught)
    assert PASSWORD not in str(caught)
    assert len(fake.asked) == 1  # asking again would not help, and may lock the account
    async with backend(fake.url) as one:
        assert (await one.check()).status == "denied"


async def test_too_many_requests_are_waited_out(fake: FakePrometheus) -> None:
    throttled = [Reply(429, headers={"Retry-After": "0"})]
    fake.answer = lambda path, query: throttled.pop() if throttled else healthy(path, query)
    async with backend(fake.url) as one:
        assert (await one.ask(SERIES)).status in ("answered", "partial")
    assert [path for path, _ in fake.asked[:2]] == ["/api/v1/label/__name__/values"] * 2


async def test_who_keeps_throttling_is_not_asked_for_ever(fake: FakePrometheus) -> None:
    fake.answer = lambda *_: Reply(429, headers={"Retry-After": "0"})
    assert isinstance(await failure(fake.url), SourceThrottled)
    assert len(fake.asked) == 3


async def test_a_server_error_is_tried_again_and_then_reported(
    fake: FakePrometheus, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    fake.answer = lambda *_: Reply(500, b"oops")
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # as in a program that has set up no logging
    caught = await failure(fake.url)
    assert isinstance(caught, SourceUnreachable)
    assert "HTTP 500" in str(caught)
    assert len(fake.asked) == 3
    assert capfd.readouterr() == ("", "")  # a retry's log line would tear the cockpit's screen


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"<!doctype html><title>Log in</title>", {"Content-Type": "text/html"}),
        Reply(200, b'{"status": "success", "data": ["up"'),
        Reply(200, b'{"status": "success"}'),
        Reply(200, b'{"status": "success", "data": "up"}'),
        Reply(200, b"[]"),
        Reply(200, b""),
        Reply(404, b"not here"),
        Reply(302, b"", {"Location": "https://login.example.test/?secret=x"}),
    ],
    ids=["html", "cut", "no data", "wrong data", "list", "empty", "not found", "redirect"],
)
async def test_what_is_no_prometheus_is_unreachable(fake: FakePrometheus, reply: Reply) -> None:
    fake.answer = lambda *_: reply
    caught = await failure(fake.url)
    assert isinstance(caught, SourceUnreachable)
    assert "login.example" not in str(caught)


@pytest.mark.parametrize(
    "data",
    [
        {"resultType": "matrix", "result": [{"metric": {}, "values": [["x", "1"]]}]},
        {"resultType": "matrix", "result": [{"metric": {}, "values": [[1]]}]},
        {"resultType": "matrix", "result": [{"metric": None, "values": [[1, "2"]]}]},
        {"resultType": "matrix", "result": [7]},
        {"resultType": "matrix", "result": None},
        [],
    ],
)
async def test_samples_of_the_wrong_shape_are_one_clear_error(fake: FakePrometheus, data: Any) -> None:
    fake.answer = lambda path, query: success(data) if path.endswith("query_range") else healthy(path, query)
    assert isinstance(await failure(fake.url), SourceUnreachable)


async def test_an_answer_cut_off_on_its_way_is_unreachable(fake: FakePrometheus) -> None:
    fake.answer = lambda *_: Reply(200, b'{"status": "success"', declared=5000)
    assert isinstance(await failure(fake.url), SourceUnreachable)


async def test_a_slow_server_is_a_time_out(fake: FakePrometheus) -> None:
    fake.answer = lambda *_: Reply(stall_s=60)
    began = time.monotonic()
    caught = await failure(fake.url, timeout_s=0.3)
    assert isinstance(caught, SourceTimeout)
    assert "0.3 s" in str(caught)
    assert time.monotonic() - began < 30


async def test_a_query_that_prometheus_gave_up_on_is_a_time_out(fake: FakePrometheus) -> None:
    fake.answer = lambda *_: error(503, "timeout", "query timed out in expression evaluation")
    assert isinstance(await failure(fake.url), SourceTimeout)


async def test_nobody_at_the_port_is_unreachable() -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused for certain
        caught = await failure(f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert isinstance(caught, SourceUnreachable)
    assert "check the address" in str(caught)


async def test_a_name_that_nobody_knows_is_unreachable() -> None:
    assert isinstance(await failure("http://prometheus.invalid:9090", timeout_s=3.0), SourceUnreachable)


async def test_tls_where_there_is_none_is_unreachable(fake: FakePrometheus) -> None:
    assert isinstance(await failure(f"https://127.0.0.1:{fake.port}"), SourceUnreachable)


async def test_one_refused_query_does_not_take_the_others_along(fake: FakePrometheus) -> None:
    def answer(path: str, query: str) -> Reply:
        if path.endswith("/values"):
            return success(["up", "process_cpu_seconds_total"])
        if path.endswith("query_range") and "rate(process_cpu" in query:
            return error(422, "execution", "query processing would load too many samples into memory\x1b[2J")
        return healthy(path, query)

    fake.answer = answer
    async with backend(fake.url) as one:
        found = await one.ask(SERIES)
    assert [series.metric.name for series in found.records] == ["availability"]
    assert found.status == "partial"
    assert "too many samples" in (found.detail or "")
    assert "\x1b" not in (found.detail or "")
    assert found.coverage[-1].status == "partial"


async def test_what_is_not_there_in_time_does_not_hold_up_the_rest(fake: FakePrometheus) -> None:
    def answer(path: str, query: str) -> Reply:
        if path.endswith("/values"):
            return success(["up", "process_cpu_seconds_total"])
        reply = healthy(path, query)
        reply.stall_s = 60.0 if path.endswith("query_range") and "rate(process_cpu" in query else 0.0
        return reply

    fake.answer = answer
    began = time.monotonic()
    async with backend(fake.url, within_s=0.8) as one:
        found = await one.ask(SERIES)
    assert time.monotonic() - began < 30
    assert [series.metric.name for series in found.records] == ["availability"]
    assert found.status == "partial"
    assert "cpu_usage_cores from process_cpu_seconds_total: was not evaluated within 0.8 s" in (found.detail or "")


async def test_an_answer_that_is_too_large_is_dropped_and_said(
    fake: FakePrometheus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_source, "MAX_ANSWER_BYTES", 20_000)
    large = b'{"status": "success", "data": "' + b"x" * 200_000 + b'"}'
    fake.answer = lambda path, query: Reply(body=large) if "avg_over_time" in query else healthy(path, query)
    async with backend(fake.url) as one:
        answer = await one.ask(SERIES)
    assert (answer.status, answer.records) == ("partial", ())
    assert "larger than" in (answer.detail or "")


async def test_what_the_server_warns_of_makes_the_answer_partial(fake: FakePrometheus) -> None:
    def answer(path: str, query: str) -> Reply:
        reply = healthy(path, query)
        if path.endswith("query_range"):
            reply.body = reply.body[:-1] + b', "warnings": ["store 10.0.0.9 did not answer"]}'
        return reply

    fake.answer = answer
    async with backend(fake.url) as one:
        found = await one.ask(SERIES)
    assert found.status == "partial"
    assert "store 10.0.0.9 did not answer" in (found.detail or "")


async def test_credentials_reach_the_server_and_nothing_else(
    fake: FakePrometheus, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("CLOUDOPS_PROMETHEUS_TOKEN", "token-of-the-environment")
    shown: list[str] = []
    for url in (f"http://me:{PASSWORD}@127.0.0.1:{fake.port}", fake.url):
        async with backend(url) as one:
            status = await one.check()
            answer = await one.ask(SERIES)
            shown += [one.name, repr(status), repr(one.__dict__), repr(answer)]
    basic = "Basic " + base64.b64encode(f"me:{PASSWORD}".encode()).decode()
    sent = [headers.get("Authorization") for _, headers in fake.asked]
    assert set(sent) == {basic, "Bearer token-of-the-environment"}
    everything = "\n".join((*shown, caplog.text))
    for secret in (PASSWORD, "token-of-the-environment", basic.removeprefix("Basic ")):
        assert secret not in everything


async def test_a_password_that_a_server_repeats_is_redacted(fake: FakePrometheus) -> None:
    fake.answer = lambda *_: error(400, "bad_data", f"no user me:{PASSWORD}")
    caught = await failure(f"http://me:{PASSWORD}@127.0.0.1:{fake.port}")
    assert "no user" in str(caught)
    assert PASSWORD not in str(caught)


@pytest.mark.parametrize(
    "url",
    [
        "localhost:9090",
        "ftp://host",
        "http://",
        "",
        f"http://me:{PASSWORD}@host:99999",
        "http://host?token=abc",
        "http://ho\x1bst",
        "http://[::1",
        "/etc/passwd",
    ],
)
def test_a_url_that_is_none_is_wrong_use_and_is_not_repeated(url: str) -> None:
    with pytest.raises(UsageError, match="http://HOST:9090") as caught:
        define_source("prod", {"kind": "prometheus", "url": url}, {})
    assert PASSWORD not in str(caught.value)
    assert "abc" not in str(caught.value)


async def test_a_path_before_the_api_is_kept(fake: FakePrometheus) -> None:
    async with backend(fake.url + "/team-a/prometheus/") as one:
        await one.check()
    assert {path.split("/api/")[0] for path, _ in fake.asked} == {"/team-a/prometheus"}


async def test_an_active_alert_comes_with_its_words_and_value(fake: FakePrometheus, shared_datasets: Path) -> None:
    recorded = (shared_datasets.parent / "payloads" / "prometheus_api_alerts.json").read_bytes()
    fake.answer = lambda path, query: Reply(body=recorded) if path.endswith("/alerts") else healthy(path, query)
    async with backend(fake.url) as one:
        (alert,) = (await one.ask(AlertsQuery(window=WINDOW))).records
        earlier = Window(start=WINDOW.start, end=datetime(2026, 11, 23, 20, 26, tzinfo=UTC))
        assert (await one.ask(AlertsQuery(window=earlier))).records == ()  # it began 38 seconds later
    assert (alert.name, alert.state, alert.resource) == ("HighLatencyP99", "firing", "checkout")
    assert (alert.severity, alert.summary) == ("page", "p99 of checkout is 2.47s")
    assert alert.value == pytest.approx(2.474078947368421)
    assert alert.started_at == datetime(2026, 11, 23, 20, 26, 38, 687053, tzinfo=UTC)


async def test_recorded_samples_are_read_as_prometheus_sends_them(fake: FakePrometheus, shared_datasets: Path) -> None:
    recorded = json.loads((shared_datasets.parent / "payloads" / "prometheus_query_range.json").read_bytes())
    recorded["data"]["result"][0]["metric"] = {"cloudops_resource": "checkout"}
    body = json.dumps(recorded).encode()
    fake.answer = lambda path, query: Reply(body=body) if "avg_over_time" in query else healthy(path, query)
    async with backend(fake.url) as one:
        (series,) = (await one.ask(SERIES)).records
    assert series.resource == "checkout"
    assert series.times.tolist() == [1795465598.697, 1795465599.697, 1795465600.697, 1795465601.697]
    assert series.values[-1] == pytest.approx(2.474078947368421)


async def test_a_failing_prometheus_is_an_answer_for_telemetry(fake: FakePrometheus) -> None:
    class Forgetful:
        async def record(self, answer: Any) -> str:
            return "0" * 64

    fake.answer = lambda *_: Reply(403)
    async with backend(fake.url) as one:
        telemetry = Telemetry([one], Forgetful(), ManualClock(NOW))
        answers = await telemetry.series(SERIES)
    (part,) = answers.parts
    assert (part.status, part.source, part.records) == ("denied", "prometheus", ())
