"""Loki over the answers that its API documents: lines, counts, names, limits, refusals."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest
from cases.fake_loki import NOW, FakeLoki, line
from cases.fake_server import Reply

from primitives.clock import ManualClock
from primitives.errors import SourceDenied, SourceUnreachable
from primitives.records import Window
from primitives.reductions import reduced
from primitives.sources import define_source, open_source
from primitives.telemetry import Backend, Budget, CountByLabel, CountByTemplate, LogsQuery, TopK, TopologyQuery

WINDOW = Window(start=NOW - timedelta(minutes=30), end=NOW)


@pytest.fixture
def loki() -> Iterator[FakeLoki]:
    server = FakeLoki()
    yield server
    server.close()


def opened(server: FakeLoki, **settings: Any) -> Backend:
    definition = define_source("logs", {"kind": "loki", "url": server.url, **settings}, {})
    return open_source("logs", definition, ManualClock(NOW)).backend


@pytest.fixture
async def backend(loki: FakeLoki) -> AsyncIterator[Backend]:
    made = opened(loki)
    yield made
    await made.close()


async def test_lines_become_records_with_their_severity_and_metadata(loki: FakeLoki, backend: Backend) -> None:
    loki.lines = [
        line(
            60, "pool exhausted", {"detected_level": "error", "trace_id": "4bf9"}, service_name="ledger", pod="ledger-0"
        ),
        line(90, "level unknown, failed to load", {"detected_level": "unknown"}, service_name="ledger"),
        line(7200, "before the window", service_name="ledger"),
    ]
    answer = await backend.ask(LogsQuery(window=WINDOW))
    assert [(record.body, record.severity) for record in answer.records] == [
        ("level unknown, failed to load", None), ("pool exhausted", "ERROR"),
    ]  # fmt: skip
    newest = answer.records[-1]
    assert newest.time == NOW - timedelta(seconds=60)
    assert newest.resource == "ledger"
    assert newest.attributes == {"service.name": "ledger", "k8s.pod.name": "ledger-0", "trace_id": "4bf9"}
    assert answer.coverage[0].start == WINDOW.start


@pytest.mark.parametrize(
    ("labels", "resource"),
    [
        (
            {"k8s_namespace_name": "bank", "k8s_deployment_name": "ledger", "service_name": "l"},
            "bank/deployment/ledger",
        ),
        ({"namespace": "bank", "app": "ledger", "container": "proxy", "pod": "ledger-0"}, "ledger"),
        ({"job": "bank/ledger"}, "ledger"),
        ({"service_name": "unknown_service", "container": "ledger"}, "ledger"),
        ({"namespace": "bank", "pod": "ledger-0"}, "bank/pod/ledger-0"),
        ({"instance": "db-7:9100"}, "db-7"),
        ({"filename": "/var/log/syslog"}, "/var/log/syslog"),
    ],
)
async def test_labels_say_who_wrote_a_stream(
    loki: FakeLoki, backend: Backend, labels: dict[str, str], resource: str
) -> None:
    loki.lines = [line(60, "x", **labels)]
    assert [record.resource for record in (await backend.ask(LogsQuery(window=WINDOW))).records] == [resource]


async def test_two_services_of_one_name_are_told_apart_by_their_namespaces(loki: FakeLoki, backend: Backend) -> None:
    loki.lines = [line(60, "a", namespace="east", app="ledger"), line(70, "b", namespace="west", app="ledger")]
    answer = await backend.ask(LogsQuery(window=WINDOW, resources=("west/ledger",)))
    assert [record.body for record in answer.records] == ["b"]


async def test_what_is_asked_for_is_chosen_by_the_server(loki: FakeLoki, backend: Backend) -> None:
    loki.lines = [
        line(60, "Timeout of peer", {"detected_level": "info"}, app="ledger"),
        line(61, "timeout again", app="teller"),
        line(62, "fine", {"detected_level": "error"}, app="ledger"),
        line(63, "connection refused", app="ledger"),
    ]
    by_text = await backend.ask(LogsQuery(window=WINDOW, text=("timeout",), resources=("ledger",)))
    grave = await backend.ask(LogsQuery(window=WINDOW, severities=("ERROR", "FATAL")))
    assert [record.body for record in by_text.records] == ["Timeout of peer"]
    assert sorted(record.body for record in grave.records) == ["connection refused", "fine"]
    sent = [params["query"][0] for path, params in loki.asked if path.endswith("query_range")]
    assert sent[0].startswith('{app="ledger"}')


async def test_more_than_a_page_is_read_page_by_page(loki: FakeLoki, backend: Backend) -> None:
    loki.most_entries = 50
    # Forty of them at one nanosecond: a page ends in the middle of them.
    loki.lines = [line(60 + max(number - 40, 0), f"line {number}", app="ledger") for number in range(170)]
    answer = await backend.ask(LogsQuery(window=WINDOW))
    assert len({record.body for record in answer.records}) == len(answer.records) == 170
    assert answer.completeness == "complete"


async def test_a_budget_leaves_the_oldest_out_and_says_so(loki: FakeLoki, backend: Backend) -> None:
    loki.volume = 4_200_000_000
    loki.lines = [line(60 + number, f"line {number}", app="ledger") for number in range(40)]
    answer = await backend.ask(LogsQuery(window=WINDOW, budget=Budget(rows=10)))
    assert [record.body for record in answer.records][-1] == "line 0"
    assert len(answer.records) == 10
    assert answer.completeness == "cut"
    assert "3.91 GiB" in answer.left_out
    assert answer.coverage[0].start == answer.records[0].time


@pytest.mark.parametrize(
    "reduction",
    [CountByLabel(labels=("resource", "severity")), CountByLabel(labels=("pod",), step_s=300), TopK(k=1)],
)
async def test_counts_are_the_servers_and_equal_to_ours(
    loki: FakeLoki, backend: Backend, reduction: CountByLabel | TopK
) -> None:
    levels = ("info", "warn", "error")
    loki.lines = [
        line(
            31.5 + 7 * number, f"n {number}", {"detected_level": levels[number % 3]},
            app="ledger" if number % 4 else "teller", pod=f"p-{number % 2}",
        )
        for number in range(100)
    ]  # fmt: skip
    counts = await backend.ask(LogsQuery(window=WINDOW, reduction=reduction))
    assert not any("limit" in params for _, params in loki.asked)
    records = (await backend.ask(LogsQuery(window=WINDOW))).records
    # Records have OpenTelemetry's names.
    labels = tuple("k8s.pod.name" if label == "pod" else label for label in reduction.labels)
    ours = reduced(records, LogsQuery(window=WINDOW, reduction=reduction.model_copy(update={"labels": labels})))
    timed = isinstance(reduction, CountByLabel)
    assert _sums(counts.records, timed=timed) == _sums(ours, timed=timed)
    assert counts.completeness == "complete"


def _sums(rows: Any, *, timed: bool) -> dict[tuple[Any, ...], float]:
    return {
        (tuple(row.labels.values()), float(time) if timed else None): float(value)
        for row in rows for time, value in zip(row.times, row.values, strict=True)
    }  # fmt: skip


async def test_lines_without_a_level_are_counted_by_their_words(loki: FakeLoki, backend: Backend) -> None:
    loki.lines = [line(60, "request failed", app="ledger"), line(61, "served", app="ledger")]
    counts = await backend.ask(LogsQuery(window=WINDOW, reduction=CountByLabel(labels=("severity",))))
    # The server can't tell: the records came, and whoever asked counts them.
    assert counts.reduction is None
    assert len(counts.records) == 2


async def test_templates_are_the_patterns_of_the_server_but_for_what_is_grave(loki: FakeLoki, backend: Backend) -> None:
    now = int(NOW.timestamp())
    each_minute = [[now - 1800 + 60 * minute, 9000] for minute in range(30)]
    loki.patterns = [
        {"pattern": "served <_> in <_>", "level": "info", "samples": each_minute},
        {"pattern": "disk <_> failed", "level": "error", "samples": [[now - 120, 1]]},
    ]
    loki.lines = [
        line(5, "served /pay in 12ms", {"detected_level": "info"}, app="ledger"),
        line(100, "disk 7 failed", {"detected_level": "error"}, app="ledger"),
        line(110, "disk 9 failed", {"detected_level": "error"}, app="ledger"),
    ]
    answer = await backend.ask(LogsQuery(window=WINDOW, reduction=CountByTemplate(), budget=Budget(rows=100)))
    rows = {row.labels["template"]: (row.labels["example"], row.values.sum()) for row in answer.records}
    assert rows == {
        "disk <n> failed": ("disk 9 failed", 2), "served /pay in <n>ms": ("served /pay in 12ms", 270_000),
    }  # fmt: skip
    assert answer.completeness == "complete"


async def test_patterns_that_begin_late_don_t_stand_for_the_whole_window(loki: FakeLoki, backend: Backend) -> None:
    loki.patterns = [{"pattern": "served <_>", "samples": [[int(NOW.timestamp()) - 300, 5]]}]
    loki.lines = [line(5, "served 1", {"detected_level": "info"}, app="ledger")]
    answer = await backend.ask(LogsQuery(window=WINDOW, reduction=CountByTemplate()))
    assert answer.completeness == "cut"
    assert "begin at 2026-03-10 12:25" in answer.left_out


async def test_who_writes_is_its_topology(loki: FakeLoki, backend: Backend) -> None:
    loki.lines = [
        line(60, "a", k8s_namespace_name="bank", k8s_deployment_name="ledger", service_name="ledger-api"),
        line(60, "b", app="teller"),
    ]
    answer = await backend.ask(TopologyQuery(window=WINDOW))
    resources = {resource.id: dict(resource.attributes) for resource in answer.records[0].resources}
    assert resources == {"bank/deployment/ledger": {"service": "ledger-api"}, "teller": {}}


async def test_a_tenant_and_a_token_are_sent(loki: FakeLoki) -> None:
    loki.tenant, loki.authorization = "team-a|team-b", "Bearer let-me-in"
    settings = {"kind": "loki", "url": loki.url, "tenant": "team-a|team-b", "token_variable": "OUR_TOKEN"}
    definition = define_source("logs", settings, {"OUR_TOKEN": "let-me-in"})
    source = open_source("logs", definition, ManualClock(NOW))
    assert (await source.backend.check()).status == "reachable"
    assert source.secrets == ("let-me-in",)
    await source.backend.close()


async def test_a_missing_tenant_is_said_to_be_one(loki: FakeLoki, backend: Backend) -> None:
    loki.tenant = "team-a"
    with pytest.raises(SourceDenied, match=r"no org id.*tenant"):
        await backend.ask(LogsQuery(window=WINDOW))
    assert (await backend.check()).status == "denied"


async def test_what_fails_later_leaves_what_came_before(loki: FakeLoki, backend: Backend) -> None:
    loki.most_entries = 20
    loki.lines = [line(60 + number, f"line {number}", app="ledger") for number in range(60)]
    pages = 0

    def fails_at_the_second_page(path: str, params: dict[str, list[str]]) -> Reply | None:
        nonlocal pages
        pages += path.endswith("query_range") and params["limit"] == ["20"]
        return Reply(body=b'{"status":"success","data":{"resu') if pages > 1 else None

    loki.override = fails_at_the_second_page
    answer = await backend.ask(LogsQuery(window=WINDOW))
    assert len(answer.records) == 20
    assert answer.status == "partial"
    assert answer.completeness == "cut"
    assert "cut off" in str(answer.detail)


async def test_another_server_is_noticed(loki: FakeLoki, backend: Backend) -> None:
    loki.override = lambda path, params: Reply(body=json.dumps({"status": "success", "data": {"a": 1}}).encode())
    loki.lines = [line(60, "a", app="ledger")]
    answer = await backend.ask(LogsQuery(window=WINDOW))
    assert answer.records == ()
    loki.override = lambda path, params: Reply(404, b"<html>no</html>")
    with pytest.raises(SourceUnreachable, match="no Loki API"):
        await opened(loki).ask(LogsQuery(window=WINDOW))
