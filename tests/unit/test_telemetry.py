"""What Telemetry does to every answer, and how a store that holds more than can be read is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import numpy as np
import pytest
from pydantic import BaseModel

from primitives.analysis.log_templates import mask
from primitives.answers import decode_answer, encode_answer
from primitives.clock import ManualClock
from primitives.diagnostics.registry import Arguments, diagnostics
from primitives.errors import SourceDenied, SourceTimeout
from primitives.records import (
    Aggregate,
    Alert,
    Change,
    ConfigurationSnapshot,
    ContainerLog,
    Coverage,
    Edge,
    KubernetesDump,
    LogRecord,
    Metric,
    Observation,
    Probe,
    Resource,
    Series,
    Span,
    Symptom,
    Topology,
    Window,
)
from primitives.reductions import logs_in_scope, reduced, spans_in_scope, within_budget
from primitives.telemetry import (
    LIVE_BUDGETS,
    AlertsQuery,
    Answer,
    BackendStatus,
    Budget,
    ChangesQuery,
    ConfigurationQuery,
    ContainerLogsQuery,
    CountByLabel,
    CountByTemplate,
    LogsQuery,
    ObjectsQuery,
    ObservationsQuery,
    ProbesQuery,
    Quantiles,
    Query,
    Question,
    SeriesQuery,
    SpansQuery,
    Telemetry,
    TopK,
    TopologyQuery,
)

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
WINDOW = Window(start=NOW - timedelta(hours=1), end=NOW)
BASELINE = Window(start=NOW - timedelta(hours=7), end=NOW - timedelta(hours=1))
SECRET = "correct-horse-battery"
HOSTILE = f"one\x1b[31m\u202etwo {SECRET} Authorization: Bearer abcdefghijklmnopqrstuvwxyz012345"
METRIC = Metric(name=HOSTILE, kind="latency", unit="s", statistic="p95", worse="higher")

EVERY_RECORD: dict[type[Any], Any] = {
    SeriesQuery: Series(HOSTILE, METRIC, np.array([1.0]), np.array([2.0])),
    ChangesQuery: Change(time=NOW, id=HOSTILE, kind="deployment", summary=HOSTILE, before={"a": [HOSTILE]}),
    LogsQuery: LogRecord(NOW, HOSTILE, "ERROR", HOSTILE, {HOSTILE: HOSTILE, "deep": {"list": (HOSTILE,)}}),
    SpansQuery: Span("t", "s", None, HOSTILE, HOSTILE, NOW, 1.0, "ok", {"a": HOSTILE}),
    TopologyQuery: Topology(
        resources=(Resource(id=HOSTILE, attributes={"a": HOSTILE}),), edges=(Edge(source=HOSTILE, target=HOSTILE),)
    ),
    ConfigurationQuery: ConfigurationSnapshot(
        time=NOW, resource="a", kind="k", document={"password": SECRET, "b": HOSTILE}
    ),
    ObjectsQuery: KubernetesDump(
        time=NOW, kind="secrets", items=({"kind": "Secret", "data": {"a": SECRET}, "b": HOSTILE},)
    ),
    ContainerLogsQuery: ContainerLog(namespace="n", pod=HOSTILE, container="c", text=f"{HOSTILE}\n{HOSTILE}"),
    ProbesQuery: Probe(time=NOW, resource="a", probe="tcp_connect", result=HOSTILE, output=HOSTILE),
    ObservationsQuery: Observation(time=NOW, resource="a", kind="k", data=[{"x": HOSTILE}]),
    AlertsQuery: Alert(name=HOSTILE, description=HOSTILE, labels={"a": HOSTILE}),
}  # fmt: skip


class Fake:
    """A backend that answers what it is told to, and keeps what it was asked."""

    def __init__(self, name: str, answer: Callable[[Query], Answer[Any]], *questions: Question) -> None:
        self.name = name
        self.questions: frozenset[Question] = frozenset(questions or get_args(Question))
        self.answer = answer
        self.asked: list[Query] = []

    async def ask(self, query: Query) -> Answer[Any]:
        self.asked.append(query)
        return self.answer(query)

    async def check(self) -> BackendStatus:
        return BackendStatus(self.name, "reachable")

    async def close(self) -> None:
        return None


class Kept:
    """A recorder that keeps the answers themselves."""

    def __init__(self) -> None:
        self.answers: list[Answer[Any]] = []

    async def record(self, answer: Answer[Any]) -> str:
        self.answers.append(answer)
        return str(len(self.answers))


def telemetry(*backends: Fake, recorder: Kept | None = None, **more: Any) -> Telemetry:
    return Telemetry(backends, recorder or Kept(), ManualClock(NOW), **more)


def texts_in(value: Any) -> list[str]:
    """Every string in a record, keys of mappings too."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, BaseModel):
        return [text for name in type(value).model_fields for text in texts_in(getattr(value, name))]
    if is_dataclass(value) and not isinstance(value, type):
        return [text for one in fields(value) for text in texts_in(getattr(value, one.name))]
    if isinstance(value, dict):
        return [text for pair in value.items() for item in pair for text in texts_in(item)]
    if isinstance(value, list | tuple):
        return [text for item in value for text in texts_in(item)]
    return []


