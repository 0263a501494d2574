"""A store of traces as a source: traces from all over a window, within a budget, and the calls that they show."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, Protocol

from primitives.clock import Clock
from primitives.dataclass import dataclass
from primitives.errors import SourceDenied, SourceError
from primitives.examination import Examination
from primitives.identity import base_name, same_name
from primitives.questions import Answer, Query, Question, SpansQuery, TopologyQuery
from primitives.records import Span, Topology, Window
from primitives.reductions import spans_in_scope
from primitives.side_by_side import outcomes, side_by_side
from primitives.telemetry import BackendStatus
from primitives.terms import AnswerStatus
from primitives.text import safe_line
from primitives.traces.topology import topology_of

__all__ = ["TraceSource", "TraceStore", "Traces"]

_MOST_SLICES: Final = 12
_MOST_SEARCHES: Final = 60
"""Searches that one question may cost."""
_SPANS_IN_TRACE: Final = 10
_LEAST_TRACES: Final = 1
_MOST_TRACES: Final = 400
_FOR_TOPOLOGY: Final = 20
"""Traces of each service that show whom it calls."""
_RECENT: Final = timedelta(hours=1)


@dataclass(slots=True)
class Traces:
    """Spans that a search gave; `more` says that there may be more traces, `problem` what could not be read."""

    spans: list[Span] = field(default_factory=list)
    more: bool = False
    problem: str = ""


class TraceStore(Protocol):
    """What a tracing system can be asked. Every method raises `SourceError` when there is no usable answer."""

    @property
    def address(self) -> str:
        """Where it is, without credentials."""
        ...

    def searches(self, services: Collection[str] | None, known: Collection[str]) -> int:
        """How many requests one search costs."""
        ...

    async def services(self, window: Window) -> tuple[str, ...]:
        """The services that wrote spans."""
        ...

    async def find(self, services: Sequence[str] | None, window: Window, most: int) -> Traces:
        """At most `most` traces of `window` in which one of the services takes part (None: any)."""
        ...

    async def links(self, window: Window) -> tuple[tuple[str, str], ...]:
        """Who calls whom, as far as the store itself keeps that."""
        ...

    async def version(self) -> str:
        """Its version; empty where it doesn't say."""
        ...

    def examination(self, now: datetime) -> Examination:
        """As whom it is asked, and its clock as its last answer showed it."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class TraceSource:
    """A store of traces, read with searches spread over the window. `within_s` bounds all those of one question.

    A store gives the newest traces first, or any: one search of hours would show seconds. No answer licenses to call
    anything absent, since tracers keep a sample of the requests.
    """

    questions: ClassVar[frozenset[Question]] = frozenset({"spans", "topology"})

    def __init__(self, store: TraceStore, *, clock: Clock, name: str, within_s: float = 12.0) -> None:
        self.name = name
        self._store = store
        self._clock = clock
        self._within_s = within_s
        self._writers: dict[str, set[str]] = {}

    async def ask(self, query: Query) -> Answer[Any]:
        now = self._clock.now()
        if query.question not in self.questions:
            raise SourceError(self.name, f"can't be asked for {query.question.replace('_', ' ')}")
        if query.window.start > now:
            return Answer(query, self.name, "answered")
        past = query.model_copy(update={"window": Window(start=query.window.start, end=min(query.window.end, now))})
        match past:
            case TopologyQuery():
                answer: Answer[Any] = await self._topology(past)
            case SpansQuery():
                answer = await self._spans(past)
            case _:
                raise AssertionError(past)
        return replace(answer, query=query)

    async def check(self) -> BackendStatus:
        """Whether it can be reached; `detail` has its version and how many services it knows."""
        questions: tuple[Question, ...] = tuple(sorted(self.questions))
        at = safe_line(self._store.address, limit=200)
        now = self._clock.now()
        try:
            services = await self._store.services(Window(start=now - _RECENT, end=now))
            version = await self._store.version()
        except SourceDenied as error:
            return BackendStatus(self.name, "denied", error.problem, questions, at)
        except SourceError as error:
            return BackendStatus(self.name, "unreachable", error.problem, questions, at)
        said = f"version {version}, " if version else ""
        hint = "" if services else ": nothing sends it spans"
        return BackendStatus(self.name, "reachable", f"{said}{len(services)} services{hint}", questions, at)

    async def examine(self) -> Examination:
        """As whom it is asked, and its clock."""
        now = self._clock.now()
        await self._store.services(Window(start=now - _RECENT, end=now))
        return self._store.examination(now)

    async def close(self) -> None:
        await self._store.close()

    async def _spans(self, query: SpansQuery) -> Answer[Span]:
        known = await self._store.services(query.window)
        chosen = None if query.names is None else self._chosen(known, query.names)
        if not known or (chosen is not None and not chosen):
            return Answer(query, self.name, "answered")
        traces = await self._search(chosen, known, query.window, query.budget.rows)
        # A trace is taken whole, or it would seem to lack calls.
        spans = spans_in_scope(_distinct(traces.spans), query)
        kept = _spread(spans, query.budget.rows)
        why = ""
        if traces.more or len(kept) < len(spans):
            why = f"only {len({span.trace_id for span in kept}):,} traces from all over the window were read"
        if traces.problem:
            why = f"{why}; {traces.problem}" if why else traces.problem
        return Answer(
            query, self.name, "partial" if traces.problem else "answered", tuple(kept),
            detail=traces.problem or None, completeness="cut" if why else "complete", left_out=why,
        )  # fmt: skip

    async def _topology(self, query: TopologyQuery) -> Answer[Topology]:
        known = await self._store.services(query.window)
        if not known:
            return Answer(query, self.name, "not_recorded", detail="it knows no services of that time")
        try:
            links = await self._store.links(query.window)
        except SourceDenied:
            raise
        except SourceError:
            links = ()  # not every store keeps them
        traces = await self._search(None, known, query.window, _FOR_TOPOLOGY * _SPANS_IN_TRACE * len(known))
        topology = topology_of(_distinct(traces.spans), links)
        status: AnswerStatus = "partial" if traces.problem else "answered"
        return Answer(query, self.name, status, (topology,), detail=traces.problem or None)

    def _chosen(self, known: Iterable[str], names: Collection[str]) -> list[str]:
        """The services that the names mean: their own, or those of what is known to write under them."""
        return [
            service
            for service in known
            if service in names
            or any(writer in names for writer in self._writers.get(service, ()))
            or any(same_name(service, base_name(name)) for name in names)
        ]

    async def _search(self, chosen: Sequence[str] | None, known: Sequence[str], window: Window, rows: int) -> Traces:
        cost = max(self._store.searches(chosen, known), 1)
        slices = _slices(window, max(min(_MOST_SLICES, _MOST_SEARCHES // cost), 1))
        most = max(min(rows // _SPANS_IN_TRACE // len(slices) // cost, _MOST_TRACES), _LEAST_TRACES)
        services = None if chosen is None else list(chosen)
        tasks = await side_by_side([self._store.find(services, part, most) for part in slices], self._within_s)
        results, failures = outcomes(tasks)
        if failures and not results:
            raise failures[0]
        problems = [error.problem for error in failures] + [result.problem for result in results if result.problem]
        if any(task is None for task in tasks):
            problems.append(f"a part of the time was not searched within {self._within_s:g} s")
        spans = [span for result in results for span in result.spans]
        self._learn(spans)
        return Traces(spans, any(result.more for result in results), "; ".join(dict.fromkeys(problems)))

    def _learn(self, spans: Iterable[Span]) -> None:
        for span in spans:
            if isinstance(service := span.attributes.get("service.name"), str):
                self._writers.setdefault(service, set()).add(span.resource)


def _slices(window: Window, parts: int) -> list[Window]:
    if window.seconds < parts:
        return [window]
    length = (window.end - window.start) / parts
    starts = [window.start + length * part for part in range(parts)]
    return [Window(start=start, end=end) for start, end in zip(starts, [*starts[1:], window.end], strict=True)]


def _distinct(spans: Iterable[Span]) -> list[Span]:
    """The spans, each once, oldest first: a trace that lies in two slices is found twice."""
    seen = {(span.trace_id, span.span_id): span for span in spans}
    return sorted(seen.values(), key=lambda span: (span.start, span.trace_id, span.span_id))


def _spread(spans: Sequence[Span], rows: int) -> list[Span]:
    """At most `rows` of the spans: whole traces, evenly from all over the time."""
    if len(spans) <= rows:
        return list(spans)
    sizes: dict[str, int] = {}
    for span in spans:
        sizes[span.trace_id] = sizes.get(span.trace_id, 0) + 1
    share = rows / len(spans)
    kept: set[str] = set()
    due, used = 0.0, 0
    for trace, size in sizes.items():
        due += share
        if due >= 1 and used + size <= rows:
            due -= 1
            kept.add(trace)
            used += size
    chosen = [span for span in spans if span.trace_id in kept]
    return chosen or list(spans[-rows:])
