"""Questions with a scope, a budget and a reduction, and stores too large to be asked for everything."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from fake_backends import BASELINE, METRIC, NOW, WINDOW, Kept, log, span

from primitives.analysis.log_templates import mask
from primitives.answers import decode_answer, encode_answer
from primitives.clock import ManualClock
from primitives.diagnostics.registry import Arguments, diagnostics
from primitives.records import (
    Aggregate,
    Coverage,
    Edge,
    LogRecord,
    Resource,
    Series,
    Symptom,
    Topology,
)
from primitives.reductions import logs_in_scope, reduced, spans_in_scope, within_budget
from primitives.telemetry import (
    LIVE_BUDGETS,
    Answer,
    BackendStatus,
    Budget,
    CountByLabel,
    CountByTemplate,
    LogsQuery,
    Quantiles,
    Query,
    Question,
    SeriesQuery,
    SpansQuery,
    Telemetry,
    TopK,
    TopologyQuery,
)


def test_a_scope_is_names_with_aliases_severities_and_text_together() -> None:
    logs = [
        log(1, "Payment REFUSED by bank", "orders", "ERROR"),
        log(2, "payment refused", "orders-svc", "ERROR"),
        log(3, "payment refused", "carts", "ERROR"),
        log(4, "payment refused", "orders", "INFO"),
        log(5, "all well", "orders", "ERROR"),
        log(90, "payment refused", "orders", "ERROR"),
    ]
    query = LogsQuery(
        window=WINDOW,
        resources=("orders",),
        aliases=("orders-svc",),
        severities=("ERROR",),
        text=("Refused", "declined"),
    )
    assert logs_in_scope(logs, query) == logs[:2]


def test_spans_of_a_resource_come_with_the_rest_of_their_traces() -> None:
    spans = [span("1", "web"), span("1", "orders"), span("2", "web"), span("2", "carts")]
    assert spans_in_scope(spans, SpansQuery(window=WINDOW, resources=("orders",))) == spans[:2]


def test_a_budget_keeps_the_newest_and_says_what_it_left_out() -> None:
    logs = [log(minutes, "x" * 10) for minutes in (1, 2, 3, 4)]
    kept, why = within_budget(logs, Budget(rows=3))
    assert kept == [logs[2], logs[1], logs[0]]
    assert why == "only the newest 3 of 4 were read"
    kept, why = within_budget(logs, Budget(text_bytes=25))
    assert kept == [logs[1], logs[0]]
    assert why == "only the newest 2 were read"
    assert within_budget(logs, Budget()) == (logs[::-1], "")


def rows(records: Sequence[Aggregate]) -> list[tuple[tuple[str, ...], list[float], list[float]]]:
    return [(tuple(one.labels.values()), [float(t) for t in one.times], list(one.values)) for one in records]


def test_reductions_count_what_a_hand_counts() -> None:
    base = NOW.timestamp()
    logs = [log(3, "order 17 failed", severity="ERROR"), log(3, "order 18 failed", severity="ERROR"),
            log(1, "order 19 failed", severity="ERROR"), log(1, "ready", "carts", zone="a")]  # fmt: skip
    by_template = reduced(logs, LogsQuery(window=WINDOW, reduction=CountByTemplate(step_s=60)))
    assert rows(by_template) == [
        (("orders", "ERROR", mask("order 17 failed"), "order 17 failed"), [base - 180, base - 60], [2.0, 1.0]),
        (("carts", "INFO", "ready", "ready"), [base - 60], [1.0]),
    ]
    by_label = reduced(logs, LogsQuery(window=WINDOW, reduction=CountByLabel(labels=("zone",), step_s=3600)))
    assert rows(by_label) == [(("",), [base - 3600], [3.0]), (("a",), [base - 3600], [1.0])]
    top = reduced(logs, LogsQuery(window=WINDOW, reduction=TopK(labels=("resource", "severity"), k=1)))
    assert rows(top) == [(("orders", "ERROR"), [base - 180], [3.0])]
    spans = [span(str(seconds), "orders", seconds) for seconds in (1.0, 2.0, 3.0, 4.0, 5.0)]
    quantiles = reduced(spans, SpansQuery(window=WINDOW, reduction=Quantiles(quantiles=(0.5, 1.0), step_s=300)))
    assert rows(quantiles) == [
        (("orders", "GET", "0.5"), [base - 300], [3.0]), (("orders", "GET", "1"), [base - 300], [5.0]),
    ]  # fmt: skip
    series = Series(
        "orders", METRIC.model_copy(update={"name": "latency"}), np.array([0.0, 1.0, 60.0]), np.array([1.0, 3.0, 7.0])
    )
    medians = reduced([series], SeriesQuery(window=WINDOW, reduction=Quantiles(quantiles=(0.5,), step_s=60)))
    assert rows(medians) == [(("orders", "latency", "0.5"), [0.0, 60.0], [2.0, 7.0])]


def test_a_reduced_answer_survives_the_way_to_the_blob_store_and_back() -> None:
    query = LogsQuery(window=WINDOW, reduction=CountByTemplate())
    answer: Answer[Any] = Answer(
        query, "loki", "answered", reduced([log(1, "x"), log(2, "x")], query), completeness="sampled",
        left_out="every 10th", reduction=query.reduction,
    )  # fmt: skip
    again = decode_answer(encode_answer(answer))
    assert (again.completeness, again.left_out, again.reduction) == ("sampled", "every 10th", query.reduction)
    assert rows(again.records) == rows(answer.records)


def test_an_answer_of_before_there_were_budgets_is_read() -> None:
    data = encode_answer(Answer(LogsQuery(window=WINDOW), "recorded", "answered", (log(1, "x"),)))
    old = data.replace(b'"completeness":"complete","left_out":"","reduction":null', b'"truncated":true')
    assert old != data
    again = decode_answer(old)
    assert (again.completeness, again.reduction, len(again.records)) == ("cut", None, 1)


class LogStore:
    """A live store of three million lines that serves what it is asked for and counts what leaves it."""

    questions: frozenset[Question] = frozenset({"logs", "topology"})
    name = "loki"

    def __init__(self, *, counts: bool) -> None:
        self.counts = counts
        self.queries: list[LogsQuery] = []
        self.sent = 0

    async def ask(self, query: Query) -> Answer[Any]:
        if isinstance(query, TopologyQuery):
            resources = tuple(Resource(id=name, kind="service") for name in ("web", "orders", "db"))
            edges = (Edge(source="web", target="orders"), Edge(source="orders", target="db"))
            return Answer(query, self.name, "answered", (Topology(resources=resources, edges=edges),))
        assert isinstance(query, LogsQuery)
        self.queries.append(query)
        if query.reduction is not None and self.counts:
            return Answer(
                query, self.name, "answered", self._counts(query), self._coverage(query), reduction=query.reduction
            )
        found = self._lines(query)
        completeness: Any = "cut" if query.severities is None else "complete"
        self.sent += len(found)
        return Answer(
            query,
            self.name,
            "answered",
            tuple(found),
            self._coverage(query),
            completeness=completeness,
        )

    def _coverage(self, query: LogsQuery) -> tuple[Coverage, ...]:
        window = query.window
        return (Coverage(source=self.name, kinds=("logs",), start=window.start, end=window.end, status="answered"),)

    def _lines(self, query: LogsQuery) -> list[LogRecord]:
        """A hundred requests a second, and from ten minutes ago on a failure a second."""
        if query.severities is None:
            return [log(number / 6000, f"request {number} served", "web") for number in range(query.budget.rows)]
        failures = [
            log(second / 60, f"db refused connection {second}", "orders", "ERROR") for second in range(600)
            if query.window.holds(NOW - timedelta(seconds=second))
        ]  # fmt: skip
        wanted = query.names
        return [one for one in failures if wanted is None or one.resource in wanted][: query.budget.rows]

    def _counts(self, query: LogsQuery) -> tuple[Aggregate, ...]:
        start, end = query.window.start.timestamp(), query.window.end.timestamp()
        minutes = np.arange(start, end, 60.0)
        failing = minutes[minutes >= end - 600]
        served = {
            "resource": "web",
            "severity": "INFO",
            "template": "request <n> served",
            "example": "request 1 served",
        }
        failed = {
            "resource": "orders", "severity": "ERROR", "template": "db refused connection <n>",
            "example": "db refused connection 7",
        }  # fmt: skip
        return (
            Aggregate(served, minutes, np.full(len(minutes), 6000.0)),
            Aggregate(failed, failing, np.full(len(failing), 60.0)),
        )

    async def check(self) -> BackendStatus:
        return BackendStatus(self.name, "reachable", questions=("logs",))

    async def close(self) -> None:
        return None


@pytest.mark.parametrize("counts", [True, False], ids=["counts by itself", "can't count"])
async def test_a_store_of_millions_of_lines_is_never_asked_for_everything(counts: bool) -> None:
    store = LogStore(counts=counts)
    ask = Telemetry((store,), Kept(), ManualClock(NOW), budgets=LIVE_BUDGETS)
    args = Arguments(window=WINDOW, baseline=BASELINE, now=NOW, symptom=Symptom(resource="orders"))
    facts: list[Any] = [one async for one in diagnostics()["analyze_logs"].run(ask, args)]
    most = LIVE_BUDGETS["logs"].rows
    assert all(query.budget.rows <= most for query in store.queries)
    assert len(store.queries) <= 4
    assert store.sent <= 2 * most + 600
    patterns = [fact for fact in facts if fact.type == "log_pattern" and fact.polarity == "present"]
    assert [(fact.resource, fact.severity, fact.count, fact.baseline_count) for fact in patterns][:1] == [
        ("orders", "ERROR", 600, 0.0 if counts else None)
    ]
    if counts:
        # Six thousand requests a minute are the usual, so they are no news.
        assert not [fact for fact in patterns if fact.resource == "web"]
    else:
        gaps = [fact for fact in facts if fact.type == "source_gap" and fact.question == "logs"]
        assert "only warnings and errors around the symptom" in gaps[0].detail


class TraceStore:
    """A live store of a million spans: of `web` and `orders` many, of `carts` many more."""

    questions: frozenset[Question] = frozenset({"spans", "topology"})
    name = "tempo"

    def __init__(self) -> None:
        self.queries: list[SpansQuery] = []

    async def ask(self, query: Query) -> Answer[Any]:
        if isinstance(query, TopologyQuery):
            edges = (Edge(source="web", target="orders"), Edge(source="web", target="carts"))
            resources = tuple(Resource(id=name, kind="service") for name in ("web", "orders", "carts"))
            return Answer(query, self.name, "answered", (Topology(resources=resources, edges=edges),))
        assert isinstance(query, SpansQuery)
        self.queries.append(query)
        if query.resources is None:
            newest = tuple(span(str(number), "carts", minutes_ago=0) for number in range(query.budget.rows))
            return Answer(query, self.name, "answered", newest, completeness="cut")
        now = query.window.end == NOW
        traces = tuple(span(f"{now}{number}", "orders", 3.0 if now else 1.0, 5 if now else 120) for number in range(20))
        return Answer(query, self.name, "answered", traces)

    async def check(self) -> BackendStatus:
        return BackendStatus(self.name, "reachable", questions=("spans",))

    async def close(self) -> None:
        return None


async def test_a_store_of_a_million_spans_is_asked_for_the_traces_around_the_symptom_then_and_now() -> None:
    store = TraceStore()
    ask = Telemetry((store,), Kept(), ManualClock(NOW), budgets=LIVE_BUDGETS)
    args = Arguments(window=WINDOW, baseline=BASELINE, now=NOW, symptom=Symptom(resource="orders"))
    facts: list[Any] = [one async for one in diagnostics()["trace_dependencies"].run(ask, args)]
    assert all(query.budget.rows <= LIVE_BUDGETS["spans"].rows for query in store.queries)
    assert [query.resources for query in store.queries] == [None, ("orders", "web"), ("orders", "web")]
    (shift,) = [fact for fact in facts if fact.type == "span_shift"]
    assert (shift.resource, shift.baseline, shift.current) == ("orders", 1.0, 3.0)
    (gap,) = [fact for fact in facts if fact.type == "source_gap" and fact.question == "spans"]
    assert "only those around the symptom" in gap.detail