@pytest.mark.parametrize("query", EVERY_RECORD, ids=lambda query: query.__name__)
async def test_whatever_a_backend_answers_is_safe_and_redacted_before_anyone_has_it(query: type[Any]) -> None:
    entry = Coverage(source=HOSTILE, kinds=(HOSTILE,), start=NOW, end=NOW, status="partial", detail=HOSTILE)

    def answer(asked: Query) -> Answer[Any]:
        return Answer(asked, HOSTILE, "answered", (EVERY_RECORD[query],), (entry,), HOSTILE, "cut", HOSTILE)

    recorder = Kept()
    ask = telemetry(Fake("rude", answer), recorder=recorder, secrets=(SECRET,))
    answers = await ask.ask(query(window=WINDOW))
    (part,) = answers.parts
    (recorded,) = recorder.answers
    assert part.source == "rude"
    assert part.records == recorded.records
    texts = [text for item in (part.records, part.coverage, part.detail, part.left_out) for text in texts_in(item)]
    assert texts
    for text in texts:
        assert text.replace("\n", "").isprintable(), repr(text)
        assert SECRET not in text
        assert "abcdefghijklmnopqrstuvwxyz012345" not in text


async def test_every_question_has_a_record_here() -> None:
    assert {query(window=WINDOW).question for query in EVERY_RECORD} == set(get_args(Question))


async def test_a_backend_that_fails_in_any_way_leaves_out_its_own_answer_alone() -> None:
    def fail(error: Exception) -> Callable[[Query], Answer[Any]]:
        def answer(_: Query) -> Answer[Any]:
            raise error

        return answer

    deep: Any = "x"
    for _ in range(200):
        deep = [deep]
    nested = Observation(time=NOW, resource="a", kind="k", data=deep)
    backends = [
        Fake("well", lambda query: Answer(query, "well", "answered", (EVERY_RECORD[ChangesQuery],))),
        Fake("denied", fail(SourceDenied("denied", f"no role for {SECRET}"))),
        Fake("late", fail(SourceTimeout("late", "took too long"))),
        Fake("broken", fail(KeyError(SECRET))),
        Fake("deep", lambda query: Answer(query, "deep", "answered", (nested,))),
    ]  # fmt: skip
    answers = await telemetry(*backends, secrets=(SECRET,)).ask(ChangesQuery(window=WINDOW))
    assert [(part.source, part.status) for part in answers.parts] == [
        ("well", "answered"), ("denied", "denied"), ("late", "unreachable"),
        ("broken", "unreachable"), ("deep", "unreachable"),
    ]  # fmt: skip
    assert len(answers.records) == 1
    rude = telemetry(Fake("rude", lambda query: Answer(query, "rude", "answered", ("\x1b[31mno record",))))
    (part,) = (await rude.ask(ChangesQuery(window=WINDOW))).parts
    assert (part.status, part.records, part.detail) == ("unreachable", (), "TypeError: str is no record")
    assert all(SECRET not in (part.detail or "") for part in answers.parts)


async def test_a_source_whose_check_failed_is_not_asked() -> None:
    gone = Fake("gone", lambda query: Answer(query, "gone", "answered"))
    checks = (BackendStatus("gone", "unreachable", "no answer within 10 s"),)
    (part,) = (await telemetry(gone, checks=checks).ask(ChangesQuery(window=WINDOW))).parts
    assert (part.status, part.detail) == ("unreachable", "no answer within 10 s")
    assert not gone.asked


def log(
    minutes_ago: float, body: str, resource: str = "orders", severity: Any = "INFO", **attributes: Any
) -> LogRecord:
    return LogRecord(NOW - timedelta(minutes=minutes_ago), resource, severity, body, attributes)


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


def span(trace: str, resource: str, seconds: float = 1.0, minutes_ago: float = 5) -> Span:
    start = NOW - timedelta(minutes=minutes_ago)
    return Span(trace, f"{trace}-{resource}", None, resource, "GET", start, seconds, "ok", {})


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


async def test_telemetry_does_what_a_backend_left_to_do() -> None:
    logs = tuple(log(minute / 10, f"order {minute} failed") for minute in range(100))
    rude = Fake("rude", lambda query: Answer(query, "rude", "answered", logs))
    ask = telemetry(rude, budgets={"logs": Budget(rows=10)})
    (part,) = (await ask.logs(LogsQuery(window=WINDOW))).parts
    assert (len(part.records), part.completeness) == (10, "cut")
    assert part.records[-1] == logs[0]
    (part,) = (await ask.aggregates(LogsQuery(window=WINDOW, reduction=CountByTemplate()))).parts
    assert part.completeness == "cut"
    assert sum(float(one.values.sum()) for one in part.records) == 10


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


async def test_a_question_is_asked_once_however_many_ask_it() -> None:
    backend = Fake("prod", lambda query: Answer(query, "prod", "answered"))
    ask = telemetry(backend)
    await asyncio.gather(*(ask.logs(LogsQuery(window=WINDOW, resources=("a",))) for _ in range(5)))
    assert len(backend.asked) == 1


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
